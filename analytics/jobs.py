"""What a job is: a named, incremental, idempotent piece of work, and what it reports."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from analytics.settings import AnalyticsSettings

if TYPE_CHECKING:
    from store import Store
    from store.clock import Clock


@dataclass(frozen=True)
class JobContext:
    """What a job gets: the store, the time, the settings, and whether it should come to an end."""

    store: Store
    clock: Clock
    settings: AnalyticsSettings = field(default_factory=AnalyticsSettings)
    is_stopping: Callable[[], bool] = lambda: False
    apart: Callable[[], AbstractContextManager[None]] = nullcontext
    """Keeps the chain of data jobs from running meanwhile; for jobs that run beside it."""


@dataclass(frozen=True)
class JobReport:
    """What one run of a job did."""

    changed: int = 0
    """Rows written; 0 leaves no trace in job_runs and wakes nobody."""
    load_seq: int | None = None
    """Watermark it reached."""
    has_more: bool = False
    """It stopped at its bound: it is run again after the jobs behind it had their turn."""


NOTHING_TO_DO = JobReport()


@dataclass(frozen=True)
class Job:
    """A named piece of work and when it is run.

    Jobs that wake on a load, or follow one that does, form a chain in the order they were given: one
    thread, one after another. A load wakes the first; when one changed something, those behind it are
    run too. The others run by the clock alone, beside the chain.
    """

    name: str
    run: Callable[[JobContext], JobReport]
    every: timedelta | None = None
    """Also run by the clock, this often."""
    wakes_on_load: bool = False
    """Part of the chain that a load sets in motion."""
    pause: timedelta = timedelta(0)
    """Least time between two runs in the chain."""
    max_share: float | None = None
    """Share of the time it may take; it waits after each run accordingly, but not for longer than ten minutes."""


@dataclass(frozen=True)
class JobStatus:
    """How a job fared, for `status` and `/metrics`."""

    name: str
    is_running: bool
    is_due: bool
    runs: int
    failures: int
    consecutive_failures: int
    changed: int
    busy_s: float
    last_started_at: datetime | None
    last_duration_ms: float | None
    last_error: str | None
