"""The values of metrics over a window, and as series over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from analytics.metrics.catalogue import METRICS
from analytics.metrics.definitions import Metric
from analytics.metrics.planning import Facts, read_facts
from analytics.metrics.reading import Question, Where, check_question
from analytics.metrics.values import VALUE_SCHEMA, fill_nothing, say_nothing
from store.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from store import Store

MAX_BINS: Final = 5_000


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
    metric: str | Sequence[str],
    start: datetime,
    end: datetime,
    *,
    where: Where | None = None,
    group_by: Sequence[str] = (),
) -> pl.DataFrame:
    """Return the value of one or several metrics from `start` to before `end`, by group.

    Args:
        store: Where the events are.
        metric: A name of METRICS, or several; those of one subject are answered by one query,
            and by a second one where rollups do not hold all of them.
        start: First instant; any, not only whole hours.
        end: First instant after the window.
        where: Values that dimensions must have: a text, one of several, None for unknown, "*" for any.
            Without a word on purpose, production alone counts.
        group_by: Dimensions to split by.

    Returns:
        `metric` (where several were asked for), group columns, value (NULL when it cannot be said), n
        (events it rests on), numerator, denominator, unpriced_calls (more than 0 beside money: "at
        least"), low and high (95 % interval of a proportion), is_partial (facts of the window were deleted
        that it would have needed: it speaks of the rest). Without groups one row a metric; with groups a row
        for each that has events, in their order.

    Raises:
        NotFound: No such metric.
        ConfigError: A metric has no such dimension, or the window is empty.
    """
    metrics = [find_metric(name) for name in ([metric] if isinstance(metric, str) else metric)]
    question = Question(start, end, end - start + timedelta(days=1), where or {}, tuple(group_by))
    check_question(metrics, question)
    facts = read_facts(store, metrics, question)
    frames: list[pl.DataFrame] = []
    for found in metrics:
        values, gaps = facts.compute(found, list(group_by))
        if not group_by and values.is_empty():
            values = say_nothing(found, is_partial=bool(gaps))
        values = values.with_columns(is_partial=pl.lit(bool(gaps)))
        if group_by:
            values = values.sort(list(group_by), nulls_last=True)
        frames.append(values)
    return _label(metric, metrics, frames)


def evaluate_twice(
    store: Store,
    metrics: Sequence[str],
    start: datetime,
    end: datetime,
    before: timedelta,
    *,
    where: Where | None = None,
    groupings: Sequence[Sequence[str]] = ((),),
) -> list[pl.DataFrame]:
    """Return metrics of a window and of the equal one that began `before` earlier, read together.

    For each of `groupings` a frame as `evaluate` gives it for several metrics, with `bin`: 0 in the window, -1
    in the one before, in which a group without events has no row. What is read is read for the first grouping
    and added up for the others, which must be parts of it: all of one frame and those of another agree.

    Raises:
        NotFound: No such metric.
        ConfigError: A metric has no such dimension or is judged key by key, or the window is empty.
    """
    found = [find_metric(name) for name in metrics]
    question = Question(start, end, before, where or {}, tuple(groupings[0]), before=before)
    check_question(found, question)
    for metric in found:
        if metric.key is not None:
            raise ConfigError(
                f"{metric.name} is judged {metric.key} by {metric.key}: evaluate each window by itself"
            )
    facts = read_facts(store, found, question)
    return [
        pl.concat([_both_windows(metric, facts, list(group_by)) for metric in found])
        for group_by in groupings
    ]


def _both_windows(metric: Metric, facts: Facts, group_by: list[str]) -> pl.DataFrame:
    values, gaps = facts.compute(metric, ["bin", *group_by])
    if not group_by:
        missing = {-1, 0} - set(values["bin"])
        nothing = [
            say_nothing(metric, is_partial=number in gaps).select(
                pl.lit(number, pl.Int64).alias("bin"), *VALUE_SCHEMA
            )
            for number in missing
        ]
        values = pl.concat([values, *nothing])
    return values.select(
        pl.lit(metric.name).alias("metric"),
        pl.exclude("is_partial"),
        pl.col("bin").is_in(sorted(gaps)).alias("is_partial"),
    )


def series(
    store: Store,
    metric: str | Sequence[str],
    start: datetime,
    end: datetime,
    step: timedelta,
    *,
    where: Where | None = None,
    group_by: Sequence[str] = (),
) -> pl.DataFrame:
    """Return metrics per step of the window, as `evaluate` does, with `at`, the start of each step.

    Every group has every step; steps of whole hours that start at one are answered from the rollups.
    """
    metrics = [find_metric(name) for name in ([metric] if isinstance(metric, str) else metric)]
    question = Question(start, end, step, where or {}, tuple(group_by))
    check_question(metrics, question)
    if step <= timedelta(0) or (end - start) / step > MAX_BINS:
        raise ConfigError(f"a step of {step} makes too many points; at most {MAX_BINS} fit in a series")
    keys = ["bin", *group_by]
    facts = read_facts(store, metrics, question)
    bins = pl.DataFrame({"bin": range(-(-(end - start) // step))}, schema={"bin": pl.Int64})
    first = start.astimezone(UTC).replace(tzinfo=None)
    frames: list[pl.DataFrame] = []
    for found in metrics:
        values, gaps = facts.compute(found, keys)
        groups = values.select(group_by).unique() if group_by else pl.DataFrame({"all": [0]})
        grid = bins.join(groups, how="cross")
        filled = (
            grid.join(values.drop("is_partial"), on=keys, how="left", nulls_equal=True)
            .with_columns(is_partial=pl.col("bin").is_in(sorted(gaps)))
            .with_columns(fill_nothing(found))
        )
        frames.append(
            filled.with_columns(at=pl.lit(first) + pl.col("bin") * step)
            .sort(*group_by, "bin", nulls_last=True)
            .select("at", *group_by, *VALUE_SCHEMA)
        )
    return _label(metric, metrics, frames)


def _label(
    asked: str | Sequence[str], metrics: Sequence[Metric], frames: Sequence[pl.DataFrame]
) -> pl.DataFrame:
    if isinstance(asked, str):
        return frames[0]
    named = [
        frame.select(pl.lit(found.name).alias("metric"), pl.all())
        for found, frame in zip(metrics, frames, strict=True)
    ]
    return pl.concat(named) if named else pl.DataFrame()
