"""The value of a metric over a window, and as a series over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from analytics.metrics.definitions import METRICS, Metric, Part
from analytics.metrics.percentiles import percentile_by_group
from analytics.metrics.reading import Question, Where, check_question, read_buckets, read_sums
from store.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from store import Store

MAX_BINS = 5_000
_VALUE_SCHEMA = {
    "value": pl.Float64,
    "n": pl.Int64,
    "numerator": pl.Float64,
    "denominator": pl.Float64,
    "unpriced_calls": pl.Int64,
}


def find_metric(name: str) -> Metric:
    """Return the metric called `name`.

    Raises:
        NotFound: No such metric.
    """
    metric = METRICS.get(name)
    if metric is None:
        raise NotFound(f"no metric is called {name!r}; there are {', '.join(METRICS)}")
    return metric


def evaluate(
    store: Store,
    metric: str,
    start: datetime,
    end: datetime,
    *,
    where: Where | None = None,
    group_by: Sequence[str] = (),
) -> pl.DataFrame:
    """Return the metric's value from `start` to before `end`, by group.

    Args:
        store: Where the events are.
        metric: A name of METRICS.
        start: First instant; any, not only whole hours.
        end: First instant after the window.
        where: Values that dimensions must have: a text, one of several, None for unknown, "*" for any.
            Without a word on purpose, production alone counts.
        group_by: Dimensions to split by.

    Returns:
        Group columns, value (NULL when it cannot be said), n (events it rests on), numerator,
        denominator, and unpriced_calls (more than 0 beside money: "at least"). Without groups one row;
        with groups a row for each that has events, in their order.

    Raises:
        NotFound: No such metric.
        ConfigError: The metric has no such dimension, or the window is empty.
    """
    found = find_metric(metric)
    question = Question(start, end, end - start + timedelta(days=1), where or {}, tuple(group_by))
    check_question(found, question)
    values = _compute(store, found, question, list(group_by))
    if not group_by and values.is_empty():
        values = _nothing(found)
    return values.sort(list(group_by), nulls_last=True) if group_by else values


def series(
    store: Store,
    metric: str,
    start: datetime,
    end: datetime,
    step: timedelta,
    *,
    where: Where | None = None,
    group_by: Sequence[str] = (),
) -> pl.DataFrame:
    """Return the metric per step of the window, as `evaluate` does, with `at`, the start of each step.

    Every group has every step; steps of whole hours that start at one are answered from the rollups.
    """
    found = find_metric(metric)
    question = Question(start, end, step, where or {}, tuple(group_by))
    check_question(found, question)
    if step <= timedelta(0) or (end - start) / step > MAX_BINS:
        raise ConfigError(f"a step of {step} makes too many points; at most {MAX_BINS} fit in a series")
    keys = ["bin", *group_by]
    values = _compute(store, found, question, keys)
    bins = pl.DataFrame({"bin": range(-(-(end - start) // step))}, schema={"bin": pl.Int64})
    groups = values.select(group_by).unique() if group_by else pl.DataFrame({"all": [0]})
    grid = bins.join(groups, how="cross")
    filled = grid.join(values, on=keys, how="left", nulls_equal=True).with_columns(_fill_nothing(found))
    first = start.astimezone(UTC).replace(tzinfo=None)
    return (
        filled.with_columns(at=pl.lit(first) + pl.col("bin") * step)
        .sort(*group_by, "bin", nulls_last=True)
        .select("at", *group_by, *_VALUE_SCHEMA)
    )


def _compute(store: Store, metric: Metric, question: Question, keys: list[str]) -> pl.DataFrame:
    if metric.quantile is not None:
        found = percentile_by_group(read_buckets(store, metric, question), keys, metric.quantile)
        shaped = found.rename({"events": "n"}).with_columns(
            numerator=pl.lit(None), denominator=pl.lit(None), unpriced_calls=pl.lit(0)
        )
    else:
        shaped = _add_up(read_sums(store, metric, question), metric, keys)
    return shaped.select(*keys, *(pl.col(name).cast(dtype) for name, dtype in _VALUE_SCHEMA.items()))


def _add_up(sums: pl.DataFrame, metric: Metric, keys: list[str]) -> pl.DataFrame:
    sides = {"numerator": metric.numerator, "denominator": metric.denominator, "n": metric.events}
    parts = {f"{side}_{i}": part for side, side_parts in sides.items() for i, part in enumerate(side_parts)}
    totals = sums.group_by(keys or [pl.lit(0).alias("all")]).agg(
        *(_sum_part(part).alias(name) for name, part in parts.items()),
        unpriced_calls=pl.col("unpriced_calls").sum(),
    )
    added = totals.with_columns(
        pl.sum_horizontal(pl.col(f"^{side}_\\d+$"), ignore_nulls=True).alias(side)
        if side_parts
        else pl.lit(None, pl.Float64).alias(side)
        for side, side_parts in sides.items()
    ).with_columns(
        numerator=pl.when(pl.all_horizontal(pl.col(r"^numerator_\d+$").is_null()))
        .then(None)
        .otherwise("numerator")
    )
    if metric.kind == "ratio":
        value = pl.when(pl.col("denominator") > 0).then(pl.col("numerator") / pl.col("denominator"))
    else:
        value = pl.when(pl.col("n") == 0).then(pl.col("numerator").fill_null(0.0)).otherwise("numerator")
    return added.with_columns(value=value)


def _sum_part(part: Part) -> pl.Expr:
    """Return the sum of a part; NULL when no event of it has a value, 0 for a count of nothing."""
    of_part = pl.col("subject") == part.subject
    if part.outcomes is not None:
        of_part = of_part & pl.col("outcome").is_in(part.outcomes).fill_null(False)
    chosen = pl.col(part.column).filter(of_part)
    if part.column in ("events", "unpriced_calls"):
        return chosen.sum()
    return pl.when(chosen.is_not_null().any()).then(chosen.sum())


def _nothing(metric: Metric) -> pl.DataFrame:
    blank = pl.DataFrame([dict.fromkeys(_VALUE_SCHEMA)], schema=_VALUE_SCHEMA)
    return blank.with_columns(_fill_nothing(metric))


def _fill_nothing(metric: Metric) -> list[pl.Expr]:
    """Return what stands where nothing happened: a count and a sum are 0, the others are not known."""
    is_empty = pl.col("n").is_null()
    counted = metric.kind in ("count", "sum")
    return [
        pl.when(is_empty & counted).then(0.0).otherwise("value").alias("value"),
        pl.when(is_empty & counted).then(0.0).otherwise("numerator").alias("numerator"),
        pl.col("n", "unpriced_calls").fill_null(0),
    ]
