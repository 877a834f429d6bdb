"""LiteLLM's map of prices: fills gaps of the catalogue, flagged, and checks it in the tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from analytics.pricing.overlay import Row

GAPS_FILE: Final = Path(__file__).with_name("litellm_gaps.jsonl")
"""Models of LiteLLM's map that the catalogue does not know, one a line; with what of its entry is read."""

MOST_USD_PER_TOKEN: Final = 1_000e-6
MOST_USD_PER_EMBEDDED_TOKEN: Final = 5e-6
"""More than anybody asks: a price above it is a slip of the unit, and no price is better than that one."""

_MODES: Final = ("chat", "completion", "responses", "embedding", "rerank", None)
_PRICES: Final = {
    "input": "input_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "output": "output_cost_per_token",
    "reasoning": "output_cost_per_reasoning_token",
    "per_request": "input_cost_per_request",
}
_UNITS: Final = {
    "input_audio_tokens": "input_cost_per_audio_token",
    "output_audio_tokens": "output_cost_per_audio_token",
    "input_image_tokens": "input_cost_per_image_token",
    "output_image_tokens": "output_cost_per_image_token",
    "input_video_tokens": "input_cost_per_video_token",
    "cache_audio_read_tokens": "cache_read_input_audio_token_cost",
    "cache_image_read_tokens": "cache_read_input_image_token_cost",
    "rerank_searches": "input_cost_per_query",
}
_EDGE: Final = re.compile(r"input_cost_per_token(_above_(\d+)k_tokens)")
_UNREADABLE: Final = ("off_peak_pricing",)
"""Keys of entries whose price depends on what is not read here: nothing of such an entry is."""
_TIERS: Final = {"_batches": "batch", "_flex": "flex", "_priority": "priority"}
_PROVIDERS: Final = {
    "azure_ai": "azure",
    "azure_text": "azure",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "bedrock_mantle": "aws",
    "cohere_chat": "cohere",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "moonshot": "moonshotai",
    "text-completion-openai": "openai",
    "together_ai": "together",
    "voyage": "voyageai",
    "xai": "x-ai",
}


def read_map(text: str, source: str) -> Iterator[Row]:
    """Yield the rows of a map in LiteLLM's format, `model` without the provider in front.

    Raises:
        ValueError: It is no such map.
    """
    table = json.loads(text)
    if not isinstance(table, dict) or not any("litellm_provider" in str(entry) for entry in table.values()):
        raise ValueError("it is no price map of LiteLLM: no entry names a litellm_provider")
    for name, entry in table.items():
        if isinstance(entry, dict) and entry.get("litellm_provider") and entry.get("mode") in _MODES:
            if not entry.keys().isdisjoint(_UNREADABLE):
                continue
            yield from _rows_of(name, entry, source)


def provider_of(litellm_provider: str) -> str:
    """Return the book's provider of one of LiteLLM's; those the book does not have keep their spelling."""
    if litellm_provider.startswith("vertex_ai"):
        return "google"
    return _PROVIDERS.get(litellm_provider, litellm_provider)


@cache
def bundled_gaps() -> tuple[Row, ...]:
    """Return the rows that come with this version."""
    if not GAPS_FILE.exists():
        return ()
    lines = GAPS_FILE.read_text("utf-8").splitlines()
    return tuple(row for line in lines for row in _rows_of_gap(json.loads(line)))


def _rows_of_gap(gap: Mapping[str, Any]) -> Iterator[Row]:
    yield from _rows_of(gap["name"], gap, gap["source"])


def _rows_of(name: str, entry: Mapping[str, Any], source: str) -> Iterator[Row]:
    provider = provider_of(entry["litellm_provider"])
    model = name.lower()
    for head in (entry["litellm_provider"], provider, "vertex_ai", "gemini", "azure_ai", "azure"):
        model = model.removeprefix(f"{head}/")
    names = {
        "price_model": f"{provider}/{model} (LiteLLM)",
        "provider": provider,
        "model": model,
        "source": f"{source}, gap filler",
    }
    if isinstance(entry.get("tiered_pricing"), list):
        yield from _rows_of_ranges(names, entry)
        return
    edges = [
        (0, ""),
        *sorted((int(found[2]) * 1_000, found[1]) for found in map(_EDGE.fullmatch, entry) if found),
    ]
    for suffix, tier in {"": None, **_TIERS}.items():
        if suffix and f"input_cost_per_token{suffix}" not in entry:
            continue
        for position, (tokens, above) in enumerate(edges):
            prices = {
                # A tier whose price of a part is not told has none: what costs less than standard must not seem to.
                column: _price(entry, key, above, suffix)
                for column, key in _PRICES.items()
            }
            if _is_slip(entry, prices):
                continue
            # Prices of units are told for short contexts; rankers have no tiers.
            units = {
                unit: _number(entry, key if "query" in key else f"{key}{above}{suffix}")
                for unit, key in _UNITS.items()
            }
            priced_units = [{"key": unit, "value": price} for unit, price in units.items() if price]
            if prices["input"] is None and prices["output"] is None and not priced_units:
                continue
            yield {
                **names,
                **prices,
                "service_tier": tier,
                "tier_from_tokens": tokens,
                "tier_until_tokens": edges[position + 1][0] if position + 1 < len(edges) else None,
                "other_units": priced_units or None,
            }


def _rows_of_ranges(names: Mapping[str, str], entry: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the rows of an entry that lists its prices by ranges of input tokens."""
    for tier in entry["tiered_pricing"]:
        first, last = tier.get("range", (0, None))
        prices = {column: _number(tier, key) for column, key in _PRICES.items()}
        if prices["input"] is not None and not _is_slip(entry, prices):
            yield {
                **names,
                **prices,
                "service_tier": None,
                "tier_from_tokens": int(first),
                "tier_until_tokens": None if last is None else int(last),
                "other_units": None,
            }


def _price(entry: Mapping[str, Any], key: str, above: str, suffix: str) -> float | None:
    """Return the price above an edge in a tier; where only the one below is told, it rises as standard does."""
    told, below = _number(entry, f"{key}{above}{suffix}"), _number(entry, f"{key}{suffix}")
    if told is not None or below is None:
        return told
    for known in (key, "input_cost_per_token" if "cache" in key else key):
        low, high = _number(entry, known), _number(entry, f"{known}{above}")
        if low and high:
            return below * high / low
    return below


def _is_slip(entry: Mapping[str, Any], prices: Mapping[str, float | None]) -> bool:
    embeds = entry.get("mode") in ("embedding", "rerank")
    most = MOST_USD_PER_EMBEDDED_TOKEN if embeds else MOST_USD_PER_TOKEN
    return any(price is not None and price > most for price in prices.values())


def _number(entry: Mapping[str, Any], *keys: str) -> float | None:
    for key in keys:
        value = entry.get(key)
        if isinstance(value, int | float) and value >= 0:
            return float(value)
    return None
