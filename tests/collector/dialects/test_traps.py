"""The traps of real emitters on made-up spans: other names, other numbers, other shapes than in any capture.

One function per group of traps; `TRAPS` of `traps.py` says which function proves which trap.
"""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from analytics.counting import Counted, count_traces
from collector.decode import decode_traces
from collector.dialects import normalise
from tests.analytics.facts.building import START, Sent, a_body
from tests.collector.building import Plain

CLASSES = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
OI = "openinference.instrumentation.somebody"


def counted(*spans: Sent) -> Counted:
    facts = normalise(decode_traces([a_body(spans, START).data], [START]))
    return count_traces(facts.with_columns(load_seq=pl.lit(1, pl.Int64)))


def tokens(found: Counted, *classes: str) -> list[tuple[Any, ...]]:
    return (
        found.llm_calls.sort("started_at", "span_id")
        .select(classes or ("input_tokens", "output_tokens"))
        .rows()
    )


def span(number: int, attributes: dict[str, Plain] | None = None, **facts: Any) -> Sent:
    return Sent(number, attributes or {}, **facts)


def genai(number: int, operation: str, more: dict[str, Plain] | None = None, **facts: Any) -> Sent:
    return Sent(number, {"gen_ai.operation.name": operation, **(more or {})}, **facts)


def used(read: int, written: int, **more: int) -> dict[str, Plain]:
    said: dict[str, Plain] = {f"gen_ai.usage.{name}": number for name, number in more.items()}
    return said | {"gen_ai.usage.input_tokens": read, "gen_ai.usage.output_tokens": written}


def oi(number: int, kind: str, more: dict[str, Plain] | None = None, **facts: Any) -> Sent:
    facts.setdefault("scope", OI)
    return Sent(number, {"openinference.span.kind": kind, **(more or {})}, **facts)


def oi_used(read: int, written: int) -> dict[str, Plain]:
    return {"llm.token_count.prompt": read, "llm.token_count.completion": written, "llm.model_name": "m-1"}


def a_chat(number: int, read: int, written: int, **facts: Any) -> Sent:
    return genai(number, "chat", used(read, written) | {"gen_ai.request.model": "m-1"}, **facts)


# Usage on several spans


def test_an_agents_sum_is_not_counted_beside_its_calls() -> None:
    found = counted(
        genai(1, "invoke_agent", used(31, 13), lasts=9.0, scope="my.framework"),
        genai(2, "invoke_agent", used(10, 4), parent=1, lasts=4.0, scope="my.framework"),
        a_chat(3, 10, 4, parent=2, scope="my.framework"),
        a_chat(4, 21, 9, parent=1, at=5.0, scope="my.framework"),
    )
    assert tokens(found) == [(10, 4), (21, 9)]


def test_an_agents_sum_of_openinference_or_of_a_workflow_is_not_counted_either() -> None:
    found = counted(
        oi(1, "CHAIN", oi_used(80, 8), lasts=9.0),
        oi(2, "AGENT", oi_used(40, 4), parent=1, lasts=4.0),
        oi(3, "LLM", oi_used(40, 4), parent=2),
    )
    assert tokens(found) == [(40, 4)]


def test_usage_over_the_life_of_an_agent_object_is_nobodys() -> None:
    strands = {"scope": "strands.telemetry.tracer"}
    found = counted(
        genai(1, "invoke_agent", used(1000, 100), name="invoke_agent a", **strands),
        genai(1, "invoke_agent", used(1700, 170), name="invoke_agent a", trace=2, **strands),
        a_chat(2, 700, 70, parent=1, trace=2, name="chat", **strands),
    )
    assert tokens(found) == [(700, 70)]


def test_an_aggregate_under_a_name_of_its_own_is_no_usage() -> None:
    summed: dict[str, Plain] = {
        "gen_ai.aggregated_usage.input_tokens": 30,
        "gen_ai.aggregated_usage.output_tokens": 3,
    }
    found = counted(genai(1, "invoke_agent", summed, scope="pydantic-ai"), a_chat(2, 30, 3, parent=1))
    assert tokens(found) == [(30, 3)]


