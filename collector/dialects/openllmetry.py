"""OpenLLMetry (Traceloop): Python 0.4x and 0.6x, JavaScript, and the SDK's decorators.

0.4x has `llm.request.type`, `gen_ai.prompt.N.*`, `prompt_tokens`; 0.6x follows the gen_ai conventions. Input includes
cached tokens in Python, but for Bedrock; JavaScript's Anthropic instrumentation leaves them out, and out of its total.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import (
    has,
    has_under,
    scope,
    scope_is,
    value,
    value_contains,
    value_starts,
)
from collector.dialects.engine.declaration import Dialect, FlatMessages, Layer, kind, kind_by
from collector.dialects.engine.documents import Document
from collector.dialects.engine.provider_usage import USAGE_FIELDS, find_last_usage, read_usage
from collector.dialects.engine.readers import absent, extract, key

INSTRUMENTED = (
    "anthropic", "alephalpha", "bedrock", "cohere", "crewai", "google_generativeai", "groq", "haystack", "langchain",
    "litellm", "llamaindex", "mistralai", "ollama", "replicate", "sagemaker", "together", "transformers", "watsonx",
    "writer",
)  # fmt: skip

PROVIDERS_OWN = scope("@traceloop/instrumentation-anthropic", "opentelemetry.instrumentation.bedrock")
"""Sends the input as the provider counts it, cached parts beside it."""

LANGCHAIN_JS = scope("@traceloop/instrumentation-langchain")
A_CLASS = value("traceloop.entity.name", "DynamicStructuredTool", "DynamicTool", "StructuredTool")
"""Of a tool that failed only the class is told."""
LINK = LANGCHAIN_JS & (
    value_starts("traceloop.workflow.name", "Runnable")
    | value_starts("traceloop.entity.input", '{"lc":')
    | value_starts("traceloop.entity.output", '{"lc":')
)
"""A link of a chain takes or gives an object of LangChain's, a graph or an agent a state of its own."""
STEP = LINK | (scope_is("opentelemetry.instrumentation.langchain") & value("traceloop.span.kind", "task"))
GIVEN_AN_ANSWER = value_starts("traceloop.entity.input", '{"lc":', '{"inputs": {"lc":')
"""A parser is given a message, other steps a state that holds the messages of earlier calls."""
ANSWER_OF_A_TOOL = value_contains("traceloop.entity.output", '"ToolMessage"]')

DIALECT = Dialect(
    name="openllmetry",
    about="OpenLLMetry / Traceloop, Python 0.4x and 0.6x, JavaScript 0.2x",
    layer=Layer.CONVENTION,
    recognise=(
        has_under("traceloop.")
        | has("llm.request.type")
        | has_under("gen_ai.prompt.0.", "gen_ai.completion.0.")
        | scope("traceloop.", "@traceloop/", "opentelemetry.instrumentation.openai.v1")
        | scope_is(*(f"opentelemetry.instrumentation.{name}" for name in INSTRUMENTED))
    ),
    kinds=(
        # LangChain in JavaScript: tools are tasks, and the links of a chain are workflows.
        kind("tool", value("gen_ai.operation.name", "execute_tool")),
        kind("chain", LINK),
        kind_by(
            "llm.request.type",
            {"chat": "llm", "completion": "llm", "embedding": "embedding", "rerank": "retriever"},
        ),
        kind_by(
            "traceloop.span.kind",
            {"workflow": "workflow", "agent": "agent", "task": "chain", "tool": "tool"},
        ),
    ),
    fields={
        "operation": ("gen_ai.operation.name", "llm.request.type"),
        "input_tokens": (
            key("gen_ai.usage.input_tokens", exclusive=PROVIDERS_OWN),
            key("gen_ai.usage.prompt_tokens", exclusive=PROVIDERS_OWN),
        ),
        "streamed": ("llm.is_streaming", "gen_ai.is_streaming"),
        "finish_reason": ("gen_ai.completion.0.finish_reason",),
        "agent": (key("traceloop.entity.name", when=value("traceloop.span.kind", "agent")),),
        "workflow": ("traceloop.workflow.name",),
        "tool": (
            extract(
                "traceloop.entity.output", r'"name":"([^"]{1,200})"', when=LANGCHAIN_JS & ANSWER_OF_A_TOOL
            ),
            absent(LANGCHAIN_JS & A_CLASS),
            key("traceloop.entity.name", when=value("traceloop.span.kind", "tool")),
        ),
        "tool_call_id": (
            extract(
                "traceloop.entity.output",
                r'"tool_call_id":"([^"]{1,200})"',
                when=LANGCHAIN_JS & ANSWER_OF_A_TOOL,
            ),
        ),
        "session_id": (
            "traceloop.association.properties.session_id",
            "traceloop.association.properties.sessionId",
            "traceloop.association.properties.thread_id",
            "traceloop.association.properties.conversation_id",
        ),
        "user_id": (
            "traceloop.association.properties.user_id",
            "traceloop.association.properties.userId",
        ),
        "tenant": (
            "traceloop.association.properties.tenant_id",
            "traceloop.association.properties.tenant",
        ),
        "prompt_name": ("traceloop.prompt.key",),
        "prompt_version": ("traceloop.prompt.version",),
        "service_tier": ("gen_ai.openai.response.service_tier",),
    },
    documents=(
        # The model's span names no reasoning, in JavaScript no cached tokens, the state around it does.
        Document("traceloop.entity.output", USAGE_FIELDS, read_usage, when=STEP, decode=find_last_usage),
        Document(
            "traceloop.entity.input",
            USAGE_FIELDS,
            read_usage,
            when=STEP & GIVEN_AN_ANSWER,
            decode=find_last_usage,
        ),
    ),
    input_keys=("traceloop.entity.input",),
    output_keys=("traceloop.entity.output",),
    flat_input=(FlatMessages("gen_ai.prompt."),),
    flat_output=(FlatMessages("gen_ai.completion."),),
)
