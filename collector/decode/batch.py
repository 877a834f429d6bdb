"""What decoding hands to the dialects and the loader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

SPAN_SCHEMA: Final = {
    "row": pl.UInt32,
    "body": pl.UInt32,
    "trace_id": pl.String,
    "span_id": pl.String,
    "parent_span_id": pl.String,
    "name": pl.String,
    "otel_kind": pl.String,
    "started_at": pl.Datetime("us"),
    "ended_at": pl.Datetime("us"),
    "duration_ms": pl.Float64,
    "status": pl.String,
    "status_message": pl.String,
    "scope_name": pl.String,
    "scope_version": pl.String,
    "resource_id": pl.UInt64,
    "events": pl.String,
    "links": pl.String,
    "attribute_count": pl.Int64,
    "content_hash": pl.UInt64,
}
EVENT_ATTRIBUTE_SCHEMA: Final = {
    "row": pl.UInt32,
    "event": pl.UInt32,
    "event_name": pl.String,
    "key": pl.String,
    "value": pl.String,
}
REJECT_SCHEMA: Final = {
    "body": pl.UInt32,
    "record": pl.UInt32,
    "reason": pl.String,
    "detail": pl.String,
    "trace_id": pl.String,
    "span_id": pl.String,
}


@dataclass(frozen=True, slots=True)
class SpanBatch:
    """Spans of many bodies, flat, before any dialect has read them."""

    spans: pl.DataFrame
    """One row per span, as SPAN_SCHEMA says; `row` counts from 0, `body` is the index of the span's body."""
    attributes: pl.DataFrame
    """row, key (Categorical), value: every attribute, ordered by row; no key twice in a span."""
    resources: pl.DataFrame
    """resource_id, key, value: the distinct resources of the batch."""
    event_attributes: pl.DataFrame
    """row, event (ordinal in the span), event_name, key, value; ordered by row and event."""
    rejected: pl.DataFrame
    """Spans that cannot be kept, as REJECT_SCHEMA says; `record` is the ordinal in the body."""


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Log records or metric points of many bodies, with the columns of their table except load_seq."""

    records: pl.DataFrame
    """One row per record; `body` is the index of its body, `attributes` is left out."""
    attributes: pl.DataFrame
    """row, key (Categorical), value: every attribute, ordered by row."""
    resources: pl.DataFrame
    """resource_id, key, value: the distinct resources of the batch."""
    rejected: pl.DataFrame
    """Records that cannot be kept, as REJECT_SCHEMA says."""
