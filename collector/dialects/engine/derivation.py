"""Spans out of log records: for emitters that send no spans, or whose spans did not come."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from collector.decode.batch import EVENT_ATTRIBUTE_SCHEMA, REJECT_SCHEMA, SPAN_SCHEMA, RecordBatch, SpanBatch
from collector.decode.nesting import Flags
from collector.dialects.engine.records import LogEvents
from collector.dialects.engine.registry import Registry

MAX_LENGTH_MS: Final = 7 * 86_400_000.0
"""A longer request is a mistake of the clock."""
_BETWEEN_PARTS: Final = "\x1f"
BETWEEN_ATTRIBUTES: Final = "\x1e"
_TRACE_BYTES, _SPAN_BYTES = 16, 8


def derive_from_logs(batch: RecordBatch, registry: Registry) -> SpanBatch | None:
    """Return spans for the log records that a dialect takes for such; None when there are none.

    Ids are made of what the records say, so a record that comes twice, in whatever body, is one span.
    """
    names = _event_names(batch.records, registry)
    if names.null_count() == len(names):
        return None
    parts = [
        part
        for dialect, events in registry.log_events
        if (part := _derive_part(batch, names, dialect, events)) is not None
    ]
    return make_batch(parts, batch.resources) if parts else None


def make_batch(parts: Sequence[tuple[pl.DataFrame, pl.DataFrame]], resources: pl.DataFrame) -> SpanBatch:
    """Return spans and their attributes as one batch; `content` and the facts of a span are in the rows."""
    rows = pl.concat([_complete(rows) for rows, _ in parts])
    shifts = np.cumsum([0, *(len(rows) for rows, _ in parts)])
    attributes = [
        each.with_columns(pl.col("row") + pl.lit(int(shift), pl.UInt32))
        for (_, each), shift in zip(parts, shifts, strict=False)
    ]
    return SpanBatch(
        spans=rows.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")),
        attributes=pl.concat(attributes),
        resources=resources,
        event_attributes=pl.DataFrame(schema=EVENT_ATTRIBUTE_SCHEMA),
        rejected=pl.DataFrame(schema=REJECT_SCHEMA),
    )


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of a decoded span, with what a record does not say."""
    hashes = [int(text, 16) for text in digest(frame["content"], "content", _SPAN_BYTES)]
    return frame.with_columns(
        row=pl.lit(0, pl.UInt32),
        otel_kind=pl.lit("internal"),
        status=pl.lit("unset"),
        status_message=pl.lit(None, pl.String),
        events=pl.lit(None, pl.String),
        links=pl.lit(None, pl.String),
        content_hash=pl.Series(hashes, dtype=pl.UInt64),
    ).select(*(pl.col(name).cast(dtype) for name, dtype in SPAN_SCHEMA.items()), "received_at")


def _event_names(records: pl.DataFrame, registry: Registry) -> pl.Series:
    """Name of each record's event where a dialect knows it: some emitters say it in full in the body only."""
    known = {name: name for _, events in registry.log_events for name in events.names()}
    return records.select(
        pl.coalesce(
            pl.col(column).replace_strict(known, default=None, return_dtype=pl.String)
            for column in ("event_name", "body_text")
        ).alias("name")
    ).to_series()


