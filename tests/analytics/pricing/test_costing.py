"""What calls cost, in every status of the contract."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.pricing import PriceBook, price_calls
from tests.analytics.pricing.building import calls, price

USAGE = {"input_tokens": 1_000_000, "output_tokens": 100_000}


def test_input_and_output_at_list_price(book: PriceBook) -> None:
    assert price(book, **USAGE) == (0.15 + 0.06, "priced")


def test_cached_input_is_charged_once(book: PriceBook) -> None:
    cost, status = price(book, **USAGE, cache_read_tokens=400_000)
    assert (cost, status) == (pytest.approx(0.6 * 0.15 + 0.4 * 0.075 + 0.06, abs=1e-12), "priced")


def test_cache_writes_are_charged_by_their_life(book: PriceBook) -> None:
    cost, status = price(
        book,
        provider="anthropic",
        request_model="claude-3-5-sonnet-20241022",
        input_tokens=10_000,
        cache_read_tokens=1_000,
        cache_write_tokens=3_000,
        cache_write_1h_tokens=1_000,
        output_tokens=100,
    )
    dollars = (6_000 * 3 + 1_000 * 0.3 + 2_000 * 3.75 + 1_000 * 6 + 100 * 15) / 1e6
    assert (cost, status) == (pytest.approx(dollars, abs=1e-12), "priced")


@pytest.mark.parametrize(("tokens", "per_million"), [(200_000, 1.25), (200_001, 2.5)])
def test_context_tier_begins_above_its_edge(book: PriceBook, tokens: int, per_million: float) -> None:
    cost, _ = price(
        book, provider="gcp.gemini", request_model="gemini-2.5-pro", input_tokens=tokens, output_tokens=0
    )
    assert cost == pytest.approx(tokens * per_million / 1e6, abs=1e-12)


@pytest.mark.parametrize(("day", "per_million"), [(9, 10.0), (10, 2.0)])
def test_price_valid_when_the_call_started(book: PriceBook, day: int, per_million: float) -> None:
    cost, _ = price(
        book,
        request_model="o3",
        started_at=datetime(2025, 6, day, 23, 59, tzinfo=UTC),
        input_tokens=1_000_000,
        output_tokens=0,
    )
    assert cost == pytest.approx(per_million)


def test_batch_takes_the_batch_price(book: PriceBook) -> None:
    standard, _ = price(book, request_model="gpt-4.1", **USAGE)
    batch, status = price(book, request_model="gpt-4.1", service_tier="batch", **USAGE)
    assert standard is not None and batch is not None
    assert (batch, status) == (pytest.approx(standard / 2), "priced")


def test_dearer_tier_without_a_price_costs_at_least_the_standard_price(book: PriceBook) -> None:
    assert price(book, request_model="gpt-5-nano", service_tier="priority", **USAGE) == (0.09, "partial")


@pytest.mark.parametrize("tier", ["batch", "flex"])
def test_cheaper_tier_without_a_price_has_no_cost(book: PriceBook, tier: str) -> None:
    early = datetime(2024, 4, 1, tzinfo=UTC)
    cost = price(book, request_model="gpt-4.1", service_tier=tier, started_at=early, **USAGE)
    assert cost == (None, "unpriced_model")


def test_what_is_free_is_free_in_every_tier(book: PriceBook) -> None:
    facts = {"provider": "openrouter", "request_model": "deepseek/deepseek-chat-v3-0324:free"}
    assert price(book, **facts, **USAGE, service_tier="batch", cache_read_tokens=5) == (0.0, "free")


LLAMA: dict[str, Any] = {"provider": "cerebras", "request_model": "llama3.1-8b"}


@pytest.mark.parametrize(
    ("facts", "cost"),
    [
        # 0.10 for what was not cached and for the output; what the cache gave is not guessed.
        ({**LLAMA, **USAGE, "cache_read_tokens": 400_000}, 0.6 * 0.1 + 0.1 * 0.1),
        # A write costs no less than the input.
        ({**LLAMA, **USAGE, "cache_write_tokens": 400_000}, 0.1 + 0.1 * 0.1),
        ({"request_model": "gpt-4o", **USAGE, "other_units": {"input_audio_tokens": 500_000}}, 3.5),
        ({"request_model": "gpt-4o", **USAGE, "other_units": {"output_audio_tokens": 50_000}}, 3.5),
        ({"request_model": "gpt-4o", **USAGE, "other_units": {"output_image_tokens": 50_000}}, 3.5),
        ({"provider": "cohere", "request_model": "embed-v4.0", "operation": "embeddings", "input_tokens": 1_000_000,
          "other_units": {"input_image_tokens": 900_000}}, 0.12),
        # Of audio that was cached neither the price of audio nor that of cached text is known to hold.
        ({"request_model": "gpt-4o-audio-preview", "input_tokens": 1_000_000, "output_tokens": 0,
          "cache_read_tokens": 400_000,
          "other_units": {"input_audio_tokens": 500_000, "cache_audio_read_tokens": 400_000}}, 0.5 * 2.5 + 0.1 * 40),
        ({"request_model": "gpt-4o-search-preview", **USAGE}, 3.5),
        # One number of searches, two published prices; a number of free ones a day.
        ({"request_model": "gpt-4.1", **USAGE, "other_units": {"web_searches": 3}}, 2.8),
        ({"provider": "gcp.gemini", "request_model": "gemini-2.5-pro", "input_tokens": 100_000, "output_tokens": 0,
          "other_units": {"web_searches": 3}}, 0.125),
        # Tables of tiers that print no price for a class or a length.
        ({"request_model": "gpt-4o", **USAGE, "service_tier": "batch", "cache_read_tokens": 400_000}, 0.6 * 1.25 + 0.5),
        ({"request_model": "gpt-5.4", **USAGE, "service_tier": "priority"}, 5.0 + 2.25),
    ],
)  # fmt: skip
def test_class_without_a_price_is_left_out_and_said(
    book: PriceBook, facts: dict[str, Any], cost: float
) -> None:
    assert price(book, **facts) == (pytest.approx(cost, abs=1e-12), "partial")


@pytest.mark.parametrize(
    ("facts", "cost"),
    [
        ({"request_model": "gpt-4o", **USAGE, "cache_write_tokens": 500_000}, 3.5),
        ({"request_model": "gpt-4o", **USAGE, "other_units": {"input_image_tokens": 500_000}}, 3.5),
        ({"provider": "gcp.gemini", "request_model": "gemini-2.5-pro", "input_tokens": 100_000, "output_tokens": 0,
          "cache_read_tokens": 40_000,
          "other_units": {"input_audio_tokens": 50_000, "cache_audio_read_tokens": 40_000}},
         0.06 * 1.25 + 0.04 * 0.125),
        ({"request_model": "gpt-4o-mini-tts", "input_tokens": 0, "output_tokens": 100_000,
          "other_units": {"output_audio_tokens": 100_000}}, 1.2),
    ],
)  # fmt: skip
def test_class_that_its_provider_charges_as_the_one_around_it_is_priced(
    book: PriceBook, facts: dict[str, Any], cost: float
) -> None:
    assert price(book, **facts) == (pytest.approx(cost, abs=1e-12), "priced")


def test_cached_input_alone_without_a_price_has_no_cost(book: PriceBook) -> None:
    facts = {"input_tokens": 1_000, "cache_read_tokens": 1_000, "output_tokens": 0}
    assert price(book, **LLAMA, **facts) == (None, "unpriced_model")


@pytest.mark.parametrize("tier", ["default", "auto", "standard", "ON_DEMAND", None])
def test_standard_tiers_take_the_standard_price(book: PriceBook, tier: str | None) -> None:
    assert price(book, service_tier=tier, **USAGE)[1] == "priced"


def test_unit_with_its_own_price_is_charged(book: PriceBook) -> None:
    plain, _ = price(book, request_model="gpt-5-mini", **USAGE)
    cost, status = price(book, request_model="gpt-5-mini", **USAGE, other_units={"web_searches": 100})
    assert plain is not None
    assert (cost, status) == (pytest.approx(plain + 1.0), "priced")


def test_unit_without_a_price_makes_it_partial(book: PriceBook) -> None:
    assert price(book, **USAGE, other_units={"images": 3}) == (0.21, "partial")


def test_unit_that_is_part_of_a_priced_one_is_not_missing(book: PriceBook) -> None:
    assert price(book, **USAGE, other_units={"input_text_tokens": 1_000}) == (0.21, "priced")


def test_audio_is_taken_out_of_the_text(book: PriceBook) -> None:
    gemini: dict[str, Any] = {
        "provider": "gcp.gemini",
        "request_model": "gemini-2.0-flash",
        "output_tokens": 0,
    }
    cost, status = price(book, **gemini, input_tokens=1_000_000, other_units={"audio_input_tokens": 400_000})
    assert (cost, status) == (pytest.approx(0.6 * 0.10 + 0.4 * 0.70), "priced")


def test_seconds_have_a_least(book: PriceBook) -> None:
    whisper: dict[str, Any] = {"provider": "groq", "request_model": "whisper-large-v3"}
    short, _ = price(book, **whisper, other_units={"audio_seconds": 3})
    ten, _ = price(book, **whisper, other_units={"seconds": 10})
    assert short == ten == pytest.approx(10 * 0.111 / 3600, abs=1e-12)


@pytest.mark.parametrize(
    "facts",
    [
        {"input_tokens": 10, "cache_read_tokens": 11, "output_tokens": 1},
        {"input_tokens": 10, "cache_read_tokens": 6, "cache_write_tokens": 5, "output_tokens": 1},
        {"input_tokens": -1, "output_tokens": 1},
        {"input_tokens": 5, "output_tokens": 3, "reasoning_tokens": 4},
        {"input_tokens": 5, "output_tokens": 3, "usage_note": "inconsistent"},
        {"input_tokens": 5, "output_tokens": 3, "cache_write_1h_tokens": 1},
        {"input_tokens": 5, "output_tokens": 3, "other_units": {"web_searches": -1}},
        {"input_tokens": 5, "output_tokens": 3, "other_units": {"web_searches": float("nan")}},
        {"input_tokens": 2**62, "output_tokens": 2**62},
    ],
)
def test_impossible_usage_has_no_cost(book: PriceBook, facts: dict[str, Any]) -> None:
    assert price(book, **facts) == (None, "inconsistent")


def test_call_without_usage_has_no_cost(book: PriceBook) -> None:
    assert price(book) == (None, "no_usage")
    assert price(book, reasoning_tokens=23) == (None, "no_usage"), "a part without its whole"


def test_call_that_failed_before_an_answer_is_free(book: PriceBook) -> None:
    assert price(book, status="error") == (0.0, "free")
    assert price(book, status="error", request_model="nobody-knows-it") == (0.0, "free")


def test_call_that_failed_while_answering_is_not_free(book: PriceBook) -> None:
    assert price(book, status="error", response_id="r1") == (None, "no_usage")
    assert price(book, status="error", **USAGE) == (0.21, "priced")


def test_answer_that_nobody_counted_is_partial(book: PriceBook) -> None:
    assert price(book, input_tokens=1_000_000) == (0.15, "partial")


def test_embedding_has_no_output(book: PriceBook) -> None:
    facts = {"request_model": "text-embedding-3-small", "operation": "embeddings", "input_tokens": 1_000_000}
    assert price(book, **facts) == (0.02, "priced")


def test_free_model_is_free(book: PriceBook) -> None:
    facts = {"provider": "openrouter", "request_model": "deepseek/deepseek-chat-v3-0324:free"}
    assert price(book, **facts, **USAGE) == (0.0, "free")


def test_unknown_model_has_no_cost(book: PriceBook) -> None:
    assert price(book, request_model="gpt-5-internal-codename", **USAGE) == (None, "unpriced_model")
    assert price(book, provider="vllm", request_model="gpt-4o", **USAGE) == (None, "unpriced_model")


def test_model_without_any_price_for_what_was_used_is_unpriced(book: PriceBook) -> None:
    assert price(book, provider="groq", request_model="whisper-large-v3", **USAGE) == (None, "unpriced_model")


def test_cost_is_a_decimal_of_twelve_digits(book: PriceBook) -> None:
    priced = price_calls(calls({"input_tokens": 1, "output_tokens": 0}), book)
    assert priced.schema["cost_usd"] == pl.Decimal(18, 12)
    assert priced["cost_usd"][0] == Decimal("0.000000150000")
    assert priced["cost_version"].to_list() == [1]


def test_no_calls_give_no_rows_but_all_columns(book: PriceBook) -> None:
    priced = price_calls(calls().clear(), book)
    assert {"price_model", "cost_usd", "cost_status", "cost_version"} <= set(priced.columns)


def test_calls_may_lack_the_rarer_columns(book: PriceBook) -> None:
    plain = calls(USAGE).select(
        "provider", "request_model", "response_model", "started_at", "status", "input_tokens", "output_tokens"
    )
    assert price_calls(plain, book)["cost_usd"].to_list() == [Decimal("0.21")]


def test_price_columns_that_are_there_are_replaced(book: PriceBook) -> None:
    once = price_calls(calls(USAGE), book)
    assert price_calls(once, book).equals(once)


COUNTS = st.integers(0, 400_000)
CALLS = st.fixed_dictionaries(
    {
        "request_model": st.sampled_from(["gpt-4o-mini", "gpt-4.1", "o3", "gpt-5.6-sol", "unknown"]),
        "service_tier": st.sampled_from([None, "batch", "flex", "default"]),
        "status": st.sampled_from(["ok", "error"]),
        "input_tokens": COUNTS | st.none(),
        "cache_read_tokens": st.integers(0, 300_000) | st.none(),
        "output_tokens": COUNTS | st.none(),
        "reasoning_tokens": st.integers(0, 100_000) | st.none(),
        "other_units": st.dictionaries(st.sampled_from(["web_searches", "pages", "x"]), st.integers(0, 9)),
    }
)


@given(st.lists(CALLS, min_size=2, max_size=12), st.randoms())
def test_cost_does_not_depend_on_the_other_calls(book: PriceBook, rows: list[Any], random: Any) -> None:
    frame = price_calls(calls(*rows), book).with_row_index("place")
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = price_calls(calls(*(rows[place] for place in order)), book)
    assert shuffled.equals(frame[order].drop("place"))


@given(COUNTS, COUNTS, st.integers(0, 200_000), st.integers(0, 200_000))
def test_cost_adds_up_over_splits(book: PriceBook, one: int, other: int, read: int, out: int) -> None:
    def cost(tokens: int, cached: int, output: int) -> Decimal:
        usage = {"input_tokens": tokens, "cache_read_tokens": cached, "output_tokens": output}
        return price_calls(calls(usage), book)["cost_usd"][0]

    whole = cost(one + other + read, read, out)
    assert whole == cost(one, 0, 0) + cost(other, 0, 0) + cost(read, read, 0) + cost(0, 0, out)


@given(CALLS, st.sampled_from(["input_tokens", "output_tokens"]))
def test_more_tokens_never_cost_less(book: PriceBook, row: dict[str, Any], column: str) -> None:
    less: dict[str, Any] = {**row, "input_tokens": 500_000, "output_tokens": 200_000, "other_units": {}}
    both = price_calls(calls(less, {**less, column: less[column] + 100_000}), book)["cost_usd"]
    assert both[0] is None or both[1] >= both[0]


REGIONAL = "projects/p/locations/europe-west1/publishers/anthropic/models/"


@pytest.mark.parametrize(
    ("facts", "per_million"),
    [
        ({"request_model": f"{REGIONAL}claude-sonnet-4-5@20250929"}, 3.3),
        ({"request_model": f"{REGIONAL}claude-sonnet-4-5@20250929".replace("europe-west1", "global")}, 3.0),
        ({"request_model": "claude-sonnet-4-5@20250929", "service_tier": "regional"}, 3.3),
        # Models from before cost in a region what they cost anywhere, and that is no lack of a price.
        ({"request_model": f"{REGIONAL}claude-3-5-sonnet-v2@20241022"}, 3.0),
        ({"request_model": f"{REGIONAL}claude-sonnet-4-5@20250929", "service_tier": "batch"}, 1.65),
        ({"request_model": "claude-sonnet-4-5@20250929", "service_tier": "batch regional"}, 1.65),
    ],
)
def test_endpoint_in_a_region_costs_its_premium(
    book: PriceBook, facts: dict[str, Any], per_million: float
) -> None:
    cost = price(book, provider="gcp.vertex_ai", input_tokens=1_000_000 // 10, output_tokens=0, **facts)
    assert cost == (pytest.approx(per_million / 10), "priced")


GEMINI_THERE = "projects/p/locations/us-central1/publishers/google/models/gemini-3-flash-preview"


@pytest.mark.parametrize(
    ("provider", "model", "tier", "per_million"),
    [
        ("openai", "gpt-5.5", "regional", 5.5),
        ("openai", "gpt-4.1", "regional", 2.0),
        ("aws.bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "regional", 3.3),
        (
            "aws.bedrock",
            "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-8b-instruct-v1:0",
            None,
            0.3,
        ),
        (
            "aws.bedrock",
            "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.amazon.nova-lite-v1:0",
            None,
            0.078,
        ),
    ],
)
def test_place_whose_price_is_known_is_priced(
    book: PriceBook, provider: str, model: str, tier: str | None, per_million: float
) -> None:
    call = {"provider": provider, "request_model": model, "service_tier": tier}
    cost = price(book, **call, input_tokens=100_000, output_tokens=0)
    assert cost == (pytest.approx(per_million / 10), "priced")


@pytest.mark.parametrize(
    ("provider", "model", "tier"),
    [
        ("gcp.vertex_ai", GEMINI_THERE, None),
        ("azure", "gpt-4.1", "regional"),
        ("aws.bedrock", "arn:aws:bedrock:ap-south-1::foundation-model/meta.llama3-8b-instruct-v1:0", None),
        ("aws.bedrock", "apac.meta.llama3-8b-instruct-v1:0", None),
        ("aws.bedrock", "meta.llama3-8b-instruct-v1:0", "regional"),
    ],
)
def test_place_whose_price_is_not_known_costs_at_least_what_it_costs_anywhere(
    book: PriceBook, provider: str, model: str, tier: str | None
) -> None:
    usage = {"input_tokens": 100_000, "output_tokens": 0}
    anywhere, _ = price(book, provider=provider, request_model=model.rpartition("/")[2], **usage)
    cost = price(book, provider=provider, request_model=model, service_tier=tier, **usage)
    assert cost == (anywhere, "partial")


def test_searches_cost_the_same_in_a_batch(book: PriceBook) -> None:
    call = {"request_model": "gpt-5-mini", "input_tokens": 0, "output_tokens": 0}
    used = {"service_tier": "batch", "other_units": {"web_searches": 2}}
    assert price(book, **call, **used) == (pytest.approx(0.02), "priced")


def test_fee_of_a_search_follows_from_how_much_of_it_was_read(book: PriceBook) -> None:
    sonar = {"provider": "perplexity", "request_model": "sonar", "input_tokens": 1_000, "output_tokens": 0}
    assert price(book, **sonar, service_tier="high") == (pytest.approx(0.013), "priced")
    assert price(book, **sonar) == (pytest.approx(0.006), "partial")


def test_citations_stand_beside_the_output_or_in_it(book: PriceBook) -> None:
    call: dict[str, Any] = {
        "provider": "perplexity",
        "request_model": "sonar-deep-research",
        "input_tokens": 0,
    }
    beside = {"output_tokens": 100, "other_units": {"citation_tokens": 1_000, "web_searches": 1}}
    within = {"output_tokens": 1_100, "other_units": {"citation_tokens": 1_000, "web_searches": 1}}
    assert price(book, **call, **beside) == price(book, **call, **within)
    assert price(book, **call, **beside) == (pytest.approx(100 * 8e-6 + 1_000 * 2e-6 + 0.005), "priced")


@pytest.mark.parametrize(
    ("at", "per_million"),
    [
        (datetime(2026, 8, 16, 15, 59, tzinfo=UTC), 0.14),
        (datetime(2026, 8, 16, 16, 1, tzinfo=UTC), 0.22),
        (datetime(2026, 8, 25, 2, 0, tzinfo=UTC), 0.44),
        (datetime(2026, 9, 24, 2, 0, tzinfo=UTC), 0.3),
        (datetime(2026, 10, 5, 2, 0, tzinfo=UTC), 0.15),
        (datetime(2026, 10, 8, 2, 0, tzinfo=UTC), 0.3),
        (datetime(2026, 10, 10, 2, 0, tzinfo=UTC), 0.15),
    ],
)
def test_peak_hours_are_those_of_working_days_in_beijing(
    book: PriceBook, at: datetime, per_million: float
) -> None:
    call = {"provider": "deepseek", "request_model": "deepseek-v4-flash", "started_at": at}
    cost = price(book, **call, input_tokens=1_000_000, output_tokens=0)
    assert cost == (pytest.approx(per_million), "priced")


def test_model_that_is_not_charged_by_the_token_says_nothing_by_counting_none(book: PriceBook) -> None:
    assert price(book, request_model="whisper-1", input_tokens=0, output_tokens=0) == (None, "no_usage")


def test_hour_of_a_cache_costs_twice_the_input_where_no_list_tells(book: PriceBook) -> None:
    call = {"provider": "gcp.vertex_ai", "request_model": "claude-opus-4@20250514", "output_tokens": 0}
    written = {"input_tokens": 1_000, "cache_write_tokens": 1_000, "cache_write_1h_tokens": 1_000}
    assert price(book, **call, **written) == (pytest.approx(0.03), "priced")
