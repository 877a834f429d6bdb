"""Rows into and out of DuckDB tables, inside a transaction that the caller began."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from store.engines.parameters import (
    convert_value,
    find_highest_load,
    find_table,
    select_known_columns,
    to_arrow,
)
from store.port import Frame, Replacement

_INCOMING = "incoming_rows"
_KEYS = "keys_of_rows"


def append_rows(cursor: duckdb.DuckDBPyConnection, table_name: str, frame: Frame) -> None:
    """Insert the rows of a frame; columns it lacks become NULL.

    Raises:
        RejectedData: The frame has a column that the table has not.
    """
    table = find_table(table_name)
    rows = select_known_columns(to_arrow(frame, table), table)
    if not rows.num_rows:
        return
    columns = ", ".join(f'"{name}"' for name in rows.column_names)
    cursor.register(_INCOMING, rows)
    cursor.execute(
        f'INSERT INTO ledger."{table_name}" ({columns}) SELECT {columns} FROM {_INCOMING}'
    ).fetchall()


def delete_rows(cursor: duckdb.DuckDBPyConnection, replacement: Replacement) -> None:
    """Delete the rows that a replacement names by its keys, or change them where it is a revision."""
    table = find_table(replacement.table)
    if replacement.keys.is_empty():
        return
    never_null = {column.name for column in table.columns if column.not_null}
    conditions = [
        f't."{name}" {"=" if name in never_null else "IS NOT DISTINCT FROM"} k."{name}"'
        for name in replacement.keys.columns
    ]
    values: dict[str, object] = {}
    for position, (name, (first, last)) in enumerate(replacement.within.items()):
        conditions.append(f't."{name}" BETWEEN $first_{position} AND $last_{position}')
        values |= {f"first_{position}": convert_value(first), f"last_{position}": convert_value(last)}
    condition = " AND ".join(conditions)
    if replacement.is_revision:
        columns = [
            name for name in to_arrow(replacement.rows).column_names if name not in replacement.keys.columns
        ]
        changes = ", ".join(f'"{name}" = k."{name}"' for name in columns)
        cursor.register(_KEYS, select_known_columns(to_arrow(replacement.rows, table), table))
        statement = (
            f'UPDATE ledger."{replacement.table}" AS t SET {changes} FROM {_KEYS} AS k WHERE {condition}'
        )
    else:
        cursor.register(_KEYS, to_arrow(replacement.keys.unique()))
        statement = f'DELETE FROM ledger."{replacement.table}" AS t USING {_KEYS} AS k WHERE {condition}'
    cursor.execute(statement, values).fetchall()


def has_batch(cursor: duckdb.DuckDBPyConnection, batch_id: str) -> bool:
    """Return whether a batch of this id was written."""
    rows = cursor.execute(
        "SELECT 1 FROM ledger.load_positions WHERE batch_id = ? LIMIT 1", [batch_id]
    ).fetchall()
    return bool(rows)


def record_batch(cursor: duckdb.DuckDBPyConnection, batch_id: str, tables: Mapping[str, Frame]) -> int:
    """Remember that a batch was written, unless its own rows do, and return its highest load_seq."""
    load_seq = max((find_highest_load(frame) for frame in tables.values()), default=0)
    if not has_batch(cursor, batch_id):
        cursor.execute(
            "INSERT INTO ledger.load_positions (load_seq, batch_id) VALUES (?, ?)", [load_seq, batch_id]
        ).fetchall()
    return load_seq
