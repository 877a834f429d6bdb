"""Cline's OpenTelemetry logs: a task is a session and a run, whose requests and tools are log records.

Cached tokens stand beside the input.
Source: cline/cline apps/vscode and sdk/packages/core telemetry at 21cb8d25 (2026-08).
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has, named, value
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import constant, key
from collector.dialects.engine.records import LogEvents

CREATED = named("task.created", "task.restarted")
USAGE = named("task.tokens")
FAILED_REQUEST = named("task.provider_api_error")
MODEL_REQUEST = USAGE | FAILED_REQUEST
TOOL = named("task.tool_used")
EVENT = (CREATED | MODEL_REQUEST | TOOL) & has("ulid")

DIALECT = Dialect(
    name="cline",
    about="Cline 3.x: its OpenTelemetry log records",
    layer=Layer.LIBRARY,
    recognise=EVENT,
    kinds=(kind("agent", CREATED), kind("llm", MODEL_REQUEST), kind("tool", TOOL)),
    failed=FAILED_REQUEST | (TOOL & value("success", "false")),
    fields={
        "provider": (key("provider", when=MODEL_REQUEST),),
        "request_model": (key("model", when=MODEL_REQUEST), key("modelId", when=MODEL_REQUEST)),
        "response_id": (key("requestId", when=MODEL_REQUEST),),
        "input_tokens": (key("tokensIn", when=USAGE, exclusive=True),),
        "cache_read_tokens": (key("cacheReadTokens", when=USAGE),),
        "cache_write_tokens": (key("cacheWriteTokens", when=USAGE),),
        "output_tokens": (key("tokensOut", when=USAGE),),
        "reported_cost_usd": (key("totalCost", when=USAGE),),
        "tool": (key("tool", when=TOOL),),
        "agent": (constant("cline", CREATED),),
        "session_id": (key("ulid", when=EVENT),),
        "user_id": (key("distinct_id", when=EVENT),),
        "status_message": (key("errorMessage", when=FAILED_REQUEST),),
        "error_type": (key("errorStatus", when=FAILED_REQUEST),),
    },
    log_events=LogEvents(
        turns=("task.created", "task.restarted"),
        steps={
            "task.tokens": ("ulid",),
            "task.provider_api_error": ("ulid",),
            "task.tool_used": ("ulid",),
        },
        session=("ulid",),
        length_ms=("durationMs",),
    ),
)
