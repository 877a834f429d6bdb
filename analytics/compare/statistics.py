"""Differences between two samples of sessions, of ratios and of percentiles.

The unit is the session, not the run or call: what happens in one session hangs together, and a test that takes
its runs for independent ones sees differences where there are none. A ratio (a rate, a mean, a cost per
something) is a sum over sessions by another; its variance follows by the delta method.

Sources: Deng, Knoblich, Lu, Applying the delta method in metric analytics (KDD 2018); Janssen, Studentized
permutation tests for non-i.i.d. hypotheses (Statistics & Probability Letters 36, 1997); Efron and Tibshirani, An
introduction to the bootstrap (1993); Holm, A simple sequentially rejective multiple test procedure (1979).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALPHA: Final = 0.05
POWER: Final = 0.80
RESAMPLES: Final = 1_999
QUANTILE_RESAMPLES: Final = 499
MOST_UNITS: Final = 800
"""Sessions of a side beyond this are put together at random: the same answer for a fraction of the work."""
FEWEST_UNITS: Final = 5
"""With fewer sessions on a side nothing is said but the values."""
_NORMAL: Final = NormalDist()
_Z: Final = _NORMAL.inv_cdf(1 - ALPHA / 2)
_Z_POWER: Final = _NORMAL.inv_cdf(POWER)


@dataclass(frozen=True)
class Effect:
    """How two samples differ: b less a."""

    a: float | None
    b: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    """Ends of the 95 % interval of the difference."""
    p: float | None = None
    """How often chance alone brings a difference this large."""
    detectable: float | None = None
    """The smallest difference that samples like these show in 80 of 100 comparisons."""

    @property
    def relative(self) -> float | None:
        """The difference as a share of a."""
        if self.difference is None or not self.a:
            return None
        return self.difference / abs(self.a)


class Resampling:
    """Draws of sessions, made once for many metrics over equally many sessions: drawing is nearly all of the work.

    Metrics that share them depend on one another. Each keeps its own level, and Holm's method asks for no more.
    """

    def __init__(self, chance: np.random.Generator) -> None:
        self.chance = chance
        self._kept: dict[tuple[str, int], tuple[tuple[int, int], Floats]] = {}

    def draw(self, side: Literal["a", "b"], count: int, times: int) -> Floats:
        """Return how often each of `count` rows is drawn, with replacement, for each resample of a side."""
        return self._keep(side, (count, 0), times, self._draw)

    def split(self, total: int, first: int, times: int) -> Floats:
        """Return masks that choose `first` of `total`, each at random."""
        return self._keep("both", (total, first), times, self._split)

    def _keep(
        self, name: str, size: tuple[int, int], times: int, make: Callable[[tuple[int, int], int], Floats]
    ) -> Floats:
        """Return what is kept for a size, or make it; of each name the last size alone is kept, to bound memory."""
        kept = self._kept.get((name, times))
        if kept is None or kept[0] != size:
            kept = self._kept[name, times] = (size, make(size, times))
        return kept[1]

    def _draw(self, size: tuple[int, int], times: int) -> Floats:
        count, _ = size
        return self.chance.multinomial(count, np.full(count, 1 / count), size=times).astype(np.float64)

    def _split(self, size: tuple[int, int], times: int) -> Floats:
        total, first = size
        chosen = np.argpartition(self.chance.random((times, total)), first - 1, axis=1)[:, :first]
        mask = np.zeros((times, total))
        np.put_along_axis(mask, chosen, 1.0, axis=1)
        return mask


def compare_ratios(a: Floats, b: Floats, resampling: Resampling) -> Effect:
    """Compare sums of the first column by sums of the second; a row per session.

    p-value by a studentised permutation of sessions, interval by the bootstrap over sessions.
    """
    a, b = _group(a, resampling.chance), _group(b, resampling.chance)
    value_a, value_b = _ratio(a), _ratio(b)
    if value_a is None or value_b is None:
        return Effect(value_a, value_b)
    difference = value_b - value_a
    if min(len(a), len(b)) < FEWEST_UNITS:
        return Effect(value_a, value_b, difference)
    error = math.sqrt(_variance(a, value_a) + _variance(b, value_b))
    low, high = _bootstrap_ratios(a, b, resampling)
    return Effect(
        value_a,
        value_b,
        difference,
        low,
        high,
        _permute_ratios(a, b, difference, error, resampling),
        (_Z + _Z_POWER) * error,
    )


def compare_quantiles(
    a: Floats, b: Floats, values: Floats, quantile: float, resampling: Resampling
) -> Effect:
    """Compare a quantile of counted values; a row per session, a column per value, in ascending order.

    p-value by permutation of sessions, interval by the bootstrap over sessions.
    """
    a, b = _group(a, resampling.chance), _group(b, resampling.chance)
    value_a, value_b = (_quantiles(rows.sum(axis=0)[None, :], values, quantile)[0] for rows in (a, b))
    if math.isnan(value_a) or math.isnan(value_b):
        return Effect(*(None if math.isnan(value) else float(value) for value in (value_a, value_b)))
    difference = float(value_b - value_a)
    if min(len(a), len(b)) < FEWEST_UNITS:
        return Effect(float(value_a), float(value_b), difference)
    drawn = [
        _quantiles(resampling.draw(side, len(rows), QUANTILE_RESAMPLES) @ rows, values, quantile)
        for side, rows in _named(a, b)
    ]
    differences = (drawn[1] - drawn[0])[~np.isnan(drawn[1] - drawn[0])]
    low, high = np.quantile(differences, [ALPHA / 2, 1 - ALPHA / 2])
    both = np.concatenate([a, b])
    first = resampling.split(len(both), len(a), QUANTILE_RESAMPLES)
    mixed = _quantiles((1 - first) @ both, values, quantile) - _quantiles(first @ both, values, quantile)
    extreme = np.count_nonzero(np.abs(np.nan_to_num(mixed)) >= abs(difference) * (1 - 1e-12))
    return Effect(
        float(value_a),
        float(value_b),
        difference,
        float(low),
        float(high),
        (1 + extreme) / (1 + QUANTILE_RESAMPLES),
        (_Z + _Z_POWER) * float(np.std(differences)),
    )


def compare_paired(a: Floats, b: Floats, chance: np.random.Generator) -> Effect:
    """Compare the means of values that belong together, pair by pair.

    p-value by flipping the signs of the differences, interval by the bootstrap over pairs.
    """
    if not len(a):
        return Effect(None, None)
    value_a, value_b, steps = float(a.mean()), float(b.mean()), b - a
    difference = float(steps.mean())
    if len(steps) < FEWEST_UNITS:
        return Effect(value_a, value_b, difference)
    grouped = _group(np.column_stack([steps, np.ones(len(steps))]), chance)
    sums = Resampling(chance).draw("a", len(grouped), RESAMPLES) @ grouped
    low, high = np.quantile(_divide(sums[:, 0], sums[:, 1]), [ALPHA / 2, 1 - ALPHA / 2])
    signs = chance.choice([-1.0, 1.0], size=(RESAMPLES, len(grouped)))
    flipped = np.abs(signs @ grouped[:, 0])
    extreme = np.count_nonzero(flipped >= abs(grouped[:, 0].sum()) * (1 - 1e-9))
    error = float(steps.std(ddof=1)) / math.sqrt(len(steps))
    p = (1 + extreme) / (1 + RESAMPLES)
    return Effect(value_a, value_b, difference, float(low), float(high), p, (_Z + _Z_POWER) * error)


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


def sessions_needed(units: int, detectable: float, wanted: float) -> int:
    """Return how many sessions a side needs to see a difference of `wanted`, when `units` show `detectable`.

    >>> sessions_needed(100, 0.10, 0.05)
    400
    """
    return math.ceil(units * (detectable / wanted) ** 2)


def _ratio(rows: Floats) -> float | None:
    above, below = rows.sum(axis=0)
    return float(above / below) if below > 0 else None


def _variance(rows: Floats, ratio: float) -> float:
    """Variance of a ratio by the delta method."""
    rest = rows[:, 0] - ratio * rows[:, 1]
    count = len(rows)
    return float(count / (count - 1) * (rest**2).sum() / rows[:, 1].sum() ** 2)


def _named(a: Floats, b: Floats) -> list[tuple[Literal["a", "b"], Floats]]:
    return [("a", a), ("b", b)]


def _bootstrap_ratios(a: Floats, b: Floats, resampling: Resampling) -> tuple[float, float]:
    ratios: list[Floats] = []
    for side, rows in _named(a, b):
        sums = resampling.draw(side, len(rows), RESAMPLES) @ rows
        ratios.append(_divide(sums[:, 0], sums[:, 1]))
    differences = (ratios[1] - ratios[0])[~np.isnan(ratios[1] - ratios[0])]
    low, high = np.quantile(differences, [ALPHA / 2, 1 - ALPHA / 2])
    return float(low), float(high)


def _permute_ratios(a: Floats, b: Floats, difference: float, error: float, resampling: Resampling) -> float:
    both = np.concatenate([a, b])
    x, y = both[:, 0], both[:, 1]
    moments = np.column_stack([x, y, x * x, x * y, y * y])
    first = resampling.split(len(both), len(a), RESAMPLES)
    statistics = [
        _moments_of(mask @ moments, count) for mask, count in ((first, len(a)), (1 - first, len(b)))
    ]
    (ratio_a, var_a), (ratio_b, var_b) = statistics
    errors = np.sqrt(var_a + var_b)
    mixed = np.abs(_divide(ratio_b - ratio_a, errors))
    mixed = np.where(np.isnan(mixed), 0.0, mixed)
    if error == 0.0:
        return 1.0 if difference == 0.0 else float(1 / (1 + RESAMPLES))
    extreme = np.count_nonzero(mixed >= abs(difference) / error * (1 - 1e-9))
    return float((1 + extreme) / (1 + RESAMPLES))


def _moments_of(sums: Floats, count: int) -> tuple[Floats, Floats]:
    """Ratios and their variances from sums of x, y, xx, xy, yy."""
    x, y, xx, xy, yy = sums.T
    ratio = _divide(x, y)
    rest = np.clip(xx - 2 * ratio * xy + ratio**2 * yy, 0.0, None)
    return ratio, _divide(count / (count - 1) * rest, y**2)


def _divide(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def _quantiles(counts: Floats, values: Floats, quantile: float) -> Floats:
    """The nearest-rank quantile of each row of counts."""
    reached = counts.cumsum(axis=1)
    totals = reached[:, -1]
    rank = np.maximum(np.ceil(quantile * totals - 1e-9), 1)
    found = values[np.minimum((reached < rank[:, None]).sum(axis=1), len(values) - 1)]
    return np.where(totals > 0, found, np.nan)


def _group(rows: Floats, chance: np.random.Generator) -> Floats:
    """Put sessions together at random when there are more than resampling needs."""
    if len(rows) <= MOST_UNITS:
        return rows
    places = chance.permutation(len(rows)) % MOST_UNITS
    grouped = np.zeros((MOST_UNITS, rows.shape[1]))
    np.add.at(grouped, places, rows)
    return grouped
