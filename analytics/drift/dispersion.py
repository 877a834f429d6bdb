"""How much a series wobbles by itself, beyond what independent runs would: what evidence is divided by."""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np

from analytics.drift.seasons import Floats, Ints

ALARM_LEVEL = 10.8
"""Nats of evidence at which a single change of the bank raises an alarm."""
WINDOWS = (1, 3, 6, 12, 24, 48)
"""Hours over which the wobble is measured: of minutes, of shifts, of days."""
_FEWEST_BLOCKS = 4
_TRIMMED = 0.03
UNCERTAIN = 0.5
"""Standard errors of the measured variance that are added to it."""


def measure_dispersion(
    gain: Floats, expected: Floats, independent: Floats, hours: Ints, level: float = ALARM_LEVEL
) -> Floats:
    """Return for each change the number that its evidence must be divided by, at least 1.

    Of training hours, shape (hours, changes): `gain` is the evidence, `expected` its mean without a change (negative),
    `independent` its variance if runs were independent. Let a window have evidence -m on average and r times the
    variance of independent runs. Then a wobble that reaches the alarm level L is as rare as it would be without the
    excess if evidence is divided by d = (2·sqrt(r·L·m) - m) / L; the largest d of all windows is returned. A change so
    large that a whole day's evidence is far below the level needs little: the wobble of a day cannot look like it.

    >>> rng = np.random.default_rng(0)
    >>> gain = rng.normal(-0.5, 1.0, (2400, 1))  # independent: variance twice the mean
    >>> measure_dispersion(gain, np.full((2400, 1), -0.5), np.ones((2400, 1)), np.arange(2400)).round(1)
    array([1.1])
    """
    worst = np.ones(gain.shape[1])
    surprise = gain - expected
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
        mean = np.maximum(drop[seen].mean(axis=0), 0.0)
        needed = (2 * np.sqrt(ratio * level * mean) - mean) / level
        worst = np.maximum(worst, needed)
    return worst


def _add_blocks(figures: Floats, blocks: Ints, count: int) -> Floats:
    sums = np.zeros((count, figures.shape[1]))
    np.add.at(sums, blocks, figures)
    return sums


def _excess(sums: Floats, chance: Floats) -> Floats:
    """Return the variance of sums over what chance explains, without the largest few.

    One incident in a training window must not make the detector deaf for four weeks.
    """
    count = sums.shape[0]
    left_out = max(1, round(_TRIMMED * count))
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
