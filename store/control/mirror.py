"""Copies the control state into the tables behind the SQL views."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Table, func, select

from store.control import tables
from store.control.database import Control
from store.port import Replacement, Store
from store.schema.catalogue import Relation, read_tables

_MIRRORED: Mapping[str, Table] = {
    "alerts": tables.alerts,
    "alert_events": tables.alert_events,
    "notifications": tables.outbox,
    "silences": tables.silences,
    "budgets": tables.budgets,
    "audit": tables.audit,
    "stars": tables.stars,
    "notes": tables.notes,
}
_POLARS_TYPES: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "VARCHAR": pl.String,
    "BIGINT": pl.Int64,
    "DOUBLE": pl.Float64,
    "TIMESTAMP": pl.Datetime("us"),
    "DECIMAL(38, 12)": pl.Decimal(38, 12),
    "MAP(VARCHAR, VARCHAR)": pl.List(pl.Struct({"key": pl.String, "value": pl.String})),
}


_turn = threading.Lock()
"""Two at once would both write what both found missing."""


def mirror_control(control: Control, store: Store) -> int:
    """Make the SQL views of the control state say what it holds now; return how many tables changed.

    Lists that only grow are compared from the first entry that can differ, so that their length costs nothing.
    """
    with _turn:
        return _mirror(control, store)


def _mirror(control: Control, store: Store) -> int:
    floors = dict(store.select("control/floors").select("name", "floor").rows())
    changes: list[Replacement] = []
    with control.read() as connection:
        for name, table in _MIRRORED.items():
            floor = _find_floor(connection, table, floors.get(name))
            wanted = _read_frame(connection, table, name, floor)
            present = store.select(f"control/{name}", {"floor": floor})
            if not present.equals(wanted):
                key = present.columns[0]
                keys = pl.concat([present.select(key), wanted.select(key)])
                changes.append(Replacement(name, keys, wanted))
    if changes:
        store.replace(*changes)
    return len(changes)


def _find_floor(connection: Connection, table: Table, settled: int | None) -> int | None:
    """Return the number from which to compare a list, None for tables that are no lists."""
    if settled is None:
        return None
    newest = connection.execute(select(func.max(_get_key(table)))).scalar()
    # Fewer than were mirrored: this control state is a restored one, and all may differ. None: they were forgotten.
    return settled if newest is None or newest + 1 >= settled else 0


def _get_key(table: Table) -> ColumnElement[Any]:
    (key,) = table.primary_key.columns
    return key


def _read_frame(connection: Connection, table: Table, name: str, floor: int | None) -> pl.DataFrame:
    target = read_tables()[name]
    query = select(*(table.c[column.name] for column in target.columns)).order_by(_get_key(table))
    if floor is not None:
        query = query.where(_get_key(table) >= floor)
    rows = [tuple(row) for row in connection.execute(query)]
    series = [
        _make_series(target, position, [row[position] for row in rows])
        for position in range(len(target.columns))
    ]
    return pl.DataFrame(series)


def _make_series(target: Relation, position: int, values: list[Any]) -> pl.Series:
    column = target.columns[position]
    convert = _CONVERSIONS.get(column.type)
    if convert is not None:
        values = [None if value is None else convert(value) for value in values]
    return pl.Series(column.name, values, dtype=_POLARS_TYPES[column.type])


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _to_pairs(value: Mapping[str, object]) -> list[dict[str, str]]:
    return [{"key": key, "value": str(value[key])} for key in sorted(value)]


def _to_amount(value: Decimal) -> Decimal:
    return value.quantize(Decimal("1e-12"))


_CONVERSIONS: Mapping[str, Callable[[Any], object]] = {
    "VARCHAR": _to_text,
    "TIMESTAMP": lambda value: value.replace(tzinfo=None),
    "MAP(VARCHAR, VARCHAR)": _to_pairs,
    "DECIMAL(38, 12)": _to_amount,
}
