"""Codex CLI: log events, and the usage on its internal spans.

Events name no turn, so a conversation is one trace, in which what follows a prompt belongs to it. The end of a stream
tells the usage; of the requests behind it only those that failed are taken.
Source: openai/codex codex-rs/otel at 0136a731 (2026), and what tools that read its telemetry say of 0.15x.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has, has_under, named, value
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import constant, key
from collector.dialects.engine.records import LogEvents

PROMPT = named("codex.user_prompt")
TOOL = named("codex.tool_result")
MODEL_REQUEST = named("codex.sse_event", "codex.api_request", "codex.websocket_request")
EVENT = PROMPT | TOOL | MODEL_REQUEST

DIALECT = Dialect(
    name="codex",
    about="Codex CLI 0.4x to 2026: log events and response spans",
    layer=Layer.LIBRARY,
    recognise=EVENT | has_under("codex.usage."),
    kinds=(kind("agent", PROMPT), kind("llm", MODEL_REQUEST), kind("tool", TOOL)),
    failed=(MODEL_REQUEST & has("error.message")) | (TOOL & value("success", "false")),
    fields={
        "request_model": (key("model", when=MODEL_REQUEST), key("slug", when=MODEL_REQUEST)),
        "input_tokens": (key("input_token_count", when=MODEL_REQUEST),),
        "cache_read_tokens": (key("cached_token_count", when=MODEL_REQUEST),),
        "cache_write_tokens": (key("cache_write_token_count", when=MODEL_REQUEST),),
        "output_tokens": (key("output_token_count", when=MODEL_REQUEST),),
        "reasoning_tokens": (
            key("reasoning_token_count", when=MODEL_REQUEST),
            "codex.usage.reasoning_output_tokens",
        ),
        "ttft_ms": (key("ttft_ms", when=MODEL_REQUEST),),
        "tool": (key("tool_name", when=TOOL),),
        "tool_call_id": (key("call_id", when=TOOL),),
        "agent": (constant("codex", PROMPT),),
        "agent_version": (key("app.version", when=EVENT),),
        "session_id": (key("conversation.id", when=EVENT),),
        "user_id": (key("user.email", when=EVENT), key("user.account_id", when=EVENT)),
        "status_message": (key("error.message", when=MODEL_REQUEST),),
        "error_type": (key("http.response.status_code", when=MODEL_REQUEST & has("error.message")),),
    },
    input_keys=("prompt", "arguments"),
    output_keys=("output",),
    log_events=LogEvents(
        turns=("codex.user_prompt",),
        steps={
            "codex.sse_event": ("input_token_count", "output_token_count", "error.message"),
            "codex.api_request": ("error.message",),
            "codex.websocket_request": ("error.message",),
            "codex.tool_result": (),
        },
        session=("conversation.id",),
        length_ms=("duration_ms",),
    ),
)