def test_a_clients_span_within_a_frameworks_is_the_same_call() -> None:
    found = counted(
        a_chat(1, 55, 6, scope="framework", lasts=3.0),
        genai(
            2,
            "chat",
            used(55, 6, **{"cache_read.input_tokens": 20}) | {"gen_ai.response.model": "m-1-2027"},
            parent=1,
            at=0.1,
            lasts=2.0,
            scope="com.other.sdk",
        ),
    )
    assert tokens(found, *CLASSES[:2]) == [(55, 20)]
    assert found.llm_calls["response_model"].to_list() == ["m-1-2027"]


@pytest.mark.parametrize("place", ["sibling", "other trace", "root of its own"])
def test_twins_with_one_response_id_are_one_call_wherever_they_stand(place: str) -> None:
    named: dict[str, Plain] = {"gen_ai.response.id": "abc"}
    where: dict[str, Any] = {
        "sibling": {"parent": 1},
        "other trace": {"trace": 2, "parent": 9},
        "root of its own": {"trace": 3},
    }[place]
    found = counted(
        genai(1, "invoke_agent", lasts=9.0),
        genai(2, "chat", used(9, 2) | named, parent=1, at=1.0, scope="a"),
        genai(3, "chat", used(9, 2) | named, at=1.1, lasts=0.7, scope="b", **where),
    )
    assert tokens(found) == [(9, 2)]


def test_two_calls_with_one_response_id_that_do_not_overlap_are_two() -> None:
    named: dict[str, Plain] = {"gen_ai.response.id": "cached-answer"}
    found = counted(
        genai(1, "invoke_agent", lasts=90.0),
        genai(2, "chat", used(9, 2) | named, parent=1, at=1.0),
        genai(3, "chat", used(9, 2) | named, parent=1, at=50.0),
    )
    assert tokens(found) == [(9, 2), (9, 2)]


def test_siblings_of_two_libraries_without_ids_are_one_call_when_they_agree_and_overlap() -> None:
    chat = {"parent": 1, "at": 1.0}
    found = counted(
        genai(1, "invoke_agent", lasts=9.0),
        a_chat(2, 44, 4, scope="lib.one", **chat),
        oi(3, "LLM", oi_used(44, 4), **chat),
        oi(4, "LLM", oi_used(45, 4), **chat),
        a_chat(5, 44, 4, scope="lib.one", parent=1, at=6.0),
    )
    assert tokens(found) == [(44, 4), (45, 4), (44, 4)]


def test_a_call_told_in_two_dialects_on_one_span_counts_once() -> None:
    both = used(451, 7) | oi_used(451, 7) | {"gen_ai.operation.name": "chat", "session.id": "s"}
    assert tokens(counted(oi(1, "LLM", both))) == [(451, 7)]
    triple = used(20, 3) | {"gen_ai.usage.prompt_tokens": 20, "gen_ai.usage.completion_tokens": 3}
    assert tokens(counted(genai(1, "chat", triple))) == [(20, 3)]


def test_an_agent_that_was_given_its_calls_usage_stands_in_when_no_call_is_there() -> None:
    found = counted(genai(1, "invoke_agent", used(12, 3) | {"gen_ai.request.model": "m-1"}))
    assert tokens(found) == [(12, 3)]


def test_a_sub_agent_below_a_model_span_keeps_both_calls() -> None:
    found = counted(
        genai(1, "invoke_agent", lasts=9.0),
        a_chat(2, 100, 10, parent=1, lasts=8.0),
        genai(3, "execute_tool", {"gen_ai.tool.name": "ask"}, parent=2, at=1.0, lasts=5.0),
        genai(4, "invoke_agent", {"gen_ai.agent.name": "helper"}, parent=3, at=1.1, lasts=4.0),
        a_chat(5, 30, 3, parent=4, at=1.2),
    )
    assert tokens(found) == [(100, 10), (30, 3)]
    assert (found.runs.height, found.tool_calls.height) == (1, 1)


def test_pending_copies_count_nothing() -> None:
    copy: dict[str, Plain] = {"logfire.span_type": "pending_span", "gen_ai.operation.name": "chat"}
    found = counted(a_chat(1, 8, 2), span(2, copy, parent=1, lasts=0.0))
    assert tokens(found) == [(8, 2)]


