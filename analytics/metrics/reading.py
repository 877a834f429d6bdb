"""Sums over events for any window: whole hours from the rollups, the rest from the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from analytics.metrics.definitions import DIMENSIONS, ROLLED_UP_DIMENSIONS, Metric
from store.errors import ConfigError

if TYPE_CHECKING:
    from store import Store

Where = Mapping[str, str | Sequence[str] | None]

ANY = "*"
HOUR = timedelta(hours=1)
FRESH = timedelta(hours=1)
"""The rollups of the last hours may lag behind the facts by some seconds: these come from the facts."""
SHORT = timedelta(hours=3)
"""Windows up to this long are read from the facts alone."""


@dataclass(frozen=True)
class Piece:
    """A part of the window and where it is read from."""

    first: datetime
    until: datetime
    is_rolled_up: bool


@dataclass(frozen=True)
class Question:
    """What is asked of the store: a window in bins, filters and groups."""

    start: datetime
    end: datetime
    step: timedelta
    where: Where
    group_by: tuple[str, ...]

    def pieces(self) -> list[Piece]:
        """Return the parts of the window, without gaps and overlaps, in time order."""
        free = {*self.where, *self.group_by} - set(ROLLED_UP_DIMENSIONS)
        rolled_from, rolled_until = _ceil_hour(self.start), _floor_hour(self.end) - FRESH
        is_one_bin = self.step >= self.end - self.start
        fits = is_one_bin or (self.step % HOUR == timedelta(0) and self.start == rolled_from)
        if free or not fits or self.end - self.start <= SHORT or rolled_from >= rolled_until:
            return [Piece(self.start, self.end, is_rolled_up=False)]
        pieces = [
            Piece(self.start, rolled_from, is_rolled_up=False),
            Piece(rolled_from, rolled_until, is_rolled_up=True),
            Piece(rolled_until, self.end, is_rolled_up=False),
        ]
        return [piece for piece in pieces if piece.first < piece.until]

    def params(self, piece: Piece) -> dict[str, object]:
        """Return the parameters of the queries in store/queries/metrics."""
        filters = {"purpose": "production"} if "purpose" not in (*self.where, *self.group_by) else {}
        asked = {**filters, **self.where}
        return {
            "start": self.start,
            "bin_s": self.step.total_seconds(),
            "first": piece.first,
            "until": piece.until,
            **{f"by_{name}": name in self.group_by for name in DIMENSIONS},
            **{f"in_{name}": _values(asked.get(name, ANY)) for name in DIMENSIONS},
        }


def check_question(metric: Metric, question: Question) -> None:
    """Raise ConfigError when the window is empty or the metric lacks a dimension that is asked for."""
    if question.start >= question.end:
        raise ConfigError(
            f"the window {question.start:%Y-%m-%d %H:%M} to {question.end:%Y-%m-%d %H:%M} is empty; "
            "let it end after it starts"
        )
    for name in (*question.where, *question.group_by):
        if name not in metric.dimensions:
            raise ConfigError(
                f"{metric.name} has no dimension {name!r}; use one of {', '.join(metric.dimensions)}"
            )


def read_sums(store: Store, metric: Metric, question: Question) -> pl.DataFrame:
    """Return sums by subject, bin, groups and outcome; parts of one sum may stand in several rows."""
    frames = [
        store.select(
            "metrics/hours" if piece.is_rolled_up else f"metrics/{subject}_facts",
            {**question.params(piece), "subject": subject},
        ).select(pl.lit(subject).alias("subject"), "bin", *question.group_by, "outcome", *_SUMS)
        for subject in metric.subjects
        for piece in question.pieces()
    ]
    return pl.concat(frames, how="vertical_relaxed")


def read_buckets(store: Store, metric: Metric, question: Question) -> pl.DataFrame:
    """Return counts per logarithmic bucket by bin and groups; equal buckets may stand in several rows."""
    subject = metric.subjects[0]
    frames = [
        store.select(
            "metrics/hour_buckets" if piece.is_rolled_up else f"metrics/{subject}_buckets",
            {**question.params(piece), "subject": subject, "measure": metric.measure},
        ).select("bin", *question.group_by, "bucket", "events")
        for piece in question.pieces()
    ]
    return pl.concat(frames, how="vertical_relaxed")


_SUMS = (
    pl.col("events").cast(pl.Float64),
    pl.col("cost_usd").cast(pl.Float64),
    pl.col("unpriced_calls").cast(pl.Float64),
    pl.col("input_tokens").cast(pl.Float64),
    pl.col("output_tokens").cast(pl.Float64),
    pl.col("rated").cast(pl.Float64),
    pl.col("liked").cast(pl.Float64),
)


def _values(asked: str | Sequence[str] | None) -> list[str]:
    if asked is None:
        return [""]
    return [asked] if isinstance(asked, str) else list(asked)


def _floor_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _ceil_hour(moment: datetime) -> datetime:
    floor = _floor_hour(moment)
    return floor if floor == moment else floor + HOUR
