"""Values: latency, cost, tokens, scores. Their distribution as 22 bins, so that no shape of it is assumed.

A value comes as a bucket: of the rollup's logarithmic ones (γ = 1.02), or a step of a linear scale where negative
values are usual. What a change would do to the distribution follows from moving the training sample itself.
"""

from __future__ import annotations

from math import log
from typing import ClassVar

import numpy as np

from analytics.drift.bank import CERTAIN, Change, Events, grow, is_enough, share_budget
from analytics.drift.dispersion import judge_hours
from analytics.drift.seasons import DAY, GROUPS, Floats, Ints, add_up, group_of, shrink_season, widen
from analytics.drift.wander import measure_level

ZERO_BUCKET = -32_768
"""Bucket of zero, as the rollups have it: no factor moves it."""
BUCKET_LOG = log(1.02)
CELLS = 1_024
"""Buckets told apart around the median: a range of e^20."""
_CENTRE = CELLS // 2
FACTORS = (1.15, 1.25, 1.5, 2.0, 3.0)
TAILS = (0.05, 0.15)
"""Shares of the runs that become `TAIL_FACTOR` times as large."""
TAIL_FACTOR = 3.0
FALLS = (1 / 1.25, 1 / 2.0, 1 / 4.0)
LEVELS = (
    0.005, 0.02, 0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70,
    0.75, 0.80, 0.85, 0.90, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995,
)  # fmt: skip
"""Quantiles between the bins."""
BINS = len(LEVELS) + 1
_FEWEST_IN_TAIL = 8
_BLUR = 2
"""Cells to both sides over which a value is spread: differences of 4 % are none, constants are no points."""
LEAST_SHARE = 0.003
"""A bin that was never filled is taken for this: a handful of odd values is no change."""
_MIXED_IN = 0.01
"""Of the normal distribution in each changed one: no single value rules a change out."""


class ValueBank:
    """Normal distribution of each series, its season, and the evidence in each bin for each change."""

    changes: ClassVar[tuple[Change, ...]] = (
        *(Change("up", factor) for factor in FACTORS),
        *(Change("tail", share) for share in TAILS),
        *(Change("down", factor) for factor in FALLS),
    )
    _IS_RISE: ClassVar[np.ndarray] = np.array([change.direction != "down" for change in changes])

    def __init__(self) -> None:
        changes = len(self.changes)
        self.offsets = np.zeros((0, GROUPS), np.int32)
        """Bucket of cell 0 by season."""
        self.bins = np.zeros((0, CELLS), np.uint8)
        """Bin of each cell."""
        self.evidence = np.zeros((0, BINS, changes), np.float32)
        """Divided by the dispersion."""
        self.weights = np.zeros((0, changes))

    def resize(self, series: int) -> None:
        """Make room for so many series."""
        for name in ("offsets", "bins", "evidence", "weights"):
            setattr(self, name, grow(getattr(self, name), series))

    def learn(self, row: int, events: Events, first: int, until: int) -> np.ndarray | None:
        """Learn what is normal for one series."""
        self.weights[row] = 0.0
        if not is_enough(events, until):
            return None
        groups = group_of(events.hours)
        offsets = learn_offsets(events, groups)
        cells = find_cells(events.symbols, offsets[groups])
        sample = add_up(cells, events.counts, CELLS)
        bins = split_cells(sample)
        error = _level_error(events, cells)
        evidence, shares = weigh_bins(sample, bins, error)
        hours, place = np.unique(events.hours, return_inverse=True)
        by_bin = add_up(place * BINS + bins[cells], events.counts, hours.size * BINS).reshape(-1, BINS)
        gain, counts = by_bin @ evidence, by_bin.sum(axis=1)
        mean = shares @ evidence
        expected, independent = np.outer(counts, mean), np.outer(counts, shares @ (evidence - mean) ** 2)
        dispersion, special = judge_hours(gain, expected, independent, hours)
        self.offsets[row], self.bins[row] = offsets, bins
        self.evidence[row] = evidence / dispersion
        sizes = np.array(
            [abs(log(change.size)) if change.direction != "tail" else 9.9 for change in self.changes]
        )
        self.weights[row] = share_budget(sizes / BUCKET_LOG >= CERTAIN * error, self._IS_RISE)
        return special

    def gain(self, hour: int, events: Events) -> tuple[Floats, np.ndarray]:
        """Return the evidence of one hour and which series had events."""
        size = self.weights.shape[0]
        group = int(group_of(np.array([hour]))[0])
        cells = find_cells(events.symbols, self.offsets[events.series, group])
        places = events.series * BINS + self.bins[events.series, cells]
        counts = add_up(places, events.counts, size * BINS).reshape(size, 1, BINS)
        gain = np.matmul(counts.astype(np.float32), self.evidence)[:, 0, :].astype(np.float64)
        return np.where(self.weights > 0, gain, 0.0), np.asarray(counts[:, 0, :].any(axis=1))

    def is_unlike(self, hour: int, other: int) -> np.ndarray:
        """Return which series differ between two hours by half of the smallest change looked for, or more."""
        one, two = group_of(np.array([hour, other]))
        return np.abs(self.offsets[:, one] - self.offsets[:, two]) >= log(FACTORS[0]) / BUCKET_LOG / 2


def find_cells(buckets: Ints, offsets: np.ndarray) -> Ints:
    """Return the cell of each bucket: cell 0 holds zeros, the first and last others what lies beyond."""
    return np.where(buckets == ZERO_BUCKET, 0, np.clip(buckets - offsets, 1, CELLS - 1))


