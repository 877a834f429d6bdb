"""The oracle: CUSUM of single runs that knows before, after and the season (Page 1954, Moustakides 1986)."""

from __future__ import annotations

import numpy as np

from analytics.drift.seasons import DAY, Floats, Ints
from benchmarks.drift_model import START, Stream, draw_runs

_CELLS = 400
_KNOWN = 400_000
MONTH = 28 * DAY


class Oracle:
    """The exact evidence of a run, and the threshold at which a false alarm comes in ten months."""

    def __init__(self, stream: Stream, seed: int) -> None:
        assert stream.after is not None
        rng = np.random.default_rng((seed, 999))
        hours = np.full(_KNOWN // 24, 0)
        self._stream = stream
        self._tables: list[Floats] = []
        self._edges: list[Floats] = []
        for hour in range(24):
            at = START + hours + hour
            # The slow component wanders with the hour: the marginal over many hours is what is known.
            spread = at + 24 * rng.integers(0, 365, at.size)
            before, after = stream.before(rng, spread), stream.after(rng, spread)
            edges = (
                np.unique(np.quantile(before, np.linspace(0, 1, _CELLS)[1:-1]))
                if stream.kind == "value"
                else np.arange(0.5, 8)
            )
            counts = [
                np.bincount(np.searchsorted(edges, values), minlength=edges.size + 1) + 0.5
                for values in (before, after)
            ]
            self._edges.append(edges)
            self._tables.append(np.log(counts[1] / counts[1].sum()) - np.log(counts[0] / counts[0].sum()))
        self.threshold = 0.0

    def evidence(self, hours: Ints, values: Floats) -> Floats:
        """Return the log-likelihood ratio of each run."""
        gain = np.empty(values.size)
        for hour in range(24):
            chosen = hours % 24 == hour
            gain[chosen] = self._tables[hour][np.searchsorted(self._edges[hour], values[chosen])]
        return gain

    def calibrate(self, months: int, seed: int) -> None:
        """Find the threshold that false alarms pass once in ten months."""
        quiet = Stream(
            self._stream.name, self._stream.kind, self._stream.before, per_hour=self._stream.per_hour
        )
        peaks: list[Floats] = []
        for number in range(months):
            at, values, _ = draw_runs(quiet, 0, np.random.default_rng((seed, 7, number)))
            peaks.append(_peaks(self.evidence(at, values)))
        ordered = np.sort(np.concatenate(peaks))[::-1]
        wanted = max(1, round(0.1 * months))
        self.threshold = float((ordered[wanted - 1] + ordered[wanted]) / 2)

    def delay(self, hours: Ints, values: Floats, fault: int) -> float:
        """Return the hours from the fault to the alarm, by the place of the run in its hour; infinite without one."""
        since = np.searchsorted(hours, fault - 3 * DAY)
        at = hours[since:]
        level = _cusum(self.evidence(at, values[since:]))
        found = np.flatnonzero((level >= self.threshold) & (at >= fault))
        if not found.size:
            return np.inf
        first = int(found[0])
        begin, end = np.searchsorted(at, (at[first], at[first] + 1))
        return float(at[first] - fault + (first - begin + 1) / (end - begin))


def _cusum(gain: Floats) -> Floats:
    sums = np.cumsum(gain)
    return sums - np.minimum.accumulate(np.concatenate([[0.0], sums[:-1]]))


def _peaks(gain: Floats) -> Floats:
    """Return the highest point of each excursion of CUSUM above 0."""
    level = _cusum(gain)
    starts = np.flatnonzero(level <= gain)
    return np.maximum.reduceat(level, starts) if starts.size else np.array([level.max(initial=0.0)])
