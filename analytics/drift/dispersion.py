"""How much a series wobbles by itself, beyond what independent runs would: what evidence is divided by."""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np

from analytics.drift.seasons import DAY, WEEK, Floats, Ints, slot_of
from analytics.drift.wander import FEWEST_DAYS, measure_wander

ALARM_LEVEL = 10.8
"""Nats of evidence at which a single change of the bank raises an alarm."""
WINDOWS = (1, 3, 6)
"""Hours over which the wobble is measured."""
STRETCHES = (1, 2, 4, 7, 14)
"""Days over which it is inferred: a month has too few of these to count."""
BURSTS = (1, 3, 6)
"""Hours over which bursts are looked for: failures that come together, as retries of one task do. There are enough of
these windows to tell r well."""
_FEWEST_DAYS = 7
_FEWEST_WEEKS = 3
_WILD_EACH, _WILD_TOGETHER = 2.0, 8.0
"""Squares of standard deviations, of each week and on average."""
_USUAL_TENTH = 2.7
"""Square that one hour of ten passes by chance."""
_QUIET = 0.2
_FEWEST_STRETCHES = 24
_LARGER = 3.0
_MOST_DIVIDED = 500.0
_HALVINGS = 16
_LARGEST_NATS = 300.0
_FEWEST_BLOCKS = 4
_TRIMMED = 0.01
UNCERTAIN = 0.1
"""Standard errors of the measured variance that are added to it."""


