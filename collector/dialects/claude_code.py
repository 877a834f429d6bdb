"""Claude Code: log events, counters, and the spans of its tracing beta.

Cached tokens stand beside the input, as Anthropic counts them. A turn is what one prompt caused (`prompt.id`, before
2.1 the session); an error event tells of a request after its last attempt. The same request is in an event, in
counters and in a span.
Source: code.claude.com/docs/en/monitoring-usage, read in its editions of mid-2026 (2.1).
"""

from __future__ import annotations

import polars as pl

from collector.dialects.engine.conditions import has, name_starts, named, value
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import KeyReader, constant, key, span_name
from collector.dialects.engine.records import Counters, LogEvents

CLAUDE = name_starts("claude_code.")
PROMPT = named("claude_code.user_prompt")
ANSWER = named("claude_code.assistant_response")
FAILED_REQUEST = named("claude_code.api_error", "claude_code.api_refusal")
COUNTED = has("claude_code.token.usage.input", "claude_code.token.usage.output", "claude_code.cost.usage",
              "claude_code.token.usage.cacheRead", "claude_code.token.usage.cacheCreation")  # fmt: skip
MODEL_REQUEST = (
    named("claude_code.llm_request", "claude_code.api_request", "claude_code.counted_usage") | FAILED_REQUEST
)
TOOL = named("claude_code.tool", "claude_code.tool_result")
INTERACTION = named("claude_code.interaction")


def count_retries(attempts: pl.Series) -> pl.Series:
    """Return how many attempts came before the last."""
    return attempts.cast(pl.Int64, strict=False) - 1


DIALECT = Dialect(
    name="claude_code",
    about="Claude Code 1.0 to 2.1: log events, counters, spans",
    layer=Layer.LIBRARY,
    recognise=CLAUDE,
    kinds=(
        kind("agent", INTERACTION | PROMPT | ANSWER),
        kind("llm", MODEL_REQUEST),
        kind("tool", TOOL),
        kind("other", CLAUDE),
    ),
    failed=(CLAUDE & value("success", "false")) | FAILED_REQUEST,
    counted_usage=COUNTED,
    fields={
        "operation": (constant("chat", MODEL_REQUEST),),
        "provider": (constant("anthropic", MODEL_REQUEST & ~has("gen_ai.provider.name", "gen_ai.system")),),
        "request_model": (key("gen_ai.request.model", when=MODEL_REQUEST), key("model", when=MODEL_REQUEST)),
        "response_id": (key("gen_ai.response.id", when=MODEL_REQUEST), key("request_id", when=MODEL_REQUEST)),
        "finish_reason": (
            key("stop_reason", when=MODEL_REQUEST),
            constant("content_filter", named("claude_code.api_refusal")),
        ),
        "input_tokens": (
            key("input_tokens", when=MODEL_REQUEST, exclusive=True),
            key("claude_code.token.usage.input", exclusive=True),
        ),
        "cache_read_tokens": (
            key("cache_read_tokens", when=MODEL_REQUEST),
            key("claude_code.token.usage.cacheRead"),
        ),
        "cache_write_tokens": (
            key("cache_creation_tokens", when=MODEL_REQUEST),
            key("claude_code.token.usage.cacheCreation"),
        ),
        "output_tokens": (key("output_tokens", when=MODEL_REQUEST), "claude_code.token.usage.output"),
        "reported_cost_usd": (key("cost_usd", when=MODEL_REQUEST), "claude_code.cost.usage"),
        "retries": (KeyReader("attempt", when=MODEL_REQUEST, convert=count_retries),),
        "ttft_ms": (key("ttft_ms", when=MODEL_REQUEST),),
        "tool": (key("tool_name", when=TOOL),),
        "tool_call_id": (key("gen_ai.tool.call.id", when=TOOL), key("tool_use_id", when=TOOL)),
        "agent": (
            "agent.name",
            span_name(suffix=".interaction", when=INTERACTION),
            constant("claude_code", PROMPT | ANSWER),
        ),
        "agent_version": ("app.version",),
        "user_id": ("user.email", "user.account_uuid", "user.id"),
        "tenant": ("organization.id",),
        "workflow": ("workflow.name",),
        "status_message": (key("error", when=CLAUDE & has("success")), key("error", when=FAILED_REQUEST)),
        "error_type": (key("status_code", when=FAILED_REQUEST), key("error_type", when=TOOL)),
    },
    input_keys=("user_prompt", "prompt", "tool_input", "tool_parameters"),
    output_keys=("response",),
    log_events=LogEvents(
        turns=("claude_code.user_prompt",),
        steps={
            "claude_code.api_request": (),
            "claude_code.api_error": (),
            "claude_code.api_refusal": (),
            "claude_code.tool_result": (),
            "claude_code.assistant_response": ("response",),
        },
        session=("session.id",),
        turn=("prompt.id",),
        length_ms=("duration_ms",),
    ),
    counters=Counters(
        metrics=("claude_code.token.usage", "claude_code.cost.usage"), by="type", session=("session.id",)
    ),
)
