"""When jobs run, in which order, and what their failures do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from polars.exceptions import PanicException

from analytics.job_log import JobLog, JobRun, delete_expired_job_runs
from analytics.job_runner import JobRunner
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from analytics.scheduler import Scheduler
from store import Store

DEADLINE_S = 10.0


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


class Recorder:
    """Jobs that note their turns."""

    def __init__(self) -> None:
        self.turns: list[str] = []

    def job(self, name: str, reports: list[JobReport] | None = None, **options: Any) -> Job:
        waiting = list(reports or [])

        def run(_: JobContext) -> JobReport:
            self.turns.append(name)
            return waiting.pop(0) if waiting else NOTHING_TO_DO

        chosen: dict[str, Any] = {"wakes_on_load": True, **options}
        return Job(name, run, **chosen)

    def failing_job(self, name: str, failure: BaseException | None = None, **options: Any) -> Job:
        def run(_: JobContext) -> JobReport:
            self.turns.append(name)
            raise failure or ValueError("the disk is on fire")

        chosen: dict[str, Any] = {"wakes_on_load": True, **options}
        return Job(name, run, **chosen)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def load(store: Store, batch: str) -> None:
    store.append(batch, {})


def read_job_runs(store: Store) -> list[tuple[Any, ...]]:
    rows = store.select("jobs/recent_runs", {"max_rows": 100})
    return rows.select("job", "status", "changed", "load_seq", "error").sort("job").rows()


def test_chain_runs_in_the_given_order(store: Store, clock: Any, recorder: Recorder) -> None:
    Scheduler(store, [recorder.job("facts"), recorder.job("sessions")], clock).run_pending()
    assert recorder.turns == ["facts", "sessions"]


def test_jobs_behind_a_change_run_again(store: Store, clock: Any, recorder: Recorder) -> None:
    jobs = [recorder.job("facts", [JobReport(changed=1, has_more=True)]), recorder.job("rollups")]
    Scheduler(store, jobs, clock).run_pending()
    assert recorder.turns == ["facts", "rollups", "facts"]


def test_run_pending_goes_on_until_nothing_is_left(store: Store, clock: Any, recorder: Recorder) -> None:
    more = [JobReport(changed=10, load_seq=n, has_more=n < 5) for n in range(1, 6)]
    report = Scheduler(store, [recorder.job("facts", more)], clock).run_pending()
    assert report.changed == {"facts": 50}
    assert not report.errors


def test_run_pending_ignores_pauses_and_shares(store: Store, clock: Any, recorder: Recorder) -> None:
    job = recorder.job("rollups", [JobReport(1, has_more=True)] * 3, pause=timedelta(hours=1), max_share=0.01)
    Scheduler(store, [job], clock).run_pending()
    assert recorder.turns == ["rollups"] * 4


@pytest.mark.parametrize(("took_s", "rest_s"), [(2.0, 38.0), (155.0, 600.0)])
def test_a_job_rests_by_its_share_but_ten_minutes_at_most(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch, took_s: float, rest_s: float
) -> None:
    at = 1_000.0

    def work(_: JobContext) -> JobReport:
        nonlocal at
        at += took_s
        return NOTHING_TO_DO

    runner = JobRunner(Job("drift", work, max_share=0.05), JobContext(store, clock), JobLog(store, clock))
    monkeypatch.setattr("analytics.job_runner.time.monotonic", lambda: at)
    runner.run()
    assert runner.seconds_until_allowed() == pytest.approx(rest_s)


@pytest.mark.parametrize(("has_more", "rest_s"), [(True, 0.0), (False, 3600.0)])
def test_a_job_that_stopped_at_its_bound_does_not_wait_for_what_trickles_in(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch, has_more: bool, rest_s: float
) -> None:
    job = Job("days", lambda _: JobReport(1, has_more=has_more), pause=timedelta(hours=1))
    runner = JobRunner(job, JobContext(store, clock), JobLog(store, clock))
    monkeypatch.setattr("analytics.job_runner.time.monotonic", lambda: 1_000.0)
    runner.run()
    assert runner.seconds_until_allowed() == rest_s


def test_failing_job_does_not_stop_the_others(store: Store, clock: Any, recorder: Recorder) -> None:
    jobs = [recorder.failing_job("facts"), recorder.job("sessions")]
    report = Scheduler(store, jobs, clock).run_pending()
    assert recorder.turns == ["facts", "sessions"]
    assert report.errors == {"facts": "ValueError: the disk is on fire"}


def test_only_changes_and_failures_leave_a_row(store: Store, clock: Any, recorder: Recorder) -> None:
    jobs = [
        recorder.job("facts", [JobReport(changed=3, load_seq=7)]),
        recorder.job("idle"),
        recorder.failing_job("broken"),
    ]
    Scheduler(store, jobs, clock).run_pending()
    assert read_job_runs(store) == [
        ("broken", "error", 0, None, "ValueError: the disk is on fire"),
        ("facts", "ok", 3, 7, None),
    ]


def test_load_wakes_the_chain(store: Store, clock: Any, recorder: Recorder) -> None:
    scheduler = Scheduler(store, [recorder.job("facts")], clock)
    scheduler.start()
    try:
        wait_until(lambda: recorder.turns == ["facts"])
        load(store, "b1")
        wait_until(lambda: recorder.turns == ["facts", "facts"])
    finally:
        assert scheduler.stop(DEADLINE_S)


def test_load_costs_the_jobs_behind_nothing_until_something_changed(
    store: Store, clock: Any, recorder: Recorder
) -> None:
    reports = [NOTHING_TO_DO, NOTHING_TO_DO, JobReport(changed=1)]
    scheduler = Scheduler(store, [recorder.job("facts", reports), recorder.job("sessions")], clock)
    scheduler.start()
    try:
        wait_until(lambda: recorder.turns == ["facts", "sessions"])
        load(store, "b1")
        wait_until(lambda: len(recorder.turns) == 3)
        load(store, "b2")
        wait_until(lambda: recorder.turns == ["facts", "sessions", "facts", "facts", "sessions"])
    finally:
        assert scheduler.stop(DEADLINE_S)


def test_load_during_a_run_is_not_missed(store: Store, clock: Any) -> None:
    entered, leave, turns = threading.Event(), threading.Event(), list[int]()

    def run(_: JobContext) -> JobReport:
        turns.append(1)
        entered.set()
        leave.wait(DEADLINE_S)
        return NOTHING_TO_DO

    scheduler = Scheduler(store, [Job("facts", run, wakes_on_load=True)], clock)
    scheduler.start()
    try:
        assert entered.wait(DEADLINE_S)
        load(store, "b1")
        leave.set()
        wait_until(lambda: len(turns) == 2)
    finally:
        scheduler.stop(DEADLINE_S)


def test_writing_job_runs_does_not_wake_the_chain(store: Store, clock: Any, recorder: Recorder) -> None:
    scheduler = Scheduler(store, [recorder.job("facts", [JobReport(changed=1)])], clock)
    scheduler.run_pending()
    assert not any(status.is_due for status in scheduler.statuses())


def test_clock_driven_jobs_run_beside_the_chain(store: Store, clock: Any, recorder: Recorder) -> None:
    tick = recorder.job("tick", wakes_on_load=False, every=timedelta(milliseconds=20))
    scheduler = Scheduler(store, [recorder.job("facts"), tick], clock)
    scheduler.start()
    try:
        wait_until(lambda: recorder.turns.count("tick") >= 2)
    finally:
        scheduler.stop(DEADLINE_S)
    assert recorder.turns.count("facts") == 1


def test_chain_jobs_also_run_by_the_clock(store: Store, clock: Any, recorder: Recorder) -> None:
    scheduler = Scheduler(store, [recorder.job("sessions", every=timedelta(milliseconds=20))], clock)
    scheduler.start()
    try:
        wait_until(lambda: len(recorder.turns) >= 3)
    finally:
        scheduler.stop(DEADLINE_S)


def test_stop_waits_for_the_running_job(store: Store, clock: Any) -> None:
    entered, ended = threading.Event(), list[bool]()

    def run(context: JobContext) -> JobReport:
        entered.set()
        wait_until(context.is_stopping)
        ended.append(True)
        return NOTHING_TO_DO

    scheduler = Scheduler(store, [Job("facts", run, wakes_on_load=True)], clock)
    scheduler.start()
    assert entered.wait(DEADLINE_S)
    assert scheduler.stop()
    assert ended == [True]


def test_panic_in_a_job_leaves_the_thread_of_all_jobs_alive(
    store: Store, clock: Any, recorder: Recorder
) -> None:
    panicking = recorder.failing_job("rollups", PanicException("`NaiveDateTime + TimeDelta` overflowed"))
    scheduler = Scheduler(store, [panicking, recorder.job("alerts")], clock)
    scheduler.start()
    try:
        wait_until(lambda: recorder.turns == ["rollups", "alerts"])
        rollups, _ = scheduler.statuses()
        assert (rollups.is_running, rollups.failures) == (False, 1)
        assert rollups.last_error == "PanicException: `NaiveDateTime + TimeDelta` overflowed"
    finally:
        scheduler.stop(DEADLINE_S)


def test_failing_job_is_held_back(store: Store, clock: Any, recorder: Recorder) -> None:
    facts = recorder.job("facts", [NOTHING_TO_DO, JobReport(changed=1)])
    scheduler = Scheduler(store, [facts, recorder.failing_job("sessions"), recorder.job("last")], clock)
    scheduler.start()
    try:
        wait_until(lambda: "last" in recorder.turns)
        load(store, "b1")
        wait_until(lambda: recorder.turns.count("last") == 2)
        assert recorder.turns.count("sessions") == 1
        (_, sessions, _) = scheduler.statuses()
        assert (sessions.consecutive_failures, sessions.is_due) == (1, True)
    finally:
        scheduler.stop(DEADLINE_S)


def test_paused_scheduler_runs_nothing(store: Store, clock: Any, recorder: Recorder) -> None:
    scheduler = Scheduler(store, [recorder.job("facts")], clock)
    with scheduler.paused():
        scheduler.start()
        assert recorder.turns == []
    wait_until(lambda: recorder.turns == ["facts"])
    scheduler.stop(DEADLINE_S)


def test_runs_within_seconds_share_a_row(store: Store, clock: Any) -> None:
    log = JobLog(store, clock)
    for changed in (2, 3):
        log.record(JobRun("facts", clock(), 10.0, "ok", changed, changed, None))
    log.flush()
    assert read_job_runs(store) == [("facts", "ok", 5, 3, None)]


def test_error_text_is_bounded(store: Store, clock: Any) -> None:
    log = JobLog(store, clock)
    log.record(JobRun("facts", clock(), 1.0, "error", 0, None, "x" * 100_000))
    log.flush()
    (row,) = read_job_runs(store)
    assert len(row[4]) == 2_000


def test_old_rows_are_deleted_and_errors_kept_longer(store: Store, clock: Any) -> None:
    log = JobLog(store, clock)
    log.record(JobRun("facts", clock(), 1.0, "ok", 1, 1, None))
    log.record(JobRun("facts", clock(), 1.0, "error", 0, None, "boom"))
    log.flush()
    clock.forward(days=8)
    assert delete_expired_job_runs(JobContext(store, clock)).changed == 1
    assert [row[1] for row in read_job_runs(store)] == ["error"]
    clock.forward(days=30)
    delete_expired_job_runs(JobContext(store, clock))
    assert read_job_runs(store) == []
    assert delete_expired_job_runs(JobContext(store, clock)) == NOTHING_TO_DO
