"""The drift detector: rarely wrong, soon right, the same whatever the path to the data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.drift.baseline import group_of, learn_baseline
from analytics.drift.detector import RUN_FAILURE_STEPS, find_alarms, log_evidence
from analytics.drift.monitor import judge_series, watch
from analytics.drift.series import hour_number, series_of
from analytics.jobs import JobContext
from store import open_control, open_store

NOW = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)
UNTIL = NOW.replace(minute=0)


def rollup(
    dice: np.random.Generator, days: int, per_hour: float, rate: float, after: float, fault_h: int
) -> pl.DataFrame:
    """Hours of an agent whose failure rate goes from `rate` to `after` in its last `fault_h` hours."""
    hours = hour_number(UNTIL) - np.arange(days * 24, 0, -1)
    busy = per_hour * (1 + 0.6 * np.sin(2 * np.pi * (hours % 24) / 24))
    events = dice.poisson(busy)
    rates = np.where(np.arange(hours.size) >= hours.size - fault_h, after, rate)
    failures = dice.binomial(events, rates)
    return pl.DataFrame(
        {
            "subject": "run",
            "service": "helpdesk",
            "environment": "production",
            "agent": "support",
            "tool": pl.Series([None] * hours.size, dtype=pl.String),
            "hour_at": pl.from_epoch(pl.Series(hours * 3600), time_unit="s").cast(pl.Datetime("us")),
            "events": events,
            "failures": failures,
        }
    ).filter(pl.col("events") > 0)


def test_false_alarms_stay_below_the_budget_without_a_fault() -> None:
    dice = np.random.default_rng(1)
    months, alarms = 60, 0
    for _ in range(months):
        (series,) = series_of(rollup(dice, 63, 60, 0.04, 0.04, 0), UNTIL)
        alarms += len(judge_series(series).alarms)
    tested_months = months * 35 / 28
    assert alarms / tested_months <= 0.25  # the budget is 0.1; 0.25 leaves room for chance in 75 months


def test_a_ten_point_rise_of_failures_is_found_within_half_a_day() -> None:
    delays = []
    for seed in range(20):
        dice = np.random.default_rng(seed)
        (series,) = series_of(rollup(dice, 60, 60, 0.04, 0.14, 24), UNTIL)
        fault = series.hours.size - 24
        found = [alarm for alarm in judge_series(series).alarms if alarm.at >= fault]
        assert found, f"not found with seed {seed}"
        delays.append(found[0].at - fault + 1)
    assert np.median(delays) <= 8
    assert max(delays) <= 12


def test_the_change_is_dated_near_its_start() -> None:
    dice = np.random.default_rng(3)
    (series,) = series_of(rollup(dice, 60, 60, 0.04, 0.2, 48), UNTIL)
    fault = series.hours.size - 48
    found = next(alarm for alarm in judge_series(series).alarms if alarm.at >= fault)
    assert abs(found.changed - fault) <= 2


def test_too_little_data_is_learning_and_raises_nothing() -> None:
    dice = np.random.default_rng(5)
    (series,) = series_of(rollup(dice, 3, 2, 0.04, 0.5, 6), UNTIL)
    verdict = judge_series(series)
    assert verdict.is_learning
    assert not verdict.alarms


@given(st.integers(0, 2**32), st.integers(1, 99))
def test_stopping_and_going_on_gives_the_same_statistic(seed: int, cut: int) -> None:
    dice = np.random.default_rng(seed)
    hours = np.arange(100)
    events = dice.poisson(20, 100).astype(float)
    failures = dice.binomial(events.astype(int), 0.05).astype(float)
    baseline = learn_baseline(hours, events, failures)
    gain = log_evidence(baseline, hours, events, failures, RUN_FAILURE_STEPS)
    begin = np.zeros(len(RUN_FAILURE_STEPS))
    _, whole = find_alarms(gain, begin)
    _, half = find_alarms(gain[:cut], begin)
    _, both = find_alarms(gain[cut:], half)
    np.testing.assert_allclose(both, whole)


@given(st.integers(0, 2**31))
def test_an_hour_belongs_to_the_group_its_date_says(hour: int) -> None:
    at = datetime.fromtimestamp(hour % 400_000 * 3600, UTC)
    assert group_of(np.array([hour % 400_000]))[0] == at.hour + (24 if at.weekday() >= 5 else 0)


@pytest.fixture
def rollups_of_a_fault() -> pl.DataFrame:
    return rollup(np.random.default_rng(11), 50, 60, 0.03, 0.15, 30)


def test_the_job_writes_an_alarm_once_and_again_the_same(tmp_path, rollups_of_a_fault: pl.DataFrame) -> None:
    store, control = open_store(tmp_path), open_control(tmp_path)
    hourly = pl.concat(
        [
            rollups_of_a_fault.with_columns(outcome=pl.lit("failure"), events=pl.col("failures")),
            rollups_of_a_fault.with_columns(
                outcome=pl.lit("success"), events=pl.col("events") - pl.col("failures")
            ),
        ]
    ).with_columns(purpose=pl.lit("production"), unpriced_calls=pl.lit(0), timed_events=pl.lit(0))
    store.replace(appends={"hourly": hourly.drop("failures")})
    context = JobContext(store, lambda: NOW)
    assert watch(context, control).changed == 1
    first = store.query("SELECT * FROM drift_alarms").to_pylist()
    assert watch(context, control).changed == 0
    assert store.query("SELECT * FROM drift_alarms").to_pylist() == first
    (alarm,) = first
    assert (alarm["metric"], alarm["direction"], alarm["agent"]) == ("success_rate", "down", "support")
    assert alarm["before_value"] == pytest.approx(0.97, abs=0.01)
    assert alarm["after_value"] == pytest.approx(0.85, abs=0.04)
    later = JobContext(store, lambda: NOW + timedelta(minutes=30))
    watch(later, control)
    assert store.query("SELECT * FROM drift_alarms").to_pylist() == first
    store.close()
    control.close()
