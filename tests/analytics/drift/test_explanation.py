"""What an alarm is explained with: where, how much, since which known event, by which runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from analytics.drift.explanation import explain_alarm
from analytics.drift.narration import describe_explanation
from store import Store
from store.errors import NotFound

CHANGED = datetime(2026, 11, 20, 6, tzinfo=UTC).replace(tzinfo=None)
RAISED = CHANGED + timedelta(hours=10)

ALARM: dict[str, Any] = {
    "alarm_id": "a1",
    "series": 'success_rate{agent="support"}',
    "kind": "rate",
    "type": "drift",
    "metric": "success_rate",
    "service": "helpdesk",
    "agent": "support",
    "raised_at": RAISED,
    "last_raised_at": RAISED,
    "changed_at": CHANGED,
    "earliest_at": CHANGED - timedelta(hours=1),
    "latest_at": CHANGED + timedelta(hours=1),
    "direction": "down",
    "before_value": 0.96,
    "after_value": 0.86,
    "after_low": 0.83,
    "after_high": 0.89,
    "events": 600,
    "evidence": 3.0,
    "is_hint": False,
    "is_historic": False,
}


def write_runs(store: Store, before: int, after: int) -> None:
    """Runs that fail more often since CHANGED where their version is v8."""
    dice = np.random.default_rng(2)
    size = before + after
    is_after = np.arange(size) >= before
    version = np.where(is_after & (dice.random(size) < 0.5), "v8", "v7")
    failed = dice.random(size) < np.where(version == "v8", 0.25, 0.04)
    hours = np.where(is_after, dice.uniform(0, 10, size), dice.uniform(-160, 0, size))
    store.replace(
        appends={
            "runs": pl.DataFrame(
                {
                    "load_seq": 1,
                    "run_id": [f"run{number}" for number in range(size)],
                    "trace_id": [f"trace{number}" for number in range(size)],
                    "root_span_id": "1",
                    "is_sole": True,
                    "service": "helpdesk",
                    "agent": "support",
                    "agent_version": version,
                    "tenant": dice.choice(["acme", "globex"], size),
                    "purpose": "production",
                    "started_at": [CHANGED + timedelta(hours=hour) for hour in hours],
                    "outcome": np.where(failed, "failure", "success"),
                    "complete": True,
                    "steps": 3,
                    "llm_calls": 2,
                    "tool_calls": 1,
                    "tool_failures": 0,
                    "retries": 0,
                    "loops": 0,
                    "cost_usd": pl.Series(np.full(size, 0.02)).cast(pl.Decimal(38, 12)),
                    "unpriced_calls": 0,
                }
            ),
            "drift_alarms": pl.DataFrame([ALARM]),
            "markers": pl.DataFrame(
                {
                    "marked_at": [CHANGED],
                    "kind": ["agent_version"],
                    "service": ["helpdesk"],
                    "agent": ["support"],
                    "label": ["v8"],
                }
            ),
        }
    )


def test_the_version_that_fails_is_named_with_runs_and_dollars(store: Store) -> None:
    write_runs(store, 4_000, 600)
    explanation = explain_alarm(store, "a1")
    assert explanation.segments[0].labels == {"agent_version": "v8"}
    assert not explanation.is_hint
    assert explanation.runs_a_month == pytest.approx(0.10 * 600 * 28 * 2.4, rel=0.3)
    assert explanation.usd_a_month == pytest.approx((explanation.runs_a_month or 0) * 0.02)
    assert explanation.split is not None
    assert explanation.split.rates + explanation.split.mix == pytest.approx(0.10, abs=0.04)
    assert len(explanation.examples) == 5
    text = describe_explanation(explanation)
    assert "where:    in agent version v8, not seen before: failed runs 2" in text
    assert "failed runs, +" in text, "what there is more of a month"
    assert "suspect:  at that time first seen: agent version v8" in text


def test_few_runs_make_a_hint(store: Store) -> None:
    write_runs(store, 2_000, 120)
    explanation = explain_alarm(store, "a1")
    assert explanation.is_hint
    assert "a hint: " in describe_explanation(explanation)


def test_no_runs_are_said_not_invented(store: Store) -> None:
    store.replace(appends={"drift_alarms": pl.DataFrame([ALARM])})
    explanation = explain_alarm(store, "a1")
    assert (explanation.segments, explanation.runs_a_month, explanation.examples) == ([], None, [])
    describe_explanation(explanation)


def test_an_unknown_alarm_is_named_in_the_error(store: Store) -> None:
    with pytest.raises(NotFound, match="nope"):
        explain_alarm(store, "nope")


def test_an_alarm_of_a_whole_agent_shows_its_parts_and_where_its_runs_changed(store: Store) -> None:
    write_runs(store, 4_000, 600)
    parts = "several series together, none alone: Success rate down from 96 % to 86 % (40 % of it)"
    whole = {
        **ALARM, "alarm_id": "a2", "kind": "multivariate", "metric": "agent_behaviour", "direction": "up",
        "series": 'agent_behaviour{agent="support"}', "before_value": None, "after_value": 1.06,
        "after_low": None, "after_high": None, "explanation": parts,
    }  # fmt: skip
    store.replace(appends={"drift_alarms": pl.DataFrame([whole])})
    explanation = explain_alarm(store, "a2")
    assert (explanation.behaviour, explanation.direction) == ("success_rate", "down")
    assert explanation.segments[0].labels == {"agent_version": "v8"}
    assert len(explanation.examples) == 5
    text = describe_explanation(explanation)
    assert "how much: 1.06 times the alarm level (below 1 before), 600 runs" in text
    assert f"parts:    {parts}" in text
    assert "where:    Success rate down: in agent version v8, not seen before: failed runs 2" in text


def test_a_change_of_values_says_which_runs_there_are_more_of(store: Store) -> None:
    write_runs(store, 4_000, 600)
    slower = {
        **ALARM, "alarm_id": "a3", "kind": "value", "metric": "run_cost_usd", "direction": "down",
        "series": 'run_cost_usd{agent="support"}', "before_value": 0.02, "after_value": 0.015,
        "after_low": 0.014, "after_high": 0.016,
    }  # fmt: skip
    store.replace(appends={"drift_alarms": pl.DataFrame([slower])})
    explanation = explain_alarm(store, "a3")
    assert explanation.counted == "runs below $0.02"
    assert "how much: $0.02 before, $0.015 since (95 %: $0.014 to $0.016)" in describe_explanation(
        explanation
    )


def test_runs_of_other_environments_explain_nothing(store: Store) -> None:
    write_runs(store, 4_000, 600)
    of_staging = {**ALARM, "alarm_id": "a4", "environment": "staging"}
    store.replace(appends={"drift_alarms": pl.DataFrame([of_staging])})
    assert explain_alarm(store, "a4").segments == []


def test_what_accounts_for_nothing_of_a_change_is_not_named(store: Store) -> None:
    """All runs change alike, to the utmost; a tenant that happens to be seen oftener is no cause."""
    dice = np.random.default_rng(3)
    is_after = np.arange(3_000) >= 2_400
    write_runs(store, 0, 0)
    shares = np.where(is_after, 0.38, 0.33)
    rows = pl.DataFrame(
        {
            "load_seq": 1, "run_id": [f"r{n}" for n in range(3_000)], "trace_id": [f"t{n}" for n in range(3_000)],
            "root_span_id": "1", "is_sole": True, "service": "helpdesk", "agent": "support", "purpose": "production",
            "tenant": np.where(dice.random(3_000) < shares, "orbit", dice.choice(["acme", "globex"], 3_000)),
            "started_at": [CHANGED + timedelta(minutes=n if late else -n - 1) for n, late in enumerate(is_after - 0)],
            "outcome": np.where(is_after | (dice.random(3_000) < 0.35), "failure", "success"), "complete": True,
            "steps": 3, "llm_calls": 2, "tool_calls": 1, "tool_failures": 0, "retries": 0, "loops": 0,
            "unpriced_calls": 0,
        }
    )  # fmt: skip
    store.replace(appends={"runs": rows})
    late = {**ALARM, "alarm_id": "a5", "last_raised_at": CHANGED + timedelta(days=3)}
    store.replace(appends={"drift_alarms": pl.DataFrame([late])})
    assert [segment.labels for segment in explain_alarm(store, "a5").segments] == [{}]
