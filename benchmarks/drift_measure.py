"""False alarms and delays of the product's own detectors on the model's traffic."""

from __future__ import annotations

import time

import numpy as np

from analytics.drift.detector import OVERSHOOT, Statistics, step
from analytics.drift.panel import Panel
from analytics.drift.rates import STEPS, rate_gain, weigh_steps
from analytics.drift.seasons import DAY, Floats, Ints
from benchmarks.drift_model import START, Sample

SAME_HOURS = DAY


def find_alarms(sample: Sample) -> list[tuple[int, int]]:
    """Return series and hour of each alarm, by the production code."""
    panel = Panel(sample.stream.kind)
    panel.resize(sample.series)
    alarms = panel.replay(sample.events, START, START + sample.hours, learn_first=True)
    return [(alarm.row, alarm.hour) for alarm in alarms]


def count_false(alarms: list[tuple[int, int]], sample: Sample) -> tuple[int, float]:
    """Return the alarms, those within 24 h being one, and the series-months."""
    count, last = 0, dict[int, int]()
    for row, hour in alarms:
        count += hour - last.get(row, -SAME_HOURS - 1) > SAME_HOURS
        last[row] = hour
    return count, sample.series * sample.hours / (28 * DAY)


def measure_delays(alarms: list[tuple[int, int]], faults: Ints) -> Floats:
    """Return the hours from each fault to the end of the hour of the first alarm after it."""
    found = np.full(faults.size, np.inf)
    for row, hour in alarms:
        if hour >= faults[row] and not np.isfinite(found[row]):
            found[row] = hour - faults[row] + 1
    return found


def measure_clean(added: tuple[float, ...], optimum: tuple[float, ...]) -> tuple[float, list[float]]:
    """Return the mean runs between false alarms, and the delays in runs over the exact optimum, on clean runs.

    The bank takes one run a step and knows the rate, 4 %: what the test itself costs, apart from learning and hours.
    As in production the threshold lies at `OVERSHOOT` of what is wanted, for a run that raises an alarm steps over
    it, by a third on average: the optimum is compared at the same number of false alarms as ours.
    """
    rng = np.random.default_rng(17)
    normal = 0.04
    shares = weigh_steps(normal, 0.0, np.asarray(STEPS))
    steps = np.asarray(STEPS)[shares > 0]
    gains = rate_gain(np.ones(2), np.array([0.0, 1.0]), np.full(2, normal), 0.0, steps)
    threshold, series = OVERSHOOT * 403_200.0, 1_024
    weights = np.tile(shares[shares > 0], (series, 1))
    statistics, seen = Statistics.begin(series, steps.size), np.ones(series, bool)
    alarms, runs = 0, 60_000
    for _ in range(runs):
        fired = step(
            statistics, gains[(rng.random(series) < normal).astype(np.intp)], seen, 0, weights, threshold
        )
        alarms += fired.rows.size
    ratios: list[float] = []
    for more, best in zip(added, optimum, strict=True):
        statistics, found = Statistics.begin(series, steps.size), np.full(series, np.nan)
        for number in range(-2_000, 12_000):
            rate = normal + (more if number >= 0 else 0.0)
            fired = step(
                statistics, gains[(rng.random(series) < rate).astype(np.intp)], seen, 0, weights, threshold
            )
            new = fired.rows[np.isnan(found[fired.rows])] if number >= 0 else np.empty(0, np.int64)
            found[new] = number + 1
            if number >= 0 and not np.isnan(found).any():
                break
        ratios.append(float(np.nanmean(found)) / best)
    return series * runs / max(alarms, 1), ratios


def measure_step(samples: list[Sample], series: int) -> tuple[float, float]:
    """Return CPU milliseconds to step so many series by an hour, and the bytes of state of one."""
    total_s, size = 0.0, 0
    share = series // len(samples)
    for sample in samples:
        small = Panel(sample.stream.kind)
        small.resize(sample.series)
        small.learn(sample.events, START, everything=True)
        panel = _repeat(small, share)
        size += sum(value.nbytes for value in vars(panel.bank).values() if isinstance(value, np.ndarray))
        size += sum(part.nbytes for part in vars(panel.statistics).values())
        hour = START + 14
        of_hour = sample.events.take(sample.events.hours == hour)
        copies = -(-share // sample.series)
        rows = (of_hour.series[None, :] + sample.series * np.arange(copies)[:, None]).ravel()
        kept = rows < share
        events = type(of_hour)(
            rows[kept],
            np.tile(of_hour.hours, copies)[kept],
            np.tile(of_hour.symbols, copies)[kept],
            np.tile(of_hour.counts, copies)[kept],
        )
        panel.step(hour, events)
        begun = time.process_time()
        for _ in range(5):
            panel.step(hour, events)
        total_s += (time.process_time() - begun) / 5
    return total_s * 1e3, size / (share * len(samples))


def _repeat(small: Panel, series: int) -> Panel:
    panel = Panel(small.kind)
    panel.resize(series)
    places = np.arange(series) % small.size
    for name, value in vars(small.bank).items():
        if isinstance(value, np.ndarray):
            setattr(panel.bank, name, value[places])
        elif isinstance(value, list):
            setattr(panel.bank, name, [value[place] for place in places])
    return panel
