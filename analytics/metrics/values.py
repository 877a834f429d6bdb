"""The values of a metric, computed from what was read of its sums or its distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics.metrics.definitions import Metric, Part
from analytics.metrics.intervals import wilson
from analytics.metrics.percentiles import percentile_by_group, share_within_by_group

VALUE_SCHEMA: Final = {
    "value": pl.Float64,
    "n": pl.Int64,
    "numerator": pl.Float64,
    "denominator": pl.Float64,
    "unpriced_calls": pl.Int64,
    "low": pl.Float64,
    "high": pl.Float64,
    "is_partial": pl.Boolean,
}
_COUNTED: Final = ("events", "unpriced_calls")
"""Sums of which nothing is 0; of the others it is not known."""


def add_pieces(totals: pl.DataFrame, parts: Sequence[Part], by: list[str]) -> pl.DataFrame:
    """Add up the pieces; a sum of nothing known stays unknown."""
    sums = [
        pl.when(pl.col(part.key).is_not_null().any()).then(pl.col(part.key).sum()).alias(part.key)
        for part in parts
    ]
    return totals.with_columns(pl.lit(0).alias("all")).group_by(by).agg(*sums)


def from_sums(metric: Metric, sums: Sequence[pl.DataFrame], by: list[str]) -> pl.DataFrame:
    """Bring the subjects' sums side by side and compute the metric of them."""
    parts = {part.key: part for part in metric.parts}
    joined = sums[0]
    for other in sums[1:]:
        joined = joined.join(other, on=by, how="full", coalesce=True, nulls_equal=True)
    events = pl.sum_horizontal(_filled(part) for part in metric.events)
    known = [key for key in parts if key in joined.columns]
    rows = joined.select(*by, *known).with_columns(
        numerator=_add_up(metric.numerator),
        denominator=_add_up(metric.denominator) if metric.denominator else pl.lit(None, pl.Float64),
        n=events,
        unpriced_calls=pl.sum_horizontal(
            _filled(part) for part in parts.values() if part.column == "unpriced_calls" and metric.is_money
        )
        if metric.is_money
        else pl.lit(0),
    )
    if metric.denominator:
        value = pl.when(pl.col("denominator") > 0).then(pl.col("numerator") / pl.col("denominator"))
    else:
        value = pl.when(pl.col("n") == 0).then(pl.col("numerator").fill_null(0.0)).otherwise("numerator")
    rows = rows.with_columns(value=value)
    low, high = _bounds(metric)
    return rows.with_columns(low=low, high=high)


def _add_up(parts: Sequence[Part]) -> pl.Expr:
    """The weighted sum; unknown when none of it is known, and when what is added up is, of what is taken off."""
    terms = [_filled(part) * part.weight for part in parts]
    positive = [part for part in parts if part.weight > 0]
    is_known = pl.any_horizontal(
        pl.lit(True) if part.column in _COUNTED else pl.col(part.key).is_not_null() for part in positive
    )
    return pl.when(is_known).then(pl.sum_horizontal(terms))


def _filled(part: Part) -> pl.Expr:
    return pl.col(part.key).fill_null(0.0)


def _bounds(metric: Metric) -> tuple[pl.Expr, pl.Expr]:
    if metric.kind not in ("proportion", "share"):
        return pl.lit(None, pl.Float64), pl.lit(None, pl.Float64)
    return wilson(pl.col("numerator").fill_null(0.0), pl.col("denominator"))


def from_buckets(metric: Metric, buckets: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Return the percentile or share that counts per bucket come to, by `keys`."""
    if metric.quantile is not None:
        found = percentile_by_group(buckets, keys, metric.quantile)
        return found.rename({"events": "n"}).with_columns(
            numerator=pl.lit(None),
            denominator=pl.lit(None),
            unpriced_calls=pl.lit(0),
            low=pl.lit(None),
            high=pl.lit(None),
        )
    assert metric.limit is not None
    found = share_within_by_group(buckets, keys, metric.limit)
    low, high = _bounds(metric)
    return found.with_columns(
        value=pl.col("numerator") / pl.col("denominator"), n="denominator", unpriced_calls=pl.lit(0)
    ).with_columns(low=low, high=high)


def say_nothing(metric: Metric, *, is_partial: bool) -> pl.DataFrame:
    """Return the row of a metric where nothing was read."""
    blank = pl.DataFrame([{**dict.fromkeys(VALUE_SCHEMA), "is_partial": is_partial}], schema=VALUE_SCHEMA)
    return blank.with_columns(fill_nothing(metric))


def fill_nothing(metric: Metric) -> list[pl.Expr]:
    """Return what stands where nothing happened: a count and a sum are 0, the others are not known.

    Where facts were deleted, nobody knows that nothing happened.
    """
    is_empty = pl.col("n").is_null() & ~pl.col("is_partial")
    return [
        pl.when(is_empty & metric.is_additive).then(0.0).otherwise("value").alias("value"),
        pl.when(is_empty & metric.is_additive).then(0.0).otherwise("numerator").alias("numerator"),
        pl.col("n", "unpriced_calls").fill_null(0),
    ]
