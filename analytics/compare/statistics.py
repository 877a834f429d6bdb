"""Differences between two samples of units (sessions, or users): of ratios, of percentiles, and of pairs.

The unit is not the run or call: what happens in one session hangs together, and a test that takes its runs for
independent ones sees differences where there are none. A ratio (a rate, a mean, a cost per something) is a sum over
units by another; its variance follows by the delta method.

Units are dealt out anew at random, many times, and each deal is measured in its own standard errors: how far deals go
says how rare a difference is (p-value) and how wide its interval must be, also where tails are heavy or one side is
small.

Sources: Deng, Knoblich, Lu, Applying the delta method in metric analytics (KDD 2018); Janssen, Studentized
permutation tests for non-i.i.d. hypotheses (Statistics & Probability Letters 36, 1997); Agresti and Caffo, Simple and
effective confidence intervals for proportions and differences of proportions (The American Statistician 54, 2000);
Woodruff, Confidence intervals for medians and other position measures (JASA 47, 1952); Zou and Donner, Construction of
confidence limits about effect measures (Statistics in Medicine 27, 2008); Holm, A simple sequentially rejective
multiple test procedure (1979); Benjamini and Hochberg, Controlling the false discovery rate (JRSS B 57, 1995).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALPHA: Final = 0.05
POWER: Final = 0.80
RESAMPLES: Final = 1_999
MOST_UNITS: Final = 800
"""Units of the smaller side beyond this are put together at random, on both sides alike: the same answer for a
fraction of the work. Sums of many beside single ones would not be exchangeable."""
FEWEST_UNITS: Final = 5
"""With fewer units on a side nothing is said but the values."""
_NORMAL: Final = NormalDist()
_Z: Final = _NORMAL.inv_cdf(1 - ALPHA / 2)
_Z_POWER: Final = _NORMAL.inv_cdf(POWER)
_NOISE: Final = 1e-12
"""What is smaller than this share of what it was computed from is rounding."""


@dataclass(frozen=True)
class Effect:
    """How two samples differ: b less a."""

    a: float | None
    b: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    """Ends of the 95 % interval of the difference; unknown where nothing varies."""
    p: float | None = None
    """How often chance alone brings a difference this large; unknown where nothing varies."""
    detectable: float | None = None
    """The smallest difference that samples like these show in 80 of 100 comparisons."""

    @property
    def relative(self) -> float | None:
        """The difference as a share of a."""
        if self.difference is None or not self.a:
            return None
        return self.difference / abs(self.a)


@dataclass(frozen=True)
class Counted:
    """Values of units, counted: which unit, which value (its place in ascending order), how often."""

    units: Ints
    places: Ints
    times: Floats

    @property
    def size(self) -> int:
        """How many units there are."""
        return int(self.units.max()) + 1 if len(self.units) else 0

    def count(self, places: int) -> Floats:
        """Return how often each value is there."""
        return np.bincount(self.places, self.times, places).astype(np.float64)

    def weigh(self, weights: Floats) -> Floats:
        """Return for each unit the sum of its values' weights, and how many values it has."""
        weighed = np.bincount(self.units, self.times * weights[self.places])
        return np.column_stack([weighed, np.bincount(self.units, self.times)]).astype(np.float64)


class Resampling:
    """Deals of units, made once for many metrics over equally many units: they are nearly all of the work.

    Metrics that share them depend on one another. Each keeps its own level, and Holm's method asks for no more.
    """

    def __init__(self, chance: np.random.Generator) -> None:
        self.chance = chance
        self._kept: tuple[tuple[int, int], Ints] | None = None

    def deal(self, total: int, few: int) -> Ints:
        """Return which `few` of `total` rows go to the smaller side, for each resample."""
        if self._kept is None or self._kept[0] != (total, few):
            deals = [self.chance.choice(total, few, replace=False, shuffle=False) for _ in range(RESAMPLES)]
            self._kept = (total, few), np.array(deals, dtype=np.int64)
        return self._kept[1]


