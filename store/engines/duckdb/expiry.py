"""Deletes the oldest loads from DuckDB tables, inside a transaction that the caller began."""

from __future__ import annotations

from typing import Final

import duckdb

from store.schema.catalogue import read_tables

_KEPT: Final = frozenset({"load_positions", "touched_hours", "touched_sessions", "watermarks", "job_runs"})
"""Tables whose load_seq does not say which load brought the row."""


def expire_loads(cursor: duckdb.DuckDBPyConnection, load_seq: int) -> None:
    """Delete all rows of loads up to `load_seq`; the present load position stays."""
    for table in read_tables().values():
        if "load_seq" in table.column_names and table.name not in _KEPT:
            cursor.execute(f'DELETE FROM ledger."{table.name}" WHERE load_seq <= ?', [load_seq]).fetchall()
    cursor.execute(
        "DELETE FROM ledger.load_positions WHERE load_seq <= ? "
        "AND load_seq < (SELECT max(load_seq) FROM ledger.load_positions)",
        [load_seq],
    ).fetchall()


def expire_orphans(cursor: duckdb.DuckDBPyConnection) -> None:
    """Delete what described nothing but deleted rows."""
    for statement in _ORPHANS:
        cursor.execute(statement).fetchall()


_ORPHANS: Final = (
    """
    DELETE FROM ledger.dead_letters
    WHERE received_at < (SELECT min(oldest_received_at) FROM ledger.ingest_stats)
    """,
    """
    DELETE FROM ledger.job_runs WHERE started_at < (SELECT min(loaded_at) FROM ledger.ingest_stats)
    """,
    "DELETE FROM ledger.run_spans WHERE trace_id NOT IN (SELECT trace_id FROM ledger.runs)",
    "DELETE FROM ledger.run_aliases WHERE run_id NOT IN (SELECT run_id FROM ledger.runs)",
    # A session whose runs are all gone goes with them, unless it is open: its job would make it again.
    """
    DELETE FROM ledger.sessions
    WHERE closed_at IS NOT NULL
      AND session_id NOT IN (SELECT coalesce(session_id, run_id) FROM ledger.runs)
    """,
    "DELETE FROM ledger.cases WHERE case_id NOT IN (SELECT case_id FROM ledger.sessions)",
    """
    DELETE FROM ledger.resources
    WHERE resource_id NOT IN (
        SELECT resource_id FROM ledger.spans
        UNION SELECT resource_id FROM ledger.logs
        UNION SELECT resource_id FROM ledger.metric_points
    )
    """,
)