def judge_hours(
    gain: Floats, expected: Floats, independent: Floats, hours: Ints
) -> tuple[Floats, np.ndarray | None]:
    """Return the dispersion, and the hours of the week that are special every week (None: none).

    Special is what a weekly batch does to its hour: three weeks or more, each of them wild and together far more than
    chance makes one hour of the week in ten thousand series. Such hours are not tested, and do not count for how much a
    series wobbles.
    """
    squares = np.divide((gain - expected) ** 2, independent, out=np.zeros_like(gain), where=independent > 0)
    wildness = squares.max(axis=1)
    wildness /= max(1.0, float(np.quantile(wildness, 0.9)) / _USUAL_TENTH)
    slots = slot_of(hours)
    seen, together = (np.bincount(slots, kept, WEEK) for kept in (np.ones(hours.size), wildness))
    calmest = np.full(WEEK, np.inf)
    np.minimum.at(calmest, slots, wildness)
    special = (seen >= _FEWEST_WEEKS) & (calmest >= _WILD_EACH) & (together >= _WILD_TOGETHER * seen)
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

    What comes in bursts has a heavier tail than its variance tells: see `_balance_bursts`. Of stretches of several
    days there are too few to count: see `analytics.drift.wander`.

    >>> rng = np.random.default_rng(0)
    >>> gain = rng.normal(-0.5, 1.0, (2400, 1))  # independent: variance twice the mean
    >>> measure_dispersion(gain, np.full((2400, 1), -0.5), np.ones((2400, 1)), np.arange(2400)).round(1)
    array([1.])
    """
    worst = ratio = np.ones(gain.shape[1])
    surprise = gain - expected
    usual = _leave_out_incident(surprise, independent, hours)
    gain, expected, independent, surprise = (p[usual] for p in (gain, expected, independent, surprise))
    hours = hours[usual]
    for window in WINDOWS:
        sums, drop, chance = (
            _add_blocks(figures, hours // window) for figures in (surprise, -expected, independent)
        )
        seen = chance.max(axis=1, initial=0.0) > 0
        if int(seen.sum()) < _FEWEST_BLOCKS:
            break
        ratio = np.maximum(_excess(sums[seen], chance[seen]), 1.0)
        # The most is asked for by windows where m = r·L: quiet ones, or longer ones, for bursts go on in these.
        quiet = np.maximum(np.quantile(drop[seen], _QUIET, axis=0), 0.0)
        busy = np.inf if window in BURSTS else np.maximum(drop[seen].mean(axis=0), 0.0)
        mean = np.clip(ratio * level, quiet, np.maximum(busy, quiet))
        needed = (2 * np.sqrt(ratio * level * mean) - mean) / level
        worst = np.maximum(worst, needed)
    worst = np.maximum(worst, _divide_wander(surprise, -expected, independent, ratio, hours // DAY, level))
    return np.maximum(worst, _balance_bursts(gain, hours))


def _divide_wander(
    surprise: Floats, drop: Floats, chance: Floats, ratio: Floats, days: Ints, level: float
) -> Floats:
    """Return what stretches of days ask for, whose hours vary `ratio` times as much as by chance."""
    surprise, drop, explained = (_add_blocks(figures, days) for figures in (surprise, drop, chance * ratio))
    if surprise.shape[0] < FEWEST_DAYS:
        return np.ones(surprise.shape[1])
    ratio = ratio * measure_wander(surprise / np.sqrt(np.maximum(explained, 1e-12)), STRETCHES)
    mean = np.outer(STRETCHES, np.maximum(drop.mean(axis=0), 0.0))
    return np.asarray(((2 * np.sqrt(ratio * level * mean) - mean) / level).max(axis=0))


def _leave_out_incident(surprise: Floats, independent: Floats, hours: Ints) -> np.ndarray:
    """Return which hours are not within half a day of the wildest one: one incident is no habit.

    It must not make the detector deaf for four weeks.
    """
    if np.unique(hours // DAY).size < _FEWEST_DAYS:
        return np.ones(hours.size, bool)
    wildness = np.divide(surprise**2, independent, out=np.zeros_like(surprise), where=independent > 0)
    wildest = int(hours[wildness.max(axis=1).argmax()])
    return np.abs(hours - wildest) > DAY // 2


def _balance_bursts(gain: Floats, hours: Ints) -> Floats:
    """Return what bursts ask evidence to be divided by: as far as it takes until it would win nothing in training.

    Evidence S of a stretch of hours is a fair bet when the mean of exp(S / d) is at most 1, whatever its distribution:
    that is all that the bound on false alarms needs. Where the largest stretch is not the only one that asks for it,
    its influence tells how much a larger one, which the window did not happen to hold, would: it is added `_LARGER`
    times.
    """
    divisors = np.ones(gain.shape[1])
    for window in BURSTS:
        sums = np.sort(_add_blocks(gain, hours // window), axis=0)
        is_rash = np.exp(np.minimum(sums, _LARGEST_NATS)).mean(axis=0) > 1.0
        if sums.shape[0] < _FEWEST_STRETCHES or not is_rash.any():
            continue
        fair, without = (_find_fair(part[:, is_rash]) for part in (sums, sums[:-1]))
        fair = np.where(without > 1.0, fair + _LARGER * (fair - without), fair)
        divisors[is_rash] = np.maximum(divisors[is_rash], fair)
    return divisors


def _find_fair(sums: Floats) -> Floats:
    """Return for each column the least d of at least 1 with a mean of exp(sums / d) of at most 1.

    >>> _find_fair(np.array([[-1.0], [-1.0], [-1.0], [2.0]])).round(2)
    array([3.78])
    """
    least, most = np.full(sums.shape[1], 1 / _MOST_DIVIDED), np.ones(sums.shape[1])
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        is_fair = np.exp(np.minimum(sums * middle, _LARGEST_NATS)).mean(axis=0) <= 1.0
        least, most = np.where(is_fair, middle, least), np.where(is_fair, most, middle)
    return 1 / most


def _add_blocks(figures: Floats, blocks: Ints) -> Floats:
    """Return the sums of the rows of each block that has some; blocks are ascending numbers."""
    if not blocks.size:
        return figures
    return np.add.reduceat(figures, np.flatnonzero(np.diff(blocks, prepend=blocks[0] - 1)), axis=0)


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
