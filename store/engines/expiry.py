"""Which rows go with an expired load, on every engine."""

from __future__ import annotations

from typing import Final

from store.schema.catalogue import read_tables

_KEPT: Final = frozenset({"load_positions", "touched_hours", "touched_sessions", "watermarks", "job_runs"})
"""Tables whose load_seq does not say which load brought the row."""

_OLD_JUDGEMENT: Final = (
    "load_seq = 0 AND scored_at < (SELECT min(oldest_received_at) FROM ledger.ingest_stats) "
    "AND (run_id IS NULL OR run_id NOT IN (SELECT run_id FROM ledger.runs)) "
    "AND target_id NOT IN (SELECT coalesce(session_id, run_id) FROM ledger.runs)"
)

ORPHANS: Final[tuple[tuple[str, str], ...]] = (
    ("dead_letters", "received_at < (SELECT min(oldest_received_at) FROM ledger.ingest_stats)"),
    ("scores", _OLD_JUDGEMENT),
    ("load_positions", "load_seq < (SELECT min(load_seq) FROM ledger.ingest_stats)"),
    ("expired_runs", "conversation_id NOT IN (SELECT conversation_id FROM ledger.sessions)"),
    ("run_spans", "trace_id NOT IN (SELECT trace_id FROM ledger.runs)"),
    ("run_aliases", "run_id NOT IN (SELECT run_id FROM ledger.runs)"),
    (
        "resources",
        "resource_id NOT IN (SELECT resource_id FROM ledger.spans UNION DISTINCT "
        "SELECT resource_id FROM ledger.logs UNION DISTINCT SELECT resource_id FROM ledger.metric_points)",
    ),
)
"""Tables and conditions of rows that described nothing but deleted ones, in the order in which they must go."""


def say_expired(load_seq: int) -> str:
    """Return the condition of rows of loads up to `load_seq`; what no load brought, as late judgements, has 0."""
    return f"load_seq > 0 AND load_seq <= {int(load_seq)}"


def list_expiring_tables() -> list[str]:
    """Return the tables whose load_seq says which load brought a row."""
    return [
        table.name
        for table in read_tables().values()
        if "load_seq" in table.column_names and table.name not in _KEPT
    ]
