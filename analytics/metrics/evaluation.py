"""The values of metrics over a window, and as series over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from analytics.metrics.catalogue import METRICS
from analytics.metrics.definitions import Metric, Part
from analytics.metrics.intervals import wilson
from analytics.metrics.keyed import read_keyed, summarise_keys
from analytics.metrics.percentiles import percentile_by_group, share_within_by_group
from analytics.metrics.pieces import Standing, read_standing
from analytics.metrics.reading import (
    Question,
    Reading,
    View,
    Where,
    are_rolled_up,
    check_question,
    find_view,
    read_buckets,
    read_totals,
)
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
    "low": pl.Float64,
    "high": pl.Float64,
    "is_partial": pl.Boolean,
}
_COUNTED = ("events", "unpriced_calls")
"""Sums of which nothing is 0; of the others it is not known."""


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
    facts = _read(store, metrics, question)
    frames: list[pl.DataFrame] = []
    for found in metrics:
        values, gaps = facts.compute(found, list(group_by))
        if not group_by and values.is_empty():
            values = _nothing(found, is_partial=bool(gaps))
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
    facts = _read(store, found, question)
    return [
        pl.concat([_both_windows(metric, facts, list(group_by)) for metric in found])
        for group_by in groupings
    ]


def _both_windows(metric: Metric, facts: _Facts, group_by: list[str]) -> pl.DataFrame:
    values, gaps = facts.compute(metric, ["bin", *group_by])
    if not group_by:
        missing = {-1, 0} - set(values["bin"])
        nothing = [
            _nothing(metric, is_partial=number in gaps).select(
                pl.lit(number, pl.Int64).alias("bin"), *_VALUE_SCHEMA
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
    facts = _read(store, metrics, question)
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
            .with_columns(_fill_nothing(found))
        )
        frames.append(
            filled.with_columns(at=pl.lit(first) + pl.col("bin") * step)
            .sort(*group_by, "bin", nulls_last=True)
            .select("at", *group_by, *_VALUE_SCHEMA)
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


_Sums = tuple[View, bool]
"""The sums of a view that rollups hold, or the others."""


@dataclass
class _Plan:
    """What is read for a set of metrics: sums by view, and buckets by view and measure, each once.

    Sums that rollups hold stand apart from the others, which would draw them down to what the facts still tell;
    all sums of one metric stand together.
    """

    parts: dict[_Sums, dict[str, Part]] = field(default_factory=dict[_Sums, dict[str, Part]])
    buckets: dict[tuple[View, str], list[str]] = field(default_factory=dict[tuple[View, str], list[str]])
    views: dict[str, list[View]] = field(default_factory=dict[str, list[View]])

    def add(self, metric: Metric, question: Question) -> None:
        views = [find_view(metric, subject, question) for subject in metric.subjects]
        self.views[metric.name] = views
        for view in views:
            if metric.key is not None:
                continue
            if metric.measure is not None:
                self.buckets.setdefault((view, metric.measure), []).append(metric.name)
                continue
            wanted = self.parts.setdefault((view, _is_rolled_up(metric)), {})
            wanted.update({part.key: part for part in _parts_of(metric) if part.subject == view.subject})


def _is_rolled_up(metric: Metric) -> bool:
    return are_rolled_up(_parts_of(metric))


def _parts_of(metric: Metric) -> list[Part]:
    unpriced = [Part(subject, "unpriced_calls") for subject in metric.subjects] if metric.is_money else []
    return [*metric.numerator, *metric.denominator, *metric.events, *unpriced]


@dataclass(frozen=True)
class _Facts:
    """What was read for a set of metrics; keyed metrics read by themselves."""

    store: Store
    question: Question
    standing: Standing
    plan: _Plan
    totals: Mapping[_Sums, Reading]
    buckets: Mapping[tuple[View, str], Reading]
    _merged: dict[tuple[_Sums, tuple[str, ...]], pl.DataFrame] = field(
        default_factory=dict[tuple[_Sums, tuple[str, ...]], pl.DataFrame]
    )

    def _merge(self, asked: _Sums, by: list[str]) -> pl.DataFrame:
        """Add up the pieces of some sums, once for all metrics made of them."""
        key = asked, tuple(by)
        if key not in self._merged:
            self._merged[key] = _merge(self.totals[asked].rows, list(self.plan.parts[asked].values()), by)
        return self._merged[key]

    def compute(self, metric: Metric, keys: list[str]) -> tuple[pl.DataFrame, frozenset[int]]:
        """Return the values of a metric by `keys`, and the bins in which they speak of a part only."""
        by = keys or ["all"]
        views = self.plan.views[metric.name]
        if metric.key is not None:
            read = [read_keyed(self.store, view, metric, self.question, self.standing) for view in views]
            rows = read[0].rows.with_columns(pl.lit(0).alias("all"))
            values = summarise_keys(metric, rows, self.question, by).with_columns(unpriced_calls=pl.lit(0))
        elif metric.measure is not None:
            read = [self.buckets[view, metric.measure] for view in views]
            values = _from_buckets(metric, pl.concat([reading.rows for reading in read]), keys)
        else:
            asked = [(view, _is_rolled_up(metric)) for view in views]
            read = [self.totals[key] for key in asked]
            values = _from_sums(metric, [self._merge(key, by) for key in asked], by)
        gaps = frozenset[int]().union(*(reading.gaps for reading in read))
        columns = (pl.col(name).cast(dtype) for name, dtype in _VALUE_SCHEMA.items())
        return values.with_columns(is_partial=pl.lit(False)).select(*keys, *columns), gaps


def _read(store: Store, metrics: Sequence[Metric], question: Question) -> _Facts:
    plan = _Plan()
    for metric in metrics:
        plan.add(metric, question)
    standing = read_standing(store, question)
    totals = {
        asked: read_totals(store, asked[0], list(parts.values()), question, standing)
        for asked, parts in plan.parts.items()
    }
    buckets = {
        (view, measure): read_buckets(store, view, measure, question, standing)
        for view, measure in plan.buckets
    }
    return _Facts(store, question, standing, plan, totals, buckets)


def _merge(totals: pl.DataFrame, parts: Sequence[Part], by: list[str]) -> pl.DataFrame:
    """Add up the pieces; a sum of nothing known stays unknown."""
    sums = [
        pl.when(pl.col(part.key).is_not_null().any()).then(pl.col(part.key).sum()).alias(part.key)
        for part in parts
    ]
    return totals.with_columns(pl.lit(0).alias("all")).group_by(by).agg(*sums)


def _from_sums(metric: Metric, sums: Sequence[pl.DataFrame], by: list[str]) -> pl.DataFrame:
    """Bring the subjects' sums side by side and compute the metric of them."""
    parts = {part.key: part for part in _parts_of(metric)}
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


def _from_buckets(metric: Metric, buckets: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
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


def _nothing(metric: Metric, *, is_partial: bool) -> pl.DataFrame:
    blank = pl.DataFrame([{**dict.fromkeys(_VALUE_SCHEMA), "is_partial": is_partial}], schema=_VALUE_SCHEMA)
    return blank.with_columns(_fill_nothing(metric))


def _fill_nothing(metric: Metric) -> list[pl.Expr]:
    """Return what stands where nothing happened: a count and a sum are 0, the others are not known.

    Where facts were deleted, nobody knows that nothing happened.
    """
    is_empty = pl.col("n").is_null() & ~pl.col("is_partial")
    return [
        pl.when(is_empty & metric.is_additive).then(0.0).otherwise("value").alias("value"),
        pl.when(is_empty & metric.is_additive).then(0.0).otherwise("numerator").alias("numerator"),
        pl.col("n", "unpriced_calls").fill_null(0),
    ]
