"""What others run, each calibrated on the same quiet traffic to the same false alarms: one in ten series-months."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analytics.drift.bank import TRAINING_HOURS
from analytics.drift.seasons import DAY, GROUPS, Floats, group_of
from benchmarks.drift_model import START, Sample, Stream, draw_runs

FALSE_ALARMS = 0.1
_BINS = 20


class Figures:
    """A sample as matrices of series by hour: events, mean, and counts per bin of the training quantiles."""

    def __init__(self, sample: Sample) -> None:
        events = sample.events
        self.hours = np.arange(START - TRAINING_HOURS, START + sample.hours)
        shape = (sample.series, self.hours.size)
        place = events.series * shape[1] + (events.hours - self.hours[0])
        size = shape[0] * shape[1]
        self.events = np.bincount(place, events.counts, size).reshape(shape)
        total = np.bincount(place, events.counts * events.symbols, size).reshape(shape)
        self.mean = np.divide(total, self.events, out=np.zeros(shape), where=self.events > 0)
        self.training = TRAINING_HOURS
        self.is_value = sample.stream.kind == "value"
        self.bins = np.zeros((*shape, _BINS))
        if self.is_value:
            self._count_bins(sample, place, size)

    def _count_bins(self, sample: Sample, place: np.ndarray, size: int) -> None:
        events = sample.events
        old = events.hours < START
        bins = np.empty(events.series.size, np.int64)
        for number in range(sample.series):
            own = events.series == number
            values = np.repeat(events.symbols[own & old], events.counts[own & old].astype(int))
            edges = np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1])
            bins[own] = np.searchsorted(edges, events.symbols[own])
        counts = np.bincount(place * _BINS + bins, events.counts, size * _BINS)
        self.bins = counts.reshape(*self.events.shape, _BINS)

    def standardise(self) -> Floats:
        """Return how far each hour's mean is from the season's, in standard deviations of training hours."""
        groups = group_of(self.hours)
        z = np.zeros_like(self.mean)
        train = slice(0, self.training)
        for group in range(GROUPS):
            chosen = groups == group
            weights = self.events[:, train][:, chosen[train]]
            level = (self.mean[:, train][:, chosen[train]] * weights).sum(axis=1) / np.maximum(
                weights.sum(axis=1), 1
            )
            z[:, chosen] = (self.mean[:, chosen] - level[:, None]) * np.sqrt(self.events[:, chosen])
        return z / np.maximum(z[:, train].std(axis=1), 1e-9)[:, None]


Statistic = Callable[[Figures], Floats]


def fixed_threshold(figures: Figures) -> Floats:
    """The hour's mean against one limit."""
    return np.where(figures.events >= 10, figures.mean, -np.inf)


def hourly_z(figures: Figures) -> Floats:
    """The hour against its season."""
    return figures.standardise()


def ewma(figures: Figures, weight: float = 0.1) -> Floats:
    """The season's residual, averaged exponentially (Roberts 1959)."""
    z = figures.standardise()
    level = np.zeros_like(z)
    for hour in range(1, z.shape[1]):
        level[:, hour] = (1 - weight) * level[:, hour - 1] + weight * z[:, hour]
    return level


def seasonal_cusum(figures: Figures, slack: float = 0.5) -> Floats:
    """CUSUM of the season's residual."""
    z = figures.standardise()
    level = np.zeros_like(z)
    for hour in range(1, z.shape[1]):
        level[:, hour] = np.maximum(0.0, level[:, hour - 1] + z[:, hour] - slack)
    return level


def _last_day(figures: Figures) -> tuple[Floats, Floats]:
    sums = np.cumsum(figures.bins, axis=1)
    day = sums.copy()
    day[:, DAY:] -= sums[:, :-DAY]
    normal = figures.bins[:, : figures.training].sum(axis=1, keepdims=True)
    return day / np.maximum(day.sum(axis=2, keepdims=True), 1), normal / normal.sum(axis=2, keepdims=True)


def kolmogorov_smirnov(figures: Figures) -> Floats:
    """The largest difference of the last day's distribution to the month's."""
    day, normal = _last_day(figures)
    return np.abs(np.cumsum(day - normal, axis=2)).max(axis=2)


def population_stability(figures: Figures) -> Floats:
    """The population stability index of the last day."""
    day, normal = _last_day(figures)
    day, normal = np.maximum(day, 1e-4), np.maximum(normal, 1e-4)
    return ((day - normal) * np.log(day / normal)).sum(axis=2)


HOURLY: dict[str, Statistic] = {
    "seasonal CUSUM": seasonal_cusum,
    "EWMA": ewma,
    "hourly z": hourly_z,
    "fixed threshold": fixed_threshold,
    "KS, 24 h": kolmogorov_smirnov,
    "PSI, 24 h": population_stability,
}
ONLY_VALUES = ("KS, 24 h", "PSI, 24 h")


def calibrate(statistic: Floats, training: int) -> float:
    """Return the limit that the highest point of a month passes in one of ten months."""
    tested = statistic[:, training:]
    months = max(tested.shape[1] // (28 * DAY), 1)
    peaks = np.concatenate([part.max(axis=1) for part in np.array_split(tested, months, axis=1)])
    return float(np.quantile(peaks, 1 - FALSE_ALARMS))


def delays(statistic: Floats, limit: float, sample: Sample) -> Floats:
    """Return the hours from the fault of each series to the first hour above the limit."""
    found = np.full(sample.series, np.inf)
    for number, fault in enumerate(sample.faults):
        begin = int(fault) - START + TRAINING_HOURS
        above = np.flatnonzero(statistic[number, begin:] > limit)
        if above.size:
            found[number] = above[0] + 1
    return found


def river_delays(
    name: str, stream: Stream, quiet: Stream, *, months: int, series: int, seed: int
) -> Floats | None:
    """Return the delays of river's detector over single runs, calibrated by its own knob; None without river."""
    try:
        from river import drift
    except ImportError:
        return None
    knobs: list[float] = (
        [0.02, 0.005, 1e-3, 1e-4, 1e-5, 1e-7] if name == "ADWIN" else [10, 20, 40, 80, 160, 320, 640]
    )

    def make(knob: float) -> object:
        if name == "ADWIN":
            return drift.ADWIN(delta=knob)
        return drift.PageHinkley(threshold=knob, mode="up", min_instances=1_000)

    runs = [draw_runs(quiet, 28, np.random.default_rng((seed, 31, number))) for number in range(months)]
    for knob in knobs:
        alarms = 0
        for at, values, _ in runs:
            alarms += sum(hour >= START for hour in _fire(make(knob), at, values))
        if alarms <= FALSE_ALARMS * months:
            break
    found = np.full(series, np.inf)
    for number in range(series):
        at, values, fault = draw_runs(stream, 14, np.random.default_rng((seed, number)))
        for hour in _fire(make(knob), at, values):
            if hour >= fault:
                found[number] = hour - fault + 1
                break
    return found


def _fire(detector: object, at: np.ndarray, values: Floats) -> list[int]:
    fired: list[int] = []
    for hour, value in zip(at.tolist(), values.tolist(), strict=True):
        detector.update(value)  # type: ignore[attr-defined]
        if detector.drift_detected and (not fired or hour - fired[-1] > DAY):  # type: ignore[attr-defined]
            fired.append(hour)
    return fired
