"""Which rows go with an expired load, on every engine."""

from __future__ import annotations

from typing import Final

from store.schema.catalogue import read_tables

_KEPT: Final = frozenset({"load_positions", "touched_hours", "touched_sessions", "watermarks", "job_runs"})
"""Tables whose load_seq does not say which load brought the row."""

ORPHANS: Final[tuple[tuple[str, str], ...]] = (
    ("dead_letters", "received_at < (SELECT min(oldest_received_at) FROM ledger.ingest_stats)"),
    ("load_positions", "load_seq < (SELECT min(load_seq) FROM ledger.ingest_stats)"),
    ("run_spans", "trace_id NOT IN (SELECT trace_id FROM ledger.runs)"),
    ("run_aliases", "run_id NOT IN (SELECT run_id FROM ledger.runs)"),
    (
        "resources",
        "resource_id NOT IN (SELECT resource_id FROM ledger.spans UNION DISTINCT "
        "SELECT resource_id FROM ledger.logs UNION DISTINCT SELECT resource_id FROM ledger.metric_points)",
    ),
)
"""Tables and conditions of rows that described nothing but deleted ones, in the order in which they must go."""


def list_expiring_tables() -> list[str]:
    """Return the tables whose load_seq says which load brought a row."""
    return [
        table.name
        for table in read_tables().values()
        if "load_seq" in table.column_names and table.name not in _KEPT
    ]
