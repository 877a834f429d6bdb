"""Two versions or periods side by side, metric by metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import polars as pl

from analytics.compare.sides import Side
from analytics.compare.statistics import (
    ALPHA,
    FEWEST_UNITS,
    Counted,
    Effect,
    Floats,
    Resampling,
    adjust,
    compare_quantiles,
    compare_ratios,
)
from analytics.compare.units import Unit, choose_unit, name_unit
from analytics.metrics import METRICS, Metric, find_metric
from analytics.metrics.definitions import Part
from analytics.metrics.percentiles import bucket_value
from analytics.metrics.pieces import find_gaps, read_standing
from analytics.metrics.reading import (
    Question,
    View,
    check_question,
    find_view,
    read_unit_buckets,
    read_unit_totals,
)
from store.errors import ConfigError
from store.figures import SUBJECTS, SUMS

if TYPE_CHECKING:
    from store import Store

DEFAULT_METRICS: Final = (
    "success_rate",
    "escalation_rate",
    "completion_rate",
    "satisfaction",
    "run_p50_ms",
    "run_p95_ms",
    "cost_per_run_usd",
    "tool_failure_rate",
    "llm_error_rate",
    "steps_per_run",
    "tool_calls_per_run",
    "output_tokens_per_call",
    "resolution_rate",
    "cost_per_resolution_usd",
)
SEED: Final = 20_261_121
"""Resampling is by chance, but the same question has the same answer."""

Verdict = Literal["better", "worse", "different", "no difference seen", "too little data", "facts deleted"]


@dataclass(frozen=True)
class Comparison:
    """One metric on both sides."""

    metric: Metric
    effect: Effect
    p_adjusted: float | None
    """p-value that allows for the number of metrics looked at."""
    events: tuple[int, int]
    units: tuple[int, int]
    """Sessions or users of either side."""
    unit: Unit
    is_partial: tuple[bool, bool] = (False, False)
    """Retention has deleted facts of the side: what is compared is the rest."""

    @property
    def verdict(self) -> Verdict:
        """What may be said."""
        if any(gone and not n for gone, n in zip(self.is_partial, self.events, strict=True)):
            return "facts deleted"
        if self.effect.difference is None or min(self.units) < FEWEST_UNITS:
            return "too little data"
        if self.p_adjusted is None or self.p_adjusted > ALPHA:
            return "no difference seen"
        if self.metric.is_rise_bad is None:
            return "different"
        return "worse" if (self.effect.difference > 0) == self.metric.is_rise_bad else "better"


def compare(store: Store, a: Side, b: Side, metrics: Sequence[str] = DEFAULT_METRICS) -> list[Comparison]:
    """Compare side b with side a; metrics that cannot be filtered as asked are left out.

    Raises:
        NotFound: No such metric.
        ConfigError: A metric cannot be compared (counts and sums depend on the length of the window), or no
            metric has the dimensions.
    """
    chosen = [find_metric(name) for name in metrics]
    for metric in chosen:
        if not is_comparable(metric):
            raise ConfigError(
                f"{metric.name} cannot be compared: it depends on how long or busy a side is; "
                f"use a rate, a mean or a percentile such as {', '.join(DEFAULT_METRICS[:3])}"
            )
    named = {*a.where, *b.where}
    fitting = [metric for metric in chosen if all(map(metric.has_filter, named))]
    if chosen and not fitting:
        check_question(chosen, _question(a))
        check_question(chosen, _question(b))
    resampling = Resampling(np.random.default_rng(SEED))
    unit = choose_unit(_read_sessions(store, a), _read_sessions(store, b))
    facts_a, facts_b = (_Facts(store, side, fitting, unit) for side in (a, b))
    rows = [_compare(metric, facts_a, facts_b, resampling) for metric in fitting]
    adjusted = adjust([effect.p for effect, *_ in rows])
    gone = [_find_deleted(store, side) for side in (a, b)]
    return [
        Comparison(metric, effect, p, events, units, unit, _say_partial(metric, gone))
        for metric, (effect, events, units), p in zip(fitting, rows, adjusted, strict=True)
    ]


def _read_sessions(store: Store, side: Side) -> pl.DataFrame:
    """Return unit_id and user_id of the sessions of a side's runs."""
    question = _question(side)
    return read_unit_totals(store, find_view(METRICS["run_count"], "run", question), [], question)


def _find_deleted(store: Store, side: Side) -> frozenset[str]:
    """Return the subjects of which retention has deleted facts of a side: sessions are read from facts alone."""
    question = _question(side)
    standing = read_standing(store, question)
    return frozenset(
        subject for subject in SUBJECTS if find_gaps(question, subject, standing, may_roll_up=False)
    )


def _say_partial(metric: Metric, gone: Sequence[frozenset[str]]) -> tuple[bool, bool]:
    first, second = (not deleted.isdisjoint(metric.subjects) for deleted in gone)
    return first, second


