"""Rates: how many of the runs or calls fail, are handed over, are refused. The bank looks for rises."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from analytics.drift.bank import CERTAIN, Change, Events, grow, is_enough, share_budget
from analytics.drift.dispersion import measure_dispersion
from analytics.drift.seasons import DAY, GROUPS, Floats, Ints, add_up, group_of, shrink

STEPS = (0.02, 0.03, 0.05, 0.10, 0.20, 0.40)
FINE_STEPS = (0.01, 0.02, 0.04, 0.08, 0.20, 0.40)
"""Of rates that are normally below `FINE_BELOW`: one point more is worth a message there."""
FINE_BELOW = 0.03
LEAST_RATE = 0.002
"""A rate that was never seen is taken for this: two failures in a month of successes are no change."""
HIGHEST_RATE = 0.99


class RateBank:
    """Normal failure rate of each series by season, and the raised rates looked for."""

    changes: ClassVar[tuple[Change, ...]] = tuple(Change("up", size) for size in STEPS)

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

    def learn(self, row: int, events: Events, first: int, until: int) -> None:
        """Learn what is normal for one series."""
        self.weights[row] = 0.0
        if not is_enough(events, until):
            return
        hours, seen, failed = by_hour(events)
        rates, error = learn_rates(hours, seen, failed)
        steps = np.asarray(FINE_STEPS if failed.sum() < FINE_BELOW * seen.sum() else STEPS)
        normal = rates[group_of(hours)]
        gain = rate_gain(seen, failed, normal, error, steps)
        expected = rate_gain(seen, seen * normal, normal, error, steps)
        self.rates[row], self.margin[row], self.steps[row] = rates, error, steps
        independent = rate_variance(seen, normal, error, steps)
        self.dispersion[row] = measure_dispersion(gain, expected, independent, hours)
        self.weights[row] = share_budget(np.ones(steps.size), steps >= CERTAIN * error)

    def gain(self, hour: int, events: Events) -> tuple[Floats, np.ndarray]:
        """Return the evidence of one hour and which series had events."""
        size = self.weights.shape[0]
        seen = add_up(events.series, events.counts, size)
        failed = add_up(events.series, events.counts * events.symbols, size)
        group = int(group_of(np.array([hour]))[0])
        gain = rate_gain(seen, failed, self.rates[:, group], self.margin, self.steps)
        return np.where(self.weights > 0, gain, 0.0) / np.maximum(self.dispersion, 1.0), seen > 0


def by_hour(events: Events) -> tuple[Ints, Floats, Floats]:
    """Return the hours with events of one series, the events and the failures in each."""
    hours, place = np.unique(events.hours, return_inverse=True)
    return (
        hours,
        add_up(place, events.counts),
        add_up(place, events.counts * events.symbols),
    )


def rate_gain(seen: Floats, failed: Floats, normal: Floats, margin: Floats | float, steps: Floats) -> Floats:
    """Return the log-likelihood ratio of each raised rate to the normal one plus its margin.

    Shapes: (n,) and steps (n, changes) or (changes,); the answer is (n, changes), in nats.

    >>> one = np.ones(1)
    >>> rate_gain(one, one, one * 0.05, 0.0, np.array([0.05])).round(3)  # a failure: log(0.10 / 0.05)
    array([[0.693]])
    """
    null, raised = _rates_compared(normal, margin, steps)
    return failed[:, None] * np.log(raised / null) + (seen - failed)[:, None] * np.log(
        (1 - raised) / (1 - null)
    )


def rate_variance(seen: Floats, normal: Floats, margin: Floats | float, steps: Floats) -> Floats:
    """Return the variance of `rate_gain` if runs fail independently of each other, at least of one in 500."""
    null, raised = _rates_compared(normal, margin, steps)
    slope = np.log(raised / null) - np.log((1 - raised) / (1 - null))
    likely = np.maximum(normal, LEAST_RATE)
    return (seen * likely * (1 - likely))[:, None] * slope**2


def _rates_compared(normal: Floats, margin: Floats | float, steps: Floats) -> tuple[Floats, Floats]:
    null = np.clip(normal + margin, LEAST_RATE, HIGHEST_RATE - 0.01)[:, None]
    raised = np.minimum(np.maximum(normal[:, None], LEAST_RATE) + steps, HIGHEST_RATE)
    return null, np.maximum(raised, null)


def learn_rates(hours: Ints, seen: Floats, failed: Floats) -> tuple[Floats, float]:
    """Return the normal rate by season and the standard error of its level, in which days count, not runs."""
    total = float(seen.sum())
    overall = (float(failed.sum()) + 0.5) / (total + 1.0)
    noise = overall * (1 - overall)
    groups = group_of(hours)
    weights = add_up(groups, seen, GROUPS)
    raw = np.divide(add_up(groups, failed, GROUPS), weights, out=np.full(GROUPS, overall), where=weights > 0)
    hourly = max(1.0, float(np.sum((failed - seen * overall) ** 2)) / max(float(seen.sum() * noise), 1e-9))
    rates = shrink(raw, weights, min(hourly, 4.0) * noise / np.maximum(weights, 1e-9), overall)
    rates = np.clip(rates, 1e-5, HIGHEST_RATE)
    days = hours // DAY - hours.min() // DAY
    surprise = add_up(days, failed - seen * rates[groups])
    per_day = add_up(days, seen * noise)
    daily = float(np.sum(surprise**2)) / max(float(per_day.sum()), 1e-9)
    return rates, float(np.sqrt(noise * max(1.0, daily) / total))
