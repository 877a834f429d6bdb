"""How the simulated agents name things: the two ways that most real ones use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opentelemetry.util.types import AttributeValue

Attributes = Mapping[str, AttributeValue]
Message = tuple[str, str]
"""Role and text."""


@dataclass(frozen=True)
class Usage:
    """Tokens of one call; `input` includes what was read from a cache."""

    input: int
    cache_read: int
    output: int


@dataclass(frozen=True)
class ModelCall:
    """What is known of a model call when it ends."""

    model: str
    provider: str
    response_id: str
    usage: Usage | None
    finish_reason: str
    first_token_s: float
    asked: Sequence[Message]
    answered: str
    prompt_version: str


def agent_attributes(
    naming: str, *, agent: str, version: str, session: str, user: str, task: str
) -> Attributes:
    """Attributes of a run's span."""
    if naming == "openinference":
        return {
            "openinference.span.kind": "AGENT",
            "agent.name": agent,
            "session.id": session,
            "user.id": user,
            "input.value": task,
        }
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": agent,
        "gen_ai.agent.version": version,
        "gen_ai.conversation.id": session,
        "user.id": user,
        "gen_ai.input.messages": _messages([("user", task)]),
    }


def answer_attributes(naming: str, answer: str) -> Attributes:
    """Attributes a run's span gets with its answer."""
    if naming == "openinference":
        return {"output.value": answer}
    return {"gen_ai.output.messages": _messages([("assistant", answer)])}


def call_attributes(naming: str, call: ModelCall) -> Attributes:
    """Attributes of a model call's span."""
    return _openinference_call(call) if naming == "openinference" else _gen_ai_call(call)


def tool_attributes(
    naming: str, *, tool: str, call_id: str, arguments: str, result: str | None
) -> Attributes:
    """Attributes of a tool's span."""
    if naming == "openinference":
        found = {
            "openinference.span.kind": "TOOL",
            "tool.name": tool,
            "input.value": arguments,
            "input.mime_type": "application/json",
        }
        return found if result is None else {**found, "output.value": result}
    found = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.call.id": call_id,
        "gen_ai.tool.call.arguments": arguments,
    }
    return found if result is None else {**found, "gen_ai.tool.call.result": result}


def _gen_ai_call(call: ModelCall) -> Attributes:
    found: dict[str, AttributeValue] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": call.provider,
        "gen_ai.request.model": call.model,
        "gen_ai.prompt.name": "system",
        "gen_ai.prompt.version": call.prompt_version,
        "gen_ai.input.messages": _messages(call.asked),
    }
    if call.usage:
        found |= {
            "gen_ai.response.model": call.model,
            "gen_ai.response.id": call.response_id,
            "gen_ai.response.finish_reasons": [call.finish_reason],
            "gen_ai.response.time_to_first_chunk": call.first_token_s,
            "gen_ai.request.stream": True,
            "gen_ai.usage.input_tokens": call.usage.input,
            "gen_ai.usage.cache_read.input_tokens": call.usage.cache_read,
            "gen_ai.usage.output_tokens": call.usage.output,
            "gen_ai.output.messages": _messages([("assistant", call.answered)]),
        }
    return found


def _openinference_call(call: ModelCall) -> Attributes:
    found: dict[str, AttributeValue] = {
        "openinference.span.kind": "LLM",
        "llm.model_name": call.model,
        "llm.provider": call.provider,
    }
    for position, (role, text) in enumerate(call.asked):
        found[f"llm.input_messages.{position}.message.role"] = role
        found[f"llm.input_messages.{position}.message.content"] = text
    if call.usage:
        found |= {
            "llm.token_count.prompt": call.usage.input,
            "llm.token_count.completion": call.usage.output,
            "llm.token_count.total": call.usage.input + call.usage.output,
            "llm.token_count.prompt_details.cache_read": call.usage.cache_read,
            "llm.finish_reason": call.finish_reason,
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": call.answered,
        }
    return found


def _messages(messages: Sequence[Message]) -> str:
    return json.dumps(
        [{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in messages]
    )
