"""What a run came to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analytics.counting.building import a_span, count

CALL = {"used": (1, 1), "finish_reason": "stop"}


def outcome_of(*spans: dict[str, Any]) -> tuple[str | None, str | None]:
    return count(*spans).runs.select("outcome", "failure_class").row(0)


def test_a_run_without_trouble_succeeds() -> None:
    assert outcome_of(a_span("run", "agent"), a_span("call", "llm", "run", **CALL)) == ("success", None)


def test_an_error_of_the_run_fails_it_with_a_class() -> None:
    run = a_span("run", "agent", status="error", error_type="TimeoutError")
    assert outcome_of(run) == ("failure", "timeout")
    assert count(run).runs["outcome_reason"].to_list() == ["TimeoutError"]


def test_an_unknown_error_has_the_class_of_the_step_that_failed() -> None:
    spans = (
        a_span("run", "agent", lasts=5, status="error", status_message="gave up"),
        a_span("call", "llm", "run", status="error", status_message="429 Too Many Requests"),
    )
    assert outcome_of(*spans) == ("failure", "rate_limit")


@pytest.mark.parametrize("message", ["order not found", "RuntimeError: order not found", None])
def test_an_error_that_bubbled_up_from_a_tool_the_agent_dealt_with_is_recovered(message: str | None) -> None:
    spans = (
        a_span("run", "agent", lasts=9, status="error", status_message=message, output="sorry"),
        a_span("tool", "tool", "run", at=1, status="error", status_message="order not found"),
        a_span("call", "llm", "run", at=3, **CALL),
    )
    assert outcome_of(*spans) == ("success", None)


def test_an_error_of_its_own_after_a_recovered_one_fails_the_run() -> None:
    spans = (
        a_span("run", "agent", lasts=9, status="error", status_message="disk full", output="sorry"),
        a_span("tool", "tool", "run", at=1, status="error", status_message="order not found"),
        a_span("call", "llm", "run", at=3, **CALL),
    )
    assert outcome_of(*spans)[0] == "failure"


def test_an_error_without_a_success_after_it_is_not_recovered() -> None:
    spans = (
        a_span("run", "agent", lasts=9, status="error", status_message="order not found", output="x"),
        a_span("call", "llm", "run", at=1, **CALL),
        a_span("tool", "tool", "run", at=3, status="error", status_message="order not found"),
    )
    assert outcome_of(*spans) == ("failure", "tool_error")


def test_a_success_that_began_before_the_failure_ended_recovers_nothing() -> None:
    spans = (
        a_span("run", "agent", lasts=9, status="error", status_message="boom", output="x"),
        a_span("bad", "tool", "run", at=1, lasts=3, status="error", status_message="boom"),
        a_span("good", "tool", "run", at=2),
    )
    assert outcome_of(*spans)[0] == "failure"


def test_an_answered_call_with_an_error_left_over_from_before_is_a_success() -> None:
    spans = (
        a_span("run", "agent", lasts=9, status="error", status_message="boom"),
        a_span("bad", "tool", "run", at=1, status="error", status_message="boom"),
        a_span("call", "llm", "run", at=3, status="error", status_message="boom", **CALL),
    )
    assert outcome_of(*spans)[0] == "success"


@pytest.mark.parametrize("status", ["unset", "ok"])
def test_a_run_whose_last_call_failed_without_an_answer_failed_whatever_its_status(status: str) -> None:
    spans = (
        a_span("run", "agent", lasts=9, status=status),
        a_span("call", "llm", "run", at=3, status="error", error_type="InternalServerError"),
    )
    assert outcome_of(*spans) == ("failure", "upstream")


def test_a_retried_call_does_not_fail_the_run() -> None:
    spans = (
        a_span("run", "agent", lasts=9),
        a_span("first", "llm", "run", at=1, status="error"),
        a_span("second", "llm", "run", at=3, **CALL),
    )
    assert outcome_of(*spans) == ("success", None)


@pytest.mark.parametrize(
    ("stated", "outcome"),
    [
        ("success", "success"),
        ("resolved", "success"),
        ("failure", "failure"),
        ("abandoned", "failure"),
        ("escalated", "escalated"),
    ],
)
def test_what_the_application_states_comes_first(stated: str, outcome: str) -> None:
    spans = (
        a_span("run", "agent", status="error" if outcome == "success" else "ok"),
        a_span("note", "other", "run", outcome=stated, outcome_reason="because", confidence=0.5),
    )
    row = count(*spans).runs.row(0, named=True)
    assert (row["outcome"], row["explicit_outcome"], row["outcome_reason"]) == (outcome, stated, "because")
    assert row["confidence"] == 0.5


def test_the_last_statement_holds() -> None:
    spans = (
        a_span("run", "agent", lasts=5, outcome="success"),
        a_span("step", "other", "run", at=1, outcome="failure"),
    )
    assert outcome_of(*spans) == ("success", None)


@pytest.mark.parametrize("tool", ["transfer_to_human", "escalate_to_support", "handoff_to_live_agent"])
def test_a_hand_off_to_a_person_escalates(tool: str) -> None:
    spans = (a_span("run", "agent", lasts=5), a_span("tool", "tool", "run", tool=tool))
    assert outcome_of(*spans) == ("escalated", None)


@pytest.mark.parametrize("tool", ["transfer_money", "ask_human_approval", "search_humans"])
def test_other_tools_do_not_escalate(tool: str) -> None:
    spans = (a_span("run", "agent", lasts=5), a_span("tool", "tool", "run", tool=tool))
    assert outcome_of(*spans) == ("success", None)


def test_a_failed_hand_off_does_not_escalate() -> None:
    spans = (a_span("run", "agent", lasts=5), a_span("tool", "tool", "run", tool="escalate", status="error"))
    assert outcome_of(*spans)[0] != "escalated"


def test_a_statement_is_known_while_the_root_is_missing() -> None:
    spans = (a_span("call", "llm", "gone", outcome="resolved", **CALL),)
    assert outcome_of(*spans) == ("success", None)


@pytest.mark.parametrize(
    ("facts", "finish", "has_answer"),
    [
        ({"output": "It is 18°C"}, "stop", True),
        ({"output": " [] "}, "stop", False),
        ({}, "stop", True),
        ({}, "length", True),
        ({}, "tool_call", False),
        ({}, None, None),
    ],
)
def test_an_answer_is_seen_in_the_output_else_in_how_the_last_call_ended(
    facts: dict[str, Any], finish: str | None, has_answer: bool | None
) -> None:
    spans = (
        a_span("run", "agent", lasts=5, **facts),
        a_span("call", "llm", "run", used=(1, 1), finish_reason=finish),
    )
    assert count(*spans).runs["has_answer"].to_list() == [has_answer]


def test_the_last_feedback_is_the_runs() -> None:
    spans = (
        a_span("run", "agent", lasts=5),
        a_span("down", "other", "run", at=6, feedback=-1.0),
        a_span("up", "other", "run", at=9, feedback=1.0),
    )
    assert count(*spans).runs["feedback"].to_list() == [1.0]


def test_a_guardrail_that_trips_before_any_call_fails_the_run() -> None:
    spans = (
        a_span("run", "agent", lasts=5, status="ok"),
        a_span("turn", "chain", "run", at=1, status="error", status_message="Guardrail tripwire triggered"),
    )
    assert outcome_of(*spans) == ("failure", "content_filter")


def test_a_tool_error_without_visible_model_calls_does_not_fail_the_run() -> None:
    spans = (a_span("run", "agent", lasts=5), a_span("tool", "tool", "run", at=1, status="error"))
    assert outcome_of(*spans) == ("success", None)


def test_an_agent_that_failed_before_another_succeeded_does_not_fail_the_workflow() -> None:
    spans = (
        a_span("flow", "workflow", lasts=9),
        a_span("one", "agent", "flow", at=1, status="error"),
        a_span("two", "agent", "flow", at=3),
    )
    assert outcome_of(*spans) == ("success", None)


def test_a_failed_run_without_output_gave_no_answer() -> None:
    spans = (a_span("run", "agent", lasts=5, status="error"), a_span("call", "llm", "run", **CALL))
    assert count(*spans).runs["has_answer"].to_list() == [False]


def test_a_run_of_an_evaluator_is_an_evaluation() -> None:
    spans = (a_span("judge", "evaluator"), a_span("call", "llm", "judge", **CALL))
    assert count(*spans).runs["purpose"].to_list() == ["evaluation"]


@pytest.mark.parametrize(
    ("output", "answered"),
    [
        ('[{"role":"assistant","parts":[{"type":"text","content":""}]}]', False),
        (
            '[{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"look_up","arguments":{}}]}]',
            False,
        ),
        ('[{"role":"user","content":"hi"},{"role":"assistant","content":"   "}]', False),
        ('{"text":"","object":null,"files":[]}', False),
        (
            '{"messages":[{"type":"human","content":"hi"},{"type":"ai","content":"Paris","tool_calls":[]}]}',
            True,
        ),
        ('{"messages":[{"type":"human","content":"hi"},{"type":"ai","content":"","tool_calls":[]}]}', False),
        ('[{"role":"assistant","parts":[{"type":"text","content":""},{"type":"text","content":"x"}]}]', True),
        ('{"count":0,"rows":[]}', True),
        ('{"text":""', True),
        ('{"results":[],"summary":"No open invoices"}', True),
        ('{"data":null,"approved":true}', True),
        ('{"data":null,"results":[]}', False),
        ('{"text":"","id":"t1","finish_reason":"stop","usage":{"input_tokens":3}}', False),
        ('{"text":"","toolCalls":[{"toolName":"look_up","args":{}}],"finishReason":"tool-calls"}', False),
        ('{"messages":[{"type":"ai","content":""}],"thread":"t1"}', False),
        ('{"choices":[{"index":0,"message":{"role":"assistant","content":null}}],"created":1}', False),
        ('{"content":"","additional_kwargs":{"model":"m"},"type":"ai"}', False),
        ("false", True),
    ],
)
def test_json_of_nothing_but_empty_texts_and_requests_for_tools_is_no_answer(
    output: str, *, answered: bool
) -> None:
    rows = count(a_span("run", "agent", output=output), a_span("call", "llm", "run", used=(1, 1))).runs
    assert rows["has_answer"].to_list() == [answered]


def test_an_error_that_is_given_out_as_an_answer_is_none() -> None:
    call = a_span(
        "call", "llm", "run", status="error", status_message="Error code: 400 - bad request by design"
    )
    run = a_span("run", "agent", lasts=5, output="Error code: 400 - bad request by design")
    assert count(run, call).runs.select("outcome", "has_answer").row(0) == ("failure", False)
    assert outcome_of(run, call, a_span("again", "llm", "run", at=2, **CALL))[0] == "success"
