"""Copies the control state into the tables behind the SQL views."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy import Connection, Table, select

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
}
_POLARS_TYPES: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "VARCHAR": pl.String,
    "BIGINT": pl.Int64,
    "DOUBLE": pl.Float64,
    "TIMESTAMP": pl.Datetime("us"),
    "DECIMAL(38, 12)": pl.Decimal(38, 12),
    "MAP(VARCHAR, VARCHAR)": pl.List(pl.Struct({"key": pl.String, "value": pl.String})),
}


def mirror_control(control: Control, store: Store) -> int:
    """Make the SQL views of the control state say what it holds now; return how many tables changed."""
    with control.read() as connection:
        frames = {name: _read_frame(connection, table, name) for name, table in _MIRRORED.items()}
    changes = [
        change for name, frame in frames.items() if (change := _compare(store, name, frame)) is not None
    ]
    if changes:
        store.replace(*changes)
    return len(changes)


def _read_frame(connection: Connection, table: Table, name: str) -> pl.DataFrame:
    target = read_tables()[name]
    columns = [table.c[column.name] for column in target.columns]
    rows = [tuple(row) for row in connection.execute(select(*columns))]
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


def _compare(store: Store, name: str, frame: pl.DataFrame) -> Replacement | None:
    """Return what turns the mirror into `frame`; None when it is equal."""
    key = frame.columns[0]
    present = store.select(f"control/{name}")
    if present.equals(frame.sort(key)):
        return None
    keys = pl.concat([present.select(key), frame.select(key)]).unique()
    return Replacement(name, keys, frame)
