"""Creates the schema in ClickHouse from the same files as in DuckDB: tables in `ledger`, views in `main`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from store.clock import Clock
from store.engines.clickhouse.types import name_column_type
from store.errors import SchemaMismatch
from store.schema.catalogue import Relation, find_missing, fingerprint_views, read_tables, read_views
from store.schema.steps import read_migrations

_PRELUDE: Final = Path(__file__).parent.parent / "prelude" / "clickhouse.sql"
_COMMENT: Final = re.compile(r"--[^\n]*")

Command = Callable[[str], object]
Rows = Callable[[str], list[tuple[object, ...]]]

SORT_KEYS: Final[Mapping[str, str]] = {
    "alert_events": "event_id",
    "alerts": "fingerprint",
    "audit": "audit_id",
    "budgets": "fingerprint",
    "cases": "case_id",
    "daily": "(subject, day_at)",
    "daily_buckets": "(subject, measure, day_at)",
    "dead_letters": "received_at",
    "drift_alarms": "alarm_id",
    "evaluations": "(suite, case_id)",
    "drift_hours": "hour_at",
    "drift_states": "(hour_at, kind, series)",
    "expired_hours": "(subject, hour_at)",
    "expired_runs": "conversation_id",
    "hourly": "(subject, hour_at)",
    "hourly_buckets": "(subject, measure, hour_at)",
    "ingest_stats": "load_seq",
    "job_runs": "(job, started_at)",
    "llm_calls": "(toStartOfHour(started_at), trace_id, span_id)",
    "load_positions": "load_seq",
    "loaded_bodies": "body_sha256",
    "logs": "(toStartOfHour(logged_at), load_seq)",
    "markers": "marked_at",
    "metric_points": "(metric, toStartOfHour(recorded_at))",
    "notes": "note_id",
    "notifications": "notification_id",
    "prices": "price_model",
    "resources": "resource_id",
    "run_aliases": "old_run_id",
    "run_spans": "(trace_id, span_id)",
    "runs": "(toStartOfHour(started_at), run_id)",
    "schema_versions": "version",
    "scores": "(target, target_id)",
    "sessions": "session_id",
    "silences": "silence_id",
    "spans": "(toStartOfHour(started_at), trace_id, span_id)",
    "stars": "run_id",
    "tool_calls": "(toStartOfHour(started_at), trace_id, span_id)",
    "touched_days": "(subject, day_at)",
    "touched_hours": "(subject, hour_at)",
    "touched_sessions": "session_id",
    "touched_traces": "(since_load, trace_id)",
    "traces_without_runs": "trace_id",
    "watermarks": "job",
}
"""What rows of a table are sorted by on disk; a table without an entry is sorted by nothing."""

_INDEXED: Final = ("trace_id", "run_id", "session_id")
"""Columns that are looked up by single values, wherever they stand in the sort key."""

_REMEMBERED_INSERTS: Final = 10_000
"""Inserts per table whose repetition is noticed: a batch that died half-way is appended again as a whole."""


def define_schema(command: Command, rows: Rows, location: str, clock: Clock) -> None:
    """Create everything the database must hold.

    Raises:
        SchemaMismatch: It belongs to another version; nothing was changed.
    """
    version = max([1, *(step.version for step in read_migrations())])
    prelude = _COMMENT.sub("", _PRELUDE.read_text(encoding="utf-8"))
    views = read_views("clickhouse")
    fingerprint = fingerprint_views(prelude, *(view.sql for view in views.values()))
    present = _read_version(rows)
    if present is not None and present[0] != version:
        raise SchemaMismatch(
            f"{location} holds schema {present[0]}, this version works with {version}; "
            "use the Spanledger version that wrote it, or another database"
        )
    if present is not None:
        _check_tables(rows, location)
    else:
        command("CREATE DATABASE IF NOT EXISTS ledger")
        command("CREATE DATABASE IF NOT EXISTS main")
        for table in read_tables().values():
            command(write_table(table))
    if present != (version, fingerprint):
        for statement in prelude.split(";"):
            if statement.strip():
                command(statement.strip())
        for view in views.values():
            command(_write_view(view))
        moment = clock().strftime("%Y-%m-%d %H:%M:%S.%f")
        command(f"INSERT INTO ledger.schema_versions VALUES ({version}, '{moment}', '{fingerprint}')")


def _check_tables(rows: Rows, location: str) -> None:
    present = rows("SELECT table, name FROM system.columns WHERE database = 'ledger'")
    if missing := find_missing((str(table), str(column)) for table, column in present):
        raise SchemaMismatch(
            f"{location} was written by another build: it has no {missing}; "
            "use the Spanledger version that wrote it, or another database"
        )


def write_table(table: Relation) -> str:
    """Return the statement that creates a table of the schema."""
    lines = [
        f"`{column.name}` {name_column_type(column)} COMMENT {quote_text(column.comment)}"
        for column in table.columns
    ]
    lines += [
        f"INDEX {name}_bloom {name} TYPE bloom_filter GRANULARITY 4"
        for name in _INDEXED
        if name in table.column_names
    ]
    if "load_seq" in table.column_names:
        lines.append("INDEX load_seq_range load_seq TYPE minmax GRANULARITY 1")
    partition = "PARTITION BY toDate(received_at)\n" if "received_at" in table.column_names else ""
    body = ",\n    ".join(lines)
    return (
        f"CREATE TABLE IF NOT EXISTS ledger.{table.name} (\n    {body}\n)\nENGINE = MergeTree\n{partition}"
        f"ORDER BY {SORT_KEYS.get(table.name, 'tuple()')}\n"
        f"SETTINGS non_replicated_deduplication_window = {_REMEMBERED_INSERTS}\n"
        f"COMMENT {quote_text(table.comment)}"
    )


def _write_view(view: Relation) -> str:
    # With the definer's rights, so that a reader needs to be granted the views only.
    return (
        f"CREATE OR REPLACE VIEW main.{view.name} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS\n"
        f"{view.sql.rstrip()}\nSETTINGS join_use_nulls = 1\nCOMMENT {quote_text(view.comment)}"
    )


def _read_version(rows: Rows) -> tuple[object, ...] | None:
    if not rows("SELECT 1 FROM system.tables WHERE database = 'ledger' AND name = 'schema_versions'"):
        return None
    found = rows(
        "SELECT version, definitions FROM ledger.schema_versions "
        "ORDER BY version DESC, applied_at DESC, definitions DESC LIMIT 1"
    )
    return tuple(found[0]) if found else None


def quote_text(text: str) -> str:
    """Return `text` as an SQL literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
