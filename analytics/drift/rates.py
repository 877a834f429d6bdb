"""Rates: how many of the runs or calls fail, are handed over, are refused. The bank looks for rises, and for falls."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from analytics.drift.bank import CERTAIN, Change, Events, grow, is_enough, share_budget
from analytics.drift.dispersion import judge_hours
from analytics.drift.seasons import DAY, GROUPS, Floats, Ints, add_up, group_of, shrink_season, widen
from analytics.drift.wander import measure_level

RISES = (0.02, 0.03, 0.05, 0.10, 0.20, 0.40)
FINE_RISES = (0.01, 0.02, 0.04, 0.08, 0.20, 0.40)
"""Of rates that are normally below `FINE_BELOW`: one point more is worth a message there."""
FALLS = (-0.03, -0.05, -0.10, -0.20, -0.40)
"""Of rates that are normally so high."""
STEPS, FINE_STEPS = (*RISES, *FALLS), (*FINE_RISES, *FALLS)
_WORTH = np.array([1.0, 1.0, 1.0, 1.5, 1.0, 0.5, *[1.0] * len(FALLS)])
"""Relative shares of the error budget: the largest rises are told in an hour anyway."""
FINE_BELOW = 0.03
LEAST_RATE = 0.002
"""A rate that was never seen is taken for this: two failures in a month of successes are no change."""
HIGHEST_RATE = 1 - LEAST_RATE


class RateBank:
    """Normal failure rate of each series by season, and the changed rates looked for."""

    changes: ClassVar[tuple[Change, ...]] = tuple(
        Change("up" if size > 0 else "down", abs(size)) for size in STEPS
    )

    def __init__(self) -> None:
        changes = len(self.changes)
        self.rates = np.zeros((0, GROUPS))
        self.margin = np.zeros(0)
        self.steps = np.zeros((0, changes))
        self.dispersion = np.ones((0, changes))
        self.weights = np.zeros((0, changes))

    def resize(self, series: int) -> None:
        """Make room for so many series."""
        for name in ("rates", "margin", "steps", "dispersion", "weights"):
            setattr(self, name, grow(getattr(self, name), series))

    def learn(self, row: int, events: Events, first: int, until: int) -> np.ndarray | None:
        """Learn what is normal for one series."""
        self.weights[row] = 0.0
        if not is_enough(events, until):
            return None
        hours, seen, failed = by_hour(events)
        rates, error = learn_rates(hours, seen, failed)
        steps = np.asarray(FINE_STEPS if failed.sum() < FINE_BELOW * seen.sum() else STEPS)
        normal = rates[group_of(hours)]
        gain = rate_gain(seen, failed, normal, error, steps)
        expected = rate_gain(seen, seen * normal, normal, error, steps)
        self.rates[row], self.margin[row], self.steps[row] = rates, error, steps
        independent = rate_variance(seen, normal, error, steps)
        self.dispersion[row], special = judge_hours(gain, expected, independent, hours)
        self.weights[row] = weigh_steps(float(np.average(normal, weights=seen)), error, steps)
        return special

    def gain(self, hour: int, events: Events) -> tuple[Floats, np.ndarray]:
        """Return the evidence of one hour and which series had events."""
        size = self.weights.shape[0]
        seen = add_up(events.series, events.counts, size)
        failed = add_up(events.series, events.counts * events.symbols, size)
        group = int(group_of(np.array([hour]))[0])
        gain = rate_gain(seen, failed, self.rates[:, group], self.margin, self.steps)
        return np.where(self.weights > 0, gain, 0.0) / np.maximum(self.dispersion, 1.0), seen > 0

    def is_unlike(self, hour: int, other: int) -> np.ndarray:
        """Return which series differ between two hours by half of the smallest change looked for, or more."""
        one, two = group_of(np.array([hour, other]))
        smallest = np.where(self.weights > 0, np.abs(self.steps), np.inf).min(axis=1)
        return np.abs(self.rates[:, one] - self.rates[:, two]) >= smallest / 2


def by_hour(events: Events) -> tuple[Ints, Floats, Floats]:
    """Return the hours with events of one series, the events and the failures in each."""
    hours, place = np.unique(events.hours, return_inverse=True)
    return (
        hours,
        add_up(place, events.counts),
        add_up(place, events.counts * events.symbols),
    )


def rate_gain(seen: Floats, failed: Floats, normal: Floats, margin: Floats | float, steps: Floats) -> Floats:
    """Return the log-likelihood ratio of each changed rate to the normal one moved towards it by its margin.

    Shapes: (n,) and steps (n, changes) or (changes,); the answer is (n, changes), in nats.

    >>> one = np.ones(1)
    >>> rate_gain(one, one, one * 0.05, 0.0, np.array([0.05])).round(3)  # a failure: log(0.10 / 0.05)
    array([[0.693]])
    """
    null, changed = _rates_compared(normal, margin, steps)
    return failed[:, None] * np.log(changed / null) + (seen - failed)[:, None] * np.log(
        (1 - changed) / (1 - null)
    )


def rate_variance(seen: Floats, normal: Floats, margin: Floats | float, steps: Floats) -> Floats:
    """Return the variance of `rate_gain` if runs fail independently of each other, at least of one in 500."""
    null, changed = _rates_compared(normal, margin, steps)
    slope = np.log(changed / null) - np.log((1 - changed) / (1 - null))
    likely = np.maximum(normal, LEAST_RATE)
    return (seen * likely * (1 - likely))[:, None] * slope**2


def weigh_steps(rate: float, error: float, steps: Floats) -> Floats:
    """Return the share of the error budget of each step from a rate whose standard error is known.

    >>> weigh_steps(0.04, 0.001, np.asarray(STEPS)).round(2).tolist()  # of falls, 4 % leave room for one
    [0.15, 0.15, 0.15, 0.22, 0.15, 0.08, 0.1, 0.0, 0.0, 0.0, 0.0]
    """
    is_possible = np.where(steps > 0, rate + steps <= HIGHEST_RATE, rate + steps >= LEAST_RATE)
    return share_budget(is_possible & (np.abs(steps) >= CERTAIN * error), steps > 0, _WORTH)


def _rates_compared(normal: Floats, margin: Floats | float, steps: Floats) -> tuple[Floats, Floats]:
    steps = np.atleast_2d(steps)
    towards = np.broadcast_to(np.asarray(margin), normal.shape)[:, None] * np.sign(steps)
    null = np.clip(normal[:, None] + towards, LEAST_RATE, HIGHEST_RATE)
    certain = LEAST_RATE / 2
    changed = np.clip(np.clip(normal, LEAST_RATE, HIGHEST_RATE)[:, None] + steps, certain, 1 - certain)
    return null, np.where(steps > 0, np.maximum(changed, null), np.minimum(changed, null))


def learn_rates(hours: Ints, seen: Floats, failed: Floats) -> tuple[Floats, float]:
    """Return the normal rate by season and the standard error of its level, in which days count, not runs."""
    total = float(seen.sum())
    overall = (float(failed.sum()) + 0.5) / (total + 1.0)
    noise = overall * (1 - overall)
    groups = group_of(hours)
    weights = add_up(groups, seen, GROUPS)
    raw = np.divide(add_up(groups, failed, GROUPS), weights, out=np.full(GROUPS, overall), where=weights > 0)
    # Hours wobble together: their own scatter, not that of single runs.
    scatter = float(np.sum((failed - seen * raw[groups]) ** 2)) / max(total * noise, 1e-9)
    hourly = max(1.0, scatter * hours.size / max(hours.size - np.count_nonzero(weights), 1))
    rates = shrink_season(raw, weights, hourly * noise / np.maximum(weights, 1e-9), overall, is_ratio=True)
    rates = np.clip(rates, 1e-5, HIGHEST_RATE)
    days = np.unique(hours // DAY, return_inverse=True)[1]
    daily = measure_level(add_up(days, failed - seen * rates[groups]), add_up(days, seen * noise * hourly))
    return rates, widen(float(np.sqrt(noise * hourly * daily / total)), int(days.max()) + 1)
