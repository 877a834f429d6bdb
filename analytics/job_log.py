"""Rows of job_runs: what changed something or failed, gathered for some seconds and written together."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from store.port import Replacement

if TYPE_CHECKING:
    from store import Store
    from store.clock import Clock

FLUSH_AFTER_S = 10.0
"""Successful runs of one job within this time share a row, so that a busy day stays a few thousand rows."""
MAX_ERROR_CHARS = 2_000
MAX_WAITING = 1_000

_SCHEMA = {
    "job": pl.String,
    "started_at": pl.Datetime("us"),
    "duration_ms": pl.Float64,
    "status": pl.String,
    "changed": pl.Int64,
    "load_seq": pl.Int64,
    "error": pl.String,
}
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobRun:
    """One row of job_runs."""

    job: str
    started_at: datetime
    duration_ms: float
    status: str
    changed: int
    load_seq: int | None
    error: str | None


class JobLog:
    """Gathers job runs and writes them to the store; losing some seconds of it in a crash loses nothing."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[JobRun] = []
        self._lock = threading.Lock()
        self._first_at: datetime | None = None

    def record(self, run: JobRun) -> None:
        """Keep a run for the next flush; successful ones of the same job become one row."""
        run = replace(run, error=None if run.error is None else run.error[:MAX_ERROR_CHARS])
        with self._lock:
            self._first_at = self._first_at or self._clock()
            for index, earlier in enumerate(self._waiting):
                if earlier.job == run.job and earlier.status == run.status and earlier.error == run.error:
                    self._waiting[index] = _merge_runs(earlier, run)
                    return
            self._waiting = [*self._waiting, run][-MAX_WAITING:]

    def seconds_until_flush(self) -> float | None:
        """Return how long the oldest run may still wait; None when none waits."""
        with self._lock:
            if self._first_at is None:
                return None
            return max(0.0, FLUSH_AFTER_S - (self._clock() - self._first_at).total_seconds())

    def flush(self, *, when_due: bool = False) -> None:
        """Write what waits; with `when_due` only when the oldest waited long enough."""
        if when_due and self.seconds_until_flush() != 0.0:
            return
        with self._lock:
            runs, self._waiting, self._first_at = self._waiting, [], None
        if not runs:
            return
        rows = pl.DataFrame(
            [{**vars(run), "started_at": _naive_utc(run.started_at)} for run in runs], schema=_SCHEMA
        )
        try:
            self._store.replace(appends={"job_runs": rows})
        except Exception:
            logger.exception("%d rows of job_runs could not be written and are lost", len(runs))


def delete_expired_job_runs(context: JobContext) -> JobReport:
    """Delete the rows of job_runs that are older than the settings keep them."""
    now = context.clock()
    expired = context.store.select(
        "jobs/expired_runs",
        {
            "ok_before": now - context.settings.job_runs_kept,
            "errors_before": now - context.settings.job_errors_kept,
        },
    )
    if expired.is_empty():
        return NOTHING_TO_DO
    context.store.replace(Replacement("job_runs", keys=expired, rows=pl.DataFrame(schema=_SCHEMA)))
    return JobReport(changed=expired.height)


def job_log_retention() -> Job:
    """Return the job that keeps job_runs bounded."""
    return Job("job_runs retention", delete_expired_job_runs, every=timedelta(hours=1))


def _merge_runs(earlier: JobRun, later: JobRun) -> JobRun:
    return replace(
        earlier,
        duration_ms=earlier.duration_ms + later.duration_ms,
        changed=earlier.changed + later.changed,
        load_seq=later.load_seq if later.load_seq is not None else earlier.load_seq,
    )


def _naive_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
