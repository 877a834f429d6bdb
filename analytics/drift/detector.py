"""The sequential test: a bank of Shiryaev–Roberts e-detectors, one for each change worth a message.

Source: Shin, Ramdas, Rinaldo, "E-detectors: a nonparametric framework for online changepoint detection" (2022,
arXiv:2203.03532): with a correct baseline the mean time between false alarms is at least the threshold, whatever the
traffic. The start of a change is dated by the maximum-likelihood start that CUSUM keeps (Page 1954).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from analytics.drift.seasons import Floats, Ints

HOURS_BETWEEN_FALSE_ALARMS = 6_720.0
"""0.1 alarms in 28 days and series."""
OVERSHOOT = 0.75
"""Share of the hours wanted between false alarms at which the threshold lies: hours step over it, and evidence is
divided generously, so that alarms are rarer than the theory's bound; `benchmarks/drift.py` measures how rare."""
# exp overflows at 709; far below, the alarm has long been raised.
_LARGEST_LOG = 300.0


@dataclass
class Statistics:
    """What the test remembers of each series, one row a series, one column a change."""

    totals: Floats
    """Shiryaev–Roberts statistic."""
    runs: Floats
    """Evidence since `since`, the start that makes it largest (CUSUM)."""
    since: Ints
    """Hour in which the change would have begun."""

    @classmethod
    def begin(cls, series: int, changes: int) -> Self:
        """Return statistics that have seen nothing."""
        shape = (series, changes)
        return cls(np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int64))


@dataclass(frozen=True)
class Fired:
    """The series whose statistic crossed its threshold at the end of an hour."""

    rows: Ints
    closeness: Floats
    """Statistic over threshold, at least 1."""
    change: Ints
    """Which change the evidence speaks for most."""
    since: Ints
    """Hour in which it most likely began."""


def step(
    statistics: Statistics, gain: Floats, is_seen: np.ndarray, hour: int, weights: Floats, threshold: float
) -> Fired:
    """Take one hour's evidence in, and begin anew where an alarm is raised.

    Hours without events leave a series as it is. Each row of `weights` sums to at most 1.

    >>> statistics = Statistics.begin(1, 2)
    >>> fired = step(statistics, np.log([[3.0, 0.5]]), np.array([True]), 7, np.full((1, 2), 0.5), 100.0)
    >>> statistics.totals, fired.rows.size
    (array([[3. , 0.5]]), 0)
    """
    seen = is_seen[:, None]
    begins = (statistics.runs <= 0.0) & seen
    np.copyto(statistics.since, hour, where=begins)
    np.maximum(statistics.runs, 0.0, out=statistics.runs)
    statistics.runs += gain
    statistics.totals += seen
    statistics.totals *= np.exp(np.minimum(gain, _LARGEST_LOG))
    np.minimum(statistics.totals, np.exp(_LARGEST_LOG), out=statistics.totals)
    closeness = measure_closeness(statistics, weights, threshold)
    rows = np.flatnonzero((closeness >= 1.0) & is_seen)
    shares = statistics.totals[rows] * weights[rows]
    change = shares.argmax(axis=1) if rows.size else np.empty(0, np.int64)
    fired = Fired(rows, closeness[rows], change, statistics.since[rows, change])
    statistics.totals[rows], statistics.runs[rows] = 0.0, 0.0
    return fired


def measure_closeness(statistics: Statistics, weights: Floats, threshold: float) -> Floats:
    """Return the statistic of each series over its threshold; an alarm is raised at 1."""
    return np.einsum("sk,sk->s", statistics.totals, weights) / threshold
