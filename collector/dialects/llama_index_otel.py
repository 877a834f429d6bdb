"""LlamaIndex's own OpenTelemetry integration (llama-index-observability-otel 0.7): facts stand in span events.

Spans are methods. A model's answer, with the provider's raw usage, is the event at the end of a request; streams have
none. A tool's name stands in the printed event that called it.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import event, is_root, name_like, scope_is
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import Reader, constant, event_value, extract

SCOPE = scope_is("llamaindex.opentelemetry.tracer")
STARTS = ("LLMChatStartEvent", "LLMCompletionStartEvent", "EmbeddingStartEvent")
ENDS = ("LLMChatEndEvent", "LLMCompletionEndEvent")
CALL = event(STARTS[0]) | event(STARTS[1])
EMBEDDING = event(STARTS[2])
TOOL = name_like("*Tool.call", "*Tool.acall")
RUN = is_root() & name_like("*Agent.run", "AgentWorkflow.run", "*Workflow.run")
STEP = "llamaindex.step.input_summary"


def answered(*names: str) -> tuple[Reader, ...]:
    """Read the first of some members of the provider's raw answer."""
    return tuple(event_value(end, f"response.raw.{name}") for end in ENDS for name in names)


DIALECT = Dialect(
    name="llama_index_otel",
    about="LlamaIndex's own OpenTelemetry integration 0.7",
    layer=Layer.LIBRARY,
    recognise=SCOPE,
    kinds=(
        kind("agent", RUN),
        kind("embedding", EMBEDDING),
        kind("llm", CALL),
        kind("tool", TOOL),
        kind("chain", SCOPE),
    ),
    fields={
        "operation": (constant("chat", CALL), constant("embeddings", EMBEDDING)),
        "request_model": tuple(
            event_value(start, f"model_dict.{name}") for start in STARTS for name in ("model_name", "model")
        ),
        "response_model": answered("model"),
        "response_id": answered("id"),
        "service_tier": answered("service_tier"),
        "input_tokens": answered(
            "usage.prompt_tokens", "usage.input_tokens", "usage_metadata.prompt_token_count"
        ),
        "output_tokens": answered(
            "usage.completion_tokens", "usage.output_tokens", "usage_metadata.candidates_token_count"
        ),
        "cache_read_tokens": answered(
            "usage.prompt_tokens_details.cached_tokens",
            "usage.input_tokens_details.cached_tokens",
            "usage.cache_read_input_tokens",
            "usage_metadata.cached_content_token_count",
        ),
        "cache_write_tokens": answered("usage.cache_creation_input_tokens"),
        "reasoning_tokens": answered(
            "usage.completion_tokens_details.reasoning_tokens",
            "usage.output_tokens_details.reasoning_tokens",
            "usage_metadata.thoughts_token_count",
        ),
        "total_tokens": answered("usage.total_tokens", "usage_metadata.total_token_count"),
        "tool": (extract(STEP, r"^ToolCall\(tool_name='([^']{1,200})'", when=TOOL),),
        "tool_call_id": (extract(STEP, r"tool_id='([^']{1,200})'", when=TOOL),),
        "agent": (extract(STEP, r"current_agent_name='([^']{1,200})'\)$"),),
    },
)
