"""Builders of rows; what a test does not name has a plain value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from store import Store
from store.schema.catalogue import read_tables

AT = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

_DTYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "VARCHAR": pl.String,
    "BIGINT": pl.Int64,
    "UBIGINT": pl.UInt64,
    "DOUBLE": pl.Float64,
    "BOOLEAN": pl.Boolean,
    "TIMESTAMP": pl.Datetime("us", "UTC"),
    "MAP(VARCHAR, VARCHAR)": pl.List(pl.Struct({"key": pl.String, "value": pl.String})),
    "MAP(VARCHAR, DOUBLE)": pl.List(pl.Struct({"key": pl.String, "value": pl.Float64})),
    "DECIMAL(18, 12)": pl.Decimal(18, 12),
    "DECIMAL(38, 12)": pl.Decimal(38, 12),
}

Row = dict[str, object]


def a_span(number: int = 1, **values: object) -> Row:
    row: Row = {
        "load_seq": 1,
        "received_at": AT,
        "trace_id": f"{number:032x}",
        "span_id": f"{number:016x}",
        "name": "chat",
        "kind": "llm",
        "otel_kind": "client",
        "started_at": AT,
        "status": "ok",
        "is_pending": False,
        "content_hash": number,
        "attribute_count": 0,
        "resource_id": 1,
    }
    attributes = values.pop("attributes", None)
    if isinstance(attributes, dict):
        values["attributes"] = [{"key": key, "value": value} for key, value in attributes.items()]
    return row | values


def a_load(number: int, loaded_at: datetime, records: int = 1) -> Row:
    return {
        "load_seq": number,
        "loaded_at": loaded_at,
        "signal": "traces",
        "bodies": 1,
        "bytes": 100,
        "records": records,
        "duplicates": 0,
        "rejected": 0,
        "is_import": False,
    }


def a_run(number: int = 1, **values: object) -> Row:
    row: Row = {
        "load_seq": 1,
        "run_id": f"{number:032x}-{number:016x}",
        "trace_id": f"{number:032x}",
        "root_span_id": f"{number:016x}",
        "is_sole": True,
        "purpose": "production",
        "started_at": AT,
        "complete": True,
        "steps": 0,
        "llm_calls": 0,
        "tool_calls": 0,
        "tool_failures": 0,
        "retries": 0,
        "loops": 0,
        "unpriced_calls": 0,
    }
    return row | values


def frame_of(table: str, rows: Sequence[Row]) -> pl.DataFrame:
    """Return a frame with the columns that the rows name."""
    named = {name for row in rows for name in row}
    schema = {
        column.name: _DTYPES[column.type] for column in read_tables()[table].columns if column.name in named
    }
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def append_spans(store: Store, batch_id: str, *rows: Row) -> bool:
    return store.append(batch_id, {"spans": frame_of("spans", rows)})


def fetch(store: Store, sql: str) -> list[tuple[object, ...]]:
    """Return the rows of an ad-hoc query."""
    return [tuple(row.values()) for row in store.query(sql).to_pylist()]
