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


def slot_of(hours: Ints) -> Ints:
    """Return the hour of the week of each hour, 0 being Monday 00:00, UTC.

    >>> slot_of(np.array([_MONDAY + 3]))
    array([3])
    """
    return (hours - _MONDAY) % WEEK


def may_be_shifted(hour: int) -> bool:
    """Return whether baselines may be an hour off: clocks were changed, somewhere, in the five weeks before.

    From the second Sunday of March (North America) to five weeks after the first of April (Australia), and from the
    last of September (New Zealand) to five weeks after the first of November (North America).

    >>> [may_be_shifted(hour_number(datetime(2026, *day))) for day in ((3, 7), (3, 30), (6, 1), (10, 27), (12, 20))]
    [False, True, False, True, False]
    """
    at = hour_start(hour)
    return (3, 8) <= (at.month, at.day) <= (5, 12) or (9, 24) <= (at.month, at.day) <= (12, 12)


def shrink(means: Floats, weights: Floats, noise: Floats, towards: Floats | float) -> Floats:
    """Pull the mean of each group towards another by the share of their difference that chance explains.

    `noise` is the variance of each mean; groups without weight become what they are pulled towards. Empirical Bayes
    with the moment estimate of the variance between groups (DerSimonian, Laird 1986).

    >>> shrink(np.array([1.0, 3.0]), np.ones(2), np.array([1e-9, 1e-9]), 2.0).round(3)
    array([1., 3.])
    >>> shrink(np.array([1.0, 3.0]), np.ones(2), np.array([9.0, 9.0]), 2.0)
    array([2., 2.])
    """
    known = weights > 0
    target = np.broadcast_to(np.asarray(towards, np.float64), means.shape)
    if known.sum() < 2:
        return target.copy()
    precise = 1.0 / np.maximum(noise[known], 1e-12)
    spread = float(np.sum(precise * (means[known] - target[known]) ** 2)) - (precise.size - 1)
    between = max(0.0, spread / float(precise.sum() - np.sum(precise**2) / precise.sum()))
    trust = np.divide(between, between + noise, out=np.zeros(means.size), where=known & (between + noise > 0))
    return np.where(known, target + trust * (means - target), target)


def shrink_season(
    means: Floats, weights: Floats, noise: Floats, overall: float, *, is_ratio: bool = False
) -> Floats:
    """Shrink the 48 groups: the hours of the day towards the overall mean, working days and week-ends towards these.

    What week-ends have in common is told from all their hours together: added, or as a ratio (`is_ratio`). A week-end
    that was not seen yet is taken for working days, hour by hour.

    >>> means = np.where(np.arange(48) % 24 < 12, 1.0, 3.0)
    >>> seen = np.where(np.arange(48) < 24, 9.0, 0.0)  # working days only
    >>> shrink_season(means, seen, np.full(48, 1e-9), 2.0)[[0, 23, 24, 47]].round(3)
    array([1., 3., 1., 3.])
    >>> double = means * np.where(np.arange(48) < 24, 1.0, 2.0)  # groups alone say little, all together enough
    >>> shrink_season(double, np.ones(48), np.full(48, 2.0), 3.0, is_ratio=True)[[0, 23, 24, 47]].round(1)
    array([1.5, 2.6, 2.8, 5.1])
    """
    halves = weights.reshape(2, DAY)
    total = halves.sum(axis=0)
    share = np.divide(halves, total, out=np.full((2, DAY), 0.5), where=total > 0)
    of_day = (means.reshape(2, DAY) * share).sum(axis=0)
    noise_of_day = (noise.reshape(2, DAY) * share**2).sum(axis=0)
    hours = shrink(of_day, total, noise_of_day, overall)
    return shrink(means, weights, noise, _tell_halves(means, weights, noise, hours, is_ratio=is_ratio))


def _tell_halves(means: Floats, weights: Floats, noise: Floats, hours: Floats, *, is_ratio: bool) -> Floats:
    """Return the hours of the day of working days and of week-ends, which differ by one number."""
    halves, seen = weights.reshape(2, DAY), weights.reshape(2, DAY).sum(axis=1)
    share = halves / np.maximum(seen, 1e-12)[:, None]
    level, usual = (means.reshape(2, DAY) * share).sum(axis=1), (hours * share).sum(axis=1)
    error = (noise.reshape(2, DAY) * share**2).sum(axis=1)
    if not is_ratio:
        return (hours + shrink(level - usual, seen, error, 0.0)[:, None]).ravel()
    usual = np.where(usual > 0, usual, 1.0)
    return (hours * shrink(level / usual, seen, error / usual**2, 1.0)[:, None]).ravel()


def widen(error: float, days: int) -> float:
    """Return a standard error that days have told, made wider as far as few days tell it badly.

    The 97.5 % point of Student's t over that of the normal distribution (expansion of Fisher and Cornish 1960).

    >>> [round(widen(1.96, days), 2) for days in (3, 8, 28)]  # exact: 4.30, 2.36, 2.05
    [3.85, 2.36, 2.05]
    """
    degrees = max(days - 1, 1)
    return error * (1 + 1.21 / degrees + 1.44 / degrees**2)