def learn_offsets(events: Events, groups: Ints) -> np.ndarray:
    """Return by season the bucket of cell 0, so that the season's normal value lies at the centre.

    The mean of an hour is one observation, however many runs it had: hours wobble together.
    """
    is_number = events.symbols != ZERO_BUCKET
    if not is_number.any():
        return np.full(GROUPS, -_CENTRE, np.int32)
    symbols, counts = events.symbols[is_number], events.counts[is_number]
    centre, low, high = weighted_quantiles(symbols, counts, (0.5, 0.02, 0.98))
    clipped = np.clip(symbols, low, high).astype(np.float64)
    hours, place = np.unique(events.hours[is_number], return_inverse=True)
    weights = add_up(place, counts)
    means = add_up(place, clipped * counts) / weights
    group = group_of(hours)
    group_weights = add_up(group, weights, GROUPS)
    group_means = np.divide(
        add_up(group, means * weights, GROUPS),
        group_weights,
        out=np.zeros(GROUPS),
        where=group_weights > 0,
    )
    overall = float(np.average(means, weights=weights))
    # Of an hour's mean, by how many runs it had: what hours do together, and chance.
    scatter = float(np.average((means - group_means[group]) ** 2, weights=weights))
    members = np.bincount(group, minlength=GROUPS).astype(np.float64)
    noise = scatter / np.maximum(members - 0.5, 0.5)
    shift = np.round(shrink_season(group_means, group_weights, noise, overall) - overall)
    return (centre + shift - _CENTRE).astype(np.int32)


def weighted_quantiles(values: Ints, counts: Floats, levels: tuple[float, ...]) -> Floats:
    """Return quantiles of values that occur `counts` times.

    >>> weighted_quantiles(np.array([5, 1]), np.array([1.0, 9.0]), (0.5, 0.95))
    array([1., 5.])
    """
    low = int(values.min())
    sums = np.cumsum(add_up(values - low, counts))
    return (low + np.searchsorted(sums, np.asarray(levels) * sums[-1])).astype(np.float64)


def split_cells(sample: Floats) -> np.ndarray:
    """Return the bin of each cell: between quantiles of the sample, as far as the tails hold enough."""
    total = sample.sum()
    levels = [level for level in LEVELS if min(level, 1 - level) * total >= _FEWEST_IN_TAIL]
    # Cell 0 is a bin of its own only as far as quantiles tell it apart.
    cumulated = np.cumsum(blur(sample)) / total
    edges = np.unique(np.searchsorted(cumulated, levels) + 1)
    return np.searchsorted(edges, np.arange(CELLS), side="right").astype(np.uint8)


def blur(sample: Floats) -> Floats:
    """Return the sample with each value spread over its neighbours; zeros stay what they are."""
    width = 2 * _BLUR + 1
    spread = np.convolve(sample[1:], np.full(width, 1 / width), "same")
    return np.concatenate([sample[:1], spread])


def move(sample: Floats, cells: float) -> Floats:
    """Return the sample with each value moved up by so many cells, a fraction by both neighbours; zeros stay.

    >>> move(np.array([7.0, 0.0, 4.0, 0.0, 0.0]), 1.25)
    array([7., 0., 0., 3., 1.])
    """
    whole = int(np.floor(cells))
    part = cells - whole
    values = sample[1:]
    moved = (1 - part) * _move_whole(values, whole) + (part * _move_whole(values, whole + 1) if part else 0.0)
    return np.concatenate([sample[:1], moved])


def _move_whole(values: Floats, cells: int) -> Floats:
    places = np.clip(np.arange(values.size) + cells, 0, values.size - 1)
    return add_up(places, values, values.size)


def weigh_bins(sample: Floats, bins: np.ndarray, error: float) -> tuple[Floats, Floats]:
    """Return the evidence of a value in each bin for each change, and the normal share of each bin.

    The normal distribution is moved by its standard error towards the change, so that a lucky month is none.
    """
    blurred = blur(sample) / sample.sum()
    normal = _fill(blurred, bins)
    rising, falling = _fill(move(blurred, error), bins), _fill(move(blurred, -error), bins)
    columns: list[Floats] = []
    for change in ValueBank.changes:
        null = falling if change.direction == "down" else rising
        if change.direction == "tail":
            slow = _fill(move(blurred, log(TAIL_FACTOR) / BUCKET_LOG), bins)
            changed = (1 - change.size) * null + change.size * slow
        else:
            changed = _fill(move(blurred, log(change.size) / BUCKET_LOG), bins)
        columns.append(np.log(((1 - _MIXED_IN) * changed + _MIXED_IN * null) / null))
    return np.stack(columns, axis=1), normal


def _fill(shares: Floats, bins: np.ndarray) -> Floats:
    filled = add_up(bins, shares, BINS)
    used = np.bincount(bins, minlength=BINS) > 0
    filled = np.where(used, np.maximum(filled, LEAST_SHARE), LEAST_SHARE)
    return filled / filled[used].sum()


def _level_error(events: Events, cells: Ints) -> float:
    """Return the standard error of the normal level, in cells: days are the observations."""
    low, high = weighted_quantiles(cells, events.counts, (0.02, 0.98))
    clipped = np.clip(cells, low, high).astype(np.float64)
    total = float(events.counts.sum())
    level = float(np.average(clipped, weights=events.counts))
    own = float(np.average((clipped - level) ** 2, weights=events.counts)) / total
    days = np.unique(events.hours // DAY, return_inverse=True)[1]
    counts = add_up(days, events.counts)
    daily = measure_level(add_up(days, (clipped - level) * events.counts), counts * own * total)
    return widen(float(np.sqrt(own * daily)), counts.size)
