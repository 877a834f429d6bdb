"""Where a change is: a scan of all segments to depth two, and the exact split of a change into rates and mix.

A segment is judged by how much of the change it accounts for (deviance inside, by its own new rate) and how much it
leaves unexplained outside, less the logarithm of how many segments there were to choose from.
Sources: deviance scan after Kulldorff (1997); split of a difference of rates after Kitagawa (1955).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.drift.seasons import Floats

MOST_VALUES = 40
"""Values of a dimension that are looked at, the most frequent."""
_FEWEST = 5
_DEPTH = 2.0
"""What a pair must explain more than one value alone."""
_PRIOR = 2.0
"""Runs' worth of the overall rate that every segment's earlier rate is mixed with."""

Members = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Segment:
    """A part of the traffic and what happened in it."""

    labels: Mapping[str, str]
    """Empty: everything."""
    kind: str
    """rate: it became worse inside; mix: more of the traffic goes there."""
    score: float
    before: float | None
    after: float | None
    events: int
    """Of it since the change."""
    share: float
    """Of the whole change, what it accounts for."""


@dataclass(frozen=True)
class Split:
    """A difference of two rates, split exactly by one dimension."""

    rates: float
    """What the rates inside its values changed."""
    mix: float
    """What the shift of traffic between its values changed."""


def scan_segments(
    hit: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_], members: Mapping[tuple[str, str], Members]
) -> list[Segment]:
    """Return all segments, the likeliest cause first.

    Args:
        hit: Of each run, whether it has what increased.
        after: Of each run, whether it is of the time since the change.
        members: By dimension and value, 1 for each run that belongs to it.
    """
    keys = list(members)
    matrix = np.stack([members[key] for key in keys]) if keys else np.zeros((0, hit.size), np.float32)
    counts = [((matrix * weight) @ matrix.T).astype(np.float64) for weight in _weights(hit, after)]
    totals = [float(weight.sum()) for weight in _weights(hit, after)]
    everything = _judge({}, "rate", tuple(totals), totals, 1)
    found = [everything]
    singles = len(keys)
    pairs = sum(
        keys[one][0] != keys[two][0] and counts[2][one, two] >= _FEWEST
        for one in range(singles)
        for two in range(one)
    )
    for one in range(singles):
        if counts[0][one, one] == totals[0] and counts[2][one, one] == totals[2]:
            continue  # what all runs have in common is everything
        labels = {keys[one][0]: keys[one][1]}
        found.append(_judge(labels, "rate", tuple(c[one, one] for c in counts), totals, max(singles, 1)))
        for two in range(one):
            if keys[one][0] != keys[two][0] and counts[2][one, two] >= _FEWEST:
                both = labels | {keys[two][0]: keys[two][1]}
                found.append(_judge(both, "rate", tuple(c[one, two] for c in counts), totals, max(pairs, 1)))
    found += _judge_mixes(keys, counts, totals)
    return sorted(found, key=lambda segment: (-segment.score, len(segment.labels)))


def _weights(hit: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_]) -> tuple[Members, ...]:
    """Return runs before, hits before, runs after, hits after, as weights."""
    return tuple(part.astype(np.float32) for part in (~after, ~after & hit, after, after & hit))


def _judge(
    labels: Mapping[str, str], kind: str, counts: tuple[float, ...], totals: Sequence[float], choices: int
) -> Segment:
    n0, k0, n1, k1 = counts
    overall = (totals[1] + 0.5) / (totals[0] + 1)
    inside = _deviance(k1, n1, (k0 + _PRIOR * overall) / (n0 + _PRIOR))
    outside = [total - part for total, part in zip(totals, counts, strict=True)]
    left = _deviance(outside[3], outside[2], (outside[1] + _PRIOR * overall) / (outside[0] + _PRIOR))
    rose = n1 > 0 and k1 / n1 > (k0 + _PRIOR * overall) / (n0 + _PRIOR)
    score = (inside if rose else -inside) - left - log(choices) - _DEPTH * max(len(labels) - 1, 0)
    change = totals[3] / max(totals[2], 1) - totals[1] / max(totals[0], 1)
    excess = (k1 - n1 * ((k0 + _PRIOR * overall) / (n0 + _PRIOR))) / max(totals[2], 1)
    share = excess / change if change else 0.0
    return Segment(labels, kind, score, k0 / n0 if n0 else None, k1 / n1 if n1 else None, int(n1), share)


def _deviance(hits: float, runs: float, rate: float) -> float:
    """Return twice the log-likelihood ratio of the own rate to a given one."""
    if runs <= 0:
        return 0.0
    rate, own = min(max(rate, 1e-6), 1 - 1e-6), min(max(hits / runs, 1e-9), 1 - 1e-9)
    return 2 * (hits * log(own / rate) + (runs - hits) * log((1 - own) / (1 - rate)))


def _judge_mixes(
    keys: Sequence[tuple[str, str]], counts: Sequence[Floats], totals: Sequence[float]
) -> list[Segment]:
    """Return, by dimension, the value that more traffic goes to, where that alone explains the change."""
    found: list[Segment] = []
    dimensions = sorted({dimension for dimension, _ in keys})
    overall = (totals[1] + 0.5) / (totals[0] + 1)
    whole = _deviance(totals[3], totals[2], overall)
    change = totals[3] / max(totals[2], 1) - totals[1] / max(totals[0], 1)
    for dimension in dimensions:
        rows = [row for row, key in enumerate(keys) if key[0] == dimension]
        # Runs without a value, or with one of those not looked at, are the last part of the traffic.
        n0, k0, n1, k1 = (
            np.array([*(own := [c[row, row] for row in rows]), max(total - sum(own), 0.0)])
            for c, total in zip(counts, totals, strict=True)
        )
        if n0[:-1].sum() == 0 or n1[:-1].sum() == 0:
            continue
        rates = (k0 + _PRIOR * overall) / (n0 + _PRIOR)
        moved = n1 / n1.sum() - n0 / n0.sum()
        gains = moved * (rates - overall)
        top = int(np.argmax(np.where(moved > 0, gains, -np.inf)[:-1]))
        # Rates inside that stayed speak for mix; rates that all grew alike speak for everything.
        alike = totals[3] / max(totals[2], 1) / overall
        stayed, grown = (
            sum(_deviance(hits, runs, rate * factor) for hits, runs, rate in zip(k1, n1, rates, strict=True))
            for factor in (1.0, alike)
        )
        score = whole + grown - stayed - log(max(len(keys), 1))
        row = rows[top]
        share = float(gains.sum()) / change if change else 0.0
        found.append(
            Segment(
                {dimension: keys[row][1]}, "mix", score, float(n0[top] / n0.sum()), float(n1[top] / n1.sum()),
                int(counts[2][row, row]), share,
            )
        )  # fmt: skip
    return found


def split_change(frame: pl.DataFrame, dimension: str) -> Split:
    """Return how much of a change of the mean of `y` comes from rates and how much from mix; the two add up to it.

    The frame has a row per run: `after`, `y` and the dimension.

    >>> runs = pl.DataFrame({"after": [False] * 2 + [True] * 2, "y": [0.0, 1.0, 1.0, 1.0], "m": ["a", "b", "b", "b"]})
    >>> split_change(runs, "m")
    Split(rates=0.0, mix=0.5)
    """
    sizes = frame.group_by("after").agg(pl.len().alias("n"))
    total = dict(sizes.iter_rows())
    if len(total) < 2:
        return Split(0.0, 0.0)
    parts = frame.group_by("after", pl.col(dimension)).agg(
        pl.len().alias("n"), pl.col("y").mean().alias("mean")
    )
    by_value: dict[object, dict[bool, tuple[float, float]]] = {}
    for is_after, value, count, mean in parts.iter_rows():
        by_value.setdefault(value, {})[is_after] = (count / total[is_after], mean)
    rates = mix = 0.0
    for sides in by_value.values():
        share0, mean0 = sides.get(False, (0.0, sides.get(True, (0.0, 0.0))[1]))
        share1, mean1 = sides.get(True, (0.0, mean0))
        rates += (share0 + share1) / 2 * (mean1 - mean0)
        mix += (mean0 + mean1) / 2 * (share1 - share0)
    return Split(rates, mix)


def list_members(values: pl.Series) -> dict[str, Members]:
    """Return by value 1 for each row that has it, of the most frequent values."""
    counts = values.drop_nulls().value_counts(sort=True).head(MOST_VALUES)
    name = values.name
    return {
        str(value): (values == value).fill_null(False).to_numpy().astype(np.float32)
        for value in counts[name].to_list()
    }
