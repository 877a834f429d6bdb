"""Running one job: time it, record it, keep its failures from harming anybody else."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

from analytics.job_log import JobLog, JobRun
from analytics.jobs import Job, JobContext, JobReport, JobStatus

FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 300.0
LONGEST_REST_S = 600.0
"""However long a job took: a month of history, or a machine that slept meanwhile, must not hold it back for hours."""

logger = logging.getLogger(__name__)


class JobRunner:
    """One job with its state: whether it is due, from when it may run, how it fared."""

    def __init__(self, job: Job, context: JobContext, log: JobLog) -> None:
        self.job = job
        self.is_due = False
        self.has_more = False
        """It stopped at its bound the last time."""
        self.status = JobStatus(job.name, False, False, 0, 0, 0, 0, 0.0, None, None, None)
        self._context = context
        self._log = log
        self._not_before = 0.0
        self._running = threading.Lock()

    def seconds_until_allowed(self) -> float:
        """Return how long backoff, pause or share still hold the job back; 0 when it may run."""
        return max(0.0, self._not_before - time.monotonic())

    def run(self) -> JobReport | None:
        """Run the job once; None when it failed, which was logged and recorded."""
        with self._running:
            self.is_due = False
            started_at = self._context.clock()
            self.status = replace(self.status, is_running=True, last_started_at=started_at)
            begun = time.monotonic()
            report, error = None, None
            try:
                report = self.job.run(self._context)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as failure:  # no library's panic may end the thread that all jobs share
                logger.exception("job %s failed", self.job.name)
                error = f"{type(failure).__name__}: {failure}"
            busy_s = time.monotonic() - begun
            self._note(report, error, busy_s)
            if report is None or report.changed:
                self._log.record(
                    JobRun(
                        self.job.name,
                        started_at,
                        busy_s * 1e3,
                        "error" if report is None else "ok",
                        report.changed if report else 0,
                        report.load_seq if report else None,
                        error,
                    )
                )
            return report

    def _note(self, report: JobReport | None, error: str | None, busy_s: float) -> None:
        self.has_more = report is not None and report.has_more
        failures = self.status.consecutive_failures + 1 if report is None else 0
        self.status = replace(
            self.status,
            is_running=False,
            runs=self.status.runs + 1,
            failures=self.status.failures + (report is None),
            consecutive_failures=failures,
            changed=self.status.changed + (report.changed if report else 0),
            busy_s=self.status.busy_s + busy_s,
            last_duration_ms=busy_s * 1e3,
            last_error=error,
        )
        if failures:
            wait_s = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(failures - 1, 16))
        else:
            share = self.job.max_share or 1.0
            rest_s = min(busy_s * (1.0 / share - 1.0), LONGEST_REST_S)
            # A pause gathers what trickles in: where more waits than was taken there is nothing to gather.
            pause_s = 0.0 if self.has_more else self.job.pause.total_seconds()
            wait_s = max(pause_s, rest_s)
        self._not_before = time.monotonic() + wait_s