def is_comparable(metric: Metric) -> bool:
    """Return whether a metric says the same of a short and of a long window."""
    if metric.kind == "percentile":
        return True
    is_ratio = metric.kind in ("proportion", "ratio") and len(metric.subjects) == 1
    return is_ratio and not any(
        SUMS[part.column].is_distinct for part in (*metric.numerator, *metric.denominator)
    )


_Row = tuple[Effect, tuple[int, int], tuple[int, int]]


class _Facts:
    """What a side holds, by unit; what several metrics rest on is read once."""

    def __init__(self, store: Store, side: Side, metrics: Sequence[Metric], unit: Unit) -> None:
        self._store, self._question = store, _question(side)
        self._unit: Unit = unit
        self._parts: dict[View, dict[str, Part]] = {}
        for metric in metrics:
            if metric.quantile is None:
                self._parts.setdefault(self._view(metric), {}).update(
                    {part.key: part for part in _parts_of(metric)}
                )
        self._totals: dict[View, pl.DataFrame] = {}
        self._values: dict[tuple[str | None, tuple[View, ...]], pl.DataFrame] = {}

    def _view(self, metric: Metric) -> View:
        return find_view(metric, metric.subjects[0], self._question)

    def read_ratio(self, metric: Metric) -> tuple[Floats, int]:
        """Return numerator and denominator per unit, and the events behind; unknown values count for neither."""
        view = self._view(metric)
        if view not in self._totals:
            self._totals[view] = read_unit_totals(
                self._store, view, list(self._parts[view].values()), self._question
            )
        rows = (
            self._totals[view]
            .select(
                name_unit(self._unit).alias("unit_id"),
                numerator=_weigh(metric.numerator),
                denominator=_weigh(metric.denominator),
                events=_weigh(metric.events),
            )
            .group_by("unit_id", maintain_order=True)
            .sum()
            .filter((pl.col("denominator") > 0) | (pl.col("numerator") != 0))
        )
        events = int(rows["events"].sum())
        return rows.select("numerator", "denominator").to_numpy().astype(np.float64), events

    def read_values(self, metric: Metric) -> pl.DataFrame:
        """Return unit_id, bucket and events of what a percentile is of."""
        assert metric.measure is not None
        views = tuple(find_view(metric, subject, self._question) for subject in metric.subjects)
        key = (metric.measure, views)
        if key not in self._values:
            frames = [read_unit_buckets(self._store, view, metric.measure, self._question) for view in views]
            self._values[key] = (
                pl.concat(frames)
                .group_by(name_unit(self._unit).alias("unit_id"), "bucket")
                .agg(pl.col("events").sum())
                .sort("unit_id", "bucket")
            )
        return self._values[key]


def _parts_of(metric: Metric) -> list[Part]:
    return [*metric.numerator, *metric.denominator, *metric.events]


def _compare(metric: Metric, a: _Facts, b: _Facts, resampling: Resampling) -> _Row:
    if metric.quantile is not None:
        return _compare_percentile(metric, metric.quantile, a, b, resampling)
    sides = [facts.read_ratio(metric) for facts in (a, b)]
    is_share = metric.kind == "proportion"
    effect = compare_ratios(sides[0][0], sides[1][0], resampling, is_share=is_share)
    return effect, (sides[0][1], sides[1][1]), (len(sides[0][0]), len(sides[1][0]))


def _weigh(parts: Sequence[Part]) -> pl.Expr:
    return pl.sum_horizontal(pl.col(part.key).fill_null(0.0) * part.weight for part in parts)


def _compare_percentile(
    metric: Metric, quantile: float, a: _Facts, b: _Facts, resampling: Resampling
) -> _Row:
    frames = [facts.read_values(metric) for facts in (a, b)]
    buckets = pl.concat([frame.select("bucket") for frame in frames]).unique().sort("bucket")
    values = buckets.select(bucket_value(pl.col("bucket"))).to_series().to_numpy()
    one, other = (_count_by_unit(frame, buckets) for frame in frames)
    effect = (
        compare_quantiles(one, other, values, quantile, resampling) if len(values) else Effect(None, None)
    )
    return effect, (int(one.times.sum()), int(other.times.sum())), (one.size, other.size)


def _count_by_unit(frame: pl.DataFrame, buckets: pl.DataFrame) -> Counted:
    places = frame.join(buckets.with_row_index("place"), on="bucket", how="left", maintain_order="left")
    return Counted(
        (frame["unit_id"].rank("dense").cast(pl.Int64) - 1).to_numpy(),
        places["place"].cast(pl.Int64).to_numpy(),
        frame["events"].cast(pl.Float64).to_numpy(),
    )


def _question(side: Side) -> Question:
    return Question(side.start, side.end, side.end - side.start + timedelta(days=1), side.where, ())
