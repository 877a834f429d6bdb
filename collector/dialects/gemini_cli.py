"""Gemini CLI and Qwen Code, which grew out of it: log events and counters.

Gemini's thoughts stand beside the output, and a total tells which way another model's do. The log event
`gen_ai.client.inference.operation.details` says the same again.
Sources: google-gemini/gemini-cli packages/core/src/telemetry at 5411f113 (2026-08), QwenLM/qwen-code at 168b4d18
(2026).
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has, named, value, value_starts
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import constant, first_item, key
from collector.dialects.engine.records import Counters, LogEvents

PREFIXES = ("gemini_cli.", "qwen-code.")


def events(*names: str) -> tuple[str, ...]:
    """Return the names of events with each emitter's prefix."""
    return tuple(prefix + name for prefix in PREFIXES for name in names)


PROMPT = named(*events("user_prompt"))
RESPONSE = named(*events("api_response"))
FAILED_REQUEST = named(*events("api_error"))
MODEL_REQUEST = RESPONSE | FAILED_REQUEST
TOOL = named(*events("tool_call"))
COUNTED = has(*events("token.usage.input", "token.usage.output", "token.usage.thought", "token.usage.cache"))
EVENT = PROMPT | MODEL_REQUEST | TOOL
GEMINI = value_starts("model", "gemini") | value_starts("model_name", "gemini")

DIALECT = Dialect(
    name="gemini_cli",
    about="Gemini CLI and Qwen Code: log events and counters",
    layer=Layer.LIBRARY,
    recognise=EVENT | COUNTED,
    kinds=(kind("agent", PROMPT), kind("llm", MODEL_REQUEST | COUNTED), kind("tool", TOOL)),
    failed=FAILED_REQUEST | (TOOL & value("success", "false")),
    counted_usage=COUNTED,
    exclusive_output=(MODEL_REQUEST & GEMINI) | has("gemini_cli.token.usage.thought"),
    fields={
        "provider": (constant("gcp.gemini", (MODEL_REQUEST | COUNTED) & GEMINI),),
        "request_model": (
            key("model", when=MODEL_REQUEST | COUNTED),
            key("model_name", when=MODEL_REQUEST),
        ),
        "response_id": (key("response_id", when=MODEL_REQUEST),),
        "finish_reason": (first_item("finish_reasons", when=RESPONSE),),
        "input_tokens": (key("input_token_count", when=RESPONSE), *events("token.usage.input")),
        "cache_read_tokens": (key("cached_content_token_count", when=RESPONSE), *events("token.usage.cache")),
        "output_tokens": (key("output_token_count", when=RESPONSE), *events("token.usage.output")),
        "reasoning_tokens": (key("thoughts_token_count", when=RESPONSE), *events("token.usage.thought")),
        "total_tokens": (key("total_token_count", when=RESPONSE),),
        "tool": (key("function_name", when=TOOL),),
        "tool_call_id": (key("call_id", when=TOOL),),
        "agent": (
            constant("gemini_cli", PROMPT & named("gemini_cli.user_prompt")),
            constant("qwen-code", PROMPT),
        ),
        "user_id": (key("user.email", when=EVENT | COUNTED), key("installation.id", when=EVENT | COUNTED)),
        "status_message": (
            key("error.message", when=FAILED_REQUEST),
            key("error_message", when=FAILED_REQUEST),
            key("error", when=EVENT),
        ),
        "error_type": (
            key("error.type", when=EVENT),
            key("error_type", when=EVENT),
            key("status_code", when=FAILED_REQUEST),
        ),
    },
    input_keys=("prompt", "function_args"),
    output_keys=("response_text",),
    log_events=LogEvents(
        turns=events("user_prompt"),
        steps=dict.fromkeys(events("api_response", "api_error", "tool_call"), ()),
        session=("session.id",),
        turn=("prompt_id",),
        length_ms=("duration_ms", "duration"),
    ),
    counters=Counters(metrics=events("token.usage"), by="type", session=("session.id",)),
)
