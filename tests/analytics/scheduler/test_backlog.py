"""What waits for jobs: how much, since when, how much is done, and when the rest is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from analytics.backlog import BacklogMeter
from analytics.jobs import Job, JobContext, JobReport
from analytics.scheduler import Scheduler
from store import Store
from tests.analytics.building import StillClock

Write = Callable[..., None]


def loads(clock: StillClock, count: int, records: int) -> list[dict[str, Any]]:
    """Return loads of spans, one a minute up to now."""
    counts = dict.fromkeys(("bodies", "bytes", "duplicates", "rejected"), 0)
    return [
        {
            "load_seq": number,
            "loaded_at": clock() - timedelta(minutes=count - number),
            "signal": "traces",
            "records": records,
            "is_import": False,
            **counts,
        }
        for number in range(1, count + 1)
    ]


def test_nothing_waits_in_an_empty_store(store: Store, clock: StillClock) -> None:
    found = BacklogMeter(store, clock).read()
    assert [backlog.job for backlog in found] == ["facts", "facts", "sessions", "rollups", "days"]
    assert all((it.waiting, it.since, it.ends_at) == (0, None, None) for it in found)


def test_what_waits_is_counted_once_and_as_old_as_its_oldest_load(
    store: Store, clock: StillClock, write: Write
) -> None:
    write("ingest_stats", *loads(clock, 3, 500))
    write("watermarks", {"job": "facts", "load_seq": 1, "updated_at": clock()})
    for load_seq in (2, 3):
        write("touched_sessions", {"load_seq": load_seq, "session_id": "a", "started_at": clock()})
        for subject in ("run", "llm_call"):
            hour = clock().replace(minute=0)
            write("touched_hours", {"load_seq": load_seq, "subject": subject, "hour_at": hour})
    for days in (0, 1, 2):
        midnight = clock().replace(hour=0, minute=0, second=0) - timedelta(days=days)
        write("touched_days", {"subject": "run", "day_at": midnight})
    found = {backlog.unit: backlog for backlog in BacklogMeter(store, clock).read()}
    assert {unit: backlog.waiting for unit, backlog in found.items()} == {
        "spans": 1000, "touched traces": 0, "conversations": 1, "hours": 1, "days": 2,
    }  # fmt: skip
    second = clock() - timedelta(minutes=1)
    assert [found[unit].since for unit in ("spans", "conversations", "hours")] == [second] * 3


def test_who_waits_for_all_jobs_hears_how_much_there_is_and_how_much_is_done(
    store: Store, clock: StillClock, write: Write
) -> None:
    write("ingest_stats", *loads(clock, 4, 100))
    turns = iter(range(2, 6, 2))

    def count(_: JobContext) -> JobReport:
        reached = next(turns, None)
        if reached is None:
            return JobReport()
        write("watermarks", {"job": "facts", "load_seq": reached, "updated_at": clock()})
        return JobReport(100, has_more=reached < 4)

    heard: list[tuple[int, int]] = []
    scheduler = Scheduler(store, [Job("facts", count, wakes_on_load=True)], clock)
    scheduler.run_pending(lambda found: heard.append((found[0].done, found[0].waiting)))
    assert heard == [(0, 400), (200, 200), (400, 0)]


def test_the_end_is_expected_at_the_pace_it_goes_though_more_comes(
    store: Store, clock: StillClock, write: Write
) -> None:
    meter = BacklogMeter(store, clock)
    write("ingest_stats", *loads(clock, 6, 100))

    def count(up_to: int, seconds: int) -> tuple[int, int, float | None]:
        write("watermarks", {"job": "facts", "load_seq": up_to, "updated_at": clock()})
        clock.forward(seconds=seconds)
        spans = meter.read()[0]
        left_s = None if spans.ends_at is None else (spans.ends_at - clock()).total_seconds()
        return spans.waiting, spans.done, left_s

    assert count(0, 0) == (600, 0, None)
    assert count(1, 10) == (500, 100, 50.0)
    write("ingest_stats", {**loads(clock, 1, 100)[0], "load_seq": 7})
    assert count(1, 0) == (600, 100, 60.0)
    assert count(4, 10) == (300, 400, 15.0)
    assert count(7, 0) == (0, 700, None)
    assert meter.read()[0].done == 0, "a new stretch begins with nothing done"
