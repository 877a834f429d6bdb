"""Spans out of counters: what an emitter used that sends neither spans nor log records of its requests."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from collector.decode.batch import RecordBatch, SpanBatch
from collector.dialects.engine.derivation import (
    BETWEEN_ATTRIBUTES,
    digest,
    first_value,
    join_parts,
    make_batch,
)
from collector.dialects.engine.records import Counters
from collector.dialects.engine.registry import Registry

SPAN_NAME: Final = "counted_usage"
_INTERVAL: Final = ("resource_id", "label", "recorded_at")


def derive_from_counters(batch: RecordBatch, registry: Registry) -> SpanBatch | None:
    """Return a span per session, set of attributes and interval of the counters that a dialect knows; None without any.

    A cumulative counter's span lasts from its start to the last point, so that of several the later one wins.
    """
    parts = [
        part
        for dialect, counters in registry.counters
        if (part := _derive_part(batch, dialect, counters)) is not None
    ]
    return make_batch(parts, batch.resources) if parts else None


def _derive_part(
    batch: RecordBatch, dialect: str, counters: Counters
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    records = batch.records.with_columns(row=pl.int_range(pl.len(), dtype=pl.UInt32)).filter(
        pl.col("metric").is_in(counters.metrics)
        & (pl.col("type") == "sum")
        & pl.col("temporality").is_not_null()
        & (pl.col("value") > 0.0)
    )
    if records.is_empty():
        return None
    points = _label_points(records, batch.attributes, len(batch.records), counters)
    # Of a process that exports twice at once, or two scopes with one counter, the amounts add up.
    amounts = points.group_by(*_INTERVAL, "key", maintain_order=True).agg(pl.col("value").sum())
    spans = points.group_by(*_INTERVAL, maintain_order=True).agg(
        pl.col("started_at").min(),
        pl.col(
            "row", "metric", "service", "session", "received_at", "scope_name", "scope_version", "body"
        ).first(),
        is_delta=(pl.col("temporality") == "delta").all(),
    )
    spans = spans.with_row_index("number")
    attributes = _attributes(spans, amounts, batch.attributes, counters)
    return _build_spans(spans, attributes, dialect), attributes


def _label_points(
    records: pl.DataFrame, attributes: pl.DataFrame, count: int, counters: Counters
) -> pl.DataFrame:
    """Add to each point the name of its amount, its session, and one text for all its other attributes."""
    own = attributes.filter(pl.col("row").is_in(records["row"].implode()))
    rows = records["row"].to_numpy()
    kinds = first_value(own, (counters.by,), count)[rows]
    labels = (
        own.filter(pl.col("key") != counters.by)
        .with_columns(pair=join_parts("key", "value"))
        .sort("row", "pair")
        .group_by("row")
        .agg(label=pl.col("pair").str.join(BETWEEN_ATTRIBUTES))
    )
    return (
        records.join(labels, on="row", how="left", maintain_order="left")
        .with_columns(
            pl.col("label").fill_null(""),
            pl.coalesce("started_at", "recorded_at").alias("started_at"),
            first_value(own, counters.session, count)[rows].alias("session"),
            kinds.alias("kind"),
        )
        .with_columns(key=pl.concat_str("metric", "kind", separator=".", ignore_nulls=True))
    )


def _attributes(
    spans: pl.DataFrame, amounts: pl.DataFrame, attributes: pl.DataFrame, counters: Counters
) -> pl.DataFrame:
    whole = pl.col("value") == pl.col("value").round()
    text = pl.when(whole & (pl.col("value") < 1e15)).then(pl.col("value").cast(pl.Int64).cast(pl.String))
    counted = amounts.join(spans.select("number", *_INTERVAL), on=_INTERVAL).select(
        row="number", key="key", value=text.otherwise(pl.col("value").cast(pl.String))
    )
    said = (
        attributes.join(spans.select("row", "number"), on="row")
        .filter(pl.col("key") != counters.by)
        .select(row="number", key=pl.col("key").cast(pl.String), value="value")
    )
    return pl.concat([said, counted]).sort("row", "key").with_columns(pl.col("key").cast(pl.Categorical))


def _build_spans(spans: pl.DataFrame, attributes: pl.DataFrame, dialect: str) -> pl.DataFrame:
    spans = spans.with_columns(
        place=pl.when(pl.col("session").is_not_null())
        .then(join_parts(pl.lit(dialect), "service", "session"))
        .otherwise(join_parts(pl.lit(dialect), "resource_id")),
        content=join_parts(
            "resource_id",
            "label",
            "started_at",
            pl.when("is_delta").then(pl.col("recorded_at").cast(pl.String)),
        ),
    )
    return spans.with_columns(
        digest(spans["place"], "counters", 16).alias("trace_id"),
        digest(spans["content"], "counter", 8).alias("span_id"),
        # One run per session: counters tell no turns, and nothing tells whether the session is over.
        digest(spans["place"], "counters", 8).alias("parent_span_id"),
        name=pl.concat_str(pl.col("metric").str.extract(r"^([^.]+)", 1), pl.lit(SPAN_NAME), separator="."),
        ended_at="recorded_at",
        duration_ms=pl.lit(None, pl.Float64),
        attribute_count=pl.Series(
            np.bincount(attributes["row"].to_numpy(), minlength=len(spans)), dtype=pl.Int64
        ),
    )
