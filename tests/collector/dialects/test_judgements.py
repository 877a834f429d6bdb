"""Feedback, annotations and evaluation results in every shape become scores on what they judge."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import pytest

from collector.dialects.evaluations import find_verdict
from collector.loader import load_bodies
from tests.analytics.facts.building import Ledger, agent, call, open_ledger, run_id
from tests.collector.building import NOW, Plain, a_body
from tests.collector.dialects.building import facts_of
from tests.collector.dialects.coding_agents import Said, a_log_export
from tests.collector.dialects.test_log_messages import bodies_of


def judged(attributes: dict[str, str], **said: Any) -> list[dict[str, Any]]:
    return msgspec.json.decode(facts_of(attributes, **said)["judgements"] or "[]")


@pytest.mark.parametrize(
    ("key", "sent", "feedback"),
    [
        ("thumbs", "up", 1.0),
        ("thumbs_up", "false", -1.0),
        ("user_feedback", "negative", -1.0),
        ("rating", "5", 1.0),
        ("rating", "2", -0.5),
        ("user.rating", "0", None),
        ("feedback.score", "0.75", 0.5),
        ("feedback", "-0.5", -0.5),
        ("feedback", "the answer was late", None),
    ],
)
def test_feedback_of_any_scale_is_one_number(key: str, sent: str, feedback: float | None) -> None:
    facts = facts_of({key: sent})
    assert facts["feedback"] == feedback
    [judgement] = msgspec.json.decode(facts["judgements"])
    assert (judgement["source"], judgement["name"]) == ("user", key)


def test_judgements_without_name_or_content_are_none() -> None:
    assert judged({"annotations.0.annotation.score": "1"}) == []
    assert judged({"annotations.0.annotation.name": "x", "annotations.zero.annotation.score": "1"}) == []
    assert judged({"gen_ai.evaluation.name": "x"}) == []


def test_an_annotation_may_be_about_the_run_or_the_session() -> None:
    said = {
        f"{prefix}annotations.0.annotation.{field}": text
        for prefix in ("trace.", "session.")
        for field, text in (("name", "frustration"), ("label", "high"), ("annotator_kind", "HUMAN"))
    }
    assert [(each["about"], each["label"], each["source"]) for each in judged(said)] == [
        ("run", "high", "human"),
        ("session", "high", "human"),
    ]


def scores_of(ledger: Ledger) -> list[tuple[object, ...]]:
    return sorted(
        ledger.rows("scores").select("name", "target", "target_id", "value", "label").rows(), key=str
    )


def evaluation(attributes: dict[str, Plain], trace: int = 0, span: int = 0) -> Said:
    said: dict[str, Plain] = {"event.name": "gen_ai.evaluation.result", "gen_ai.evaluation.name": "relevance"}
    return Said(3601.0, "", said | {"gen_ai.evaluation.score.value": 0.4} | attributes, trace, span)


@pytest.mark.parametrize("by_id", [False, True])
def test_a_log_record_of_an_evaluation_judges_its_span(by_id: bool) -> None:
    record = evaluation({"gen_ai.response.id": "r1"}) if by_id else evaluation({}, 1, 2)
    with open_ledger() as ledger:
        ledger.receive(agent(1), call(2, parent=1, response="r1"))
        ledger.now = NOW
        body = a_body(a_log_export([record], service="judge"), signal="logs")
        load_bodies(ledger.store, [body], is_import=False)
        ledger.count()
        assert scores_of(ledger) == [("relevance", "span", run_id(1, 2), 0.4, None)]
        assert ledger.rows("runs").height == ledger.rows("llm_calls").height == 1


def test_an_experiments_case_judges_the_run_below_it() -> None:
    with open_ledger() as ledger:
        load_bodies(ledger.store, bodies_of("pydantic_evals_feedback"), is_import=False)
        ledger.now = NOW
        ledger.count()
        scores = ledger.rows("scores")
        runs = set(ledger.rows("runs")["run_id"])
        assert set(scores["target"]) == {"run"}
        assert set(scores["target_id"]) <= runs
        assert scores["target_id"].n_unique() == 3
        assert scores.filter(name="thumbs").select("value", "source", "explanation").rows() == [
            (1.0, "user", "great answer")
        ]
        assert sorted(scores.filter(name="tone")["label"]) == ["neutral", "neutral"]
        assert scores.filter(name="Contains")["value"].sort().to_list() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("attributes", "verdict"),
    [
        ({"openinference.span.kind": "GUARDRAIL", "output.value": '{"passed": true}'}, ("check", 0.0)),
        ({"openinference.span.kind": "GUARDRAIL"}, None),
        ({"openinference.span.kind": "GUARDRAIL", "output.value": '{"score": 0.3}'}, None),
        (
            {
                "langfuse.observation.type": "guardrail",
                "langfuse.observation.output": '{"result": {"blocked": true}}',
            },
            ("check", 1.0),
        ),
        ({"guardrail.name": "pii", "guardrail.tripwire_triggered": "false"}, ("pii", 0.0)),
        ({"guardrail.name": "pii", "guardrail.passed": "false"}, ("pii", 1.0)),
    ],
)
def test_a_guardrails_verdict_stands_in_its_flags_or_its_output(
    attributes: dict[str, str], verdict: tuple[str, float] | None
) -> None:
    found = [(each["name"], each["value"]) for each in judged(attributes, name="check")]
    assert found == ([] if verdict is None else [verdict])


@pytest.mark.parametrize("key", ["output", "passed"])
def test_output_nested_deeper_than_python_recurses_is_no_verdict(key: str) -> None:
    said: dict[str, object] = {"blocked": True}
    for _ in range(2 * sys.getrecursionlimit()):
        said = {key: said}
    assert find_verdict(said) is None
