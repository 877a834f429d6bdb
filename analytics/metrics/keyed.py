"""Metrics that judge each tool, model, agent or user by itself: failures in a row, breakers, users who fail again."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import polars as pl

from analytics.metrics.breakers import breaker_in_force, judge_breakers
from analytics.metrics.definitions import Metric
from analytics.metrics.intervals import wilson
from analytics.metrics.pieces import Standing, find_gaps
from analytics.metrics.reading import Question, Reading, View, gather, params_of, whole
from store.figures import Grid, compose_streaks

if TYPE_CHECKING:
    from store import Store

_ROWS = {
    "key_events": pl.Int64,
    "failures": pl.Int64,
    "streak": pl.Int64,
    "failed_at": pl.Datetime("us"),
}
AGAIN = 2
"""Failures from which a user fails again."""


def read_keyed(store: Store, view: View, metric: Metric, question: Question, standing: Standing) -> Reading:
    """Return bin, groups, and a row per key with its events, failures, streak and last failure."""
    assert metric.key is not None
    grid = Grid(question.is_one_bin, view.split)
    window_s = (question.end - question.start).total_seconds()
    recent_s = breaker_in_force().window.total_seconds() if metric.kind == "breaker" else window_s
    params = params_of(view, question, [whole(question)]) | {"window_s": window_s, "recent_s": recent_s}
    query = compose_streaks(view.subject, metric.key, grid, view.selection)
    frames = [] if view.is_empty else [store.select(query, params)]
    return Reading(
        gather(frames, view, question, [pl.col(name).cast(kind) for name, kind in _ROWS.items()], _ROWS),
        find_gaps(question, view.subject, standing, may_roll_up=False),
    )


def summarise_keys(metric: Metric, rows: pl.DataFrame, question: Question, by: list[str]) -> pl.DataFrame:
    """Return a row per bin and group: value, n, numerator, denominator and bounds."""
    unknown = pl.lit(None, pl.Float64)
    if metric.kind == "again":
        hits, keys = (pl.col("failures") >= AGAIN).sum(), pl.len()
        counted = rows.group_by(by).agg(numerator=hits, denominator=keys, n=keys)
        low, high = wilson(pl.col("numerator"), pl.col("denominator"))
        return counted.with_columns(value=pl.col("numerator") / pl.col("denominator"), low=low, high=high)
    value = (
        pl.col("streak")
        if metric.kind == "streak"
        else judge_breakers(_end_of_bin(question), breaker_in_force())
    )
    return rows.group_by(by).agg(
        value=value.max(), n=pl.col("key_events").sum(), numerator=unknown, denominator=unknown, low=unknown,
        high=unknown,
    )  # fmt: skip


def _end_of_bin(question: Question) -> pl.Expr:
    start, end = (moment.astimezone(UTC).replace(tzinfo=None) for moment in (question.start, question.end))
    if question.is_one_bin:
        return pl.lit(end)
    return pl.min_horizontal(pl.lit(start) + (pl.col("bin") + 1) * question.step, pl.lit(end))
