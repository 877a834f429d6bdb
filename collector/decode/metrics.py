"""Metric requests to rows of ledger.metric_points."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

import numpy as np
import polars as pl
import pyarrow as pa

from collector.decode.arrow import read_requests
from collector.decode.attributes import Attributes, read_attributes
from collector.decode.batch import RecordBatch
from collector.decode.nesting import Items, as_series, list_items
from collector.decode.owners import read_owners, resource_facts, text_or_null
from collector.decode.times import as_timestamps, to_microseconds
from collector.decode.verdicts import judge_records

_LISTS: Final = ("resource_metrics", "scope_metrics", "metrics")
_TYPES: Final = ("gauge", "sum", "histogram", "exponential_histogram", "summary")
_TEMPORALITIES: Final = pl.Series([None, "delta", "cumulative"], dtype=pl.String)
_VALUES: Final = ("value", "count", "sum", "min", "max", "distribution")


def decode_metrics(payloads: Sequence[bytes], received_at: Sequence[datetime]) -> RecordBatch:
    """Return the data points of protobuf requests, as columns of ledger.metric_points without load_seq.

    A point without a time has the time of its arrival. Exemplars are not kept.

    Raises:
        RejectedData: A body is no valid metrics request.
    """
    owners = read_owners(read_requests("metrics", payloads), _LISTS)
    metrics = owners.records
    described = pl.concat([owners.columns, _metric_columns(metrics)], how="horizontal")
    parts = [_read_points(metrics, described, name) for name in _TYPES]
    frame = pl.concat([part for part, _ in parts], how="diagonal_relaxed")
    received = pl.lit(to_microseconds(received_at)).gather("body").alias("received_at")
    frame = (
        frame.with_columns(received)
        .with_columns(pl.coalesce("recorded_at", "received_at").alias("recorded_at"))
        .join(resource_facts(owners.resources), on="resource_id", how="left", maintain_order="left")
    )
    return judge_records(frame, "recorded_at", _concat([each for _, each in parts]), owners.resources)


def _metric_columns(metrics: Items) -> pl.DataFrame:
    texts = pl.DataFrame({"metric": metrics.column("name"), "unit": metrics.column("unit")})
    return texts.select("metric", text_or_null("unit"))


def _read_points(metrics: Items, described: pl.DataFrame, name: str) -> tuple[pl.DataFrame, Attributes]:
    data = metrics.struct(name)
    points = list_items(cast("pa.ListArray", data.field("data_points")))
    attributes = read_attributes(points.items("attributes"), len(points))
    frame = pl.concat([described[points.parents], _point_columns(points, name)], how="horizontal")
    per_metric = {"type": pl.lit(name)}
    if data.type.get_field_index("aggregation_temporality") >= 0:
        codes = as_series(data.field("aggregation_temporality")).fill_null(0)
        names = _TEMPORALITIES.gather(
            pl.select(pl.when(codes.is_between(1, 2)).then(codes).otherwise(0)).to_series()
        )
        per_metric["temporality"] = pl.lit(names.gather(points.parents))
    if data.type.get_field_index("is_monotonic") >= 0:
        per_metric["is_monotonic"] = pl.lit(as_series(data.field("is_monotonic")).gather(points.parents))
    return frame.with_columns(**per_metric), attributes


def _point_columns(points: Items, name: str) -> pl.DataFrame:
    raw = pl.DataFrame(
        {"start": points.column("start_time_unix_nano"), "time": points.column("time_unix_nano")}
    )
    times = raw.select(
        pl.when(pl.col("start") > 0).then(as_timestamps("start")).alias("started_at"),
        pl.when(pl.col("time") > 0).then(as_timestamps("time")).alias("recorded_at"),
    )
    match name:
        case "gauge" | "sum":
            return times.with_columns(_number(points).alias("value"))
        case "histogram":
            detail = _histogram(points)
        case "exponential_histogram":
            detail = _exponential(points)
        case _:
            detail = _summary(points)
    return times.with_columns(
        points.column("count").cast(pl.Int64, strict=False),
        points.column("sum"),
        *(points.column(side) for side in ("min", "max") if name != "summary"),
        detail.alias("distribution"),
    )


def _number(points: Items) -> pl.Series:
    doubles, integers = points.column("as_double"), points.column("as_int").cast(pl.Float64)
    return pl.select(pl.coalesce(doubles, integers)).to_series()


def _histogram(points: Items) -> pl.Series:
    return _json(bounds=points.column("explicit_bounds"), counts=points.column("bucket_counts"))


def _exponential(points: Items) -> pl.Series:
    return _json(
        scale=points.column("scale"),
        zero_count=points.column("zero_count"),
        zero_threshold=points.column("zero_threshold"),
        positive=_buckets(points, "positive"),
        negative=_buckets(points, "negative"),
    )


def _buckets(points: Items, name: str) -> pl.Series:
    buckets = points.struct(name)
    parts = {
        "offset": as_series(buckets.field("offset")),
        "counts": as_series(buckets.field("bucket_counts")),
    }
    return pl.DataFrame(parts).to_struct(name)


def _summary(points: Items) -> pl.Series:
    return _json(quantiles=points.column("quantile_values"))


def _json(**columns: pl.Series) -> pl.Series:
    return pl.DataFrame(columns).select(pl.struct(pl.all()).struct.json_encode()).to_series()


def _concat(parts: Sequence[Attributes]) -> Attributes:
    shifts = np.cumsum([0, *(part.owners for part in parts)])
    parents = [part.parents + np.uint32(shift) for part, shift in zip(parts, shifts, strict=False)]
    return Attributes(
        np.concatenate(parents),
        pl.concat([part.keys for part in parts]),
        pl.concat([part.texts for part in parts]),
        int(shifts[-1]),
        pl.concat([part.codes for part in parts]),
    )
