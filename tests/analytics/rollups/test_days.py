"""Daily rollups: what days hold is what their hours hold, and readers never see half of a change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.days import MAX_DAYS, split_days, update_days
from analytics.jobs import NOTHING_TO_DO, JobContext, JobReport
from analytics.metrics import evaluate, series
from analytics.metrics.pieces import DAY, HOUR, Span, Standing, cut
from analytics.rollups import update_rollups
from store import Store
from tests.analytics.building import NOON, StillClock, a_run

TODAY = NOON.replace(hour=0)
BEGIN = TODAY - 3 * DAY


@pytest.fixture
def jobs(store: Store, clock: StillClock, write: Callable[..., None]) -> Callable[..., JobReport]:
    """Roll up the hours of runs at some times, and unless told otherwise the days."""

    def run(*moments: datetime, days: bool = True) -> JobReport:
        for moment in moments:
            write("touched_hours", {"load_seq": 1, "subject": "run", "hour_at": moment.replace(minute=0)})
        context = JobContext(store, clock)
        while update_rollups(context).has_more:
            pass
        return update_days(context) if days else NOTHING_TO_DO

    return run


def count(store: Store, begin: datetime = BEGIN, end: datetime = TODAY) -> float | None:
    return evaluate(store, "run_count", begin, end)["value"][0]


def read_days(store: Store) -> list[tuple[Any, ...]]:
    frame = store.select("rollups/all_days")
    return frame.select("day_at", "agent", "events", "duration_ms").rows()


def test_day_that_is_over_is_added_up_from_its_hours(write: Any, jobs: Any, store: Store) -> None:
    moments = [BEGIN + HOUR, BEGIN + 5 * HOUR, BEGIN + 6 * HOUR, NOON - 2 * HOUR]
    write("runs", *(a_run(f"{n}-1", started_at=at) for n, at in enumerate(moments)))
    jobs(*moments)
    assert read_days(store) == [(BEGIN.replace(tzinfo=None), "support", 3, 6000.0)]
    assert count(store, end=NOON) == 4.0
    assert jobs() == NOTHING_TO_DO


def test_late_run_is_seen_before_and_after_its_day_is_added_up_again(
    write: Any, jobs: Any, store: Store
) -> None:
    write("runs", a_run("a-1", started_at=BEGIN + HOUR), a_run("b-1", started_at=BEGIN + 2 * DAY))
    jobs(BEGIN + HOUR, BEGIN + 2 * DAY)
    write("runs", a_run("late-1", started_at=BEGIN + 7 * HOUR))
    jobs(BEGIN + 7 * HOUR, days=False)
    assert count(store) == 3.0
    assert jobs().changed
    assert count(store) == 3.0
    assert [row[2] for row in read_days(store)] == [2, 1]


def test_day_waits_for_its_hours(write: Any, jobs: Any, store: Store) -> None:
    write("runs", a_run("a-1", started_at=BEGIN + HOUR))
    jobs(BEGIN + HOUR, days=False)
    write("touched_hours", {"load_seq": 2, "subject": "run", "hour_at": BEGIN + 9 * HOUR})
    assert update_days(JobContext(store, StillClock())) == NOTHING_TO_DO


def test_day_that_lost_its_runs_disappears(write: Any, jobs: Any, store: Store) -> None:
    from store import Replacement
    from tests.analytics.building import to_frame

    write("runs", a_run("a-1", started_at=BEGIN + HOUR))
    jobs(BEGIN + HOUR)
    gone = to_frame("runs", [a_run("a-1")])
    store.replace(Replacement("runs", keys=gone.select("run_id"), rows=gone.clear()))
    jobs(BEGIN + HOUR)
    assert read_days(store) == []
    assert count(store) == 0.0


def test_many_days_are_added_up_in_bounded_steps(write: Any, jobs: Any, store: Store) -> None:
    moments = [TODAY - (n + 1) * DAY for n in range(MAX_DAYS + 5)]
    write("runs", *(a_run(f"{n}-1", started_at=at) for n, at in enumerate(moments)))
    assert jobs(*moments).has_more
    assert not jobs().has_more
    assert sum(row[2] for row in read_days(store)) == len(moments)
    assert count(store, TODAY - (MAX_DAYS + 9) * DAY) == len(moments)


@given(st.sets(st.integers(0, 60), min_size=1), st.integers(1, 30))
def test_days_are_added_up_in_parts_that_hold_every_day_once(numbers: set[int], longest: int) -> None:
    days = pl.Series([BEGIN.replace(tzinfo=None) + n * DAY for n in sorted(numbers)])
    parts = split_days(days, longest * DAY)
    assert pl.concat(parts).to_list() == days.to_list()
    assert all(part[-1] - part[0] < longest * DAY for part in parts)


@pytest.mark.parametrize("days", [True, False])
def test_every_way_of_reading_says_the_same(write: Any, jobs: Any, store: Store, days: bool) -> None:
    moments = [BEGIN + n * 5 * HOUR + timedelta(minutes=3) for n in range(14)]
    write(
        "runs",
        *(
            a_run(f"{n}-1", started_at=at, duration_ms=100.0 * n, agent=f"a{n % 3}")
            for n, at in enumerate(moments)
        ),
    )
    jobs(*moments, days=days)
    asked = ["run_count", "run_p95_ms", "run_mean_ms"]
    values = series(store, asked, BEGIN, BEGIN + 3 * DAY, DAY, group_by=["agent"])
    assert values.filter(metric="run_count")["value"].sum() == 14.0
    for metric, at, agent, value in values.select("metric", "at", "agent", "value").iter_rows():
        first = at.replace(tzinfo=UTC)
        chosen = [
            100.0 * n for n, it in enumerate(moments) if first <= it < first + DAY and f"a{n % 3}" == agent
        ]
        expected = {
            "run_count": len(chosen),
            "run_p95_ms": max(chosen),
            "run_mean_ms": sum(chosen) / len(chosen),
        }
        assert value == pytest.approx(expected[metric], rel=0.0101)


MINUTES = st.integers(0, 6 * 24 * 60)


@given(
    MINUTES, MINUTES, st.sampled_from([None, 1440, 60, 90, 2880]), st.sets(st.integers(0, 6)),
    st.sets(st.integers(0, 6 * 24)), st.booleans(),
)  # fmt: skip
def test_pieces_cover_a_window_once(
    first: int, last: int, step: int | None, open_days: set[int], expired: set[int], is_waiting: bool
) -> None:
    start, end = BEGIN + timedelta(minutes=min(first, last)), BEGIN + timedelta(minutes=max(first, last) + 1)
    span = Span(start, end, timedelta(minutes=step) if step else end - start)
    hours = frozenset(
        hour for hour in (BEGIN + n * HOUR for n in expired) if hour + HOUR > start and hour < end
    )
    waiting = frozenset(["run"] if is_waiting else [])
    standing = Standing({"run": frozenset(BEGIN + n * DAY for n in open_days)}, {"run": hours}, waiting)
    pieces = cut(span, "run", standing, may_roll_up=True)
    assert all(one.until == other.first for one, other in pairwise(pieces))
    assert all(piece.first < piece.until for piece in pieces)
    edges = pieces[0].first, pieces[-1].until
    assert edges == (start, end) or (hours and start - edges[0] < HOUR and edges[1] - end < HOUR)
    for piece in pieces:
        if piece.grain == "day":
            days = {piece.first + n * DAY for n in range((piece.until - piece.first) // DAY)}
            assert piece.first.hour == piece.first.minute == 0
            assert not days & standing.open_days["run"]
        if piece.grain != "event":
            assert piece.first.minute == piece.until.minute == 0
        elif span.fits(HOUR):
            assert not any(piece.first < hour + HOUR and hour < piece.until for hour in hours)
