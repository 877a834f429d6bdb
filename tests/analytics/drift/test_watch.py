"""The job: the same alarms whatever the path of the data, and sense in what they say."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analytics.drift.decisions import Decisions, accept_change, decide_baseline, mark_alarm
from analytics.drift.monitor import Monitor, read_figures
from analytics.drift.seasons import WEEK, hour_number, hour_start
from analytics.drift.watch import Watch
from analytics.jobs import JobContext
from store import Replacement, Store, open_store
from store.errors import NotFound

NOW = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)
FAULT = NOW.replace(minute=0) - timedelta(hours=30)
COLUMNS = (
    "alarm_id, series, type, raised_at, last_raised_at, changed_at, direction, "
    "before_value, after_value, events, evidence"
)


def an_agents_hours(
    days: int = 50,
    *,
    per_hour: float = 60,
    before: float = 0.03,
    after: float = 0.15,
    fault: datetime = FAULT,
) -> pl.DataFrame:
    """Rows of the rollup: an agent whose runs fail more often since a fault."""
    dice = np.random.default_rng(11)
    end = int(NOW.timestamp()) // 3600
    hours = np.arange(end - days * 24, end)
    events = dice.poisson(per_hour * (1 + 0.6 * np.sin(2 * np.pi * (hours % 24) / 24)))
    failed = dice.binomial(events, np.where(hours >= int(fault.timestamp()) // 3600, after, before))
    common = {
        "hour_at": pl.from_epoch(pl.Series(hours * 3600), time_unit="s").cast(pl.Datetime("us")),
        "subject": "run",
        "service": "helpdesk",
        "environment": "production",
        "agent": "support",
        "purpose": "production",
        "unpriced_calls": 0,
    }
    return pl.concat(
        [
            pl.DataFrame({**common, "outcome": "success", "events": events - failed}),
            pl.DataFrame({**common, "outcome": "failure", "events": failed}),
        ]
    ).filter(pl.col("events") > 0)


def write_hours(store: Store, rows: pl.DataFrame) -> None:
    keys = rows.select("subject", "hour_at").unique()
    store.replace(Replacement("hourly", keys=keys, rows=rows))


def step(store: Store, monitor: Monitor, now: datetime = NOW) -> int:
    return monitor.run(JobContext(store, lambda: now)).changed


def read_alarms(store: Store, columns: str = COLUMNS) -> list[dict[str, object]]:
    return store.query(f"SELECT {columns} FROM drift_alarms ORDER BY raised_at, series").to_pylist()


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """The alarms of hours that came one after another to one process."""
    store = open_store(tmp_path_factory.mktemp("in_order"))
    rows = an_agents_hours()
    early = NOW - timedelta(hours=40)
    write_hours(store, rows.filter(pl.col("hour_at") < early.replace(tzinfo=None, minute=0)))
    monitor = Monitor()
    step(store, monitor, early)
    for hour in range(40):
        at = (early + timedelta(hours=hour)).replace(tzinfo=None, minute=0)
        write_hours(store, rows.filter(pl.col("hour_at") == at))
        step(store, monitor, early + timedelta(hours=hour + 1))
    alarms = read_alarms(store)
    store.close()
    return alarms


def test_a_rise_of_failures_is_told_once_with_its_numbers(in_order: list[dict[str, object]]) -> None:
    rates = [alarm for alarm in in_order if str(alarm["series"]).startswith("success_rate")]
    (alarm,) = rates
    assert alarm["series"] == 'success_rate{service="helpdesk", environment="production", agent="support"}'
    assert (alarm["type"], alarm["direction"]) == ("drift", "down")
    assert alarm["before_value"] == pytest.approx(0.97, abs=0.01)
    assert alarm["after_value"] == pytest.approx(0.85, abs=0.05)
    events = alarm["events"]
    assert isinstance(events, int)
    assert 900 < events < 2_600, "30 hours of 60 runs, counted once however often it was raised again"
    changed_at = alarm["changed_at"]
    assert isinstance(changed_at, datetime)
    assert abs(changed_at.replace(tzinfo=None) - FAULT.replace(tzinfo=None)) <= timedelta(hours=2)


def test_history_in_one_piece_gives_the_same_alarms(
    tmp_path: Path, in_order: list[dict[str, object]]
) -> None:
    store = open_store(tmp_path)
    write_hours(store, an_agents_hours())
    assert step(store, Monitor()) > 0
    assert read_alarms(store) == in_order
    assert step(store, Monitor()) == 0, "a restart changes nothing"
    assert read_alarms(store) == in_order
    store.close()


def test_hours_that_come_three_days_late_give_the_same_alarms(
    tmp_path: Path, in_order: list[dict[str, object]]
) -> None:
    store = open_store(tmp_path)
    rows = an_agents_hours()
    late = (pl.col("hour_at") >= (NOW - timedelta(days=3)).replace(tzinfo=None)) & (
        pl.col("hour_at").dt.hour() < 20
    )
    write_hours(store, rows.filter(~late))
    monitor = Monitor()
    step(store, monitor)
    assert read_alarms(store) != in_order
    write_hours(store, rows)
    step(store, monitor)
    assert read_alarms(store) == in_order
    store.close()


def test_an_hour_that_is_added_up_again_in_another_order_has_not_changed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    rows = an_agents_hours(2).with_columns(duration_ms=pl.col("events") * 1234.567)
    until = hour_number(NOW)
    figures: list[dict[datetime, str]] = []
    for last_bit, slower in ((0, 0), (2e-16, 0), (0, 0.01)):
        write_hours(store, rows.with_columns(pl.col("duration_ms") * (1 + last_bit + slower)))
        figures.append(read_figures(store, until - 100, until))
    assert figures[0] == figures[1] != figures[2]
    store.close()


@pytest.mark.parametrize(("false_alarms", "is_suspected"), [(1.0, True), (0.1, False)])
def test_a_watch_that_resumes_on_any_monday_stands_where_one_that_went_on_stands(
    tmp_path: Path, false_alarms: float, is_suspected: bool
) -> None:
    store = open_store(tmp_path)
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    write_hours(store, an_agents_hours(after=0.05, fault=monday - timedelta(hours=4)))
    until, first = hour_number(NOW), hour_number(monday) - 3 * WEEK
    through = Watch(store, first, false_alarms)
    through.advance(until)
    kept = pl.concat(through.checkpoints)
    doubts = kept.filter(hour_at=monday.replace(tzinfo=None))["doubtful"]
    assert doubts.str.contains("null").any() == is_suspected
    store.replace(appends={"drift_states": kept})
    for hour in range(first + WEEK, until, WEEK):
        resumed = Watch.resume(store, hour, false_alarms, Decisions())
        resumed.advance(until)
        states = [watch.write_state().sort("kind", "series") for watch in (through, resumed)]
        assert states[0].equals(states[1]), hour_start(hour)
    store.close()


def test_a_burst_of_runs_within_an_hour_is_a_spike_and_told_apart(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    at = (NOW - timedelta(hours=60)).replace(tzinfo=None, minute=0)
    burst = pl.when(pl.col("hour_at") == at).then(pl.col("events") * 8).otherwise(pl.col("events"))
    write_hours(store, an_agents_hours(after=0.03).with_columns(events=burst))
    step(store, Monitor())
    alarms = read_alarms(store, "series, type, direction, raised_at")
    assert [alarm["type"] for alarm in alarms] == ["spike"]
    assert str(alarms[0]["series"]).startswith("run_count")
    assert alarms[0]["direction"] == "up"
    first = read_alarms(store)
    step(store, Monitor())
    assert read_alarms(store) == first
    store.close()


def test_what_people_exclude_raises_nothing_and_what_they_say_is_kept(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write_hours(store, an_agents_hours())
    monitor = Monitor()
    step(store, monitor)
    ids = [str(alarm["alarm_id"]) for alarm in read_alarms(store)]
    mark_alarm(store, ids[0], "dismiss", reason="a test of the tool", author="ann", now=NOW)
    mark_alarm(store, ids[0], "confirm", reason="it was not", author="ann", now=NOW)
    (marked,) = [
        row for row in read_alarms(store, "alarm_id, mark, mark_reason") if row["alarm_id"] == ids[0]
    ]
    assert (marked["mark"], marked["mark_reason"]) == ("confirm", "it was not")
    decide_baseline(
        store, "exclude", series=None, since=FAULT, until=NOW + timedelta(hours=1),
        reason="an outage upstream", author="ann", now=NOW,
    )  # fmt: skip
    assert step(store, monitor) > 0
    assert read_alarms(store) == []
    store.close()


def test_what_people_said_of_an_alarm_stays_with_its_change_when_late_data_tells_it_sooner(
    tmp_path: Path,
) -> None:
    store, monitor = open_store(tmp_path), Monitor()
    write_hours(store, an_agents_hours(after=0.08))
    step(store, monitor)
    ids = {str(alarm["series"]): str(alarm["alarm_id"]) for alarm in read_alarms(store)}
    (series,) = [name for name in ids if name.startswith("success_rate")]
    mark_alarm(store, ids[series], "dismiss", reason="a load test", author="ann", now=NOW)
    write_hours(store, an_agents_hours(after=0.2))
    step(store, monitor)
    (alarm,) = [row for row in read_alarms(store, "alarm_id, series, mark") if row["series"] == series]
    assert alarm["alarm_id"] != ids[series], "it is raised in another hour"
    assert alarm["mark"] == "dismiss"
    store.close()


def test_hours_that_a_backfill_has_not_reached_are_no_silence(tmp_path: Path) -> None:
    store, monitor = open_store(tmp_path), Monitor()
    rows = an_agents_hours(after=0.03)
    for days in (20, 10, 1):
        reached = (NOW - timedelta(days=days)).replace(tzinfo=None)
        write_hours(store, rows.filter(pl.col("hour_at") < reached))
        step(store, monitor)
        assert read_alarms(store) == []
    step(store, monitor, NOW + timedelta(minutes=9))
    assert read_alarms(store) == [], "it may only pause"
    step(store, monitor, NOW + timedelta(minutes=10))
    (alarm,) = read_alarms(store, "series, type, direction, is_historic")
    assert (str(alarm["series"]).split("{")[0], alarm["direction"]) == ("run_count", "down"), "it ended there"
    assert alarm["is_historic"] is True, "no agent was heard live"
    write_hours(store, rows)
    step(store, monitor)
    assert read_alarms(store) == []
    store.close()


def test_a_level_that_is_accepted_is_the_normal_one_and_its_alarm_stays(tmp_path: Path) -> None:
    store, monitor = open_store(tmp_path), Monitor()
    rows = an_agents_hours(days=40, fault=NOW - timedelta(days=6))
    told_at = NOW - timedelta(days=5)
    write_hours(store, rows.filter(pl.col("hour_at") < told_at.replace(tzinfo=None, minute=0)))
    step(store, monitor, told_at)
    before = read_alarms(store)
    (alarm_id,) = [str(alarm["alarm_id"]) for alarm in before]
    accept_change(store, alarm_id, reason="v8 asks back", author="ann", now=told_at)
    states = "SELECT is_learning FROM drift_series WHERE series LIKE 'success_rate%'"
    step(store, monitor, told_at + timedelta(hours=1))
    assert store.query(states).to_pylist() == [{"is_learning": True}], (
        "a day of the new level says too little"
    )
    write_hours(store, rows)
    step(store, monitor)
    assert read_alarms(store) == before
    assert store.query(states).to_pylist() == [{"is_learning": False}]
    store.close()


def test_a_series_that_nobody_watches_cannot_be_decided_about(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(NotFound, match="success_rat"):
        decide_baseline(
            store, "exclude", series="success_rat{}", since=FAULT, until=NOW, reason="", author="ann", now=NOW
        )
    store.close()


def test_an_agent_that_changes_a_little_in_many_ways_is_told_whole_with_each_part_before_and_since(
    tmp_path: Path,
) -> None:
    store = open_store(tmp_path)
    dice = np.random.default_rng(4)
    end = int(NOW.timestamp()) // 3600
    hours = np.arange(end - 40 * 24, end)
    rows: list[pl.DataFrame] = []
    for number in range(12):
        events = dice.poisson(6, hours.size)
        failed = dice.binomial(events, np.where(hours >= end - 60, 0.07, 0.03))
        common = {
            "hour_at": pl.from_epoch(pl.Series(hours * 3600), time_unit="s").cast(pl.Datetime("us")),
            "subject": "tool_call", "tool": f"t{number}", "service": "helpdesk", "agent": "support",
            "purpose": "production", "unpriced_calls": 0,
        }  # fmt: skip
        rows.append(pl.DataFrame({**common, "outcome": "ok", "events": events - failed}))
        rows.append(pl.DataFrame({**common, "outcome": "error", "events": failed}))
    write_hours(store, pl.concat(rows).filter(pl.col("events") > 0))
    step(store, Monitor())
    (whole,) = [
        alarm
        for alarm in read_alarms(store, "series, before_value, after_value, explanation")
        if str(alarm["series"]).startswith("agent_behaviour")
    ]
    assert whole["after_value"] >= 1, "of the alarm level"  # type: ignore[operator]
    part = r"Tool failure rate of t\d+ up from [23](\.\d+)? % to \d+(\.\d+)? % \(\d+(\.\d+)? % of it\)"
    assert re.fullmatch(f"several series together, none alone: {part}(; {part})+", str(whole["explanation"]))
    store.close()


def test_hours_that_wait_to_be_rolled_up_are_no_silence(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    rows = an_agents_hours(after=0.03)
    loaded_until = NOW.replace(tzinfo=None, minute=0) - timedelta(days=2)
    write_hours(store, rows.filter(pl.col("hour_at") < loaded_until))
    waiting = pl.DataFrame(
        {"load_seq": [7], "subject": ["run"], "hour_at": [loaded_until + timedelta(hours=5)]}
    )
    store.replace(appends={"touched_hours": waiting})
    monitor = Monitor()
    for minutes in (0, 5, 15):
        step(store, monitor, NOW + timedelta(minutes=minutes))
    assert read_alarms(store) == []
    store.replace(Replacement("touched_hours", keys=waiting, rows=waiting.clear()))
    step(store, monitor, NOW + timedelta(minutes=20))
    assert [alarm["direction"] for alarm in read_alarms(store)] == ["down"], "now it is one"
    store.close()


def test_live_hours_that_are_rolled_up_before_older_ones_are_stepped_after_them(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    rows = an_agents_hours(after=0.03)
    gap_at = NOW.replace(tzinfo=None, minute=0) - timedelta(days=2)
    is_late = pl.col("hour_at").is_between(gap_at, gap_at + timedelta(hours=30))
    write_hours(store, rows.filter(~is_late))
    waiting = rows.filter(is_late).select("hour_at", subject=pl.lit("run"), load_seq=pl.lit(7, pl.Int64))
    waiting = waiting.unique()
    store.replace(appends={"touched_hours": waiting})
    monitor = Monitor()
    for minutes in (0, 5, 15):
        step(store, monitor, NOW + timedelta(minutes=minutes))
    assert store.select("drift/state_hours")["hour_at"].max() == gap_at
    write_hours(store, rows.filter(is_late))
    store.replace(Replacement("touched_hours", keys=waiting, rows=waiting.clear()))
    step(store, monitor, NOW + timedelta(minutes=20))
    assert store.select("drift/state_hours")["hour_at"].max() > gap_at + timedelta(hours=30)  # type: ignore[operator]
    assert read_alarms(store) == []
    store.close()
