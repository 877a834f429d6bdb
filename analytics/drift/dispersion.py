"""How much a series wobbles by itself, beyond what independent runs would: what evidence is divided by."""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np

from analytics.drift.seasons import DAY, WEEK, Floats, Ints, slot_of

ALARM_LEVEL = 10.8
"""Nats of evidence at which a single change of the bank raises an alarm."""
WINDOWS = (1, 3, 6, 12, 24, 48)
"""Hours over which the wobble is measured: of minutes, of shifts, of days."""
BURSTS = (1, 3, 6)
"""Hours over which bursts are looked for: failures that come together, as retries of one task do. There are enough of
these windows to tell r well."""
_FEWEST_DAYS = 7
_SPECIAL, _FEWEST_WEEKS = 3.0, 3
_QUIET = 0.2
_PEAKS = 0.03
_FEWEST_PEAKS = 8
_FEWEST_BLOCKS = 4
_TRIMMED = 0.01
UNCERTAIN = 0.25
"""Standard errors of the measured variance that are added to it."""


def judge_hours(
    gain: Floats, expected: Floats, independent: Floats, hours: Ints
) -> tuple[Floats, np.ndarray | None]:
    """Return the dispersion, and the hours of the week that are special every week (None: none).

    Special is what a weekly batch does to its hour: three weeks or more, each far wilder than nine hours of ten.
    Such hours are not tested, and do not count for how much a series wobbles.
    """
    squares = np.divide((gain - expected) ** 2, independent, out=np.zeros_like(gain), where=independent > 0)
    wildness = squares.max(axis=1)
    is_wild = wildness > _SPECIAL**2 * max(1.0, float(np.quantile(wildness, 0.9)))
    slots = slot_of(hours)
    seen, wild = (np.bincount(slots, kept, WEEK) for kept in (np.ones(hours.size), is_wild))
    special = (wild >= _FEWEST_WEEKS) & (wild == seen)
    if not special.any():
        return measure_dispersion(gain, expected, independent, hours), None
    usual = ~special[slots]
    return measure_dispersion(gain[usual], expected[usual], independent[usual], hours[usual]), special


def measure_dispersion(
    gain: Floats, expected: Floats, independent: Floats, hours: Ints, level: float = ALARM_LEVEL
) -> Floats:
    """Return for each change the number that its evidence must be divided by, at least 1.

    Of training hours, shape (hours, changes): `gain` is the evidence, `expected` its mean without a change (negative),
    `independent` its variance if runs were independent. Let a window have evidence -m on average and r times the
    variance of independent runs. Then a wobble that reaches the alarm level L is as rare as it would be without the
    excess if evidence is divided by d = (2·sqrt(r·L·m) - m) / L; the largest d of all windows is returned. A change so
    large that a whole day's evidence is far below the level needs little: the wobble of a day cannot look like it.

    What comes in bursts has a heavier tail than its variance tells: see `_tame_bursts`.

    >>> rng = np.random.default_rng(0)
    >>> gain = rng.normal(-0.5, 1.0, (2400, 1))  # independent: variance twice the mean
    >>> measure_dispersion(gain, np.full((2400, 1), -0.5), np.ones((2400, 1)), np.arange(2400)).round(1)
    array([1.1])
    """
    worst = np.ones(gain.shape[1])
    surprise = gain - expected
    usual = _leave_out_incident(surprise, independent, hours)
    gain, expected, independent, surprise = (p[usual] for p in (gain, expected, independent, surprise))
    hours = hours[usual]
    first = int(hours.min()) if hours.size else 0
    for window in WINDOWS:
        blocks = hours // window - first // window
        count = int(blocks.max()) + 1 if hours.size else 0
        sums, drop, chance = (
            _add_blocks(figures, blocks, count) for figures in (surprise, -expected, independent)
        )
        seen = chance.max(axis=1) > 0
        if int(seen.sum()) < _FEWEST_BLOCKS:
            break
        ratio = np.maximum(_excess(sums[seen], chance[seen]), 1.0)
        # The most is asked for by windows where m = r·L: quiet ones, or longer ones, for bursts go on in these.
        quiet = np.maximum(np.quantile(drop[seen], _QUIET, axis=0), 0.0)
        busy = np.inf if window in BURSTS else np.maximum(drop[seen].mean(axis=0), 0.0)
        mean = np.clip(ratio * level, quiet, np.maximum(busy, quiet))
        needed = (2 * np.sqrt(ratio * level * mean) - mean) / level
        worst = np.maximum(worst, needed)
    return _tame_bursts(gain, hours, worst, level)


