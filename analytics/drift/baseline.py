"""What is normal for a rate: its level by hour of the day and kind of day, and how much it wobbles by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

GROUPS = 48
"""Hour of the day on working days, then on week-ends."""
COLD_HOURS = 7 * 24
COLD_EVENTS = 1_700
_DAY_BLOCK_BOUND = 0.74
"""Lower 90 % bound of the variance of 28 daily blocks: the day's own wobble is estimated from so few of them."""


@dataclass(frozen=True)
class Baseline:
    """Normal rate per group, and `dispersion`: how many times more it varies than independent events would."""

    rates: Floats
    """Shape (48,), each inside (0, 1)."""
    dispersion: float
    events: int
    hours: int

    @property
    def is_learning(self) -> bool:
        """Too little was seen for the usual sensitivity."""
        return self.hours < COLD_HOURS or self.events < COLD_EVENTS


def group_of(hours: Ints) -> Ints:
    """Return the group of each hour, given as whole hours since 1970 (a Thursday), UTC.

    >>> group_of(np.array([0, 48 + 13]))  # Thursday 00:00, Saturday 13:00
    array([ 0, 37])
    """
    is_weekend = ((hours // 24 + 3) % 7) >= 5
    return hours % 24 + 24 * is_weekend.astype(np.int64)


def learn_baseline(hours: Ints, events: Floats, failures: Floats) -> Baseline:
    """Learn from a training window, one element an hour; an empty window gives a rate of one half, learning.

    Groups are shrunk to the overall rate as far as their differences are explained by chance (empirical Bayes). While
    too little was seen, one standard error is added, so that a lucky start raises no alarm later.

    Source: reference method of the qSR detector; dispersion over blocks of 1, 6 and 24 hours.
    """
    total, failed = float(events.sum()), float(failures.sum())
    overall = (failed + 0.5) / (total + 1.0)
    groups = group_of(hours)
    seen = np.bincount(groups, events, GROUPS).astype(np.float64)
    failed_by_group = np.bincount(groups, failures, GROUPS).astype(np.float64)
    rates = _shrink(failed_by_group, seen, overall)
    baseline = Baseline(
        rates, _dispersion(hours, events, failures, rates[groups]), int(total), int(hours.size)
    )
    if baseline.is_learning:
        error = np.sqrt(overall * (1 - overall) / max(total, 1.0) * baseline.dispersion)
        rates = np.clip(rates + error, None, 0.99)
    return Baseline(rates, baseline.dispersion, baseline.events, baseline.hours)


def _shrink(failed: Floats, seen: Floats, overall: float) -> Floats:
    """Pull each group towards the overall rate by the share of its difference that chance explains."""
    known = seen > 0
    noise = overall * (1 - overall)
    raw = np.divide(failed, seen, out=np.full(GROUPS, overall), where=known)
    weights = seen[known]
    if weights.size < 2:
        return np.full(GROUPS, overall)
    spread = float(np.sum(weights * (raw[known] - overall) ** 2) - noise * (weights.size - 1))
    between = max(0.0, spread / float(weights.sum() - np.sum(weights**2) / weights.sum()))
    trust = seen * between / (seen * between + noise)
    return np.clip(overall + trust * (raw - overall), 1e-4, 0.99)


def _dispersion(hours: Ints, events: Floats, failures: Floats, rates: Floats) -> float:
    """Return the largest ratio of seen to expected variance over blocks of an hour, six hours and a day."""
    surprise, expected = failures - events * rates, events * rates * (1 - rates)
    ratios = [1.0]
    for width, bound in ((1, 1.0), (6, 1.0), (24, _DAY_BLOCK_BOUND)):
        blocks = hours // width
        blocks = blocks - (blocks.min() if blocks.size else 0)
        variance = float(np.bincount(blocks, expected).sum())
        if variance > 0.0:
            ratios.append(bound * float(np.sum(np.bincount(blocks, surprise) ** 2)) / variance)
    return max(ratios)
