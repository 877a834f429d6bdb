"""The traffic of the drift benchmark: volume by hour and day, rates, values and categories, and what befalls them.

Volume is Poisson around a sinusoid, week-ends half; success has a mild daily pattern; latency is log-normal with a slow
component whose share wanders; cost has heavy tails; tools and models are drawn from fixed shares. Seeds are fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from analytics.drift.bank import Events
from analytics.drift.panel import sort_events
from analytics.drift.seasons import DAY, Floats, Ints, hour_number, week_start

START = week_start(hour_number(datetime(2026, 3, 2, tzinfo=UTC)))
"""First hour of the test, a Monday; 28 days before it teach."""
TRAINING = 28 * DAY
BUCKET = np.log(1.02)

Draw = Callable[[np.random.Generator, Ints], Floats]
"""Values of runs in these hours."""


@dataclass(frozen=True)
class Stream:
    """Runs of one kind: how many an hour, and what each measures before and after a fault."""

    name: str
    kind: str
    before: Draw
    after: Draw | None = None
    per_hour: float = 60.0
    lasts: int | None = None
    """Hours of the fault; None: for good."""
    day_noise: float = 0.0
    fault: str = ""

    def has_fault(self) -> bool:
        """Return whether something befalls it."""
        return self.after is not None


@dataclass
class Sample:
    """Series of one stream: the runs of each hour, as counted by the rollup."""

    stream: Stream
    series: int
    hours: int
    events: Events
    faults: Ints
    """Hour of the fault of each series."""
    extra: dict[str, Floats] = field(default_factory=dict[str, Floats])


def volume_at(hours: Ints, per_hour: float) -> Floats:
    """Return the mean number of runs in each hour."""
    is_weekend = ((hours // 24 + 3) % 7) >= 5
    daily = 1 + 0.6 * np.sin(2 * np.pi * ((hours % 24) - 9) / 24)
    return per_hour * daily * np.where(is_weekend, 0.5, 1.0)


def season(hours: Ints, amplitude: float) -> Floats:
    """Return a mild daily pattern."""
    return amplitude * np.sin(2 * np.pi * (hours % 24) / 24)


def failing(rate: float, added: float = 0.0) -> Draw:
    """Return runs that fail at a rate, which has a daily pattern, plus `added`."""
    logit = np.log(rate / (1 - rate))
    return lambda rng, hours: (rng.random(hours.size) < rate_at(hours, logit) + added).astype(np.float64)


def rate_at(hours: Ints, logit: float) -> Floats:
    """Return the rate at each hour."""
    return 1 / (1 + np.exp(-logit - season(hours, 0.15)))


def latency(rng: np.random.Generator, hours: Ints) -> Floats:
    """Return log latencies: log-normal, one run in ten slow, in a share that wanders for hours."""
    first = int(hours.min()) if hours.size else 0
    span = (int(hours.max()) - first + 1) if hours.size else 1
    wander = np.zeros(span)
    steps = rng.normal(0, 0.1, span)
    for hour in range(1, span):
        wander[hour] = 0.8 * wander[hour - 1] + steps[hour]
    share = 1 / (1 + np.exp(-(np.log(0.1 / 0.9) + wander)))[hours - first]
    slow = rng.random(hours.size) < share
    return (
        np.log(2000)
        + season(hours, 0.15)
        + rng.normal(0, 0.5, hours.size)
        + slow * rng.normal(1.2, 0.4, hours.size)
    )


def cost(rng: np.random.Generator, hours: Ints) -> Floats:
    """Return log costs, with tails of Student's t."""
    return np.log(0.02) + season(hours, 0.1) + 0.6 * rng.standard_t(4, hours.size)


def tokens(rng: np.random.Generator, hours: Ints) -> Floats:
    """Return log tokens."""
    return np.log(3000) + season(hours, 0.1) + rng.normal(0, 0.6, hours.size)


def times(draw: Draw, factor: float) -> Draw:
    """Return the values times a factor."""
    return lambda rng, hours: draw(rng, hours) + np.log(factor)


def slower_tail(draw: Draw, share: float, factor: float) -> Draw:
    """Return the values, a share of them times a factor."""
    return lambda rng, hours: draw(rng, hours) + np.log(factor) * (rng.random(hours.size) < share)


def choice(*shares: float) -> Draw:
    """Return categories by their shares."""
    edges = np.cumsum(shares)
    return lambda rng, hours: np.searchsorted(edges, rng.random(hours.size) * edges[-1]).astype(np.float64)


TOOLS = (0.45, 0.30, 0.15, 0.07, 0.03)


def moved(shares: tuple[float, ...], part: float) -> tuple[float, ...]:
    """Return the shares with a part of the traffic moved from the first to the third."""
    changed = list(shares)
    changed[0] -= part
    changed[2] += part
    return tuple(changed)


def draw_runs(stream: Stream, days: int, rng: np.random.Generator) -> tuple[Ints, Floats, int]:
    """Return hour and value of the runs of one series, and the hour of its fault."""
    hours = START - TRAINING + np.arange(TRAINING + days * DAY)
    at = np.repeat(hours, rng.poisson(volume_at(hours, stream.per_hour)))
    values = stream.before(rng, at)
    if stream.day_noise:
        level = rng.normal(0, stream.day_noise, hours.size // DAY + 1)[(at - hours[0]) // DAY]
        values = _disturb(stream, values, level, at, rng)
    fault = START + int(rng.integers(0, 7 * DAY))
    if stream.after is not None:
        hit = at >= fault
        if stream.lasts is not None:
            hit &= at < fault + stream.lasts
        values = np.where(hit, stream.after(rng, at), values)
    return at, values, fault


def _disturb(stream: Stream, values: Floats, level: Floats, at: Ints, rng: np.random.Generator) -> Floats:
    """Give each day a level of its own: of rates in logits, of values in logarithms."""
    if stream.kind == "value":
        return values + level
    rate = float(values.mean())
    logit = np.log(rate / (1 - rate))
    return (rng.random(at.size) < rate_at(at, logit + level)).astype(np.float64)


def symbols_of(kind: str, values: Floats) -> Ints:
    """Return what the rollup keeps of the values."""
    return np.ceil(values / BUCKET).astype(np.int64) if kind == "value" else values.astype(np.int64)


def sample(stream: Stream, series: int, days: int, seed: int) -> Sample:
    """Return series of a stream with 28 days to learn from and `days` to test."""
    parts: list[tuple[Ints, Ints, Ints, Floats]] = []
    faults = np.zeros(series, np.int64)
    for number in range(series):
        at, values, faults[number] = draw_runs(stream, days, np.random.default_rng((seed, number)))
        keys = (at - START + TRAINING) * 1_000_003 + (symbols_of(stream.kind, values) + 500_000)
        unique, counts = np.unique(keys, return_counts=True)
        parts.append(
            (
                np.full(unique.size, number),
                unique // 1_000_003 + START - TRAINING,
                unique % 1_000_003 - 500_000,
                counts.astype(np.float64),
            )
        )
    columns = [np.concatenate([part[column] for part in parts]) for column in range(4)]
    return Sample(
        stream, series, days * DAY, sort_events(columns[0], columns[1], columns[2], columns[3]), faults
    )
