"""The book beside LiteLLM's map (1.109.1, MIT): where both have a price they agree, or we know why not."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analytics.pricing import PriceBook, price_calls
from tests.analytics.pricing.building import calls

FILE = Path(__file__).with_name("litellm_prices.csv")
AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
USAGE: dict[str, dict[str, int]] = {
    "input": {"input_tokens": 1_000_000 // 1_000},
    "cache_read": {"input_tokens": 1_000, "cache_read_tokens": 1_000},
    "cache_write": {"input_tokens": 1_000, "cache_write_tokens": 1_000},
    "output": {"input_tokens": 0, "output_tokens": 1_000},
}
KNOWN = {
    "ft:gpt-4o-2024-11-20": "LiteLLM files the price of cached input under cache writes",
    "vertex_ai/claude-3-5-haiku": "LiteLLM kept the price from before 2024-12-03",
    "vertex_ai/claude-3-5-haiku@20241022": "LiteLLM kept the price from before 2024-12-03",
    "gemini/gemini-3.5-flash": "Google answers it with gemini-3.6-flash since 2026-10-08",
    "gemini-2.5-pro-preview-tts": "speech models are asked once, nothing of theirs is cached",
    "gemini/gemini-2.5-pro-preview-tts": "speech models are asked once, nothing of theirs is cached",
}


def test_book_agrees_with_litellm_or_we_know_why(book: PriceBook) -> None:
    with FILE.open(newline="") as lines:
        listed = list(csv.DictReader(lines))
    facts: list[dict[str, Any]] = []
    expected: list[tuple[str, str, float]] = []
    for row in listed:
        for name, usage in USAGE.items():
            if row[name]:
                call = {"provider": row["provider"], "request_model": row["model"], "started_at": AT}
                facts.append({**call, "operation": "embeddings", **usage})
                expected.append((row["model"], name, float(row[name]) / 1_000))
    priced = price_calls(calls(*facts), book)
    wrong = {
        model: (part, price, cost)
        for cost, (model, part, price) in zip(priced["cost_usd"], expected, strict=True)
        if cost is None or abs(float(cost) - price) > 1e-9
    }
    assert {model: why for model, why in wrong.items() if model not in KNOWN} == {}
    assert set(KNOWN) <= set(wrong), "a difference is gone: take it out of KNOWN"