@dataclass(frozen=True)
class _Test:
    """What dealing out anew says of b less a."""

    difference: float
    error: float
    p: float
    reach: float
    """How far an interval reaches, in standard errors."""


def compare_ratios(a: Floats, b: Floats, resampling: Resampling, *, is_share: bool = False) -> Effect:
    """Compare sums of the first column by sums of the second; a row per unit.

    The interval holds what a studentised permutation test does not refuse. That of a share (of events each of which
    counts or does not) is Agresti's and Caffo's instead, which also holds where hardly any, or all of them, count.
    """
    value_a, value_b = _ratio(a), _ratio(b)
    if value_a is None or value_b is None:
        return Effect(value_a, value_b)
    difference = value_b - value_a
    if min(len(a), len(b)) < FEWEST_UNITS:
        return Effect(value_a, value_b, difference)
    test = _permute(a, b, resampling)
    p = None if test is None else test.p
    if is_share:
        (padded_a, variance_a), (padded_b, variance_b) = _pad_share(a), _pad_share(b)
        middle, error = padded_b - padded_a, math.sqrt(variance_a + variance_b)
        low, high, _ = _bound(middle, error, _Z)
        bound = low, high, _detect_share((padded_a, padded_b), (variance_a, variance_b))
        p = None if p is None else max(p, _tail(abs(middle) / error))
    elif test is not None and math.isfinite(test.reach):
        bound = _bound(test.difference, test.error, test.reach)
    else:
        bound = _UNBOUND
    return Effect(value_a, value_b, difference, bound[0], bound[1], p, bound[2])


def compare_quantiles(
    a: Counted, b: Counted, values: Floats, quantile: float, resampling: Resampling
) -> Effect:
    """Compare a quantile of counted values, which stand in ascending order.

    p-value by the share of each side's values above the quantile of both together.
    """
    counts = [side.count(len(values)) for side in (a, b)]
    value_a, value_b = (_quantile(count, values, quantile) for count in counts)
    if value_a is None or value_b is None:
        return Effect(value_a, value_b)
    difference = value_b - value_a
    if min(a.size, b.size) < FEWEST_UNITS:
        return Effect(value_a, value_b, difference)
    middle = _quantile(counts[0] + counts[1], values, quantile)
    assert middle is not None
    test = _permute(a.weigh(_lie_above(middle, values)), b.weigh(_lie_above(middle, values)), resampling)
    if test is None:
        return Effect(value_a, value_b, difference)
    low, high = _bound_quantiles((a, b), (value_a, value_b), values, quantile)
    p = test.p if difference * test.difference > 0 else 1.0
    reach = None if low is None or high is None else (high - low) / 2
    return Effect(
        value_a, value_b, difference, low, high, p, None if reach is None else reach * (1 + _Z_POWER / _Z)
    )


def compare_paired(a: Floats, b: Floats, chance: np.random.Generator) -> Effect:
    """Compare the means of values that belong together, pair by pair, by flipping the signs of the differences."""
    if not len(a):
        return Effect(None, None)
    value_a, value_b, steps = float(a.mean()), float(b.mean()), b - a
    difference = float(steps.mean())
    error = float(steps.std(ddof=1)) / math.sqrt(len(steps)) if len(steps) > 1 else 0.0
    if len(steps) < FEWEST_UNITS or not steps.any():
        return Effect(value_a, value_b, difference)
    grouped = _group(steps[:, None], math.ceil(len(steps) / MOST_UNITS), chance)[:, 0]
    signs = chance.choice([-1.0, 1.0], size=(RESAMPLES, len(grouped)))
    sums = np.concatenate([[grouped.sum()], signs @ grouped])
    spread = np.sqrt(np.clip(len(grouped) * (grouped @ grouped) - sums**2, 0.0, None) / (len(grouped) - 1))
    p, reach = _rank(np.abs(sums), spread)
    bound = _bound(difference, error, reach) if math.isfinite(reach) else _UNBOUND
    return Effect(value_a, value_b, difference, bound[0], bound[1], p, bound[2])


