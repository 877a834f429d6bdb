"""Span batches for the tests of dialects: built from plain values, or decoded from a capture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import zstandard

from collector.decode import SpanBatch, decode_traces
from collector.decode.batch import REJECT_SCHEMA, SPAN_SCHEMA
from collector.decode.json import parse_json
from collector.dialects import normalise

CORPUS = Path(__file__).parents[2] / "data" / "corpus"
CAPTURES = sorted(path.name for path in CORPUS.iterdir() if path.is_dir())
RECEIVED_AT = datetime(2027, 1, 1, tzinfo=UTC)
STARTED_AT = datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001 - frames hold naive UTC

LONG = {"row": pl.UInt32, "key": pl.String, "value": pl.String}
EVENTS = {"row": pl.UInt32, "event": pl.UInt32, "event_name": pl.String, "key": pl.String, "value": pl.String}


@dataclass(frozen=True)
class SpanOf:
    """A span as a test states it; everything has a default."""

    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    name: str = "span"
    scope: str | None = "app"
    kind: str = "internal"
    status: str = "unset"
    message: str | None = None
    parent: str | None = None
    resource: int = 1
    duration_ms: float = 100.0
    events: Sequence[tuple[str, Mapping[str, str]]] = ()
    events_json: str | None = None


def a_batch(spans: Sequence[SpanOf], resources: Mapping[int, Mapping[str, str]] | None = None) -> SpanBatch:
    """Return the spans as one batch."""
    rows = [
        {
            "row": row,
            "body": 0,
            "trace_id": f"{row + 1:032x}",
            "span_id": f"{row + 1:016x}",
            "parent_span_id": span.parent,
            "name": span.name,
            "otel_kind": span.kind,
            "started_at": STARTED_AT,
            "ended_at": STARTED_AT + timedelta(milliseconds=span.duration_ms),
            "duration_ms": span.duration_ms,
            "status": span.status,
            "status_message": span.message,
            "scope_name": span.scope,
            "scope_version": None,
            "resource_id": span.resource,
            "events": span.events_json,
            "links": None,
            "attribute_count": len(span.attributes),
            "content_hash": row,
        }
        for row, span in enumerate(spans)
    ]
    attributes = [(row, key, text) for row, span in enumerate(spans) for key, text in span.attributes.items()]
    events = [
        (row, ordinal, name, key, text)
        for row, span in enumerate(spans)
        for ordinal, (name, said) in enumerate(span.events)
        for key, text in said.items()
    ]
    said = [(number, key, text) for number, one in (resources or {}).items() for key, text in one.items()]
    return SpanBatch(
        spans=pl.DataFrame(rows, schema=SPAN_SCHEMA),
        attributes=pl.DataFrame(attributes, schema=LONG, orient="row").with_columns(
            pl.col("key").cast(pl.Categorical)
        ),
        resources=pl.DataFrame(
            said, schema={"resource_id": pl.UInt64, "key": pl.String, "value": pl.String}, orient="row"
        ),
        event_attributes=pl.DataFrame(events, schema=EVENTS, orient="row"),
        rejected=pl.DataFrame(schema=REJECT_SCHEMA),
    )


def facts_of(attributes: Mapping[str, str] | None = None, **said: Any) -> dict[str, Any]:
    """Return the facts of one span."""
    return normalise(a_batch([SpanOf(attributes or {}, **said)])).row(0, named=True)


def read_capture(name: str) -> SpanBatch:
    """Return every span of a capture."""
    payloads: list[bytes] = []
    for path in sorted((CORPUS / name).glob("*.zst")):
        body = zstandard.ZstdDecompressor().decompress(path.read_bytes())
        if path.name.endswith("traces.pb.zst"):
            payloads.append(body)
        elif path.name.endswith("traces.json.zst"):
            payloads.append(parse_json("traces", body).SerializeToString())
    return decode_traces(payloads, [RECEIVED_AT] * len(payloads))


def read_document(name: str, document: str) -> dict[str, Any]:
    """Return truth.json or meta.json of a capture."""
    packed = (CORPUS / name / f"{document}.json.zst").read_bytes()
    return msgspec.json.decode(zstandard.ZstdDecompressor().decompress(packed))
