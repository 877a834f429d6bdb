"""Volume: how many runs an hour. The bank looks for silence, for half, for double and for four times as many."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from analytics.drift.bank import Change, Events, grow, is_enough
from analytics.drift.dispersion import judge_hours
from analytics.drift.seasons import DAY, GROUPS, Floats, Ints, add_up, group_of, shrink_season, widen

FACTORS = (0.1, 0.5, 2.0, 4.0)
LEAST_VOLUME = 0.2
"""Events an hour taken for normal where there are fewer: two at night are no surge."""


class VolumeBank:
    """Normal number of events of each series by season, and the factors looked for."""

    changes: ClassVar[tuple[Change, ...]] = tuple(
        Change("down" if factor < 1 else "up", factor) for factor in FACTORS
    )

    def __init__(self) -> None:
        self.volumes = np.zeros((0, GROUPS))
        self.margin = np.zeros(0)
        """Relative standard error of the level."""
        self.dispersion = np.ones((0, len(FACTORS)))
        self.weights = np.zeros((0, len(FACTORS)))

    def resize(self, series: int) -> None:
        """Make room for so many series."""
        for name in ("volumes", "margin", "dispersion", "weights"):
            setattr(self, name, grow(getattr(self, name), series))

    def learn(self, row: int, events: Events, first: int, until: int) -> np.ndarray | None:
        """Learn what is normal for one series."""
        self.weights[row] = 0.0
        if not is_enough(events, until):
            return None
        start = max(first, int(events.hours.min()))
        hours = np.arange(start, until)
        seen = add_up(events.hours - start, events.counts, hours.size)
        volumes = learn_volumes(hours, seen)
        normal = volumes[group_of(hours)]
        days = hours // DAY - start // DAY
        expected_days, surprise = add_up(days, normal), add_up(days, seen - normal)
        margin = widen(float(np.sqrt(np.sum(surprise**2)) / expected_days.sum()), expected_days.size)
        gain = volume_gain(seen, normal, np.full(hours.size, margin))
        expected = volume_gain(normal, normal, np.full(hours.size, margin))
        self.volumes[row], self.margin[row] = volumes, margin
        independent = np.maximum(normal, LEAST_VOLUME)[:, None] * np.log(np.asarray(FACTORS)) ** 2
        self.dispersion[row], special = judge_hours(gain, expected, independent, hours)
        self.weights[row] = 1.0 / len(FACTORS) if margin < 0.1 else 0.0
        return special

    def gain(self, hour: int, events: Events) -> tuple[Floats, np.ndarray]:
        """Return the evidence of one hour; silence is evidence too."""
        size = self.weights.shape[0]
        seen = add_up(events.series, events.counts, size)
        group = int(group_of(np.array([hour]))[0])
        gain = volume_gain(seen, self.volumes[:, group], self.margin)
        is_watched = np.asarray(self.weights.any(axis=1))
        return np.where(is_watched[:, None], gain, 0.0) / np.maximum(self.dispersion, 1.0), is_watched

    def is_unlike(self, hour: int, other: int) -> np.ndarray:
        """Return which series differ between two hours by half of the smallest change looked for, or more."""
        one, two = group_of(np.array([hour, other]))
        level = np.log(np.maximum(self.volumes, LEAST_VOLUME))
        return np.abs(level[:, one] - level[:, two]) >= np.log(2.0) / 2


def volume_gain(seen: Floats, normal: Floats, margin: Floats) -> Floats:
    """Return the log-likelihood ratio (Poisson) of each factor to the normal volume, moved by its margin.

    >>> volume_gain(np.zeros(1), np.array([10.0]), np.zeros(1)).round(2)  # silence: 10·(1 - 0.1) for a tenth
    array([[  9.,   5., -10., -30.]])
    """
    factors = np.asarray(FACTORS)
    normal = np.maximum(normal, LEAST_VOLUME)[:, None]
    null = normal * np.where(factors < 1, 1 - np.minimum(margin, 0.3)[:, None], 1 + margin[:, None])
    changed = normal * factors
    return seen[:, None] * np.log(changed / null) - (changed - null)


def learn_volumes(hours: Ints, seen: Floats) -> Floats:
    """Return the normal number of events by season; an hour is one observation."""
    groups = group_of(hours)
    members = np.bincount(groups, minlength=GROUPS).astype(np.float64)
    means = np.divide(add_up(groups, seen, GROUPS), members, out=np.zeros(GROUPS), where=members > 0)
    scatter = add_up(groups, (seen - means[groups]) ** 2, GROUPS) / np.maximum(members - 1, 1)
    noise = np.maximum(scatter, np.maximum(means, LEAST_VOLUME)) / np.maximum(members, 1)
    return shrink_season(means, members, noise, float(seen.mean()), is_ratio=True)
