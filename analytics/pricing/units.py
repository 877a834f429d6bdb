"""Billable units: what each measures, which contain which, and what emitters call them.

The same lattice as genai-prices: a unit contains every unit that has all its properties and more, and
a price applies to what no more specific price takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import product
from typing import Final

_TOKENS: Final = {"family": "tokens"}


def _token_units() -> dict[str, dict[str, str]]:
    units: dict[str, dict[str, str]] = {}
    for direction, modality in product(("input", "output"), ("", "text_", "audio_", "image_", "video_")):
        unit = {**_TOKENS, "direction": direction}
        if modality:
            unit["modality"] = modality.rstrip("_")
        units[f"{direction}_{modality}tokens"] = unit
    for modality, use in product(("", "text_", "audio_", "image_", "video_"), ("read", "write")):
        unit = {**_TOKENS, "direction": "input", "token_type": f"cache_{use}"}
        if modality:
            unit["modality"] = modality.rstrip("_")
        units[f"cache_{modality}{use}_tokens"] = unit
        if use == "write":
            units[f"cache_{modality}write_5m_tokens"] = {**unit, "cache_ttl": "5m"}
            units[f"cache_{modality}write_1h_tokens"] = {**unit, "cache_ttl": "1h"}
    for modality, (direction, token_type) in product(
        ("", "text_", "audio_", "image_", "video_"),
        (("output", "reasoning"), ("output", "citation"), ("input", "tool")),
    ):
        unit = {**_TOKENS, "direction": direction, "token_type": token_type}
        if modality:
            unit["modality"] = modality.rstrip("_")
        units[f"{direction}_{modality}{token_type}_tokens"] = unit
    return units


UNITS: Final[Mapping[str, Mapping[str, str]]] = {
    **_token_units(),
    "audio_seconds": {"family": "durations", "modality": "audio"},
    "input_audio_seconds": {"family": "durations", "modality": "audio", "direction": "input"},
    "output_audio_seconds": {"family": "durations", "modality": "audio", "direction": "output"},
    "input_document_pages": {"family": "document_pages", "direction": "input"},
    "input_annotated_document_pages": {
        "family": "document_pages",
        "direction": "input",
        "page_type": "annotated",
    },
    "input_characters": {"family": "characters", "direction": "input"},
    "input_text_messages": {"family": "messages", "direction": "input", "modality": "text"},
    "web_searches": {"family": "tool_calls", "tool_type": "web_search"},
    "storage_searches": {"family": "tool_calls", "tool_type": "storage_search"},
    "social_searches": {"family": "tool_calls", "tool_type": "social_search"},
    "code_executions": {"family": "tool_calls", "tool_type": "code_execution"},
    "rerank_searches": {"family": "rerank"},
    "input_pixels": {"family": "pixels", "direction": "input"},
    "requests": {"family": "requests"},
}
"""Properties of every unit that is known; a unit that is not here is charged only where it has a price."""

ALIASES: Final[Mapping[str, str]] = {
    "audio_input_tokens": "input_audio_tokens",
    "audio_output_tokens": "output_audio_tokens",
    "audio_tokens": "input_audio_tokens",
    "image_input_tokens": "input_image_tokens",
    "image_output_tokens": "output_image_tokens",
    "video_input_tokens": "input_video_tokens",
    "text_input_tokens": "input_text_tokens",
    "text_output_tokens": "output_text_tokens",
    "cache_audio_tokens": "cache_audio_read_tokens",
    "audio_cache_read_tokens": "cache_audio_read_tokens",
    "image_cache_read_tokens": "cache_image_read_tokens",
    "citation_tokens": "output_citation_tokens",
    "seconds": "audio_seconds",
    "pages": "input_document_pages",
    "document_pages": "input_document_pages",
    "annotated_pages": "input_annotated_document_pages",
    "characters": "input_characters",
    "searches": "web_searches",
    "search_units": "rerank_searches",
    "web_search_requests": "web_searches",
    "file_searches": "storage_searches",
    "text_messages": "input_text_messages",
    "request": "requests",
}
"""Other spellings of units, as applications and instrumentations send them."""

COLUMN_UNITS: Final[Mapping[str, str]] = {
    "input": "input_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "output": "output_tokens",
    "reasoning": "output_reasoning_tokens",
    "per_request": "requests",
}
"""Columns of the price book that hold a unit of their own; all others are in its map of other units."""


def contains(outer: str, inner: str) -> bool:
    """Return whether all of `inner` is part of `outer`.

    >>> contains("input_tokens", "cache_read_tokens")
    True
    """
    if outer not in UNITS or inner not in UNITS:
        return outer == inner
    return UNITS[outer].items() <= UNITS[inner].items()


def share_leaves(units: Iterable[str]) -> dict[str, dict[str, float]]:
    """Return, for each priced unit, what of it no more specific priced unit takes: shares of reported quantities.

    >>> share_leaves(["input_tokens", "cache_read_tokens"])["input_tokens"]
    {'input_tokens': 1.0, 'cache_read_tokens': -1.0}
    """
    leaves: dict[str, dict[str, float]] = {}
    for unit in sorted(units, key=lambda unit: (-len(UNITS.get(unit, {})), unit)):
        leaf = {unit: 1.0}
        for inner in leaves:
            if inner != unit and contains(unit, inner):
                for reported, share in leaves[inner].items():
                    leaf[reported] = leaf.get(reported, 0.0) - share
        leaves[unit] = leaf
    return leaves


def charge_per_unit(prices: Mapping[str, float]) -> dict[str, float]:
    """Return what each reported quantity adds to the cost, given the prices of the most specific parts.

    A unit is charged at its price less what the units around it have charged for it already, so
    that cost = Σ charge · quantity over the quantities as reported (each one inclusive).

    >>> charge_per_unit({"input_tokens": 3.0, "cache_read_tokens": 0.5})
    {'cache_read_tokens': -2.5, 'input_tokens': 3.0}
    """
    leaves = _shared_leaves(frozenset(prices))
    charges = dict.fromkeys(leaves, 0.0)
    for unit, leaf in leaves.items():
        for reported, share in leaf.items():
            charges[reported] += share * prices[unit]
    return charges


@cache
def _shared_leaves(units: frozenset[str]) -> Mapping[str, Mapping[str, float]]:
    return share_leaves(units)
