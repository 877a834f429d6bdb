"""Usage objects as model providers and frameworks write them, read into token facts.

Known shapes: OpenAI chat completions and responses, Anthropic messages, Gemini `usageMetadata`, Bedrock converse,
LangChain `usage_metadata`, Vercel AI SDK, Genkit, Langfuse buckets (`input`, `input_cached_tokens`, …).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, TypeGuard, cast

from collector.dialects.engine.parsing import MAX_COUNT

PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "input_tokens": (
        "prompt_tokens", "input_tokens", "inputTokens", "promptTokens", "promptTokenCount", "prompt_token_count",
        "input",
    ),
    "output_tokens": (
        "completion_tokens", "output_tokens", "outputTokens", "completionTokens", "candidatesTokenCount",
        "candidates_token_count", "output",
    ),
    "total_tokens": ("total_tokens", "totalTokens", "totalTokenCount", "total_token_count", "total"),
    "cache_read_tokens": (
        "prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens", "cache_read_input_tokens",
        "inputTokenDetails.cacheReadTokens", "cachedInputTokens", "cacheReadInputTokens", "cachedContentTokenCount",
        "cached_content_token_count", "input_token_details.cache_read", "input_cache_read", "input_cached_tokens",
        "cachedContentTokens", "cachedPromptTokens",
    ),
    "cache_write_tokens": (
        "cache_creation_input_tokens", "inputTokenDetails.cacheWriteTokens", "cacheWriteInputTokens",
        "input_token_details.cache_creation", "prompt_tokens_details.cache_write_tokens",
        "prompt_tokens_details.cache_creation_tokens", "input_tokens_details.cache_write_tokens",
        "input_cache_creation", "cache_write_input_tokens", "cacheCreationInputTokens",
    ),
    "cache_write_5m_tokens": (
        "cache_creation.ephemeral_5m_input_tokens", "input_token_details.ephemeral_5m_input_tokens",
    ),
    "cache_write_1h_tokens": (
        "cache_creation.ephemeral_1h_input_tokens", "input_token_details.ephemeral_1h_input_tokens",
    ),
    "reasoning_tokens": (
        "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens", "reasoningTokens",
        "outputTokenDetails.reasoningTokens", "thoughtsTokenCount", "thoughts_token_count", "thoughtsTokens",
        "output_token_details.reasoning", "output_reasoning", "output_reasoning_tokens", "reasoning_tokens",
    ),
}  # fmt: skip
USAGE_FIELDS: Final = tuple(PATHS)
PART_FIELDS: Final = (
    "cache_read_tokens", "cache_write_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "reasoning_tokens",
)  # fmt: skip

_STATE_USAGE: Final = '"usage_metadata":'
_DECODER: Final = json.JSONDecoder()


def dig(value: object, path: str) -> object:
    """Return what stands at a dotted path of objects and array positions; None when the way ends early.

    >>> dig({"choices": [{"index": 0}]}, "choices.0.index")
    0
    """
    for step in path.split("."):
        if isinstance(value, dict):
            value = cast("dict[str, object]", value).get(step)
        elif isinstance(value, list) and step.isdigit():
            items = cast("list[object]", value)
            value = items[int(step)] if int(step) < len(items) else None
        else:
            return None
    return value


def dig_first(value: object, *paths: str) -> object:
    """Return what stands at the first path that leads to something."""
    return next((found for path in paths if (found := dig(value, path)) is not None), None)


def read_usage(usage: object) -> dict[str, object]:
    """Return the token facts of a usage object of any known shape; empty when it is none."""
    if not isinstance(usage, dict):
        return {}
    said = cast("dict[str, object]", usage)
    facts = {field: found for field, paths in PATHS.items() if (found := _number_at(said, paths)) is not None}
    if _is_bucketed(said):
        facts["input_tokens"] = _sum_bucket(said, "input")
        facts["output_tokens"] = _sum_bucket(said, "output")
        return facts
    has_raw_cache = any(
        name in said
        for name in ("cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens")
    )
    facts["exclusive_input"] = (
        has_raw_cache and "total_tokens" not in facts and ("input_tokens" in said or "inputTokens" in said)
    )
    facts["exclusive_output"] = "candidatesTokenCount" in said or "candidates_token_count" in said
    return facts


def _number_at(said: dict[str, object], paths: tuple[str, ...]) -> object:
    for path in paths:
        found = dig(said, path) if "." in path else said.get(path)
        if _is_count(found):
            return found
    return None


def _is_count(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_COUNT


def _is_bucketed(said: dict[str, object]) -> bool:
    """Langfuse's buckets are disjoint: every `input_*` is beside `input`, every `output_*` beside `output`."""
    return ("input" in said or "output" in said) and any(
        key.startswith(("input_", "output_")) for key in said
    )


def _sum_bucket(said: dict[str, object], side: str) -> object:
    parts = [
        number
        for key, number in said.items()
        if (key == side or key.startswith(f"{side}_")) and _is_count(number)
    ]
    return sum(parts) if parts else None


def find_last_usage(state: str) -> object:
    """Return the usage of the last message in a state of LangChain's.

    >>> find_last_usage('{"messages": [{"usage_metadata": null}, {"usage_metadata":{"input_tokens": 3}}]}')
    {'input_tokens': 3}
    """
    _, found, rest = state.rpartition(_STATE_USAGE)
    try:
        return _DECODER.raw_decode(rest.lstrip())[0] if found else None
    except (ValueError, RecursionError):
        return None
