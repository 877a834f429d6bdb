"""OpenTelemetry's gen_ai conventions, their deprecated names, and what any span may carry.

Sources: semantic-conventions v1.27 to v1.41 (`gen_ai.system`, `prompt_tokens`), semantic-conventions-genai at
2026-08-03 and its merged successors (`cache_write`, modalities); spellings seen from several emitters that no
convention has (`gen_ai.usage.reasoning_tokens`, `gen_ai.usage.cache_read_input_tokens`).
"""

from __future__ import annotations

from collector.dialects.engine.conditions import ANYWHERE, has, has_under, name_starts, status_is, value
from collector.dialects.engine.declaration import Dialect, Layer, kind, kind_by
from collector.dialects.engine.readers import seconds, span_name
from collector.dialects.engine.records import LogEvents
from collector.dialects.engine.vocabulary import OPERATION_KINDS

USAGE = has("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens")  # fmt: skip
MODEL = has("gen_ai.request.model", "gen_ai.response.model")
UNITS = has_under("spanledger.usage.")
"""What the application counted of a model that is not asked by the token: pages, seconds, images."""

DIALECT = Dialect(
    name="otel",
    about="OpenTelemetry gen_ai conventions 1.27 to genai 2026-08, old and new names",
    layer=Layer.COMMON,
    recognise=ANYWHERE,
    named_when=USAGE
    | MODEL
    | has(
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.system",
        "gen_ai.agent.name",
        "gen_ai.tool.name",
        "gen_ai.workflow.name",
    ),
    kinds=(
        kind_by("gen_ai.operation.name", OPERATION_KINDS),
        kind("agent", name_starts("invoke_agent ") & has("gen_ai.agent.name")),
        kind("tool", name_starts("execute_tool ") & has("gen_ai.tool.name")),
        kind("llm", (USAGE | UNITS) & MODEL),
    ),
    failed=has("error.type") & ~status_is("ok"),
    fields={
        "operation": ("gen_ai.operation.name",),
        "provider": ("gen_ai.provider.name", "gen_ai.system"),
        "request_model": ("gen_ai.request.model",),
        "response_model": ("gen_ai.response.model",),
        "response_id": ("gen_ai.response.id",),
        "finish_reason": ("gen_ai.response.finish_reasons", "gen_ai.response.finish_reason"),
        "service_tier": (
            "openai.response.service_tier",
            "gen_ai.openai.response.service_tier",
            "openai.request.service_tier",
            "gen_ai.openai.request.service_tier",
        ),
        "streamed": ("gen_ai.request.stream", "gen_ai.is_streaming"),
        "ttft_ms": (
            seconds("gen_ai.response.time_to_first_chunk"),
            seconds("gen_ai.client.inference.time_to_first_chunk"),
            seconds("gen_ai.client.operation.time_to_first_chunk"),
            seconds("gen_ai.server.time_to_first_token"),
        ),
        "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
        "cache_read_tokens": (
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.cached_input_tokens",
            "gen_ai.usage.cached_tokens",
        ),
        "cache_write_tokens": (
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "gen_ai.usage.cache_write_input_tokens",
        ),
        "reasoning_tokens": (
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.reasoning_tokens",
            "gen_ai.usage.reasoning_output_tokens",
            "gen_ai.usage.thinking_tokens",
        ),
        "total_tokens": ("gen_ai.usage.total_tokens", "llm.usage.total_tokens"),
        "agent": (
            "gen_ai.agent.name",
            span_name(prefix="invoke_agent ", when=value("gen_ai.operation.name", "invoke_agent")),
        ),
        "agent_version": ("gen_ai.agent.version",),
        "workflow": ("gen_ai.workflow.name",),
        "tool": (
            "gen_ai.tool.name",
            span_name(prefix="execute_tool ", when=value("gen_ai.operation.name", "execute_tool")),
        ),
        "tool_call_id": ("gen_ai.tool.call.id",),
        "prompt_name": ("gen_ai.prompt.name",),
        "prompt_version": ("gen_ai.prompt.version",),
        "session_id": ("gen_ai.conversation.id", "session.id"),
        "user_id": ("user.id", "enduser.id"),
        "tenant": ("tenant.id",),
        "error_type": ("error.type",),
    },
    units={
        "input_audio_tokens": ("gen_ai.usage.audio.input_tokens",),
        "output_audio_tokens": ("gen_ai.usage.audio.output_tokens",),
        "input_image_tokens": ("gen_ai.usage.image.input_tokens",),
        "output_image_tokens": ("gen_ai.usage.image.output_tokens",),
    },
    log_events=LogEvents(
        steps={
            "gen_ai.client.inference.operation.details": (
                "gen_ai.usage.input_tokens",
                "gen_ai.usage.output_tokens",
                "gen_ai.response.id",
                "error.type",
            )
        },
        is_of_span=True,
    ),
    input_keys=(
        "gen_ai.tool.call.arguments",
        "gen_ai.input.messages",
        "gen_ai.retrieval.query.text",
        "gen_ai.prompt",
    ),
    output_keys=(
        "gen_ai.tool.call.result",
        "gen_ai.output.messages",
        "gen_ai.retrieval.documents",
        "gen_ai.completion",
    ),
)
