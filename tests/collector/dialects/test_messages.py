"""Flattened messages and message events become one form: [{role, parts}]."""

from __future__ import annotations

import json

from collector.dialects import normalise
from tests.collector.dialects.building import SpanOf, a_batch, facts_of

PROMPT = "gen_ai.prompt"
LLM = {"openinference.span.kind": "LLM"}
INPUT = "llm.input_messages"


def test_prompts_of_openllmetry_become_messages_in_the_order_of_their_numbers() -> None:
    facts = facts_of(
        {
            f"{PROMPT}.10.content": "last",
            f"{PROMPT}.0.role": "system",
            f"{PROMPT}.0.content": 'be "brief"',
            f"{PROMPT}.1.role": "assistant",
            f"{PROMPT}.1.tool_calls.1.name": "b",
            f"{PROMPT}.1.tool_calls.0.arguments": '{"x": 1}',
            f"{PROMPT}.1.tool_calls.0.id": "c1",
            f"{PROMPT}.1.tool_calls.0.name": "a",
            f"{PROMPT}.2.role": "tool",
            f"{PROMPT}.2.tool_call_id": "c1",
            f"{PROMPT}.2.content": "ok",
            f"{PROMPT}.10.role": "user",
        }
    )
    assert json.loads(facts["input_messages"]) == [
        {"role": "system", "parts": [{"type": "text", "content": 'be "brief"'}]},
        {
            "role": "assistant",
            "parts": [
                {"type": "tool_call", "id": "c1", "name": "a", "arguments": '{"x": 1}'},
                {"type": "tool_call", "name": "b"},
            ],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "ok"}]},
        {"role": "user", "parts": [{"type": "text", "content": "last"}]},
    ]
    assert facts["output_messages"] is None


def test_parts_of_openinference_come_before_the_text_that_repeats_them() -> None:
    parts = f"{INPUT}.0.message.contents"
    facts = facts_of(
        {
            **LLM,
            f"{INPUT}.0.message.role": "user",
            f"{INPUT}.0.message.content": "one two",
            f"{parts}.0.message_content.type": "text",
            f"{parts}.0.message_content.text": "one",
            f"{parts}.1.message_content.text": "two",
        }
    )
    texts = [part["content"] for part in json.loads(facts["input_messages"])[0]["parts"]]
    assert texts == ["one", "two"]


def test_a_message_without_role_or_text_is_still_json() -> None:
    facts = facts_of({**LLM, f"{INPUT}.3.message.tool_call_id": "x", f"{INPUT}.4.message.role": "user"})
    assert json.loads(facts["input_messages"]) == [
        {"role": "unknown", "parts": [{"type": "tool_call_response", "id": "x", "response": None}]},
        {"role": "user", "parts": []},
    ]


def test_every_span_gets_its_own_messages() -> None:
    batch = a_batch([SpanOf({f"{PROMPT}.0.content": text}) for text in ("a", "b")] + [SpanOf()])
    messages = normalise(batch)["input_messages"].to_list()
    assert [json.loads(one)[0]["parts"][0]["content"] for one in messages[:2]] == ["a", "b"]
    assert messages[2] is None


def test_message_events_become_messages() -> None:
    facts = facts_of(
        events=[
            ("gen_ai.system.message", {"content": "be brief"}),
            ("gen_ai.user.message", {"content": "hi"}),
            ("gen_ai.choice", {"message": "hello", "finish_reason": "stop"}),
        ]
    )
    assert [(m["role"], m["parts"][0]["content"]) for m in json.loads(facts["input_messages"])] == [
        ("system", "be brief"),
        ("user", "hi"),
    ]
    assert json.loads(facts["output_messages"])[0]["parts"] == [{"type": "text", "content": "hello"}]


def test_messages_in_an_operation_details_event_are_taken_as_they_stand() -> None:
    said = '[{"role":"user","parts":[]}]'
    facts = facts_of(events=[("gen_ai.client.inference.operation.details", {"gen_ai.input.messages": said})])
    assert facts["input_messages"] == said


def test_messages_that_stand_on_the_span_as_they_should_are_only_pointed_at() -> None:
    facts = facts_of({"gen_ai.input.messages": "[]", "gen_ai.output.messages": "[1]"})
    assert (facts["input_messages"], facts["input_key"]) == (None, "gen_ai.input.messages")
    assert (facts["output_messages"], facts["output_key"]) == (None, "gen_ai.output.messages")
