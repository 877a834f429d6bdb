"""The explanation of a call's cost: its lines are the cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.pricing import PriceBook, explain_cost, price_calls
from tests.analytics.pricing.building import calls

MODELS = [
    ("openai", "gpt-5.6-sol"),
    ("anthropic", "claude-sonnet-4-5"),
    ("gcp.gemini", "gemini-2.5-flash"),
    ("openai", "gpt-realtime"),
    ("openai", "gpt-4o-audio-preview"),
]


def test_lines_name_class_quantity_price_and_source(book: PriceBook) -> None:
    call = calls(
        {
            "provider": "anthropic",
            "request_model": "claude-3-5-sonnet-20241022",
            "input_tokens": 10_000,
            "cache_read_tokens": 1_000,
            "cache_write_tokens": 3_000,
            "cache_write_1h_tokens": 1_000,
            "output_tokens": 100,
        }
    )
    found = explain_cost(call, book)
    assert [(line.title, line.quantity, round(line.price_usd * 1e6, 9)) for line in found.lines] == [
        ("input, not cached", 6_000, 3.0),
        ("input read from a cache", 1_000, 0.3),
        ("input written to a cache", 2_000, 3.75),
        ("input written to a cache for an hour", 1_000, 6.0),
        ("output", 100, 15.0),
    ]
    assert found.cost_usd == Decimal("0.033300000000")
    assert found.source == "genai-prices 0.2.3"
    assert "anthropic/claude-3-5-sonnet" in found.render()


def test_what_has_no_price_is_named(book: PriceBook) -> None:
    found = explain_cost(calls({"input_tokens": 10, "output_tokens": 1, "other_units": {"images": 3}}), book)
    assert (found.status, found.not_priced) == ("partial", ["images"])


def test_output_of_which_nobody_said_whether_it_was_drawn_costs_at_least_its_text(book: PriceBook) -> None:
    drawn = {
        "provider": "openai",
        "request_model": "gpt-image-1.5",
        "input_tokens": 100,
        "output_tokens": 1_000,
    }
    found = explain_cost(calls(drawn), book)
    assert (found.status, found.cost_usd) == ("partial", Decimal("0.0105"))
    assert found.lack == "nobody said what was text and what a picture or sound"
    split = explain_cost(calls({**drawn, "other_units": {"output_image_tokens": 1_000}}), book)
    assert (split.status, split.cost_usd, split.not_priced) == ("priced", Decimal("0.0325"), [])


def test_unknown_model_is_explained(book: PriceBook) -> None:
    found = explain_cost(calls({"request_model": "nobody-knows-it", "input_tokens": 10}), book)
    assert (found.status, found.cost_usd, found.rule) == ("unpriced_model", None, "unknown_model")
    assert "no price is known" in found.render()


COUNTS = st.integers(0, 300_000)


@given(st.sampled_from(MODELS), COUNTS, COUNTS, COUNTS, COUNTS, st.integers(0, 5_000), st.integers(0, 9))
def test_lines_add_up_to_the_cost(
    book: PriceBook, model: tuple[str, str], text: int, read: int, write: int, output: int, audio: int, n: int
) -> None:
    facts: dict[str, Any] = {
        "provider": model[0],
        "request_model": model[1],
        "input_tokens": text + read + write + audio,
        "cache_read_tokens": read,
        "cache_write_tokens": write,
        "output_tokens": output,
        "other_units": {"input_audio_tokens": audio, "web_searches": n},
    }
    call = calls(facts)
    found, priced = explain_cost(call, book), price_calls(call, book)["cost_usd"][0]
    assert found.cost_usd == priced
    assert float(sum(line.cost_usd for line in found.lines)) == pytest.approx(float(priced or 0), abs=1e-11)
    assert all(line.quantity > 0 for line in found.lines)
