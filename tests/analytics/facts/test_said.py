"""Feedback and outcomes that are told by API or file: runs have them, whenever they come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from analytics.feedback import read_judgement, record_judgements
from analytics.metrics import evaluate
from tests.analytics.facts.building import START, Ledger, agent, call, run_id


def say(ledger: Ledger, **fields: Any) -> None:
    record_judgements(ledger.store, [read_judgement(fields, ledger.now)], ledger.now)
    ledger.now += timedelta(minutes=1)


def runs_of(ledger: Ledger) -> list[tuple[Any, ...]]:
    columns = ("run_id", "feedback", "outcome", "outcome_reason", "failure_class")
    return ledger.rows("runs").select(columns).rows()


def test_late_feedback_and_outcomes_reach_their_runs_and_rates(ledger: Ledger) -> None:
    first, second = run_id(1, 1), run_id(2, 2)
    ledger.receive(agent(1, also={"spanledger.feedback": 1}), call(3, parent=1), agent(2, trace=2))
    say(ledger, run_id=first, value="up")
    say(ledger, run_id=first, value=-0.5)
    say(ledger, run_id=first, name="helpful", value=1, source="evaluator")
    say(ledger, run_id=second, name="outcome", label="escalated", source="human")
    say(ledger, run_id=second, name="outcome", label="failed", explanation="wrong refund")
    expected = [
        (first, -0.5, "success", None, None),
        (second, None, "failure", "wrong refund", "unknown"),
    ]
    ledger.count()
    assert runs_of(ledger) == expected
    ledger.receive(call(4, parent=1, at=0.5))
    assert runs_of(ledger) == expected
    rates = evaluate(ledger.store, ["satisfaction", "success_rate"], START, START + timedelta(hours=1))
    assert rates["value"].to_list() == [0.0, 0.5]


def test_what_is_said_before_the_run_is_seen_is_not_forgotten(ledger: Ledger) -> None:
    say(ledger, run_id=run_id(1, 1), value="down")
    ledger.receive(call(3, parent=1))
    say(ledger, run_id=run_id(1, 1), name="outcome", label="resolved")
    ledger.receive(agent(1))
    assert runs_of(ledger) == [(run_id(1, 1), -1.0, "success", "stated as resolved", None)]
