"""Trace requests to flat columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

import numpy as np
import polars as pl
import pyarrow as pa

from collector.decode.arrow import read_requests
from collector.decode.attributes import Attributes, read_attributes
from collector.decode.batch import SPAN_SCHEMA, SpanBatch
from collector.decode.events import join_links, read_events
from collector.decode.nesting import Indices, Items, as_series, list_items
from collector.decode.resources import read_resources
from collector.decode.times import as_timestamps
from collector.decode.values import Hashes, hash_column
from collector.decode.verdicts import find_rejects

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
    resource_spans = list_items(cast("pa.ListArray", requests.column("resource_spans")))
    scope_spans = resource_spans.items("scope_spans")
    spans = scope_spans.items("spans")
    resource_ids, resources = read_resources(resource_spans)
    attributes = read_attributes(spans.items("attributes"), len(spans))
    events = read_events(spans.items("events"))
    frame = pl.concat(
        [
            _own_columns(spans),
            _scope_columns(scope_spans, spans.parents),
            pl.DataFrame(
                {
                    "body": resource_spans.parents[scope_spans.parents][spans.parents],
                    "resource_id": resource_ids[scope_spans.parents][spans.parents],
                    "events": events.texts,
                    "links": join_links(spans.items("links")),
                    "attribute_count": np.diff(attributes.offsets).astype(np.int64),
                }
            ),
        ],
        how="horizontal",
    )
    frame = frame.with_columns(pl.Series("content_hash", _hash_content(frame, attributes)))
    return _judge(frame, attributes, events.attributes, resources, received_at)


def _own_columns(spans: Items) -> pl.DataFrame:
    status = spans.struct("status")
    raw = pl.DataFrame(
        {
            "trace_id": spans.column("trace_id"),
            "span_id": spans.column("span_id"),
            "parent": spans.column("parent_span_id"),
            "name": spans.column("name"),
            "otel_kind": _named(_KINDS, spans.column("kind")),
            "status": _named(_STATUSES, as_series(status.field("code"))),
            "status_message": as_series(status.field("message")),
            "start": spans.column("start_time_unix_nano"),
            "end": spans.column("end_time_unix_nano"),
        }
    )
    has_parent = (pl.col("parent") != _NO_PARENT) & pl.col("parent").bin.size().is_between(
        1, _LONGEST_PARENT_ID
    )
    is_closed = pl.col("end") > 0
    elapsed_ns = (pl.col("end") - pl.col("start")).cast(pl.Float64)
    return raw.select(
        pl.col("trace_id", "span_id").bin.encode("hex"),
        pl.when(has_parent).then(pl.col("parent").bin.encode("hex")).alias("parent_span_id"),
        "name",
        "otel_kind",
        as_timestamps("start").alias("started_at"),
        pl.when(is_closed).then(as_timestamps("end")).alias("ended_at"),
        pl.when(is_closed & (pl.col("end") >= pl.col("start"))).then(elapsed_ns / 1e6).alias("duration_ms"),
        "status",
        _text_or_null("status_message"),
    )


def _scope_columns(scope_spans: Items, parents: Indices) -> pl.DataFrame:
    scope = scope_spans.struct("scope")
    scopes = pl.DataFrame([as_series(scope.field(part), f"scope_{part}") for part in ("name", "version")])
    return scopes.select(_text_or_null("scope_name"), _text_or_null("scope_version"))[parents]


def _named(names: pl.Series, codes: pl.Series) -> pl.Series:
    numbers = codes.fill_null(0).to_numpy()
    return names.gather(np.where((numbers < 0) | (numbers >= len(names)), 0, numbers))


def _text_or_null(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != "").then(pl.col(column))


def _hash_content(spans: pl.DataFrame, attributes: Attributes) -> Hashes:
    content = attributes.sum_hashes()
    for seed, column in enumerate(spans.select(pl.exclude("body", "attribute_count"))):
        content = hash_column(content, column, seed)
    return content


def _judge(
    spans: pl.DataFrame,
    attributes: Attributes,
    event_attributes: pl.DataFrame,
    resources: pl.DataFrame,
    received_at: Sequence[datetime],
) -> SpanBatch:
    rejected = find_rejects(spans, received_at)
    flat = pl.DataFrame({"row": attributes.parents, "key": attributes.keys, "value": attributes.texts})
    if not rejected.is_empty():
        is_kept = np.ones(len(spans), dtype=np.bool_)
        is_kept[rejected["record"].to_numpy()] = False
        rejected = rejected.with_columns(_ordinals_in_body(spans, rejected["record"]))
        spans = spans.filter(pl.Series(is_kept))
        flat, event_attributes = (_keep_rows(frame, is_kept) for frame in (flat, event_attributes))
    return SpanBatch(
        spans=spans.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), *list(SPAN_SCHEMA)[1:]),
        attributes=flat.with_columns(pl.col("key").cast(pl.Categorical)),
        resources=resources,
        event_attributes=event_attributes,
        rejected=rejected,
    )


def _keep_rows(frame: pl.DataFrame, is_kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> pl.DataFrame:
    rows = frame["row"].to_numpy()
    renumbered = (np.cumsum(is_kept) - 1).astype(np.uint32)
    return frame.with_columns(pl.Series("row", renumbered[rows])).filter(pl.Series(is_kept[rows]))


def _ordinals_in_body(spans: pl.DataFrame, records: pl.Series) -> pl.Series:
    bodies = spans["body"].to_numpy()
    rows = records.to_numpy()
    return pl.Series("record", rows - np.searchsorted(bodies, bodies[rows]), dtype=pl.UInt32)
