"""Vercel AI SDK 4 to 7: legacy spans (scope `ai`) and the gen_ai spans of 7 (scope `gen_ai`).

Only `do…` spans are requests; the outer span carries sums (5: `generateText` the last step's). With Anthropic, 4 and 5
leave cached tokens out, with Google thoughts, and name them only in the provider's metadata.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has_under, name_starts, scope_is, value, value_contains
from collector.dialects.engine.declaration import Dialect, Layer, kind_by
from collector.dialects.engine.documents import Document
from collector.dialects.engine.identity import SESSION_NAMES, TENANT_NAMES, USER_NAMES, keys_with
from collector.dialects.engine.provider_usage import PART_FIELDS, dig, dig_first, read_usage
from collector.dialects.engine.readers import constant, key

CONTEXTS = (
    "ai.telemetry.metadata.",
    "ai.settings.context.",
    "ai.settings.runtimeContext.",
)
REQUEST = value(
    "ai.operationId",
    "ai.generateText",
    "ai.streamText",
    "ai.generateObject",
    "ai.streamObject",
)


METADATA = "ai.response.providerMetadata"
FOUR_WITH_ANTHROPIC = value_contains(METADATA, '"cacheReadInputTokens"') & ~value_contains(
    METADATA, '"usage"'
)


def read_provider_metadata(metadata: object) -> dict[str, object]:
    """Return the parts of usage that a provider's metadata holds."""
    anthropic = dig(metadata, "anthropic.usage")
    facts = read_usage(
        dig_first(
            metadata, "anthropic.usage", "google.usageMetadata", "vertex.usageMetadata", "openai", "anthropic"
        )
    )
    facts["uncached_input_tokens"] = facts.get("input_tokens") if anthropic is not None else None
    return facts


def context_keys(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names under each place where an application's context may stand."""
    return tuple(found for prefix in CONTEXTS for found in keys_with(prefix, names))


DIALECT = Dialect(
    name="ai_sdk",
    about="Vercel AI SDK 4 to 7, legacy and gen_ai spans",
    layer=Layer.LIBRARY,
    recognise=scope_is("ai", "gen_ai") | has_under("ai.operationId", "ai.usage.", *CONTEXTS),
    kinds=(
        kind_by(
            "ai.operationId",
            {
                "ai.generatetext": "agent",
                "ai.streamtext": "agent",
                "ai.generateobject": "agent",
                "ai.streamobject": "agent",
                "ai.generatetext.dogenerate": "llm",
                "ai.streamtext.dostream": "llm",
                "ai.generateobject.dogenerate": "llm",
                "ai.streamobject.dostream": "llm",
                "ai.embed": "chain",
                "ai.embedmany": "chain",
                "ai.embed.doembed": "embedding",
                "ai.embedmany.doembed": "embedding",
                "ai.rerank": "chain",
                "ai.rerank.dorerank": "retriever",
                "ai.toolcall": "tool",
            },
        ),
    ),
    fields={
        "provider": ("ai.model.provider",),
        "request_model": ("ai.model.id",),
        "response_model": ("ai.response.model",),
        "response_id": ("ai.response.id",),
        "finish_reason": ("ai.response.finishReason",),
        "ttft_ms": ("ai.response.msToFirstChunk",),
        "streamed": (constant("true", name_starts("ai.streamText", "ai.streamObject")),),
        "input_tokens": (
            "ai.usage.inputTokens",
            key("ai.usage.promptTokens", exclusive=FOUR_WITH_ANTHROPIC),
            "ai.usage.tokens",
        ),
        "output_tokens": ("ai.usage.outputTokens", "ai.usage.completionTokens"),
        "total_tokens": ("ai.usage.totalTokens",),
        "cache_read_tokens": ("ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens"),
        "cache_write_tokens": ("ai.usage.inputTokenDetails.cacheWriteTokens",),
        "uncached_input_tokens": ("ai.usage.inputTokenDetails.noCacheTokens",),
        "reasoning_tokens": ("ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"),
        "tool": ("ai.toolCall.name",),
        "tool_call_id": ("ai.toolCall.id",),
        "agent": (key("ai.telemetry.functionId", when=REQUEST),),
        "session_id": context_keys(SESSION_NAMES),
        "user_id": context_keys(USER_NAMES),
        "tenant": context_keys(TENANT_NAMES),
    },
    documents=(
        Document(METADATA, (*PART_FIELDS, "uncached_input_tokens", "total_tokens"), read_provider_metadata),
    ),
    input_keys=("ai.toolCall.args", "ai.prompt.messages", "ai.prompt", "ai.values", "ai.value"),
    output_keys=("ai.toolCall.result", "ai.response.text", "ai.response.object", "ai.response.toolCalls"),
)
