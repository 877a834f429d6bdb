"""Trace requests to flat columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from collector.decode.arrow import read_requests
from collector.decode.attributes import Attributes, read_attributes
from collector.decode.batch import SPAN_SCHEMA, SpanBatch
from collector.decode.events import join_links, read_events
from collector.decode.nesting import Items, as_series
from collector.decode.owners import read_owners, text_or_null
from collector.decode.times import as_timestamps, to_microseconds
from collector.decode.values import Hashes, hash_column
from collector.decode.verdicts import bad_span, keep_records

# Equal in all versions of a span, or counted otherwise.
_NO_CONTENT: Final = ("body", "trace_id", "span_id", "attribute_count")
_LISTS: Final = ("resource_spans", "scope_spans", "spans")
_KINDS: Final = pl.Series(["unspecified", "internal", "server", "client", "producer", "consumer"])
_STATUSES: Final = pl.Series(["unset", "ok", "error"])
_NO_PARENT: Final = bytes(8)
_LONGEST_PARENT_ID: Final = 16


def decode_traces(payloads: Sequence[bytes], received_at: Sequence[datetime]) -> SpanBatch:
    """Return the spans of protobuf requests; `received_at` holds one aware time per request.

    Spans that cannot be kept are in `rejected`; everything else is kept as sent.

    Raises:
        RejectedData: A body is no valid trace request.
    """
    return flatten_traces(read_requests("traces", payloads), received_at)


def flatten_traces(requests: pa.RecordBatch, received_at: Sequence[datetime]) -> SpanBatch:
    """Return the spans of requests in Arrow form."""
    owners = read_owners(requests, _LISTS)
    spans = owners.records
    attributes = read_attributes(spans.items("attributes"), len(spans))
    events = read_events(spans.items("events"))
    derived = pl.DataFrame(
        {
            "events": events.texts,
            "links": join_links(spans.items("links")),
            "attribute_count": np.diff(attributes.offsets).astype(np.int64),
        }
    )
    frame = pl.concat([owners.columns, _own_columns(spans), derived], how="horizontal")
    frame = frame.with_columns(
        pl.lit(pl.Series(_hash_content(frame, attributes))).alias("content_hash"),
        pl.lit(to_microseconds(received_at)).gather("body").alias("received_at"),
    )
    kept = keep_records(frame, bad_span(), "started_at", attributes)
    return SpanBatch(
        spans=kept.records.select(
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), *list(SPAN_SCHEMA)[1:]
        ),
        attributes=kept.attributes,
        resources=owners.resources,
        event_attributes=kept.select_rows(events.attributes),
        rejected=kept.rejected,
    )


def _own_columns(spans: Items) -> pl.DataFrame:
    status = spans.struct("status")
    start, end = spans.column("start_time_unix_nano"), spans.column("end_time_unix_nano")
    raw = pl.DataFrame(
        {
            "trace_id": spans.column("trace_id"),
            "span_id": spans.column("span_id"),
            "parent": spans.column("parent_span_id"),
            "name": spans.column("name"),
            "otel_kind": _named(_KINDS, spans.column("kind")),
            "status": _named(_STATUSES, as_series(status.field("code"))),
            "status_message": as_series(status.field("message")),
            "start": start,
            "end": end,
            # NumPy divides; Polars multiplies by the reciprocal wherever there is more than one row, so that
            # a span would last differently with the batch it came in.
            "elapsed_ms": (end - start).to_numpy() / 1e6,
        }
    )
    has_parent = (pl.col("parent") != _NO_PARENT) & pl.col("parent").bin.size().is_between(
        1, _LONGEST_PARENT_ID
    )
    is_closed = pl.col("end") > 0
    return raw.select(
        pl.col("trace_id", "span_id").bin.encode("hex"),
        pl.when(has_parent).then(pl.col("parent").bin.encode("hex")).alias("parent_span_id"),
        "name",
        "otel_kind",
        as_timestamps("start").alias("started_at"),
        pl.when(is_closed).then(as_timestamps("end")).alias("ended_at"),
        pl.when(is_closed & (pl.col("end") >= pl.col("start")))
        .then(pl.col("elapsed_ms"))
        .alias("duration_ms"),
        "status",
        text_or_null("status_message"),
    )


def _named(names: pl.Series, codes: pl.Series) -> pl.Series:
    numbers = codes.fill_null(0).to_numpy()
    return names.gather(np.where((numbers < 0) | (numbers >= len(names)), 0, numbers))


def _hash_content(spans: pl.DataFrame, attributes: Attributes) -> Hashes:
    content = attributes.sum_hashes()
    for seed, column in enumerate(spans.select(pl.exclude(_NO_CONTENT))):
        content = hash_column(content, column, seed)
    return content
