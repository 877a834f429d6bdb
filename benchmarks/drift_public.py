"""The spike monitor on public, labelled series: a directory of CSV files with TimeStamp, Value and Label.

Microsoft's Cloud Monitoring Dataset (MIT) has that form. A labelled stretch counts as found when the monitor stands out
within it; false are alarms outside of every stretch, those that follow within 24 points being one, as in the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from analytics.drift.seasons import DAY, Floats, Ints, group_of
from analytics.drift.spikes import SAME_SPIKE_HOURS, THRESHOLD, learn_season, score_levels
from benchmarks.figures import Figure

_LEARNT = 0.3
"""Share of a series, at most 28 days, that is learnt from before the first point is judged."""
_MOST_FALSE = 3.0


@dataclass(frozen=True)
class Scored:
    """The points of one series that were judged."""

    score: Floats
    stretch: Ints
    """Number of the labelled stretch of each point, 0 outside."""


def measure_spikes(directory: Path) -> list[Figure]:
    """Return how many labelled stretches are found, at the product's threshold and at three false in 1,000 points."""
    scored = [found for path in sorted(directory.rglob("*.csv")) if (found := _score(path)) is not None]
    recall, false = _judge(scored, THRESHOLD)
    limits = np.geomspace(2, 1e4, 80)
    best = max(
        (_judge(scored, limit)[0] for limit in limits if _judge(scored, limit)[1] <= _MOST_FALSE), default=0.0
    )
    points = sum(series.score.size for series in scored)
    return [
        Figure(f"public series: stretches found ({len(scored)} series, {points} points)", recall, ""),
        Figure("public series: false in 1,000 points", false, ""),
        Figure("public series: stretches found at 3 false in 1,000", best, "", at_least=0.64),
    ]


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
    groups, score = group_of(hours), np.zeros(values.size)
    for begin in range(start, values.size, max(values.size // 20, 1)):
        seen = slice(max(0, int(np.searchsorted(hours, hours[begin] - 28 * DAY))), begin)
        medians, scale = learn_season(values[seen], groups[seen])
        now = slice(begin, begin + max(values.size // 20, 1))
        # A single figure an hour has no chance of its own to add: a share of the whole scatter stands for it.
        spread = max(scale, 0.3 * float(values[seen].std()), 1e-9)
        score[now] = np.abs(score_levels(values[now], medians[groups[now]], spread, 0.0))
    return Scored(score[start:], stretch[start:])


def _judge(scored: list[Scored], limit: float) -> tuple[float, float]:
    found = total = false = points = 0
    for series in scored:
        stands_out = series.score >= limit
        numbers = np.unique(series.stretch[series.stretch > 0])
        total += numbers.size
        found += np.unique(series.stretch[stands_out & (series.stretch > 0)]).size
        places = np.flatnonzero(stands_out & (series.stretch == 0))
        false += int((np.diff(places, prepend=-2 * SAME_SPIKE_HOURS) > SAME_SPIKE_HOURS).sum())
        points += int((series.stretch == 0).sum())
    return found / max(total, 1), 1_000 * false / max(points, 1)
