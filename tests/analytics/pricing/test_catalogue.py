"""The compiled catalogue against the library it is compiled from."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, Provider, Usage
from genai_prices.units import _get_registry  # pyright: ignore[reportPrivateUsage]

from analytics.pricing import PriceBook, price_calls
from analytics.pricing.costing import CHEAPER_TIERS
from analytics.pricing.units import UNITS
from tests.analytics.pricing.building import calls

CONTEXTS = {
    None: None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast", "speed": "fast"},
}
EDGES = (0, 1, 32_000, 32_001, 128_000, 128_001, 199_999, 200_000, 200_001, 272_000, 272_001, 512_001)
UNIT_PRICES = {
    "web_searches_kcount": "web_searches",
    "storage_searches_kcount": "storage_searches",
    "audio_hours": "audio_seconds",
    "input_document_kpages": "input_document_pages",
    "input_mchars": "input_characters",
    "input_text_messages_kcount": "input_text_messages",
    "input_audio_mtok": "input_audio_tokens",
    "input_image_mtok": "input_image_tokens",
    "output_audio_mtok": "output_audio_tokens",
    "output_image_mtok": "output_image_tokens",
}


def random_call(model: ModelInfo, chance: random.Random) -> dict[str, Any]:
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(3 * 365 * 1440))
    total = chance.choice([*EDGES, chance.randrange(600_000)])
    priced = {name for name, value in vars(model.get_prices(at)).items() if value is not None}
    # The library charges a cached part whose price it does not know as if nothing of it were cached.
    read = chance.randrange(total + 1) // 3 if "cache_read_mtok" in priced else 0
    write = chance.randrange(total - read + 1) // 3
    output = chance.randrange(5_000)
    units: dict[str, int] = {}
    for key, unit in UNIT_PRICES.items():
        if key in priced and chance.random() < 0.7:
            room = (total - read - write) // 2 if unit.startswith("input") else output // 4
            units[unit] = chance.randrange(max(1, min(room, 3_000)))
    return {
        "started_at": at,
        "service_tier": chance.choice(list(CONTEXTS)),
        "input_tokens": total,
        "cache_read_tokens": read,
        "cache_write_tokens": write,
        "cache_write_1h_tokens": chance.randrange(write + 1),
        "output_tokens": output,
        "reasoning_tokens": chance.randrange(output // 2 + 1),
        "other_units": units,
    }


def library_price(provider: Provider, model: ModelInfo, call: dict[str, Any]) -> Decimal:
    usage = {name: value for name, value in call.items() if name.endswith("_tokens")}
    usage["output_reasoning_tokens"] = usage.pop("reasoning_tokens")
    unasked = {"input_audio_tokens": 0, "cache_audio_read_tokens": 0, "cache_image_read_tokens": 0}
    usage |= unasked | call["other_units"]
    if "audio_seconds" in usage:
        usage["input_audio_seconds"] = usage["audio_seconds"]
    return model.calc_price(
        Usage(**usage),
        provider,
        genai_request_timestamp=call["started_at"],
        price_context=CONTEXTS[call["service_tier"]],
    ).total_price


def test_every_model_costs_what_the_library_says(catalogue: PriceBook) -> None:
    chance = random.Random(20261121)
    rows: list[dict[str, Any]] = []
    expected: list[float] = []
    for provider in get_snapshot().providers:
        for model in provider.models:
            call = random_call(model, chance)
            expected.append(float(library_price(provider, model, call)))
            rows.append({**call, "provider": provider.id, "request_model": model.id})
    priced = price_calls(calls(*rows), catalogue).with_columns(expected=pl.Series(expected))
    wrong = priced.filter((pl.col("cost_usd").cast(pl.Float64) - pl.col("expected")).abs() > 1e-12)
    assert wrong.select("provider", "request_model", "cost_usd", "expected").rows() == []
    is_cheaper_tier = pl.col("service_tier").is_in(CHEAPER_TIERS).fill_null(False)
    silent = priced.filter(pl.col("cost_usd").is_null() & (pl.col("expected") != 0) & ~is_cheaper_tier)
    assert silent.select("provider", "request_model", "cost_status", "expected").rows() == []


def test_rows_of_a_model_do_not_overlap(book: PriceBook) -> None:
    keys = ["price_model", "service_tier", "valid_from", "window_from_minute", "tier_from_tokens"]
    assert book.prices.select(keys).is_duplicated().sum() == 0


def test_units_are_those_of_the_library() -> None:
    theirs = {key: dict(unit.dimensions) for key, unit in _get_registry().units.items()}
    assert {unit: dict(UNITS[unit]) for unit in theirs} == theirs
