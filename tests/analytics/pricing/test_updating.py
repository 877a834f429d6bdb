"""Newer prices out of a file: what is known is taken over whole, anything else changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analytics.pricing import PriceBook, PriceSource
from analytics.pricing.updating import update_prices
from store.errors import RejectedData
from tests.analytics.pricing.building import price

PUBLISHED: list[dict[str, Any]] = [
    {
        "id": "openai",
        "name": "OpenAI",
        "api_pattern": r"https://api\.openai\.com",
        "model_match": {"starts_with": "gpt-"},
        "models": [
            {
                "id": "gpt-9",
                "match": {"or": [{"equals": "gpt-9"}, {"starts_with": "gpt-9-20"}]},
                "context_window": 400000,
                "prices": [
                    {"prices": {"input_mtok": 2, "cache_read_mtok": 0.5, "output_mtok": 8}},
                    {
                        "constraint": {"start_date": "2026-11-01"},
                        "prices": {
                            "input_mtok": {"base": 1, "tiers": [{"start": 200000, "price": 3}]},
                            "output_mtok": 4,
                        },
                    },
                ],
            }
        ],
    }
]
"""In the form in which genai-prices publishes its data (`prices/data.json`)."""
MAP = {
    "groq/new-model": {
        "litellm_provider": "groq",
        "mode": "chat",
        "input_cost_per_token": 1e-6,
        "output_cost_per_token": 2e-6,
    }
}


def book_after(text: str, tmp_path: Path) -> PriceBook:
    file = tmp_path / "update"
    file.write_text(text, "utf-8")
    update_prices(file, tmp_path / "prices")
    source = PriceSource(directory=tmp_path / "prices")
    return PriceBook(source.compile(2), 2, source.names)


def test_published_data_takes_the_place_of_the_catalogue(tmp_path: Path) -> None:
    book = book_after(json.dumps(PUBLISHED), tmp_path)
    call = {"request_model": "gpt-9-2026-10-01", "input_tokens": 1_000, "output_tokens": 100}
    assert price(book, **call) == (pytest.approx(0.0014), "priced")
    assert price(book, **call | {"input_tokens": 200_001}) == (pytest.approx(0.600403), "priced")
    sources = book.prices["source"].unique().to_list()
    assert any("genai-prices by update" in source for source in sources)


def test_what_a_newer_catalogue_leaves_out_is_unpriced_not_free(tmp_path: Path) -> None:
    book = book_after(json.dumps(PUBLISHED), tmp_path)
    assert price(book, request_model="gpt-4o-mini", input_tokens=10) == (None, "unpriced_model")
    assert price(book, provider=None, request_model="claude-3-haiku", input_tokens=10)[1] == "unpriced_model"


def test_litellm_map_fills_gaps(tmp_path: Path) -> None:
    book = book_after(json.dumps(MAP), tmp_path)
    call = {"provider": "groq", "request_model": "new-model", "input_tokens": 1_000, "output_tokens": 1_000}
    assert price(book, **call) == (pytest.approx(0.003), "priced")


@pytest.mark.parametrize(
    "text", ["", "   \n", "{}", "[1, 2]", "price = 3", "[[price]]\nmodels = []", "<html>", "\x00"]
)
def test_any_other_file_is_refused_and_nothing_changes(text: str, tmp_path: Path) -> None:
    file = tmp_path / "update"
    file.write_text(text, "utf-8")
    with pytest.raises(RejectedData):
        update_prices(file, tmp_path / "prices")
    assert not (tmp_path / "prices").exists()


def test_slip_of_a_unit_in_the_map_is_left_out(tmp_path: Path) -> None:
    slip = {"litellm_provider": "cohere", "mode": "embedding", "input_cost_per_token": 1e-4}
    book = book_after(json.dumps({"cohere/embed-slip": slip, **MAP}), tmp_path)
    assert price(book, provider="cohere", request_model="embed-slip", input_tokens=10) == (
        None,
        "unpriced_model",
    )


def test_price_above_an_edge_rises_in_every_tier(tmp_path: Path) -> None:
    entry = {
        "litellm_provider": "groq",
        "mode": "chat",
        "input_cost_per_token": 1e-6,
        "output_cost_per_token": 2e-6,
        "cache_read_input_token_cost": 1e-7,
        "input_cost_per_token_above_100k_tokens": 2e-6,
        "output_cost_per_token_above_100k_tokens": 3e-6,
        "input_cost_per_token_batches": 5e-7,
        "output_cost_per_token_batches": 1e-6,
    }
    book = book_after(json.dumps({"groq/edged": entry}), tmp_path)
    call = {"provider": "groq", "request_model": "edged", "input_tokens": 100_001, "output_tokens": 1_000}
    assert price(book, **call, cache_read_tokens=100_001) == (pytest.approx(100_001 * 2e-7 + 0.003), "priced")
    assert price(book, **call, service_tier="batch") == (pytest.approx(100_001 * 1e-6 + 0.0015), "priced")
