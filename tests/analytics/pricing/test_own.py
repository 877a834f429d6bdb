"""The user's own prices: what they take precedence over, since when, and what wrong ones say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from analytics.pricing import PriceBook, PriceSource, explain_cost, parse_pricing, price_calls, price_tools
from store.errors import ConfigError
from tests.analytics.pricing.building import calls, price

USAGE = {"input_tokens": 1_000_000, "output_tokens": 100_000}
JANUARY = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)


def book_with(**tables: Any) -> PriceBook:
    source = PriceSource(parse_pricing(tables))
    return PriceBook(source.compile(1), 1, source.names, source.own.tools)


@pytest.fixture(scope="module")
def own() -> PriceBook:
    """One book with an entry of each kind; compiling takes a second."""
    return book_with(
        model=[
            {"provider": "openai", "model": "ft:gpt-4o-mini:acme:*", "input": 0.4, "output": 1.6},
            {"model": "acme-1", "from": date(2026, 2, 1), "input": 1.0, "output": 2.0, "per_request": 0.5},
            {"model": "gpt-4o", "until": date(2026, 2, 1), "input": 100.0, "cache_read": 1.0, "output": 0.0},
            {"model": "acme-speech", "input": 1.0, "output": 1.0, "audio_input": 10.0},
            {"model": "gpt-image-9", "input": 1.0, "output": 40.0},
        ],
        discount=[
            {"provider": "anthropic", "multiplier": 0.8},
            {
                "provider": "anthropic",
                "model": "claude-haiku-4-5",
                "multiplier": 0.5,
                "from": date(2026, 2, 1),
            },
        ],
        hosted=[{"provider": "vllm", "model": "acme/*", "usd_per_hour": 3.6}],
        alias=[
            {"name": "prod-chat", "provider": "azure", "model": "gpt-4.1"},
            {"name": "nightly", "model": "acme-1", "from": date(2026, 2, 1)},
        ],
    )


def test_entry_with_a_glob_overrides_the_book(own: PriceBook) -> None:
    assert price(own, request_model="ft:gpt-4o-mini:acme:x", **USAGE) == (pytest.approx(0.56), "priced")
    assert price(own, provider="azure", request_model="ft:gpt-4o-mini:acme:x", **USAGE)[1] == "unpriced_model"


def test_entry_holds_from_its_day_and_until_its_day(own: PriceBook) -> None:
    assert price(own, request_model="acme-1", started_at=JANUARY, **USAGE)[1] == "unpriced_model"
    assert price(own, request_model="acme-1", **USAGE) == (pytest.approx(1.7), "priced")
    cached = {**USAGE, "cache_read_tokens": 500_000}
    assert price(own, request_model="gpt-4o", started_at=JANUARY, **cached) == (pytest.approx(50.5), "priced")
    assert price(own, request_model="gpt-4o", **USAGE) == (pytest.approx(3.5), "priced")


def test_discount_multiplies_the_list_price_and_the_special_one_counts(own: PriceBook) -> None:
    haiku: dict[str, Any] = {"provider": "anthropic", "request_model": "claude-haiku-4-5", **USAGE}
    assert price(own, provider="anthropic", request_model="claude-opus-4-5", **USAGE)[0] == pytest.approx(6.0)
    assert price(own, started_at=JANUARY, **haiku)[0] == pytest.approx(1.2)
    assert price(own, **haiku)[0] == pytest.approx(0.75)
    explained = explain_cost(calls(haiku), own)
    assert explained.source == "genai-prices 0.2.3; × 0.5 (configuration [[pricing.discount]] 2)"


def test_self_hosted_model_costs_its_busy_time(own: PriceBook) -> None:
    hosted = calls({"provider": "vllm", "request_model": "acme/llama", **USAGE})
    priced = price_calls(hosted.with_columns(duration_ms=pl.lit(2_500.0)), own)
    assert priced.select("cost_usd", "cost_status").row(0) == (Decimal("0.0025"), "priced")
    unended = price_calls(hosted, own)
    assert unended.select("cost_usd", "cost_status").row(0) == (None, "no_usage")
    explained = explain_cost(hosted.with_columns(duration_ms=pl.lit(2_500.0)), own)
    assert [(line.title, line.quantity) for line in explained.lines] == [
        ("seconds of the machine's time", 2.5)
    ]


def test_alias_says_what_a_deployment_stands_for(own: PriceBook) -> None:
    assert price(own, provider="azure", request_model="prod-chat", **USAGE) == (pytest.approx(2.8), "priced")
    assert price(own, request_model="nightly", **USAGE) == (pytest.approx(1.7), "priced")
    assert price(own, request_model="nightly", started_at=JANUARY, **USAGE)[1] == "unpriced_model"


def test_audio_of_an_own_model_has_its_own_price(own: PriceBook) -> None:
    cost, status = price(
        own, request_model="acme-speech", **USAGE, other_units={"audio_input_tokens": 500_000}
    )
    assert (cost, status) == (pytest.approx(0.5 + 5.0 + 0.1), "priced")


def test_own_price_of_a_model_that_draws_holds_as_it_is_told(own: PriceBook) -> None:
    assert price(own, request_model="gpt-image-9", **USAGE) == (pytest.approx(5.0), "priced")


def test_tools_are_charged_by_the_call() -> None:
    own = parse_pricing(
        {
            "tool": [
                {"tool": "tavily_*", "usd_per_call": 0.02},
                {"tool": "tavily_search", "usd_per_call": 0.01, "from": date(2026, 2, 1)},
                {"tool": "lookup", "usd_per_call": 0.0},
            ]
        }
    )
    at = datetime(2026, 3, 1)  # noqa: DTZ001 - times inside frames have no zone
    tools = pl.DataFrame(
        {
            "tool": ["tavily_search", "Tavily_Search", "tavily_map", "lookup", "other", None],
            "started_at": [at, at.replace(month=1), at, at, at, at],
        }
    )
    priced = price_tools(tools, own.tools)
    assert priced["cost_usd"].to_list() == [
        Decimal("0.01"), Decimal("0.02"), Decimal("0.02"), Decimal(0), None, None,
    ]  # fmt: skip
    assert priced["cost_status"].to_list() == ["priced", "priced", "priced", "free", "no_usage", "no_usage"]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"model": [{"model": "x"}]}, "sets no price"),
        ({"model": [{"input": 1.0}]}, "model is missing"),
        ({"model": [{"model": "x", "input": -1.0}]}, "negative"),
        ({"model": [{"model": "x", "input": "1"}]}, "not a number"),
        ({"model": [{"model": "x", "inptu": 1.0}]}, r"sets no price"),
        ({"model": [{"model": "x", "input": 1.0, "outptu": 1.0}]}, r"did you mean output"),
        ({"model": [{"model": "x", "input": 1.0, "from": "2026-01-01"}]}, "is not a date"),
        (
            {"model": [{"model": "x", "input": 1.0, "from": date(2026, 2, 1), "until": date(2026, 2, 1)}]},
            "hold at no time",
        ),
        ({"model": [{"model": "x", "input": 1.0}, {"model": "x", "input": 2.0}]}, "at the same time"),
        ({"discount": [{"provider": "openai"}]}, "multiplier is missing"),
        ({"hosted": [{"model": "x", "usd_per_hour": 1.0, "concurrency": 0.5}]}, "less than 1"),
        ({"tool": [{"tool": "x"}]}, "usd_per_call is missing"),
        ({"alias": [{"name": "x"}]}, "model is missing"),
        ({"currency": "EUR"}, r"has no rate"),
        ({"rate": [{"currency": "EUR", "per_usd": 0}]}, "not above 0"),
        ({"modle": []}, "did you mean model"),
    ],
)
def test_wrong_prices_say_what_to_change(tables: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_pricing(tables)