def test_embeddings_within_embeddings_are_one_call() -> None:
    found = counted(
        genai(1, "embeddings", {"gen_ai.request.model": "e"}, lasts=3.0),
        genai(2, "embeddings", {"gen_ai.usage.input_tokens": 17, "gen_ai.request.model": "e"}, parent=1),
    )
    assert tokens(found) == [(17, None)]


# What the numbers mean


@pytest.mark.parametrize(
    ("said", "scope", "expected"),
    [
        (used(50, 5, **{"cache_read.input_tokens": 200}), "x", (250, 200, None, 5, None)),
        (used(50, 5, **{"cache_creation.input_tokens": 60}), "x", (110, None, 60, 5, None)),
        (used(500, 5, **{"cache_read.input_tokens": 200}), "x", (500, 200, None, 5, None)),
        (
            used(500, 5, **{"cache_read.input_tokens": 200}),
            "openlit.instrumentation.anthropic",
            (700, 200, None, 5, None),
        ),
        (
            used(500, 5, **{"cache_read.input_tokens": 200}),
            "opentelemetry.instrumentation.genai.bedrock",
            (700, 200, None, 5, None),
        ),
        (used(500, 5, **{"cache_read.input_tokens": 200, "total_tokens": 705}), "x", (700, 200, None, 5, None)),
        (used(500, 5, **{"cache_read.input_tokens": 200, "total_tokens": 505}), "x", (500, 200, None, 5, None)),
        (
            {"langfuse.observation.type": "generation", "langfuse.observation.usage_details": json.dumps(
                {"input": 70, "input_cache_read": 30, "output": 9, "output_reasoning": 4})},
            "langfuse-sdk",
            (100, 30, None, 13, 4),
        ),
        (
            {"langfuse.observation.type": "generation", "langfuse.observation.usage_details": json.dumps(
                {"prompt_tokens": 100, "completion_tokens": 13,
                 "prompt_tokens_details": {"cached_tokens": 30},
                 "completion_tokens_details": {"reasoning_tokens": 4}})},
            "langfuse-sdk",
            (100, 30, None, 13, 4),
        ),
        (used(40, 6, reasoning_tokens=9) | {"gen_ai.provider.name": "gcp.gemini"}, "x", (40, None, None, 15, 9)),
    ],
)  # fmt: skip
def test_counts_are_inclusive_whatever_was_sent(
    said: dict[str, Plain], scope: str, expected: tuple[Any, ...]
) -> None:
    found = counted(span(1, {"gen_ai.operation.name": "chat", **said}, scope=scope))
    assert tokens(found, *CLASSES) == [expected]


def test_usage_in_a_python_repr_and_inside_replies_is_read() -> None:
    litellm = counted(
        genai(1, "acompletion", {
            "gen_ai.usage.input_tokens": 456, "gen_ai.usage.output_tokens": 20, "gen_ai.request.model": "claude-x",
            "metadata.usage_object": "{'prompt_tokens': 456, 'completion_tokens': 20, "
            "'prompt_tokens_details': {'cached_tokens': 99, 'text_tokens': None}}",
        }, scope="litellm", name="litellm_request")
    )  # fmt: skip
    assert tokens(litellm, *CLASSES[:2]) == [(456, 99)]
    replies = json.dumps({"replies": [{"meta": {"model": "m-9", "finish_reason": "length",
                                                "usage": {"prompt_tokens": 12, "completion_tokens": 4}}}]})  # fmt: skip
    haystack = counted(
        span(1, {"haystack.agent.step.llm.output": replies}, scope="mine", name="haystack.agent.step.llm")
    )
    assert tokens(haystack) == [(12, 4)]
    assert haystack.llm_calls["finish_reason"].to_list() == ["length"]


def test_usage_that_was_never_sent_is_unknown_not_zero() -> None:
    found = counted(genai(1, "invoke_agent"), genai(2, "chat", {"gen_ai.request.model": "m-1"}, parent=1))
    assert tokens(found) == [(None, None)]
    assert found.runs["input_tokens"].to_list() == [None]


def test_impossible_counts_are_kept_as_sent_and_said_to_be_inconsistent() -> None:
    found = counted(genai(1, "chat", used(10, 5, reasoning_tokens=50) | {"gen_ai.request.model": "m-1"}))
    assert (tokens(found), found.llm_calls["usage_note"].to_list()) == ([(10, 5)], ["inconsistent"])


