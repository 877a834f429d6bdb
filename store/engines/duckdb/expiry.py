"""Deletes the oldest loads from DuckDB tables, inside a transaction that the caller began."""

from __future__ import annotations

import duckdb

from store.engines.expiry import ORPHANS, list_expiring_tables, say_expired


def expire_loads(cursor: duckdb.DuckDBPyConnection, load_seq: int) -> None:
    """Delete all rows of loads up to `load_seq`."""
    for table in list_expiring_tables():
        cursor.execute(f'DELETE FROM ledger."{table}" WHERE {say_expired(load_seq)}').fetchall()


def expire_orphans(cursor: duckdb.DuckDBPyConnection) -> None:
    """Delete what described nothing but deleted rows."""
    for table, condition in ORPHANS:
        cursor.execute(f'DELETE FROM ledger."{table}" WHERE {condition}').fetchall()
