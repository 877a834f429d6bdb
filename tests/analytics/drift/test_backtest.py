"""The detectors over history: what they would have raised, measured by what people said of it, and nothing written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analytics.drift.backtest import Backtest, run_backtest
from analytics.drift.decisions import accept_change, mark_alarm
from analytics.drift.monitor import Monitor
from analytics.drift.narration import describe_backtest
from analytics.jobs import JobContext
from store import Store
from tests.store.rows import a_run, frame_of

END = datetime(2026, 11, 20, 12, tzinfo=UTC)
FAULT = END - timedelta(hours=60)
WHOSE = {"service": "helpdesk", "environment": "production", "agent": "support"}


def fill(store: Store, after: float, before: float = 0.04, seed: int = 3) -> None:
    """Write 40 days of an agent whose runs fail more often since FAULT, and are of another plan since then."""
    dice, end = np.random.default_rng(seed), int(END.timestamp()) // 3600
    hours = np.arange(end - 40 * 24, end)
    is_after = hours >= int(FAULT.timestamp()) // 3600
    seen = dice.poisson(60, hours.size)
    failed = dice.binomial(seen, np.where(is_after, after, before))
    at = pl.from_epoch(pl.Series(hours * 3600), time_unit="s").cast(pl.Datetime("us"))
    common = {"hour_at": at, "subject": "run", "purpose": "production", "unpriced_calls": 0, **WHOSE}
    parts = [("success", seen - failed), ("failure", failed)]
    rows = pl.concat([pl.DataFrame({**common, "outcome": name, "events": events}) for name, events in parts])
    runs = [
        a_run(
            number, started_at=moment + timedelta(minutes=20), outcome="success", **WHOSE,
            dimensions=[{"key": "plan.tier", "value": "gold" if late else "free"}],
        )
        for number, (moment, late) in enumerate(zip(at, is_after, strict=True))
    ]  # fmt: skip
    store.replace(appends={"hourly": rows.filter(pl.col("events") > 0), "runs": frame_of("runs", runs)})


def backtest(store: Store, *dimensions: str) -> Backtest:
    return run_backtest(
        store, END - timedelta(days=8), END, false_alarms_per_month=1.0, dimensions=dimensions
    )


def test_a_new_value_of_a_declared_dimension_makes_a_backtest_tell_its_change_earlier(store: Store) -> None:
    fill(store, after=0.07, seed=9)
    (undeclared,), (declared,) = backtest(store).alarms, backtest(store, "plan.tier").alarms
    assert declared["series"] == undeclared["series"]
    assert FAULT.replace(tzinfo=None) < declared["raised_at"] < undeclared["raised_at"]


def test_a_backtest_says_what_it_would_have_found_and_how_late_and_writes_nothing(store: Store) -> None:
    fill(store, after=0.20)
    Monitor().run(JobContext(store, lambda: END + timedelta(minutes=6)))
    (alarm,) = store.query("SELECT alarm_id, raised_at FROM drift_alarms").to_pylist()
    mark_alarm(store, alarm["alarm_id"], "confirm", reason="v8", author="ann", now=END)
    again = backtest(store)
    assert [row["alarm_id"] for row in again.alarms] == [alarm["alarm_id"]]
    assert (again.found, again.missed, again.noise, again.unmarked) == (1, 0, 0, 0)
    assert again.a_month == pytest.approx(28 / 8)
    assert again.delay_hours is not None
    assert 0 < again.delay_hours <= 6
    assert "precision 100 % of the judged ones" in describe_backtest(again)
    accept_change(store, alarm["alarm_id"], reason="v8 asks back", author="ann", now=END)
    accepted = backtest(store)
    assert (accepted.found, accepted.missed) == (1, 0), "it was right, and is accepted from then on only"
    mark_alarm(store, alarm["alarm_id"], "dismiss", reason="a test", author="ann", now=END)
    judged_wrong = backtest(store)
    assert (judged_wrong.found, judged_wrong.noise, judged_wrong.precision) == (0, 1, 0.0)
    assert store.query("SELECT count(*) AS n FROM drift_alarms").to_pylist() == [{"n": 1}]
