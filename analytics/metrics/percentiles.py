"""Percentiles from counts per logarithmic bucket, within 1 % of exact ones."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

ZERO_BUCKET = -32_768
GAMMA = 1.02


def bucket_value(bucket: pl.Expr) -> pl.Expr:
    """Return the value that stands for a bucket: within 1 % of each of its values."""
    powers = pl.lit(GAMMA).pow(bucket.cast(pl.Float64))
    return pl.when(bucket == ZERO_BUCKET).then(0.0).otherwise(2.0 * powers / (1.0 + GAMMA))


def percentile_by_group(buckets: pl.DataFrame, by: Sequence[str], quantile: float) -> pl.DataFrame:
    """Return one row per group: its columns, value (of the bucket that holds the rank) and events.

    Args:
        buckets: Columns of `by`, bucket, and events; rows of equal buckets add up, in any order.
        by: Group columns; none gives one row, or none when there are no buckets.
        quantile: Between 0 and 1.

    >>> counted = pl.DataFrame({"bucket": [0, 100], "events": [9, 1]})
    >>> percentile_by_group(counted, [], 0.99)["value"].round(2).to_list()
    [7.17]
    """
    keys = list(by) or [pl.lit(0).alias("all")]
    merged = buckets.group_by([*keys, "bucket"]).agg(pl.col("events").sum())
    names = list(by) or ["all"]
    ranked = merged.sort("bucket").with_columns(
        reached=pl.col("events").cum_sum().over(names), total=pl.col("events").sum().over(names)
    )
    rank = (quantile * pl.col("total")).ceil().clip(lower_bound=1)
    found = (
        ranked.filter(pl.col("reached") >= rank)
        .group_by(names)
        .agg(bucket_value(pl.col("bucket").min()).alias("value"), pl.col("total").first().alias("events"))
    )
    return found.select(*by, "value", "events")


def share_within_by_group(buckets: pl.DataFrame, by: Sequence[str], limit: float) -> pl.DataFrame:
    """Return one row per group: its columns, numerator (values up to the limit, kept to 1 %) and denominator.

    >>> counted = pl.DataFrame({"bucket": [0, 100], "events": [9, 1]})
    >>> share_within_by_group(counted, [], 5.0).row(0)
    (9, 10)
    """
    names = list(by) or ["all"]
    found = (
        buckets.with_columns(pl.lit(0).alias("all"))
        .group_by(names)
        .agg(
            numerator=pl.col("events").filter(bucket_value(pl.col("bucket")) <= limit).sum(),
            denominator=pl.col("events").sum(),
        )
    )
    return found.select(*by, "numerator", "denominator")
