"""What a run is, which spans belong to it, and what it inherits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.analytics.counting.building import START, a_span, count


def runs_of(*spans: dict[str, Any]) -> list[str]:
    return sorted(count(*spans).runs["run_id"].to_list())


def test_the_outermost_agent_is_the_run_and_sub_agents_are_steps() -> None:
    spans = (
        a_span("http", "other", lasts=9),
        a_span("boss", "agent", "http", lasts=8),
        a_span("call", "llm", "boss", used=(1, 1)),
        a_span("sub", "agent", "boss", at=2),
    )
    rows = count(*spans).runs
    assert rows.select("run_id", "is_sole", "complete", "steps", "llm_calls").rows() == [
        ("t1-boss", True, True, 2, 1)
    ]


def test_siblings_without_a_workflow_are_several_runs_and_say_which_spans_they_have() -> None:
    spans = (
        a_span("http", "other", lasts=9),
        a_span("one", "agent", "http"),
        a_span("two", "agent", "http", at=2),
        a_span("call", "llm", "two", at=2, used=(1, 1)),
        a_span("router", "llm", "http", at=4, used=(1, 1)),
    )
    counted = count(*spans)
    assert counted.runs.sort("run_id").select("run_id", "is_sole").rows() == [
        ("t1-one", False),
        ("t1-two", False),
    ]
    assert sorted(counted.run_spans.select("span_id", "run_id").rows()) == [
        ("call", "t1-two"),
        ("one", "t1-one"),
        ("two", "t1-two"),
    ]
    assert dict(counted.llm_calls.select("span_id", "run_id").rows()) == {"call": "t1-two", "router": None}


def test_a_sole_run_has_all_spans_of_its_trace() -> None:
    spans = (
        a_span("http", "other", lasts=9),
        a_span("agent", "agent", "http"),
        a_span("router", "llm", "http", at=4, used=(1, 1)),
    )
    counted = count(*spans)
    assert counted.llm_calls["run_id"].to_list() == ["t1-agent"]
    assert counted.run_spans.is_empty()


def test_a_chain_of_the_agents_own_library_above_it_is_the_run() -> None:
    spans = (
        a_span("app", "chain", scope_name="application", lasts=9),
        a_span("crew", "chain", "app", lasts=8),
        a_span("writer", "agent", "crew"),
        a_span("editor", "agent", "crew", at=2),
    )
    assert runs_of(*spans) == ["t1-crew"]


def test_without_an_agent_the_root_of_a_trace_with_calls_is_the_run() -> None:
    assert runs_of(a_span("root"), a_span("call", "llm", "root", used=(1, 1))) == ["t1-root"]
    assert runs_of(a_span("call", "llm", used=(1, 1))) == ["t1-call"]
    assert runs_of(a_span("root"), a_span("tool", "tool", "root")) == ["t1-root"]


def test_a_trace_without_agents_and_calls_is_no_run() -> None:
    counted = count(a_span("root"), a_span("create_agent x", "other", "root"), a_span("chain", "chain"))
    assert counted.runs.is_empty()


def test_an_agent_below_a_tool_was_called_from_inside() -> None:
    spans = (
        a_span("graph", "chain", lasts=9, scope_name="one"),
        a_span("call", "llm", "graph", used=(1, 1)),
        a_span("tool", "tool", "graph", at=2),
        a_span("sub", "agent", "tool", at=2, scope_name="two"),
    )
    assert runs_of(*spans) == ["t1-graph"]


def test_an_agent_with_a_remote_parent_is_complete() -> None:
    rows = count(a_span("agent", "agent", "elsewhere"), a_span("call", "llm", "agent", used=(1, 1))).runs
    assert rows.select("run_id", "complete", "outcome").rows() == [("t1-agent", True, "success")]


def test_a_server_span_is_a_root_though_its_parent_is_elsewhere() -> None:
    spans = (a_span("serve", "tool", "elsewhere", otel_kind="server"),)
    assert count(*spans).runs.select("run_id", "complete").rows() == [("t1-serve", True)]


def test_while_the_root_is_missing_the_orphans_parent_names_the_run() -> None:
    spans = (
        a_span("one", "llm", "gone", at=1, used=(1, 1), session_id="s1"),
        a_span("tool", "tool", "gone", at=2),
        a_span("two", "llm", "step", at=3, used=(1, 1)),
    )
    row = count(*spans).runs.row(0, named=True)
    assert (row["run_id"], row["root_span_id"], row["complete"], row["outcome"]) == (
        "t1-gone",
        "gone",
        False,
        None,
    )
    assert (row["duration_ms"], row["ended_at"], row["llm_calls"], row["session_id"]) == (None, None, 2, "s1")
    assert row["started_at"] == START + timedelta(seconds=1)


def test_an_orphan_below_a_lost_span_belongs_to_the_run_of_its_root() -> None:
    spans = (a_span("agent", "agent", lasts=9), a_span("call", "llm", "lost", at=1, used=(1, 1)))
    counted = count(*spans)
    assert counted.runs.select("run_id", "llm_calls").rows() == [("t1-agent", 1)]


def test_an_open_run_is_incomplete() -> None:
    row = count(a_span("agent", "agent", lasts=None)).runs.row(0, named=True)
    assert (row["complete"], row["outcome"], row["duration_ms"]) == (False, None, None)


def test_identity_is_inherited_from_whichever_span_carries_it() -> None:
    spans = (
        a_span("http", "other", lasts=9, tenant="acme"),
        a_span("agent", "agent", "http"),
        a_span("call", "llm", "agent", used=(1, 1), session_id="s1", purpose="evaluation"),
        a_span("tool", "tool", "agent", user_id="ada", agent_version="7"),
    )
    row = count(*spans).runs.row(0, named=True)
    assert [row[name] for name in ("session_id", "user_id", "tenant", "purpose", "agent_version")] == [
        "s1",
        "ada",
        "acme",
        "evaluation",
        "7",
    ]


def test_version_of_another_agent_inside_is_not_the_runs() -> None:
    spans = (
        a_span("agent", "agent", agent="triage"),
        a_span("helper", "agent", "agent", agent="reader", agent_version="0.1"),
        a_span("call", "llm", "helper", used=(1, 1)),
    )
    assert count(*spans).runs.select("agent", "agent_version").rows() == [("triage", None)]
    assert count(*spans).llm_calls.select("agent", "agent_version").rows() == [("reader", "0.1")]
    nameless = (a_span("flow", "workflow"), *spans[1:])
    assert count(*nameless).runs.select("agent", "agent_version").rows() == [("reader", "0.1")]


def test_what_is_nearest_to_the_run_wins() -> None:
    spans = (
        a_span("http", "other", lasts=9, session_id="outer"),
        a_span("agent", "agent", "http"),
        a_span("call", "llm", "agent", used=(1, 1), session_id="inner"),
    )
    assert count(*spans).runs["session_id"].to_list() == ["inner"]


def test_siblings_do_not_inherit_from_each_other_but_from_above() -> None:
    spans = (
        a_span("http", "other", lasts=9, user_id="ada"),
        a_span("one", "agent", "http", session_id="s1"),
        a_span("two", "agent", "http", at=2),
    )
    rows = count(*spans).runs.sort("run_id").select("run_id", "session_id", "user_id").rows()
    assert rows == [("t1-one", "s1", "ada"), ("t1-two", None, "ada")]


def test_a_response_id_where_the_conversation_belongs_is_no_session() -> None:
    spans = (a_span("agent", "agent"), a_span("call", "llm", "agent", response_id="r1", session_id="r1"))
    assert count(*spans).runs["session_id"].to_list() == [None]


def test_a_workflow_has_the_agent_and_texts_of_the_agents_below() -> None:
    spans = (
        a_span("flow", "workflow", lasts=9),
        a_span("one", "agent", "flow", agent="planner", input="plan", output="planned"),
        a_span("two", "agent", "flow", at=2, agent="writer", input="write", output="written"),
    )
    row = count(*spans).runs.row(0, named=True)
    assert [row[name] for name in ("agent", "workflow", "input", "output")] == [
        "planner",
        "flow",
        "plan",
        "written",
    ]


def test_retries_are_failed_calls_that_were_made_again() -> None:
    spans = (
        a_span("agent", "agent", lasts=9),
        a_span("one", "llm", "agent", at=1, status="error"),
        a_span("two", "llm", "agent", at=3, status="error"),
        a_span("three", "llm", "agent", at=5, used=(1, 1), retries=2),
        a_span("last", "llm", "agent", at=7, request_model="other", status="error"),
    )
    assert count(*spans).runs.select("retries", "llm_calls").rows() == [(4, 4)]


def test_loops_are_repeats_of_one_tool_with_equal_arguments_beyond_the_second() -> None:
    spans = [a_span("agent", "agent", lasts=9)]
    spans += [a_span(f"same-{n}", "tool", "agent", at=n, tool="look", input="{}") for n in range(4)]
    spans += [a_span(f"other-{n}", "tool", "agent", at=n, tool="look", input=str(n)) for n in range(4)]
    assert count(*spans).runs.select("loops", "tool_calls").rows() == [(2, 8)]


def test_tokens_nobody_told_are_unknown_not_zero() -> None:
    silent = count(a_span("agent", "agent"), a_span("call", "llm", "agent")).runs.row(0, named=True)
    assert (silent["input_tokens"], silent["output_tokens"], silent["llm_calls"]) == (None, None, 1)


def test_a_second_span_around_the_same_agent_is_not_another_step() -> None:
    spans = (a_span("run", "agent", agent="bot"), a_span("again", "agent", "run", agent="bot"))
    assert count(*spans).runs.select("run_id", "steps").rows() == [("t1-run", 0)]
