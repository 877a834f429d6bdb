"""One spelling for what emitters spell in many ways: providers, finish reasons, kinds of operation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from collector.dialects.engine.columns import TextColumn
from collector.dialects.engine.documents import decode_json
from collector.dialects.engine.index import Labels
from store.terms import PURPOSES

OPERATION_KINDS: Final[Mapping[str, str]] = {
    "chat": "llm",
    "completion": "llm",
    "acompletion": "llm",
    "text_completion": "llm",
    "atext_completion": "llm",
    "generate_content": "llm",
    "generate_text": "llm",
    "responses": "llm",
    "aresponses": "llm",
    "llm_call": "llm",
    "model_generation": "llm",
    "image": "llm",
    "image_generation": "llm",
    "generate_image": "llm",
    "speech": "llm",
    "audio": "llm",
    "transcription": "llm",
    "embed": "embedding",
    "embedding": "embedding",
    "aembedding": "embedding",
    "embeddings": "embedding",
    "execute_tool": "tool",
    "tool_call": "tool",
    "invoke_agent": "agent",
    "agent_call": "agent",
    "invoke_workflow": "workflow",
    "retrieval": "retriever",
    "rerank": "retriever",
    "search_memory": "retriever",
    "guardrail_check": "guardrail",
    "apply_guardrail": "guardrail",
    "guardrail": "guardrail",
    "plan": "chain",
    "chain": "chain",
    "agent_step": "chain",
    "workflow_step": "chain",
    "decide": "chain",
    "task": "chain",
    "execute_task": "chain",
    "execute_event_loop_cycle": "chain",
    "execute_agent_loop_cycle": "chain",
    "create_agent": "other",
    "fetch_response": "other",
    "agent_handoff": "other",
    "model_chunk": "other",
    "create_memory": "other",
    "update_memory": "other",
    "upsert_memory": "other",
    "delete_memory": "other",
    "create_memory_store": "other",
    "delete_memory_store": "other",
}
"""Kinds by `gen_ai.operation.name`: semantic-conventions-genai at 2026-08-03, and names seen in captures."""

PROVIDERS: Final[frozenset[str]] = frozenset((
    "openai", "gcp.gen_ai", "gcp.vertex_ai", "gcp.gemini", "anthropic", "cohere", "azure.ai.inference",
    "azure.ai.openai", "ibm.watsonx.ai", "aws.bedrock", "perplexity", "x_ai", "deepseek", "groq",
    "mistral_ai", "moonshot_ai",
))  # fmt: skip

PROVIDER_SPELLINGS: Final[Mapping[str, str]] = {
    "vertex_ai": "gcp.vertex_ai",
    "vertex_ai_beta": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai",
    "vertex": "gcp.vertex_ai",
    "google.vertex": "gcp.vertex_ai",
    "google_cloud": "gcp.vertex_ai",
    "google_vertex": "gcp.vertex_ai",
    "google_vertexai": "gcp.vertex_ai",
    "google_anthropic_vertex": "gcp.vertex_ai",
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "google.generative_ai": "gcp.gemini",
    "google_genai": "gcp.gemini",
    "google_gla": "gcp.gemini",
    "googleai": "gcp.gemini",
    "az.ai.inference": "azure.ai.inference",
    "azure_ai_inference": "azure.ai.inference",
    "az.ai.openai": "azure.ai.openai",
    "azure": "azure.ai.openai",
    "azure_openai": "azure.ai.openai",
    "azure_text": "azure.ai.openai",
    "azureopenai": "azure.ai.openai",
    "text_completion_openai": "openai",
    "anthropic_text": "anthropic",
    "cohere_chat": "cohere",
    "xai": "x_ai",
    "bedrock": "aws.bedrock",
    "amazon_bedrock": "aws.bedrock",
    "aws": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "bedrock_mantle": "aws.bedrock",
    "anthropic_bedrock": "aws.bedrock",
    "anthropic_mantle": "aws.bedrock",
    "openai_mantle": "aws.bedrock",
    "mistral": "mistral_ai",
    "mistralai": "mistral_ai",
    "moonshot": "moonshot_ai",
    "ibm": "ibm.watsonx.ai",
    "watsonx": "ibm.watsonx.ai",
    "watsonx_text": "ibm.watsonx.ai",
    "ollama_chat": "ollama",
    "hugging_face": "huggingface",
}
"""Other spellings, the deprecated `gen_ai.system` values among them; hyphens and blanks are read as underscores."""

NO_PROVIDERS: Final[frozenset[str]] = frozenset((
    "_other", "other", "unknown", "langchain", "langgraph", "llamaindex", "llama_index", "strands_agents",
    "gcp.vertex.agent", "microsoft.agent_framework", "agent_framework", "autogen", "semantic_kernel", "github",
    "mcp", "crewai", "agno", "dspy", "smolagents", "haystack", "litellm", "mastra", "openai_agents", "pydantic_ai",
    "spring_ai", "google_adk", "claude_agent_sdk", "browser_use", "dynamiq", "controlflow", "letta",
))  # fmt: skip
"""Frameworks that stand where a provider should."""

_WORD_ENDS: Final = re.compile(r"[\s-]+")
_BETWEEN_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
FINISH_REASONS: Final[Mapping[str, str]] = {
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "completed": "stop",
    "complete": "stop",
    "finished": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_context_window_exceeded": "length",
    "incomplete": "length",
    "content_filter": "content_filter",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
    "safety": "content_filter",
    "refusal": "content_filter",
    "recitation": "content_filter",
    "blocklist": "content_filter",
    "prohibited_content": "content_filter",
    "spii": "content_filter",
    "tool_call": "tool_call",
    "tool_calls": "tool_call",
    "tool_use": "tool_call",
    "function_call": "tool_call",
    "error": "error",
    "failed": "error",
}

PLACEHOLDERS: Final[tuple[str, ...]] = (
    "None", "null", "undefined", "NaN", "N/A", "n/a", "<elided>", "__REDACTED__", "[REDACTED]",
    "<not specified>",
)  # fmt: skip
"""Texts that say that there is no value."""

OPERATION_SPELLINGS: Final[Mapping[str, str]] = {
    "embedding": "embeddings",
    "aembedding": "embeddings",
    "acompletion": "chat",
    "completion": "text_completion",
    "atext_completion": "text_completion",
}

OPERATIONS_OF_KINDS: Final[Mapping[str, str]] = {
    "llm": "chat",
    "embedding": "embeddings",
    "tool": "execute_tool",
    "agent": "invoke_agent",
    "workflow": "invoke_workflow",
    "retriever": "retrieval",
}
"""What a span of a kind does, where its dialect has no operations."""

OUTCOME_SPELLINGS: Final[Mapping[str, str]] = {
    "success": "success",
    "succeeded": "success",
    "ok": "success",
    "failure": "failure",
    "failed": "failure",
    "error": "failure",
    "escalated": "escalated",
    "escalation": "escalated",
    "handoff": "escalated",
    "resolved": "resolved",
    "abandoned": "abandoned",
}

PURPOSE_SPELLINGS: Final[Mapping[str, str]] = {
    **{purpose: purpose for purpose in PURPOSES},
    "prod": "production",
    "eval": "evaluation",
    "testing": "test",
}


def normalise_provider(text: str) -> str | None:
    """Return the OTel spelling of a provider; None for a framework's name.

    >>> normalise_provider("openai.responses"), normalise_provider("google.vertex.chat"), normalise_provider("xai")
    ('openai', 'gcp.vertex_ai', 'x_ai')
    """
    name = text.strip().lower()
    head = _WORD_ENDS.sub("_", name)
    while head:
        if head in PROVIDERS:
            return head
        if head in PROVIDER_SPELLINGS:
            return PROVIDER_SPELLINGS[head]
        if head in NO_PROVIDERS:
            return None
        # What the AI SDK calls behind a provider: `google.vertex.chat` is Vertex's, not that of `google`.
        head = head.rpartition(".")[0]
    return name or None


def normalise_finish_reason(text: str) -> str | None:
    """Return the OTel spelling of a finish reason, the first of an array; others as sent.

    >>> [normalise_finish_reason(text) for text in ('["tool_calls"]', "FinishReason.MAX_TOKENS", "endTurn")]
    ['tool_call', 'length', 'stop']
    """
    reason = text
    if text.startswith(("[", '"')):
        decoded = decode_json(text)
        first: object = (decoded[0] if decoded else None) if isinstance(decoded, list) else decoded
        if not isinstance(first, str):
            return None
        reason = first
    known = _BETWEEN_WORDS.sub("_", reason.rsplit(".", 1)[-1].strip()).lower().replace("-", "_")
    return FINISH_REASONS.get(known, reason) or None


def normalise_operation(text: str) -> str:
    """Return the OTel spelling of an operation, others as sent."""
    return OPERATION_SPELLINGS.get(text, text)


def normalise_outcome(text: str) -> str | None:
    """Return the stated outcome's term; None when it is none."""
    return OUTCOME_SPELLINGS.get(text.strip().lower())


def normalise_purpose(text: str) -> str | None:
    """Return the stated purpose's term; None when it is none."""
    return PURPOSE_SPELLINGS.get(text.strip().lower())


NORMALISERS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "provider": normalise_provider,
    "finish_reason": normalise_finish_reason,
    "operation": normalise_operation,
    "outcome": normalise_outcome,
    "purpose": normalise_purpose,
}

NAMES: Final = ("agent", "agent_version", "session_id", "user_id", "tenant", "workflow", "request_model",
                "response_model", "tool", "prompt_name", "prompt_version", "response_id", "tool_call_id",
                "service_tier")  # fmt: skip


def finish_text(column: TextColumn, name: str) -> pl.Series:
    """Return a text fact in its one spelling."""
    if column.is_empty():
        return column.finish(name)
    texts = column.finish(name)
    if name in NAMES:
        return drop_placeholders(texts)
    normalise = NORMALISERS.get(name)
    return texts if normalise is None else Labels(texts).translated(normalise).alias(name)


def drop_placeholders(texts: pl.Series) -> pl.Series:
    """Return the texts, null where one only says that there is no value."""
    empty = texts.is_in(PLACEHOLDERS)
    return texts.set(empty, None) if empty.any() else texts