def _derive_part(
    batch: RecordBatch, names: pl.Series, dialect: str, events: LogEvents
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    is_meant = names.is_in(events.names()).fill_null(value=False)
    if events.is_of_span:
        is_meant &= batch.records["trace_id"].is_not_null() & batch.records["span_id"].is_not_null()
    if not is_meant.any():
        return None
    taken = is_meant.to_numpy() & _has_needed_keys(batch.attributes, names, events)
    if not taken.any():
        return None
    attributes = select_rows(batch.attributes, taken)
    records = batch.records.with_columns(names.alias("name")).filter(pl.Series(taken))
    return _build_spans(records, attributes, batch.resources, dialect, events), attributes


def select_rows(attributes: pl.DataFrame, taken: Flags) -> pl.DataFrame:
    """Return the attributes of the rows that are taken, their rows numbered anew."""
    rows = attributes["row"].to_numpy()
    numbers = pl.Series("row", (np.cumsum(taken) - 1)[rows].astype(np.uint32))
    return attributes.with_columns(numbers).filter(pl.Series(taken[rows]))


def _has_needed_keys(attributes: pl.DataFrame, names: pl.Series, events: LogEvents) -> Flags:
    """Which records have one of the keys their event needs."""
    complete = np.ones(len(names), dtype=np.bool_)
    for name, keys in events.steps.items():
        if keys:
            holders = attributes.filter(pl.col("key").cast(pl.String).is_in(keys))["row"].to_numpy()
            has_key = np.zeros(len(names), dtype=np.bool_)
            has_key[holders] = True
            complete &= has_key | ~(names == name).fill_null(value=False).to_numpy()
    return complete


def _build_spans(
    records: pl.DataFrame, attributes: pl.DataFrame, resources: pl.DataFrame, dialect: str, events: LogEvents
) -> pl.DataFrame:
    count = len(records)
    session = first_value(attributes, events.session, count)
    session = session.zip_with(session.is_not_null(), _of_resource(records, resources, events.session))
    turn = first_value(attributes, events.turn, count)
    lengths = first_value(attributes, events.length_ms, count).cast(pl.Float64, strict=False)
    lengths = pl.select(pl.when(lengths.is_between(0.0, MAX_LENGTH_MS)).then(lengths)).to_series()
    frame = records.with_columns(
        session.alias("session"),
        turn.alias("turn"),
        _join_contents(records, attributes).alias("content"),
        lengths.alias("length_ms"),
        pl.col("name").is_in(events.turns).alias("is_turn"),
        pl.col("trace_id").is_not_null().alias("in_trace"),
        pl.Series(
            "attribute_count", np.bincount(attributes["row"].to_numpy(), minlength=count), dtype=pl.Int64
        ),
    )
    frame = frame.with_columns(
        place=pl.when(pl.col("session").is_not_null() | pl.col("turn").is_not_null()).then(
            join_parts(pl.lit(dialect), "service", "session", "turn")
        ),
    )
    frame = frame.with_columns(digest(frame["place"], "turn", _SPAN_BYTES).alias("turn_span"))
    if events.is_of_span:
        return _as_open(frame)
    content = frame["content"]
    is_root = pl.col("is_turn") & pl.col("turn").is_not_null() & ~pl.col("in_trace")
    return frame.with_columns(
        trace_id=pl.coalesce(
            "trace_id", digest(frame["place"], "trace", _TRACE_BYTES), digest(content, "trace", _TRACE_BYTES)
        ),
        parent_span_id=pl.when("in_trace").then("span_id").when(~pl.col("is_turn")).then("turn_span"),
        span_id=pl.when(is_root).then("turn_span").otherwise(digest(content, "span", _SPAN_BYTES)),
        started_at=pl.col("logged_at")
        - pl.duration(microseconds=(pl.col("length_ms").fill_null(0.0) * 1000).cast(pl.Int64)),
        ended_at=pl.col("logged_at"),
        duration_ms=pl.col("length_ms"),
    )


def _as_open(frame: pl.DataFrame) -> pl.DataFrame:
    """The named span as far as the record tells of it: open, so that the span itself wins whenever it comes."""
    return frame.with_columns(
        parent_span_id=pl.lit(None, pl.String),
        started_at="logged_at",
        ended_at=pl.lit(None, pl.Datetime("us")),
        duration_ms=pl.lit(None, pl.Float64),
    )


def first_value(attributes: pl.DataFrame, keys: Sequence[str], count: int) -> pl.Series:
    """Return the value of the first of the keys that each row has."""
    values = pl.Series([None], dtype=pl.String).new_from_index(0, count)
    for key in reversed(keys):
        found = attributes.filter((pl.col("key") == key) & (pl.col("value") != ""))
        values = values.scatter(found["row"].to_numpy(), found["value"])
    return values


def _of_resource(records: pl.DataFrame, resources: pl.DataFrame, keys: Sequence[str]) -> pl.Series:
    said = (
        resources.filter(pl.col("key").is_in(keys) & (pl.col("value") != ""))
        .unique("resource_id", keep="first", maintain_order=True)
        .select("resource_id", said="value")
    )
    return records.select("resource_id").join(said, on="resource_id", how="left", maintain_order="left")[
        "said"
    ]


def _join_contents(records: pl.DataFrame, attributes: pl.DataFrame) -> pl.Series:
    """Return all that each record says as one text."""
    pairs = attributes.select(
        "row", pair=pl.concat_str(pl.col("key").cast(pl.String), "value", separator=_BETWEEN_PARTS)
    )
    texts = pairs.sort("row", "pair").group_by("row", maintain_order=True).agg(
        pl.col("pair").str.join(BETWEEN_ATTRIBUTES)
    )  # fmt: skip
    said = pl.DataFrame({"row": np.arange(len(records), dtype=np.uint32)}).join(
        texts, on="row", how="left", maintain_order="left"
    )
    return records.with_columns(said=said["pair"]).select(
        join_parts(pl.col("resource_id").cast(pl.String), "name", "logged_at", "body_text", "said").alias("content")
    ).to_series()  # fmt: skip


def join_parts(*parts: pl.Expr | str) -> pl.Expr:
    """Return the parts as one text that no other parts make."""
    texts = [pl.col(part) if isinstance(part, str) else part for part in parts]
    return pl.concat_str((text.cast(pl.String).fill_null("") for text in texts), separator=_BETWEEN_PARTS)


def digest(texts: pl.Series, purpose: str, size: int) -> pl.Series:
    """Return an id of `size` bytes per text in hex, the same in every process and release; null stays null."""
    person = purpose.encode()
    made = [
        None if text is None else hashlib.blake2b(text.encode(), digest_size=size, person=person).hexdigest()
        for text in texts
    ]
    return pl.Series(made, dtype=pl.String)
