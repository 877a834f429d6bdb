"""Spans as tutorials teach to write them by hand: `llm_call`, `tool_execution`, plain names of ids and tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_

from collector.dialects.engine.conditions import (
    has,
    has_under,
    is_root,
    name_starts,
    named,
    status_is,
    value,
)
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.identity import SESSION_NAMES, TENANT_NAMES, USER_NAMES
from collector.dialects.engine.judging import Judgement, Judging, read_value
from collector.dialects.engine.readers import constant, key, positive, span_name

MODEL_CALL = named(
    "llm", "model_call", "model.call", "llm_request", "llm.request", "llm_completion", "llm.completion", "llm.chat",
    "llm.generate", "llm.invoke", "chat_completion", "chat.completion", "chat.completions", "openai.chat",
    "openai.chat.completions", "openai.chat.completions.create", "anthropic.messages", "call_llm",
) | name_starts("llm_call", "llm.call")  # fmt: skip
TOOL_CALL = named("tool_execution", "tool_call", "tool.execute", "tool.call", "execute_tool") | name_starts(
    "tool.", "tool_execution", "tool_call", "tool:"
)
AGENT_RUN = named(
    "agent_run", "agent.run", "agent_execution", "agent.execute", "agent.invoke", "run_agent", "agent"
)
BY_HAND = MODEL_CALL | TOOL_CALL | AGENT_RUN
INPUT = (
    "llm.usage.input_tokens", "llm.usage.prompt_tokens", "llm.tokens.input", "llm.tokens.prompt", "llm.input_tokens",
    "llm.prompt_tokens", "llm.token_count.prompt", "llm.token_count.input", "ai.tokens.input", "ai.tokens.prompt",
    "usage.input_tokens", "usage.prompt_tokens", "tokens.input", "tokens.prompt", "input_tokens", "prompt_tokens",
)  # fmt: skip
OUTPUT = (
    "llm.usage.output_tokens", "llm.usage.completion_tokens", "llm.tokens.output", "llm.tokens.completion",
    "llm.output_tokens", "llm.completion_tokens", "llm.token_count.completion", "llm.token_count.output",
    "ai.tokens.output", "ai.tokens.completion", "usage.output_tokens", "usage.completion_tokens", "tokens.output",
    "tokens.completion", "output_tokens", "completion_tokens",
)  # fmt: skip
TOKENS = has("tokens_used", *INPUT)
MODEL = has(
    "model", "llm.model", "llm.request.model", "model_name", "llm.model_name", "ai.model", "ai.model.name"
)

OPINIONS = ("user_feedback", "user.feedback", "feedback.score", "feedback.value", "feedback.rating", "feedback",
            "user_rating", "user.rating", "rating", "thumbs", "thumbs_up")  # fmt: skip
"""Keys of users' feedback, the more telling first; the judgement has the key's name."""
ESCALATED = tuple(
    f"{prefix}{name}"
    for prefix in ("", "agent.", "run.")
    for name in ("escalated", "escalated_to_human", "handed_off_to_human")
)
"""Flags of a hand-off to a person."""
OUTCOMES = ("agent.outcome", "run.outcome", "task.outcome", "conversation.outcome")
REASONS = ("escalation_reason", "escalation.reason", "agent.escalation_reason", "agent.escalation.reason",
           "agent.outcome_reason", "run.outcome_reason")  # fmt: skip
CONFIDENCES = ("agent.confidence", "agent.confidence_score", "confidence_score", "response.confidence")
COMMENTS = ("feedback.comment", "feedback_comment", "user_feedback_comment", "comment")


def read_opinion(attributes: Mapping[str, str]) -> Iterable[Judgement]:
    """Return the feedback that stands in one plain key."""
    key = next((key for key in OPINIONS if key in attributes), "")
    score, label = read_value(attributes.get(key))
    comment = next((attributes[name] for name in COMMENTS if name in attributes), None)
    yield Judgement(key, score, label, "user", comment)


IS_ESCALATED = reduce(or_, (value(name, "true", "True") for name in ESCALATED))

DIALECT = Dialect(
    name="handwritten",
    about="hand-written spans in the style of tutorials",
    layer=Layer.CUSTOM,
    recognise=BY_HAND
    | TOKENS
    | has(*USER_NAMES, *SESSION_NAMES, *TENANT_NAMES, *OPINIONS, "agent_name", "agent.name")
    | has(*ESCALATED, *OUTCOMES, *REASONS, *CONFIDENCES)
    | has_under("tool."),
    is_named=False,
    kinds=(
        kind("llm", MODEL_CALL & (TOKENS | MODEL | status_is("error"))),
        kind("tool", TOOL_CALL & (has_under("tool.") | has("tool_name", "tool", "function_name"))),
        kind("agent", AGENT_RUN),
        kind("llm", TOKENS & MODEL),
        kind("tool", has("tool.name")),
        kind("agent", has("agent.name", "agent_name") & is_root()),
    ),
    fields={
        "request_model": ("llm.model", "llm.request.model", "llm.model_name", "ai.model", "ai.model.name",
                          key("model", when=BY_HAND | TOKENS), key("model_name", when=BY_HAND | TOKENS)),
        "provider": ("llm.provider", "llm.vendor", key("provider", when=BY_HAND | TOKENS)),
        "input_tokens": INPUT,
        "output_tokens": OUTPUT,
        "reported_cost_usd": (positive("llm.cost", when=BY_HAND | TOKENS),
                              positive("llm.cost_usd", when=BY_HAND | TOKENS),
                              positive("cost", when=BY_HAND | TOKENS),
                              positive("cost_usd", when=BY_HAND | TOKENS)),
        "tool": ("tool.name", key("tool_name", when=TOOL_CALL), key("tool", when=TOOL_CALL),
                 span_name(prefix="tool.", when=TOOL_CALL), span_name(prefix="tool:", when=TOOL_CALL)),
        "agent": ("agent.name", "agent_name"),
        "session_id": SESSION_NAMES[:-1],
        "user_id": tuple(name for name in USER_NAMES if name != "user"),
        "tenant": TENANT_NAMES,
        # Other libraries' spans have an outcome, too: of an HTTP request, of a query.
        "outcome": (constant("escalated", IS_ESCALATED), *OUTCOMES, key("outcome", when=AGENT_RUN)),
        "outcome_reason": (*REASONS, key("outcome_reason", when=AGENT_RUN)),
        "confidence": (*CONFIDENCES, key("confidence", when=BY_HAND)),
    },
    judgements=(Judging(read_opinion, has(*OPINIONS)),),
    input_keys=("llm.prompt", "tool.input", "tool.arguments", "tool.args", "agent.input", "input", "prompt"),
    output_keys=("llm.response", "llm.completion", "tool.output", "tool.result", "agent.output", "output", "response"),
)  # fmt: skip
