"""Spikes: one hour far from its season and from the day before. Apart from drift, with a high threshold.

The level of an hour is compared with the median of its season, in robust standard deviations (median absolute
deviation, Hampel 1974) to which the chance of few events is added, and with what the day before had against its season:
a level that lasts is no spike.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analytics.drift.bank import MIN_EVENTS, MIN_HOURS, Events
from analytics.drift.seasons import DAY, GROUPS, Floats, Ints, add_up, group_of
from analytics.drift.values import ZERO_BUCKET

THRESHOLD = 9.0
"""Robust standard deviations; normal hours reach it never, heavy-tailed ones seldom."""
FEWEST_EVENTS = 10
"""Events an hour needs before it can be a spike; silence is told by the detector of volumes."""
SAME_SPIKE_HOURS = DAY
_MAD_TO_SD = 1.4826
_FEWEST_IN_GROUP = 5


@dataclass(frozen=True)
class Levels:
    """Hours of series with their level; one element a series and hour with events."""

    rows: Ints
    hours: Ints
    level: Floats
    chance: Floats
    """Variance of the level that so few events have by chance."""
    events: Floats


@dataclass(frozen=True)
class Spike:
    """One hour of a series that stood out."""

    row: int
    hour: int
    score: float
    """Signed, in robust standard deviations."""
    before: float
    after: float
    events: int


@dataclass
class SpikeMonitor:
    """What a usual hour of each series looks like."""

    kind: str
    medians: Floats = field(default_factory=lambda: np.zeros((0, GROUPS)))
    scales: Floats = field(default_factory=lambda: np.zeros(0))

    def learn(self, events: Events, series: int, first: int, until: int) -> None:
        """Learn from hours [first, until); series of which too little is known have an infinite scale."""
        self.medians, self.scales = np.zeros((series, GROUPS)), np.full(series, np.inf)
        old = measure_levels(self.kind, events.take((events.hours >= first) & (events.hours < until)))
        edges = np.searchsorted(old.rows, np.arange(series + 1))
        for row in range(series):
            own = slice(int(edges[row]), int(edges[row + 1]))
            hours = old.hours[own]
            if hours.size and old.events[own].sum() >= MIN_EVENTS and until - int(hours[0]) >= MIN_HOURS:
                self.medians[row], self.scales[row] = learn_season(old.level[own], group_of(hours))

    def find(self, events: Events, since: int) -> list[Spike]:
        """Return the spikes of hours from `since` on; those within a day after another one are the same.

        `events` reach back two days before `since`.
        """
        levels = measure_levels(self.kind, events)
        known = levels.rows < self.scales.size
        rows = np.where(known, levels.rows, 0)
        if not self.scales.size:
            return []
        normal = self.medians[rows, group_of(levels.hours)]
        score = np.where(known, score_levels(levels.level, normal, self.scales[rows], levels.chance), 0.0)
        is_wanted = (levels.events >= FEWEST_EVENTS) & (levels.hours >= since - SAME_SPIKE_HOURS)
        found: list[Spike] = []
        last: dict[int, int] = {}
        for place in np.flatnonzero((np.abs(score) >= THRESHOLD) & is_wanted).tolist():
            row, hour = int(levels.rows[place]), int(levels.hours[place])
            day = slice(place - SAME_SPIKE_HOURS if place >= SAME_SPIKE_HOURS else 0, place)
            is_before = (levels.rows[day] == row) & (levels.hours[day] >= hour - SAME_SPIKE_HOURS)
            residual = (levels.level[day] - normal[day])[is_before]
            recent = float(np.median(residual)) if residual.size else 0.0
            spread = float(np.hypot(self.scales[row], np.sqrt(levels.chance[place])))
            score[place] = nearest(score[place], score[place] - recent / spread)
            if abs(score[place]) < THRESHOLD:
                continue
            is_new = hour - last.get(row, hour - SAME_SPIKE_HOURS - 1) > SAME_SPIKE_HOURS
            last[row] = hour
            if is_new and hour >= since:
                numbers = float(score[place]), float(normal[place]), float(levels.level[place])
                found.append(Spike(row, hour, *numbers, int(levels.events[place])))
        return found


def measure_levels(kind: str, events: Events) -> Levels:
    """Return the level of each hour with events: of rates the share, of values the mean bucket, of volumes the root."""
    if kind == "value":
        events = events.take(events.symbols != ZERO_BUCKET)
    keys = (events.series << 32) | events.hours
    unique, place = np.unique(keys, return_inverse=True)
    counts = add_up(place, events.counts, unique.size)
    if kind == "volume":
        level, chance = np.sqrt(counts), np.full(unique.size, 0.25)
    else:
        numbers = events.symbols.astype(np.float64)
        level = add_up(place, events.counts * numbers, unique.size) / np.maximum(counts, 1)
        squares = add_up(place, events.counts * numbers**2, unique.size) / np.maximum(counts, 1)
        pooled = float(np.average(np.maximum(squares - level**2, 0), weights=counts)) if unique.size else 0.0
        own = np.maximum(squares - level**2, pooled if kind == "value" else 1 / np.maximum(counts, 1))
        chance = own / np.maximum(counts, 1)
    return Levels(unique >> 32, unique & 0xFFFFFFFF, level, chance, counts)


def learn_season(level: Floats, groups: Ints) -> tuple[Floats, float]:
    """Return the median of each group and the robust standard deviation around them; at least a hair's breadth.

    >>> medians, scale = learn_season(np.array([1.0, 2.0, 3.0, 2.0, 2.5] * 3), np.zeros(15, np.int64))
    >>> float(medians[0]), round(scale, 3)
    (2.0, 0.741)
    """
    overall = float(np.median(level))
    medians = np.full(GROUPS, overall)
    for group in np.unique(groups):
        of_group = level[groups == group]
        if of_group.size >= _FEWEST_IN_GROUP:
            medians[group] = np.median(of_group)
    scale = _MAD_TO_SD * float(np.median(np.abs(level - medians[groups])))
    return medians, max(scale, 1e-6)


def score_levels(level: Floats, normal: Floats, scale: Floats | float, chance: Floats | float) -> Floats:
    """Return how many robust standard deviations a level lies off."""
    return (level - normal) / np.sqrt(np.asarray(scale) ** 2 + chance)


def nearest(score: Floats | float, against_day: Floats | float) -> Floats:
    """Return the score against the season or that against the day before, whichever is smaller; 0 where they disagree.

    >>> nearest(np.array([12.0, 12.0, -12.0, 12.0]), np.array([11.0, 1.0, -15.0, -2.0]))
    array([ 11.,   1., -12.,   0.])
    """
    score, against_day = np.asarray(score, np.float64), np.asarray(against_day, np.float64)
    smaller = np.minimum(np.abs(score), np.abs(against_day))
    return np.where(score * against_day > 0, np.sign(score) * smaller, 0.0)
