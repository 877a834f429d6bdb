"""When jobs run: the chain of data jobs after each load, the others by the clock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from analytics.backlog import Backlog, BacklogMeter
from analytics.job_log import JobLog
from analytics.job_runner import JobRunner
from analytics.jobs import Job, JobContext, JobReport, JobStatus
from analytics.settings import AnalyticsSettings

if TYPE_CHECKING:
    from store import Store
    from store.clock import Clock

logger = logging.getLogger(__name__)

FIRST_TICK_AFTER = timedelta(seconds=10)
"""Clock-driven jobs first run this soon after the start, so that restarts do not starve the daily ones."""
CLOCK_THREADS = 2


@dataclass
class PendingReport:
    """What `run_pending` did, by job name."""

    changed: dict[str, int] = field(default_factory=dict[str, int])
    errors: dict[str, str] = field(default_factory=dict[str, str])


class Scheduler:
    """Runs jobs: the chain in one thread, woken by loads; the others in a small pool, woken by the clock.

    Jobs keep their progress in the store, so a new scheduler on the same store continues where the
    last one stopped; nothing about schedules is persisted.
    """

    def __init__(
        self, store: Store, jobs: Sequence[Job], clock: Clock, settings: AnalyticsSettings | None = None
    ) -> None:
        self._stopping = threading.Event()
        context = JobContext(
            store, clock, settings or AnalyticsSettings(), self._stopping.is_set, self.paused
        )
        self._log = JobLog(store, clock)
        self._meter = BacklogMeter(store, clock)
        runners = [JobRunner(job, context, self._log) for job in jobs]
        self._chain = [runner for runner in runners if runner.job.wakes_on_load]
        self._clocked = [runner for runner in runners if not runner.job.wakes_on_load]
        self._wake = threading.Condition()
        self._pass = threading.Lock()
        self._thread: threading.Thread | None = None
        self._clockwork = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(CLOCK_THREADS)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone=UTC,
        )
        store.subscribe(self._on_load)

    def start(self) -> None:
        """Start the threads; every job of the chain has a first turn and continues from its watermark."""
        self._mark_due(self._chain)
        self._thread = threading.Thread(target=self._run_chain, name="jobs", daemon=True)
        self._thread.start()
        self._schedule_ticks()
        self._clockwork.start()

    def stop(self, timeout_s: float | None = None) -> bool:
        """Let the running jobs end, start no more; False when they did not end in time."""
        self._stopping.set()
        with self._wake:
            self._wake.notify_all()
        if self._clockwork.running:
            self._clockwork.shutdown(wait=timeout_s is None)
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                return False
        self._log.flush()
        return True

    def run_pending(self, tell: Callable[[list[Backlog]], None] | None = None) -> PendingReport:
        """Run the chain until nothing is left, in the calling thread, ignoring pauses; `tell` hears what is left.

        A job that fails is not tried again here; its last error stands in the report.
        """

        def say() -> None:
            if tell is not None:
                tell(self.backlogs())

        report = PendingReport()
        self._mark_due(self._chain)
        say()
        while not self._stopping.is_set() and self._run_pass(report):
            say()
        self._log.flush()
        return report

    def wake(self) -> None:
        """Have the chain look for work that no load announced: traces that were touched, rows that were replaced."""
        self._mark_due(self._chain)

    @contextmanager
    def paused(self) -> Generator[None]:
        """Keep the chain from running while the block does what jobs must not write beside."""
        with self._pass:
            yield

    @property
    def jobs(self) -> list[Job]:
        """All jobs, those of the chain first."""
        return [runner.job for runner in (*self._chain, *self._clocked)]

    def statuses(self) -> list[JobStatus]:
        """Return how every job fared since the start."""
        runners = [*self._chain, *self._clocked]
        return [replace(runner.status, is_due=runner.is_due) for runner in runners]

    def backlogs(self) -> list[Backlog]:
        """Return what waits for the jobs of the chain."""
        return self._meter.read()

    def _schedule_ticks(self) -> None:
        for runner in self._chain:
            if runner.job.every is not None:
                self._clockwork.add_job(
                    self._mark_due, "interval", seconds=runner.job.every.total_seconds(), args=[[runner]]
                )
        for runner in self._clocked:
            if runner.job.every is None:
                continue
            self._clockwork.add_job(
                self._run_clocked,
                "interval",
                seconds=runner.job.every.total_seconds(),
                args=[runner],
                start_date=_first_tick(runner.job.every),
            )

    def _on_load(self, _load_seq: int) -> None:
        """Wake the first job of the chain; the others read what it writes and follow when it wrote something."""
        self._mark_due(self._chain[:1])

    def _mark_due(self, runners: Sequence[JobRunner]) -> None:
        with self._wake:
            for runner in runners:
                runner.is_due = True
            self._wake.notify_all()

    def _run_clocked(self, runner: JobRunner) -> None:
        if self._stopping.is_set() or runner.seconds_until_allowed() > 0.0:
            return
        runner.run()
        if self._log.seconds_until_flush() is not None:
            self._log.flush(when_due=runner.status.last_error is None)

    def _run_chain(self) -> None:
        while not self._stopping.is_set():
            with self._wake:
                wait_s = self._seconds_until_work()
                if wait_s is None or wait_s > 0.0:
                    self._wake.wait(wait_s)
            self._run_pass()
            self._measure_pace()
            self._log.flush(when_due=True)

    def _measure_pace(self) -> None:
        """Look at what waits while it is more than one turn: from what goes meanwhile follows when it is done."""
        if any(runner.has_more for runner in self._chain):
            try:
                self._meter.read()
            except Exception:  # nobody's figures may end the thread that all jobs share
                logger.exception("what waits for the jobs could not be measured")

    def _seconds_until_work(self) -> float | None:
        waits = [runner.seconds_until_allowed() for runner in self._chain if runner.is_due]
        flush_s = self._log.seconds_until_flush()
        if flush_s is not None:
            waits.append(flush_s)
        return min(waits, default=None)

    def _run_pass(self, pending: PendingReport | None = None) -> bool:
        """Give every job of the chain that is due one turn; with `pending`, held-back ones too."""
        ran = False
        with self._pass:
            for position, runner in enumerate(self._chain):
                if self._stopping.is_set():
                    return ran
                if not runner.is_due or not self._may_run(runner, pending):
                    continue
                ran = True
                self._follow_up(position, runner.run(), pending)
        return ran

    def _may_run(self, runner: JobRunner, pending: PendingReport | None) -> bool:
        if pending is None:
            return runner.seconds_until_allowed() == 0.0
        return runner.job.name not in pending.errors

    def _follow_up(self, position: int, report: JobReport | None, pending: PendingReport | None) -> None:
        runner = self._chain[position]
        if report is None:
            self._mark_due([runner])
            self._log.flush()
            if pending is not None:
                pending.errors[runner.job.name] = runner.status.last_error or ""
            return
        if report.has_more:
            self._mark_due([runner])
        if report.changed:
            self._mark_due(self._chain[position + 1 :])
            if pending is not None:
                changed = pending.changed.get(runner.job.name, 0)
                pending.changed[runner.job.name] = changed + report.changed


def _first_tick(every: timedelta) -> object:
    from store.clock import utc_now

    return utc_now() + min(every, FIRST_TICK_AFTER)