def _leave_out_incident(surprise: Floats, independent: Floats, hours: Ints) -> np.ndarray:
    """Return which hours are not within half a day of the wildest one: one incident is no habit.

    It must not make the detector deaf for four weeks.
    """
    if np.unique(hours // DAY).size < _FEWEST_DAYS:
        return np.ones(hours.size, bool)
    wildness = np.divide(surprise**2, independent, out=np.zeros_like(surprise), where=independent > 0)
    wildest = int(hours[wildness.max(axis=1).argmax()])
    return np.abs(hours - wildest) > DAY // 2


def _tame_bursts(gain: Floats, hours: Ints, divisors: Floats, level: float) -> Floats:
    """Return the divisors, raised as far as the tail of the largest blocks of hours asks for.

    Beyond a high point u, which a share z of the blocks passes, excesses are taken for exponential with their mean s
    (peaks over threshold, Pickands 1975): a block passes L·d with probability z·exp(-(L·d - u) / s), which is at
    most exp(-L) for d = (u + s·(L + log z)) / L.
    """
    for window in BURSTS:
        blocks = np.unique(hours // window, return_inverse=True)[1]
        sums = _add_blocks(gain, blocks, int(blocks.max()) + 1)
        size = max(_FEWEST_PEAKS, round(_PEAKS * sums.shape[0]))
        if sums.shape[0] < 4 * size:
            break
        largest = np.partition(sums, sums.shape[0] - size - 1, axis=0)[-size - 1 :]
        edge = np.maximum(largest.min(axis=0), 0.0)
        count = (largest > edge).sum(axis=0)
        excess = (
            np.maximum(largest - edge, 0).sum(axis=0) / np.maximum(count, 1) * (1 + UNCERTAIN / np.sqrt(size))
        )
        needed = (edge + excess * (level + np.log(np.maximum(count, 1) / sums.shape[0]))) / level
        divisors = np.maximum(divisors, np.where(count >= _FEWEST_PEAKS, needed, 1.0))
    return divisors


def _add_blocks(figures: Floats, blocks: Ints, count: int) -> Floats:
    sums = np.zeros((count, figures.shape[1]))
    np.add.at(sums, blocks, figures)
    return sums


def _excess(sums: Floats, chance: Floats) -> Floats:
    """Return the variance of sums over what chance explains, without the largest few."""
    count = sums.shape[0]
    left_out = round(_TRIMMED * count)
    squares = np.divide(sums**2, chance, out=np.zeros_like(sums), where=chance > 0)
    order = np.argsort(squares, axis=0)[: count - left_out]
    kept = np.take_along_axis(sums**2, order, axis=0).sum(axis=0)
    of_chance = np.take_along_axis(chance, order, axis=0).sum(axis=0)
    share = _kept_share(count, left_out) * count / (count - left_out)
    ratio = np.divide(kept, of_chance * share, out=np.ones(sums.shape[1]), where=of_chance > 0)
    return ratio * (1 + UNCERTAIN * np.sqrt(2 / count))


@cache
def _kept_share(count: int, left_out: int) -> float:
    """Return the share of the sum of squares that the smallest of normal values have."""
    normal = NormalDist()
    squares = [normal.inv_cdf(0.5 + (rank + 0.5) / count / 2) ** 2 for rank in range(count)]
    return sum(squares[: count - left_out]) / sum(squares)