# Status, errors, retries


@pytest.mark.parametrize(
    ("said", "scope", "status"),
    [
        ({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t", "error.type": "X"}, "any", 0),
        ({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t", "tool.status": "error"},
         "strands.telemetry.tracer", 1),
        ({"haystack.tool.error": True, "haystack.tool.name": "t"}, "mine", 0),
        ({"langfuse.observation.type": "tool", "langfuse.observation.level": "ERROR"}, "langfuse-sdk", 0),
    ],
)  # fmt: skip
def test_a_tool_that_failed_without_an_error_status_failed(
    said: dict[str, Plain], scope: str, status: int
) -> None:
    name = "haystack.agent.step.tool" if "haystack.tool.name" in said else "t"
    found = counted(span(1, said, scope=scope, status=status, name=name))
    assert found.tool_calls["status"].to_list() == ["error"]


def test_client_and_server_of_an_mcp_call_are_one_failed_execution() -> None:
    client: dict[str, Plain] = {"mcp.method.name": "tools/call", "gen_ai.operation.name": "execute_tool",
                                "gen_ai.tool.name": "book"}  # fmt: skip
    found = counted(
        genai(1, "invoke_agent", lasts=5.0),
        span(2, client, parent=1, name="MCP send tools/call book", scope="mcp-python-sdk"),
        span(3, {**client, "error.type": "tool_error"}, parent=2, status=2, lasts=0.5,
             name="tools/call book", scope="mcp-python-sdk", service="server"),
    )  # fmt: skip
    assert found.tool_calls.select("tool", "status").rows() == [("book", "error")]


def test_hand_offs_and_merged_tools_are_no_executions() -> None:
    found = counted(
        genai(1, "invoke_agent", {"gen_ai.agent.name": "a"}, lasts=9.0),
        oi(2, "TOOL", {"tool.name": "handoff to billing"}, parent=1, name="handoff to billing"),
        genai(3, "execute_tool", {"gen_ai.tool.name": "(merged tools)"}, parent=1,
              name="execute_tool (merged)", scope="gcp.vertex.agent"),
        genai(4, "execute_tool", {"gen_ai.tool.name": "transfer_to_b_agent"}, parent=1),
        genai(5, "invoke_agent", {"gen_ai.agent.name": "B agent"}, parent=1, at=2.0),
        genai(6, "execute_tool", {"gen_ai.tool.name": "weather"}, parent=5, at=2.1),
    )  # fmt: skip
    assert found.tool_calls["tool"].to_list() == ["weather"]


def test_attempts_are_calls_and_a_retried_run_succeeded() -> None:
    failed: dict[str, Plain] = {"gen_ai.request.model": "m-1", "error.type": "RateLimitError"}
    found = counted(
        genai(1, "invoke_agent", lasts=9.0, status=2),
        genai(2, "chat", failed, parent=1, status=2),
        a_chat(3, 5, 5, parent=1, at=3.0),
        genai(4, "execute_tool", {"gen_ai.tool.name": "t"}, parent=1, at=5.0, status=2),
        genai(5, "chat", used(9, 1) | {"gen_ai.request.model": "m-1", "gen_ai.response.finish_reasons": ["stop"]},
              parent=1, at=7.0),
    )  # fmt: skip
    run = found.runs.row(0, named=True)
    assert (run["outcome"], run["retries"], run["tool_failures"]) == ("success", 1, 1)
    assert found.llm_calls["failure_class"].to_list() == ["rate_limit", None, None]


def test_one_failure_that_bubbles_up_is_one_failed_call_and_one_failed_run() -> None:
    found = counted(
        oi(1, "CHAIN", lasts=9.0, status=2),
        oi(2, "AGENT", parent=1, lasts=8.0, status=2),
        oi(3, "CHAIN", parent=2, lasts=7.0, status=2),
        oi(4, "LLM", {"llm.model_name": "m-1"}, parent=3, status=2),
    )
    assert found.llm_calls["status"].to_list() == ["error"]
    assert found.runs["outcome"].to_list() == ["failure"]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (["tool_calls"], "tool_call"), ('["end_turn"]', "stop"), ("FinishReason.TOOL_CALLS", "tool_call"),
        ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"), ("refusal", "content_filter"), ("Completed", "stop"),
    ],
)  # fmt: skip
def test_finish_reasons_have_one_spelling(sent: Plain, shown: str) -> None:
    found = counted(genai(1, "chat", used(1, 1) | {"gen_ai.response.finish_reasons": sent}))
    assert found.llm_calls["finish_reason"].to_list() == [shown]


# Structure and identity


def test_a_trace_without_its_root_is_an_incomplete_run() -> None:
    found = counted(a_chat(2, 5, 1, parent=1), genai(3, "execute_tool", {"gen_ai.tool.name": "t"}, parent=1))
    run = found.runs.row(0, named=True)
    assert (run["root_span_id"], run["complete"], run["outcome"]) == (f"{1:016x}", False, None)
    assert (run["llm_calls"], run["tool_calls"]) == (1, 1)


def test_making_an_agent_is_no_run_and_a_server_above_one_neither() -> None:
    found = counted(
        genai(1, "create_agent", {"gen_ai.agent.name": "a"}, trace=2),
        span(1, {"http.request.method": "POST"}, lasts=9.0),
        genai(2, "invoke_agent", {"gen_ai.agent.name": "a"}, parent=1),
        genai(3, "invoke_agent", {"gen_ai.agent.name": "b"}, parent=1, at=2.0),
    )
    assert found.runs.sort("started_at")["agent"].to_list() == ["a", "b"]


LANGCHAIN_JS = "@traceloop/instrumentation-langchain"
ANSWERED = (
    '"usage_metadata":{"input_tokens":9,"output_tokens":4,'
    '"input_token_details":{"cache_read":3},"output_token_details":{"reasoning":2}}'
)


def link(number: int, state: str, side: str = "output", **facts: Any) -> Sent:
    said: dict[str, Plain] = {"traceloop.span.kind": "workflow", "traceloop.workflow.name": "step"}
    return span(number, said | {f"traceloop.entity.{side}": state}, scope=LANGCHAIN_JS, **facts)


@pytest.mark.parametrize(("side", "at"), [("output", 0.0), ("input", 1.1)])
def test_a_chain_in_a_trace_of_its_own_tells_parts_of_a_call_and_is_no_run(side: str, at: float) -> None:
    state = f'{{"lc":1,"kwargs":{{"content":"x",{ANSWERED}}}}}'
    call = a_chat(1, 9, 4, scope=LANGCHAIN_JS, at=0.1, lasts=0.9)
    found = counted(call, link(1, state, side, trace=2, at=at, lasts=1.5))
    assert tokens(found, *CLASSES) == [(9, 3, None, 4, 2)]
    assert found.runs.height == 1


def test_a_step_beside_a_call_that_is_given_its_answer_tells_parts_of_it() -> None:
    scope = "opentelemetry.instrumentation.langchain"
    step: dict[str, Plain] = {"traceloop.span.kind": "task"}
    earlier = ANSWERED.replace('"cache_read":3', '"cache_read":1').replace("9", "8")
    found = counted(
        span(1, {"traceloop.span.kind": "workflow"}, scope=scope, lasts=9.0),
        span(2, step | {"traceloop.entity.input": f'{{"inputs": {{"messages": [{{{earlier}}}]}}}}'}, parent=1,
             scope=scope, lasts=5.0),
        a_chat(3, 9, 4, scope=scope, parent=2, at=0.5),
        span(4, step | {"traceloop.entity.input": f'{{"inputs": {{"lc": 1, "kwargs": {{{ANSWERED}}}}}}}'}, parent=2,
             scope=scope, at=1.6),
    )  # fmt: skip
    assert tokens(found, *CLASSES) == [(9, 3, None, 4, 2)]
    assert found.runs.height == 1


@pytest.mark.parametrize("at", [3.0, -9.0])
def test_a_chain_of_equal_counts_at_another_time_tells_of_another_call(at: float) -> None:
    other = link(1, f'{{"lc":1,"kwargs":{{{ANSWERED}}}}}', trace=2, at=at)
    assert tokens(counted(a_chat(1, 9, 4), other), *CLASSES) == [(9, None, None, 4, None)]


def test_an_agent_that_begins_when_the_run_above_it_is_over_is_a_run_of_its_own() -> None:
    agents = [
        genai(number, "invoke_agent", {"gen_ai.agent.name": f"a{number}"}, parent=number - 1, at=at)
        for number, at in enumerate((0.0, 0.5, 2.0, 2.5, 4.0), start=1)
    ]
    calls = [a_chat(10 + number, number, 1, parent=number, at=2.1) for number in (3, 4)]
    found = counted(*agents, *calls)
    runs = found.runs.sort("started_at")
    assert runs.select("agent", "llm_calls").rows() == [("a1", 0), ("a3", 2), ("a5", 0)]


def test_an_agent_of_another_service_may_begin_when_its_caller_is_done() -> None:
    first = genai(1, "invoke_agent", {"gen_ai.agent.name": "a"})
    second = genai(2, "invoke_agent", {"gen_ai.agent.name": "b"}, parent=1, at=3.0, service="another")
    assert counted(first, second).runs["agent"].to_list() == ["a"]


@pytest.mark.parametrize(
    "said",
    [
        {"error.type": "GraphInterrupt"},
        {"error.type": "langgraph.errors.ParentCommand"},
        {"error.type": "pydantic_ai.exceptions.ApprovalRequired"},
    ],
)
def test_a_tool_that_waits_for_a_person_has_neither_run_nor_failed(said: dict[str, Plain]) -> None:
    found = counted(
        genai(1, "invoke_agent", {"gen_ai.agent.name": "a"} | said, lasts=9.0, status=2),
        a_chat(2, 5, 5, parent=1),
        genai(3, "execute_tool", {"gen_ai.tool.name": "ask"} | said, parent=1, at=2.0, status=2),
    )
    assert found.tool_calls.is_empty()
    assert found.runs["outcome"].to_list() == ["success"]


def test_a_step_that_is_given_a_printed_answer_tells_parts_of_the_call() -> None:
    scope = "openinference.instrumentation.llama_index"
    usage = (
        "{'prompt_tokens': 9, 'completion_tokens': 4, 'completion_tokens_details': {'reasoning_tokens': 2}}"
    )
    step = {
        "input.value": f"{{\"ev\": \"AgentOutput(raw={{'model': 'm', 'usage': {usage}}}, tool_calls=[])\"}}"
    }
    found = counted(
        oi(1, "AGENT", lasts=9.0, scope=scope),
        oi(2, "LLM", oi_used(9, 4), parent=1, lasts=0.1, scope=scope, name="OpenAI.astream_chat"),
        oi(3, "CHAIN", {**step}, parent=1, at=4.0, scope=scope, name="FunctionAgent.parse_agent_output"),
    )
    assert tokens(found, *CLASSES) == [(9, None, None, 4, 2)]


@pytest.mark.parametrize(("status", "response"), [(1, "r1"), (2, None)])
def test_the_id_of_a_failed_call_in_the_place_of_a_responses_is_none(
    status: int, response: str | None
) -> None:
    said = {"gen_ai.response.id": "r1", "litellm.call_id": "r1", "gen_ai.request.model": "m-1"}
    found = counted(genai(1, "chat", {**said}, name="litellm_request", scope="litellm", status=status))
    assert found.llm_calls["response_id"].to_list() == [response]


def test_an_agents_sum_is_of_earlier_calls_when_all_of_its_own_failed() -> None:
    failed = {"gen_ai.request.model": "m-1", "error.type": "RateLimitError"}
    found = counted(
        genai(1, "invoke_agent", used(50, 5), lasts=9.0),
        genai(2, "chat", {**failed}, parent=1, status=2),
        genai(3, "chat", {**failed}, parent=1, status=2, at=2.0),
    )
    assert tokens(found) == [(None, None)] * 2


def test_parts_that_only_the_answer_of_langchain_tells_are_read() -> None:
    details = '"input_token_details": {"audio": 0, "cache_read": 4, "cache_creation": 1}'
    more = '"output_token_details": {"reasoning": 2}'
    said = {"output.value": f'{{"usage_metadata": {{"total_tokens": 9, {details}, {more}}}}}'}
    found = counted(oi(1, "LLM", oi_used(6, 3) | said))
    assert tokens(found, *CLASSES) == [(6, 4, 1, 3, 2)]


def test_a_stream_that_was_handed_out_before_the_request_began_is_one_call() -> None:
    found = counted(
        oi(1, "AGENT", lasts=9.0),
        oi(2, "LLM", oi_used(6, 2), parent=1, lasts=0.01, scope="openinference.instrumentation.llama_index"),
        oi(3, "LLM", oi_used(6, 2), parent=1, at=1.5, scope="openinference.instrumentation.openai"),
    )
    assert tokens(found) == [(6, 2)]


def test_model_spans_that_only_prepare_are_no_calls() -> None:
    found = counted(
        oi(1, "AGENT", lasts=9.0),
        oi(2, "LLM", parent=1, lasts=5.0, name="Thing._prepare_chat_with_tools",
           scope="openinference.instrumentation.llama_index"),
        oi(3, "LLM", oi_used(6, 2), parent=2, at=1.0, name="Thing.chat",
           scope="openinference.instrumentation.llama_index"),
    )  # fmt: skip
    assert tokens(found) == [(6, 2)]


@pytest.mark.parametrize(
    ("said", "session", "user"),
    [
        ({"gen_ai.conversation.id": "c", "user.id": "u"}, "c", "u"),
        ({"session.id": "c", "enduser.id": "u"}, "c", "u"),
        ({f"traceloop.association.properties.{name}_id": name[0] for name in ("conversation", "user")}, "c", "u"),
        ({"ai.telemetry.metadata.sessionId": "c", "ai.telemetry.metadata.userId": "u"}, "c", "u"),
        ({"ai.settings.context.sessionId": "c", "ai.settings.context.userId": "u"}, "c", "u"),
        ({"mastra.metadata.sessionId": "c", "mastra.metadata.userId": "u"}, "c", "u"),
        ({"langsmith.metadata.thread_id": "c", "langsmith.metadata.user_id": "u"}, "c", "u"),
        ({"openinference.span.kind": "CHAIN", "metadata": '{"thread_id": "c", "user_id": "u"}'}, "c", "u"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("on", ["root", "leaf"])
def test_session_and_user_reach_the_run_and_its_calls_from_any_span(
    said: dict[str, Plain], session: str, user: str, on: str
) -> None:
    root, leaf = (said, {}) if on == "root" else ({}, said)
    found = counted(
        genai(1, "invoke_agent", root, lasts=9.0), a_chat(2, 1, 1, parent=1), span(3, leaf, parent=1, at=2.0)
    )
    for rows in (found.runs, found.llm_calls):
        assert rows.select("session_id", "user_id").rows() == [(session, user)]


def test_a_response_id_in_the_place_of_a_conversation_is_no_session() -> None:
    false: dict[str, Plain] = {"gen_ai.conversation.id": "resp-1", "gen_ai.response.id": "resp-1"}
    found = counted(genai(1, "invoke_agent", lasts=9.0), genai(2, "chat", used(1, 1) | false, parent=1))
    assert found.runs["session_id"].to_list() == [None]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("openai.responses", "openai"), ("anthropic.messages", "anthropic"), ("Anthropic", "anthropic"),
        ("strands-agents", None), ("gcp.vertex.agent", None), ("langchain", None), ("xai", "x_ai"),
    ],
)  # fmt: skip
def test_providers_have_one_spelling_and_frameworks_are_none(sent: str, shown: str | None) -> None:
    found = counted(genai(1, "chat", used(1, 1) | {"gen_ai.system": sent}))
    assert found.llm_calls["provider"].to_list() == [shown]


def test_a_cost_of_zero_that_means_unknown_is_not_taken() -> None:
    found = counted(
        genai(1, "chat", used(1, 1) | {"gen_ai.usage.cost": 0}, scope="openlit.instrumentation.openai"),
    )
    assert found.llm_calls["reported_cost_usd"].to_list() == [None]


# Meaning, in several dialects

LANGFUSE = {"scope": "langfuse-sdk"}


def a_tool(dialect: str, number: int, name: str, **facts: Any) -> Sent:
    """Return one tool span in a dialect's words."""
    return {
        "gen_ai": lambda: genai(number, "execute_tool", {"gen_ai.tool.name": name}, **facts),
        "openinference": lambda: oi(number, "TOOL", {"tool.name": name}, **facts),
        "langfuse": lambda: span(
            number, {"langfuse.observation.type": "tool"}, name=name, **LANGFUSE, **facts
        ),
        "traceloop": lambda: span(
            number, {"traceloop.span.kind": "tool", "traceloop.entity.name": name}, **facts
        ),
    }[dialect]()


@pytest.mark.parametrize("dialect", ["gen_ai", "openinference", "langfuse", "traceloop"])
def test_a_tool_that_hands_over_to_a_person_escalates_in_any_dialect(dialect: str) -> None:
    found = counted(
        genai(1, "invoke_agent", lasts=9.0), a_tool(dialect, 2, "transfer_to_human_agent", parent=1)
    )
    assert found.runs.select("outcome", "outcome_reason").rows() == [
        ("escalated", "handed over by transfer_to_human_agent")
    ]


def test_retries_and_fallbacks_are_seen_in_any_dialect() -> None:
    failed: dict[str, Sent] = {
        "gen_ai": genai(2, "chat", {"gen_ai.request.model": "m-1"}, parent=1, status=2),
        "openinference": oi(2, "LLM", {"llm.model_name": "m-1"}, parent=1, status=2),
        "langfuse": span(2, {
            "langfuse.observation.type": "generation", "langfuse.observation.level": "ERROR",
            "langfuse.observation.model.name": "m-1"}, parent=1, **LANGFUSE),
    }  # fmt: skip
    for dialect, first in failed.items():
        found = counted(
            genai(1, "invoke_agent", lasts=99.0),
            first,
            a_chat(3, 1, 1, parent=1, at=3.0),
            genai(4, "chat", {"gen_ai.request.model": "m-1"}, parent=1, at=5.0, status=2),
            genai(5, "chat", used(2, 2) | {"gen_ai.request.model": "m-2"}, parent=1, at=7.0),
        )
        marks = found.llm_calls.sort("started_at").select("is_retry", "is_fallback").rows()
        assert marks == [(False, False), (True, False), (False, False), (False, True)], dialect


@pytest.mark.parametrize(
    ("said", "outcome", "reason", "confidence"),
    [
        ({"agent.name": "a", "escalated": True, "escalation_reason": "angry", "agent.confidence": 0.3},
         "escalated", "angry", 0.3),
        ({"agent.name": "a", "agent.outcome": "failed", "confidence_score": 0.9}, "failure", "stated as failure", 0.9),
        ({"agent.name": "a", "escalated": False}, "success", None, None),
        ({"spanledger.outcome": "escalated", "spanledger.confidence": 0.5, "agent.name": "a"},
         "escalated", "stated as escalated", 0.5),
    ],
)  # fmt: skip
def test_outcome_reason_and_confidence_that_an_application_writes_by_hand(
    said: dict[str, Plain], outcome: str, reason: str | None, confidence: float | None
) -> None:
    run = counted(span(1, said, name="agent_run", lasts=5.0), a_chat(2, 1, 1, parent=1)).runs.row(
        0, named=True
    )
    assert (run["outcome"], run["outcome_reason"], run["confidence"]) == (outcome, reason, confidence)


def test_an_outcome_of_an_http_request_is_none_of_the_run() -> None:
    found = counted(
        genai(1, "invoke_agent", lasts=5.0),
        span(2, {"outcome": "FAILURE", "http.request.method": "GET", "confidence": 0.1}, parent=1),
    )
    assert found.runs.select("outcome", "confidence").rows() == [("success", None)]


@pytest.mark.parametrize("triggered", [True, False])
def test_the_verdict_of_a_guardrail_is_a_judgement(triggered: bool) -> None:
    said: dict[str, Plain] = {"gen_ai.guardrail.name": "pii", "gen_ai.guardrail.triggered": triggered}
    body = a_body([genai(1, "guardrail_check", said)], START)
    facts = normalise(decode_traces([body.data], [START])).row(0, named=True)
    (verdict,) = json.loads(facts["judgements"])
    assert (facts["kind"], verdict["name"], verdict["value"]) == ("guardrail", "pii", float(triggered))
