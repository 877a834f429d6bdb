"""Spans written by hand, as tutorials teach it in many ways, and the spans beside them that are none of these."""

from __future__ import annotations

import pytest

from tests.collector.dialects.building import facts_of

CALLS = [
    ("llm_call", {"llm.model": "gpt-4o", "prompt_tokens": "7", "completion_tokens": "3", "tokens_used": "10"}),
    ("llm.completion", {"llm.model_name": "gpt-4o", "llm.usage.prompt_tokens": "7",
                        "llm.usage.completion_tokens": "3"}),
    ("openai.chat.completions", {"model": "gpt-4o", "input_tokens": "7", "output_tokens": "3"}),
    ("generate_response", {"ai.model": "gpt-4o", "ai.tokens.prompt": "7", "ai.tokens.completion": "3"}),
    ("llm_call", {"llm.request.model": "gpt-4o", "llm.token_count.prompt": "7", "llm.token_count.completion": "3"}),
    ("chat gpt-4o", {"llm.model": "gpt-4o", "llm.tokens.prompt": "7", "llm.tokens.completion": "3"}),
]  # fmt: skip
TOOLS = [
    ("tool_execution", {"tool.name": "weather", "tool.weather.result": "x"}),
    ("tool_call:weather", {"tool_name": "weather", "tool_args": "{}"}),
    ("execute_weather", {"tool.name": "weather"}),
]
OTHERS = [
    ("SELECT orders", {"db.system": "postgresql", "db.statement": "select 1"}),
    ("POST /orders", {"http.request.method": "POST", "http.response.status_code": "200"}),
    ("process", {"messaging.system": "kafka", "input": "x"}),
]


@pytest.mark.parametrize(("name", "attributes"), CALLS)
def test_a_call_is_known_by_its_model_and_tokens(name: str, attributes: dict[str, str]) -> None:
    facts = facts_of(attributes, name=name)
    assert (facts["kind"], facts["request_model"]) == ("llm", "gpt-4o")
    assert (facts["input_tokens"], facts["output_tokens"]) == (7, 3)


def test_a_failed_call_is_known_by_its_name() -> None:
    assert facts_of({}, name="llm.completion", status="error")["kind"] == "llm"


@pytest.mark.parametrize(("name", "attributes"), TOOLS)
def test_a_tool_is_known_by_its_name(name: str, attributes: dict[str, str]) -> None:
    facts = facts_of(attributes, name=name)
    assert (facts["kind"], facts["tool"]) == ("tool", "weather")


def test_a_root_that_names_an_agent_is_its_run() -> None:
    assert facts_of({"agent.name": "support"}, name="support-agent")["kind"] == "agent"
    assert facts_of({"agent.name": "support"}, name="step", parent="01")["kind"] != "agent"


@pytest.mark.parametrize(("name", "attributes"), OTHERS)
def test_other_spans_are_none_of_these(name: str, attributes: dict[str, str]) -> None:
    facts = facts_of(attributes, name=name)
    assert facts["kind"] == "other"
    assert facts["input_tokens"] is None
