"""The season of a series: 48 groups, the hour of the day on working days and on week-ends, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

GROUPS = 48
"""Hour of the day on working days, then on week-ends."""
DAY, WEEK = 24, 7 * 24
# Monday 00:00 in whole hours since 1970, which began on a Thursday.
_MONDAY = 4 * DAY


def add_up(places: npt.NDArray[Any], weights: npt.NDArray[Any], size: int = 0) -> Floats:
    """Return the sum of the weights at each place, at least `size` of them."""
    return np.bincount(places, weights, size).astype(np.float64)


def group_of(hours: Ints) -> Ints:
    """Return the group of each hour, given as whole hours since 1970 (a Thursday), UTC.

    >>> group_of(np.array([0, 48 + 13]))  # Thursday 00:00, Saturday 13:00
    array([ 0, 37])
    """
    is_weekend = ((hours // 24 + 3) % 7) >= 5
    return hours % 24 + 24 * is_weekend.astype(np.int64)


def week_start(hour: int) -> int:
    """Return the Monday, 00:00, on or before an hour.

    >>> week_start(4 * 24 + 30), week_start(4 * 24 - 1)
    (96, -72)
    """
    return hour - (hour - _MONDAY) % WEEK


def hour_number(at: datetime) -> int:
    """Return the whole hours since 1970; a time without zone is UTC."""
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()) // 3600


def hour_start(number: int) -> datetime:
    """Return the start of an hour, UTC, as frames hold it."""
    return datetime.fromtimestamp(number * 3600, UTC).replace(tzinfo=None)


def shrink(means: Floats, weights: Floats, noise: Floats, overall: float) -> Floats:
    """Pull the mean of each group towards the overall one by the share of its difference that chance explains.

    `noise` is the variance of each mean; groups without weight become the overall mean. Empirical Bayes with the
    moment estimate of the variance between groups (DerSimonian, Laird 1986).

    >>> shrink(np.array([1.0, 3.0]), np.ones(2), np.array([1e-9, 1e-9]), 2.0).round(3)
    array([1., 3.])
    >>> shrink(np.array([1.0, 3.0]), np.ones(2), np.array([9.0, 9.0]), 2.0)
    array([2., 2.])
    """
    known = weights > 0
    if known.sum() < 2:
        return np.full(means.size, overall)
    precise = 1.0 / np.maximum(noise[known], 1e-12)
    spread = float(np.sum(precise * (means[known] - overall) ** 2)) - (precise.size - 1)
    between = max(0.0, spread / float(precise.sum() - np.sum(precise**2) / precise.sum()))
    trust = np.divide(between, between + noise, out=np.zeros(means.size), where=known & (between + noise > 0))
    return np.where(known, overall + trust * (means - overall), overall)
