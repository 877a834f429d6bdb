"""The spike monitor on public, labelled series: a directory of CSV files with TimeStamp, Value and Label.

Microsoft's Cloud Monitoring Dataset (MIT) has that form. A labelled stretch counts as found when the monitor stands out
within it. False are, counted by points, all that stand out outside of every stretch, as comparisons of detectors
count; counted by alarms, those that follow within 24 points are one, as in the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from analytics.drift.seasons import DAY, Floats, Ints, group_of
from analytics.drift.spikes import SAME_SPIKE_HOURS, THRESHOLD, learn_season, nearest, score_levels
from benchmarks.figures import Figure

_LEARNT = 0.3
"""Share of a series, at most 28 days, that is learnt from before the first point is judged."""
_LIMITS = np.geomspace(2, 1e4, 120)


@dataclass(frozen=True)
class Scored:
    """The points of one series that were judged."""

    score: Floats
    stretch: Ints
    """Number of the labelled stretch of each point, 0 outside."""


@dataclass(frozen=True)
class Judged:
    """What a threshold finds, and what it finds falsely in 1,000 points."""

    recall: float
    false_points: float
    false_alarms: float


def measure_spikes(directory: Path) -> list[Figure]:
    """Return how many labelled stretches are found, at the product's threshold and at one and three false."""
    scored = [found for path in sorted(directory.rglob("*.csv")) if (found := _score(path)) is not None]
    points = sum(series.score.size for series in scored)
    ours = judge(scored, THRESHOLD)
    judged = [judge(scored, limit) for limit in _LIMITS]
    title = "public series: stretches found"
    figures = [
        Figure(f"{title} ({len(scored)} series, {points} points)", ours.recall, ""),
        Figure("public series: false points in 1,000", ours.false_points, ""),
        Figure("public series: false alarms in 1,000 points", ours.false_alarms, ""),
    ]
    for most, target in ((1.0, None), (3.0, 0.64)):
        by_points = max((one.recall for one in judged if one.false_points <= most), default=0.0)
        by_alarms = max((one.recall for one in judged if one.false_alarms <= most), default=0.0)
        figures += [
            Figure(f"{title} at {most:g} false points in 1,000", by_points, "", at_least=target),
            Figure(f"{title} at {most:g} false alarms in 1,000", by_alarms, ""),
        ]
    return figures


def _score(path: Path) -> Scored | None:
    frame = pl.read_csv(path, infer_schema_length=None).rename(str.strip)
    if not {"TimeStamp", "Value", "Label"} <= set(frame.columns):
        return None
    at = (
        frame["TimeStamp"]
        .cast(pl.String)
        .str.replace("T", " ")
        .str.slice(0, 19)
        .str.to_datetime(strict=False)
    )
    frame = frame.with_columns(at=at).drop_nulls(["at", "Value"]).sort("at")
    hours = (frame["at"].dt.epoch("s") // 3600).to_numpy()
    values = frame["Value"].cast(pl.Float64).to_numpy()
    label = (frame["Label"].cast(pl.Float64).to_numpy() > 0).astype(np.int64)
    if values.size < 200:
        return None
    begins = np.diff(label, prepend=0) == 1
    stretch = np.where(label > 0, np.cumsum(begins), 0)
    start = int(values.size * _LEARNT)
    groups, score, against_day = group_of(hours), np.zeros(values.size), np.zeros(values.size)
    for begin in range(start, values.size, max(values.size // 20, 1)):
        seen = slice(max(0, int(np.searchsorted(hours, hours[begin] - 28 * DAY))), begin)
        medians, scale = learn_season(values[seen], groups[seen])
        now = slice(begin, begin + max(values.size // 20, 1))
        # A single figure an hour has no chance of its own to add: a share of the whole scatter stands for it.
        spread = max(scale, 0.3 * float(values[seen].std()), 1e-9)
        score[now] = score_levels(values[now], medians[groups[now]], spread, 0.0)
        longer = slice(max(begin - SAME_SPIKE_HOURS, 0), now.stop)
        residual = values[longer] - medians[groups[longer]]
        days = np.lib.stride_tricks.sliding_window_view(residual[:-1], SAME_SPIKE_HOURS)
        against_day[now] = score[now] - np.median(days, axis=1) / spread
    return Scored(np.abs(nearest(score, against_day))[start:], stretch[start:])


def judge(scored: list[Scored], limit: float) -> Judged:
    """Return what stands out at a limit, over all series together."""
    found = total = points = false_points = false_alarms = 0
    for series in scored:
        stands_out = series.score >= limit
        total += np.unique(series.stretch[series.stretch > 0]).size
        found += np.unique(series.stretch[stands_out & (series.stretch > 0)]).size
        places = np.flatnonzero(stands_out & (series.stretch == 0))
        false_points += places.size
        false_alarms += int((np.diff(places, prepend=-2 * SAME_SPIKE_HOURS) > SAME_SPIKE_HOURS).sum())
        points += int((series.stretch == 0).sum())
    of_points = 1_000 / max(points, 1)
    return Judged(found / max(total, 1), false_points * of_points, false_alarms * of_points)