def adjust(p_values: Sequence[float | None]) -> list[float | None]:
    """Return the p-values with which all of them together keep to the level of one (Holm).

    >>> adjust([0.01, None, 0.04, 0.03])
    [0.03, None, 0.06, 0.06]
    """
    known = sorted((p, position) for position, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    reached = 0.0
    for rank, (p, position) in enumerate(known):
        reached = max(reached, min(1.0, p * (len(known) - rank)))
        adjusted[position] = reached
    return adjusted


def find_discoveries(p_values: Sequence[float | None], *, of: int) -> list[bool]:
    """Return which of the smallest p-values of `of` are findings; 5 of 100 may be chance (Benjamini, Hochberg).

    >>> find_discoveries([0.001, 0.3, 0.02, None], of=10)
    [True, False, False, False]
    """
    known = sorted(p for p in p_values if p is not None)
    level = max((p for rank, p in enumerate(known, start=1) if p <= rank * ALPHA / of), default=-1.0)
    return [p is not None and p <= level for p in p_values]


_Bound = tuple[float | None, float | None, float | None]
"""Ends of an interval, and the smallest difference that is detectable."""
_UNBOUND: Final[_Bound] = (None, None, None)


def _bound(difference: float, error: float, reach: float) -> _Bound:
    return difference - reach * error, difference + reach * error, (reach + _Z_POWER) * error


def _pad_share(rows: Floats) -> tuple[float, float]:
    """Return Agresti's and Caffo's share and its variance: with one more unit of none, and one of nothing but."""
    usual = rows[:, 1].mean()
    more = np.concatenate([rows, [[0.0, usual], [usual, usual]]])
    ratio, variance = _moments_of(_moments(more).sum(axis=0)[None, :], len(more))
    return float(ratio[0]), float(variance[0])


def _detect_share(shares: tuple[float, float], variances: tuple[float, float]) -> float:
    """Return the change of the first share, towards a half, that is detectable.

    A rare event that gets oftener varies more. Each side counts as so many independent events as its variance says.
    """
    size_a, size_b = (
        share * (1 - share) / variance for share, variance in zip(shares, variances, strict=True)
    )
    rare, factor = min(shares[0], 1 - shares[0]), (_Z + _Z_POWER) ** 2
    square, linear = 1 + factor / size_b, factor * (1 - 2 * rare) / size_b
    constant = factor * rare * (1 - rare) * (1 / size_a + 1 / size_b)
    return (linear + math.sqrt(linear**2 + 4 * square * constant)) / (2 * square)


def _permute(a: Floats, b: Floats, resampling: Resampling) -> _Test | None:
    """Deal the units out anew; None where nothing varies."""
    size = math.ceil(min(len(a), len(b)) / MOST_UNITS)
    sides = [_group(rows, size, resampling.chance) for rows in (a, b)]
    few, many = sorted(sides, key=len)
    moments = _moments(np.concatenate([few, many]))
    deals = resampling.deal(len(moments), len(few))
    dealt = np.column_stack([column[deals].sum(axis=1) for column in moments.T])
    sums = np.concatenate([moments[: len(few)].sum(axis=0)[None, :], dealt])
    one, variance_one = _moments_of(sums, len(few))
    other, variance_other = _moments_of(moments.sum(axis=0) - sums, len(many))
    errors = np.sqrt(variance_one + variance_other)
    differences = one - other
    differences[np.abs(differences) < _NOISE * (np.abs(one) + np.abs(other))] = 0.0
    if errors[0] == 0.0 == differences[0]:
        return None
    p, reach = _rank(np.abs(differences), errors)
    sign = 1 if few is sides[1] else -1
    return _Test(sign * float(differences[0]), float(errors[0]), p, reach)


def _rank(differences: Floats, errors: Floats) -> tuple[float, float]:
    """Return how rare the first difference is among all, and how far 95 of 100 of the others go, in standard errors.

    One that is unknown, or certain, goes farthest.
    """
    far = np.where(differences == 0.0, 0.0, np.inf)
    ranks = np.divide(differences, errors, out=far, where=errors > 0)
    p = np.count_nonzero(ranks >= ranks[0] * (1 - 1e-9)) / len(ranks)
    # Where few events decide, all deals lie about one error apart and their order means nothing.
    reach = float(np.quantile(ranks[1:], 1 - ALPHA, method="higher"))
    return max(float(p), _tail(float(ranks[0]))), max(_Z, reach)


def _tail(errors: float) -> float:
    """Return how often chance brings so many standard errors, either way."""
    return 2 * (1 - _NORMAL.cdf(errors))


def _ratio(rows: Floats) -> float | None:
    above, below = rows.sum(axis=0)
    return float(above / below) if below > 0 else None


def _moments(rows: Floats) -> Floats:
    """Return x, y, xx, xy, yy of each row."""
    x, y = rows.T
    return np.column_stack([x, y, x * x, x * y, y * y])


def _moments_of(sums: Floats, count: int) -> tuple[Floats, Floats]:
    """Return ratios and, by the delta method, their variances from sums of x, y, xx, xy, yy."""
    x, y, xx, xy, yy = sums.T
    ratio = np.divide(x, y, out=np.full_like(x, np.nan), where=y > 0)
    rest = xx - 2 * ratio * xy + ratio**2 * yy
    rest = np.where(rest > _NOISE * xx, rest, 0.0)
    return ratio, count / (count - 1) * rest / np.where(y > 0, y, np.nan) ** 2


def _quantile(counts: Floats, values: Floats, quantile: float) -> float | None:
    """Return the nearest-rank quantile of counted values; None beyond the first or last that can be told."""
    reached = counts.cumsum()
    if not reached[-1] or not 0 < quantile < 1:
        return None
    rank = max(math.ceil(quantile * reached[-1] - 1e-9), 1)
    return float(values[int(np.searchsorted(reached, rank))])


def _lie_above(middle: float, values: Floats) -> Floats:
    """Return 1 for values above a middle; half for those that equal it, so that many equal ones decide nothing."""
    return (np.sign(values - middle) + 1) / 2


def _bound_quantiles(
    sides: tuple[Counted, Counted], quantiles: tuple[float, float], values: Floats, quantile: float
) -> tuple[float | None, float | None]:
    """Return the ends of the interval of the second quantile less the first, after Woodruff and Zou.

    Each quantile lies where the share of values above it is what it must be, give or take the error of that share.
    An end is unknown where the values of a side do not reach far enough.
    """
    ends: list[tuple[float | None, float | None]] = []
    for side, middle in zip(sides, quantiles, strict=True):
        counts = side.count(len(values))
        rows = _moments(side.weigh(_lie_above(middle, values)))
        variance = float(_moments_of(rows.sum(axis=0)[None, :], side.size)[1][0])
        # Units that happen to be alike say no more than values that have nothing to do with each other.
        reach = _Z * math.sqrt(max(variance, quantile * (1 - quantile) / counts.sum()))
        ends.append(
            (_quantile(counts, values, quantile - reach), _quantile(counts, values, quantile + reach))
        )
    (low_a, high_a), (low_b, high_b) = ends
    a, b = quantiles
    if low_a is None or high_a is None or low_b is None or high_b is None:
        return None, None
    return b - a - math.hypot(b - low_b, high_a - a), b - a + math.hypot(high_b - b, a - low_a)


def _group(rows: Floats, size: int, chance: np.random.Generator) -> Floats:
    """Put `size` rows each together, at random."""
    if size == 1:
        return rows
    count = math.ceil(len(rows) / size)
    grouped = np.zeros((count, rows.shape[1]))
    np.add.at(grouped, chance.permutation(len(rows)) % count, rows)
    return grouped
