"""Facts go, rollups stay: whatever comes later, and what can be said no more is not said."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics.compare import Side, compare
from analytics.days import update_days
from analytics.feedback import read_judgement, record_judgements
from analytics.jobs import JobContext
from analytics.metrics import METRICS, evaluate, evaluate_twice, series
from analytics.reports import build_digest, write_digest_html, write_digest_markdown
from analytics.rollups import update_rollups
from analytics.sessions import SessionsState
from collector.loading.intake import Intake
from store import open_store
from store.keeping import delete_orphans, keep_expiring
from tests.analytics.facts.building import START, Ledger, agent, open_ledger
from tests.analytics.truth.history import BEGIN_S, DAY
from tests.analytics.truth.making import make_history
from tests.analytics.truth.sending import spans_of

RUNS = make_history(seed=8, conversations=30)
NOW = START + timedelta(days=12)
FIRST, LAST = START + timedelta(seconds=BEGIN_S), NOW
GOING = 4
"""Loads that expire, of six."""


def settle(ledger: Ledger) -> None:
    context = JobContext(ledger.store, lambda: NOW)
    ledger.count()
    for update in (SessionsState().update, update_rollups, update_days):
        while update(context).changed:
            pass


def expire(ledger: Ledger, load_seq: int = GOING) -> None:
    ledger.store.expire(load_seq, *keep_expiring(ledger.store, load_seq))
    delete_orphans(ledger.store, load_seq)
    ledger.store.expire_orphans()


@pytest.fixture(scope="module")
def three_weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of three weeks in six loads, the oldest first."""
    ordered = sorted(RUNS, key=lambda run: run.at)
    size = -(-len(ordered) // 6)
    with open_ledger() as opened:
        opened.now = NOW
        for part in range(6):
            opened.load(*(span for run in ordered[part * size : (part + 1) * size] for span in spans_of(run)))
        settle(opened)
        directory = tmp_path_factory.mktemp("weeks")
        opened.store.backup(directory)
    return directory


@pytest.fixture
def ledger(three_weeks: Path, tmp_path: Path) -> Iterator[Ledger]:
    shutil.copytree(three_weeks, tmp_path, dirs_exist_ok=True)
    store = open_store(tmp_path)
    opened = Ledger(Intake(store), now=NOW)
    yield opened
    store.close()


def read(ledger: Ledger, *group_by: str) -> pl.DataFrame:
    names = [
        name
        for name, metric in METRICS.items()
        if metric.subjects != ("score",) and all(map(metric.has_dimension, group_by))
    ]
    values = evaluate(ledger.store, names, FIRST, LAST, group_by=group_by)
    return values.filter(~pl.col("is_partial"))


def assert_same(before: pl.DataFrame, after: pl.DataFrame) -> None:
    kept = before.join(after.select("metric").unique(), on="metric", how="semi")
    assert kept["metric"].n_unique() > 90
    assert_frame_equal(kept, after, rel_tol=1e-9, check_row_order=False)


def test_figures_stay_when_their_facts_go(ledger: Ledger) -> None:
    before, by_agent, sessions = read(ledger), read(ledger, "agent"), ledger.rows("sessions")
    expire(ledger)
    assert 0 < ledger.rows("runs").height < len(RUNS) / 2
    assert_same(before, read(ledger))
    assert_same(by_agent, read(ledger, "agent"))
    left = set(ledger.rows("runs")["session_id"].drop_nulls())
    later = set(sessions.filter(pl.col("session_id").str.contains("#"))["session_id"])
    stayed = {name for name in later if name.split("#")[0] in left}
    assert stayed
    assert stayed <= set(ledger.rows("sessions")["session_id"]), "second sessions of conversations that go on"


def test_hours_that_lost_facts_keep_them_when_they_are_added_up_again(ledger: Ledger) -> None:
    before = read(ledger)
    expire(ledger, 2)
    expire(ledger, 4)
    hours = ledger.rows("hourly").select("subject", "hour_at").unique()
    ledger.store.replace(appends={"touched_hours": hours.with_columns(load_seq=pl.lit(9, pl.Int64))})
    settle(ledger)
    assert_same(before, read(ledger))


def test_late_run_in_an_expired_hour_is_added_to_what_was_known(ledger: Ledger) -> None:
    whole = evaluate(ledger.store, ["run_count", "llm_call_count"], FIRST, LAST)["value"].to_list()
    expire(ledger)
    first = min(run.at for run in RUNS)
    ledger.load(agent(9_999_999, trace=999_999, at=first + 1.0))
    settle(ledger)
    now = evaluate(ledger.store, ["run_count", "llm_call_count"], FIRST, LAST)["value"].to_list()
    assert now == [whole[0] + 1.0, whole[1]]


@pytest.mark.parametrize("minutes", [0, 7])
def test_short_windows_of_expired_time_are_told_by_their_hours(ledger: Ledger, minutes: int) -> None:
    first = START + timedelta(seconds=min(run.at for run in RUNS))
    hour = first.replace(minute=0, second=0, microsecond=0)
    expected = evaluate(ledger.store, "run_count", hour, hour + timedelta(hours=1))["value"][0]
    expire(ledger)
    window = hour + timedelta(minutes=minutes), hour + timedelta(minutes=minutes + 30)
    (row,) = evaluate(ledger.store, "run_count", *window).to_dicts()
    assert (row["value"], row["is_partial"]) == (expected, False)


def test_what_rollups_cannot_tell_of_deleted_facts_is_said_to_be_partial_or_unknown(ledger: Ledger) -> None:
    expire(ledger)
    kept = ledger.rows("runs")["started_at"].min()
    assert isinstance(kept, datetime)

    def ask(metric: str, *window: Any, **more: Any) -> dict[str, Any]:
        return evaluate(ledger.store, metric, *window, **more).row(0, named=True)

    gone = FIRST, FIRST + timedelta(seconds=3 * DAY)
    assert ask("run_count", *gone)["value"] > 0
    for name, where in (
        ("active_users", {}),
        ("run_count", {"tenant": "acme"}),
        ("cost_usd", {"user_id": "u1"}),
        ("score_count", {}),
    ):
        row = ask(name, *gone, where=where)
        assert (row["value"], row["n"], row["is_partial"]) == (None, 0, True)
    whole = ask("run_count", FIRST, LAST, where={"tenant": ["acme", "umbrella", ""]})
    assert whole["value"] == ledger.rows("runs").filter(purpose="production").height
    assert whole["is_partial"]
    days = LAST - timedelta(days=2)
    (beside,) = evaluate_twice(ledger.store, ["run_count", "active_users"], days, LAST, days - FIRST)
    assert {tuple(row) for row in beside.select("metric", "bin", "is_partial").iter_rows()} == {
        ("run_count", 0, False), ("run_count", -1, False), ("active_users", 0, False), ("active_users", -1, True),
    }  # fmt: skip
    points = series(ledger.store, "active_users", FIRST, LAST, timedelta(days=1))
    early = points.filter(points["at"] < kept - timedelta(days=2))
    assert early["is_partial"].any()
    assert early.filter("is_partial")["value"].null_count() == early["is_partial"].sum()
    assert not points.filter(points["at"] > kept + timedelta(days=2))["is_partial"].any()


def test_late_judgement_stays_as_long_as_its_run(ledger: Ledger) -> None:
    runs = ledger.rows("runs").sort("started_at")["run_id"]
    said = [read_judgement({"run_id": run, "value": 1.0}, FIRST) for run in (runs[0], runs[-1])]
    record_judgements(ledger.store, said, NOW)
    expire(ledger)
    left = ledger.rows("scores").filter(pl.col("scored_at") == FIRST.replace(tzinfo=None))
    assert left["run_id"].to_list() == [runs[-1]]


def test_comparison_says_which_side_has_lost_facts_and_compares_no_empty_period(ledger: Ledger) -> None:
    expire(ledger)
    first = ledger.rows("runs")["started_at"].min()
    assert isinstance(first, datetime)
    kept = first.replace(tzinfo=START.tzinfo)
    gone = Side("gone", FIRST, kept - timedelta(days=1), {})
    cut = Side("cut", FIRST, LAST, {})
    whole = Side("whole", kept + timedelta(hours=2), LAST, {})
    metrics = ["success_rate", "run_p95_ms", "tool_failure_rate"]
    assert {(row.verdict, row.is_partial) for row in compare(ledger.store, gone, whole, metrics)} == {
        ("facts deleted", (True, False))
    }
    rows = compare(ledger.store, whole, cut, metrics)
    assert {row.is_partial for row in rows} == {(False, True)}
    assert "facts deleted" not in {row.verdict for row in rows}
    assert {row.is_partial for row in compare(ledger.store, whole, whole, metrics)} == {(False, False)}


def test_report_marks_figures_whose_facts_are_gone_and_tells_no_change_of_them(ledger: Ledger) -> None:
    before = write_digest_markdown(build_digest(ledger.store, "weekly", FIRST + timedelta(days=7)))
    assert "partial" not in before
    expire(ledger)
    digest = build_digest(ledger.store, "weekly", FIRST + timedelta(days=7))
    figures = {figure.metric.name: figure for figure in digest.figures}
    assert figures["active_users"].is_partial
    assert figures["active_users"].change is None
    assert not figures["run_count"].is_partial
    for text in (write_digest_markdown(digest), write_digest_html(digest)):
        assert "retention has deleted facts" in text
        assert "(partial)" in text
