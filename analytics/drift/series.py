"""Which series are watched, and their counts by hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl

from analytics.drift.baseline import Floats, Ints
from analytics.drift.detector import RUN_FAILURE_STEPS, TOOL_FAILURE_STEPS

_DIMENSIONS = ("service", "environment", "agent", "tool")


@dataclass(frozen=True)
class Series:
    """A failure rate of one agent, or of one tool of it: every hour from the first with data to the last asked for."""

    metric: str
    """The metric as people know it; it falls when failures rise, unless it is itself a failure rate."""
    steps: Sequence[float]
    service: str | None
    environment: str | None
    agent: str | None
    tool: str | None
    hours: Ints
    """Whole hours since 1970, without gaps."""
    events: Floats
    failures: Floats

    @property
    def name(self) -> str:
        """Return the series as people and the database know it."""
        labels = [f'{key}="{value}"' for key in _DIMENSIONS if (value := getattr(self, key)) is not None]
        return f"{self.metric}{{{', '.join(labels)}}}"

    @property
    def direction(self) -> str:
        """Return where the metric goes when failures rise."""
        return "down" if self.metric == "success_rate" else "up"

    def rate(self, first: int, last: int) -> float | None:
        """Return the metric over hours [first, last), by index; None without events."""
        events = float(self.events[first:last].sum())
        if events == 0.0:
            return None
        failed = float(self.failures[first:last].sum()) / events
        return 1 - failed if self.metric == "success_rate" else failed


def series_of(rates: pl.DataFrame, until: datetime) -> Iterator[Series]:
    """Yield the series of the rows of `drift/rates`, hours without events filled with zeros up to `until`."""
    end = hour_number(until)
    for (subject, service, environment, agent, tool), rows in rates.group_by(
        "subject", *_DIMENSIONS, maintain_order=True
    ):
        numbers = rows["hour_at"].dt.epoch("s").to_numpy() // 3600
        hours = np.arange(numbers.min(), end, dtype=np.int64)
        events, failures = np.zeros(hours.size), np.zeros(hours.size)
        events[numbers - numbers.min()] = rows["events"].to_numpy()
        failures[numbers - numbers.min()] = rows["failures"].to_numpy()
        is_run = subject == "run"
        yield Series(
            "success_rate" if is_run else "tool_failure_rate",
            RUN_FAILURE_STEPS if is_run else TOOL_FAILURE_STEPS,
            _text(service),
            _text(environment),
            _text(agent),
            _text(tool),
            hours,
            events,
            failures,
        )


def hour_number(at: datetime) -> int:
    """Return the whole hours since 1970."""
    return int(at.timestamp()) // 3600


def hour_start(number: int) -> datetime:
    """Return the start of an hour, UTC, as frames hold it."""
    return datetime.fromtimestamp(number * 3600, UTC).replace(tzinfo=None)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
