"""Pricing a million calls again, against asking genai-prices call by call."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import Usage

from analytics.pricing import PriceSource, current_price_book, parse_pricing, price_calls, reprice
from benchmarks.figures import Figure
from store import open_store

CALLS = 1_000_000
SAMPLE = 5_000
LEAST_RATIO = 50.0
_MODELS = (
    ("openai", "gpt-4o-mini"),
    ("openai", "gpt-4.1"),
    ("openai", "gpt-5.6-sol"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-haiku-4-5"),
    ("google", "gemini-2.5-flash"),
)
_BEGIN = datetime(2026, 10, 15)  # noqa: DTZ001 - times inside frames have no zone


def measure_repricing() -> list[Figure]:
    """Return microseconds a call, of the library and of ours."""
    calls = _make_calls(CALLS)
    library_us = _price_one_by_one(calls.head(SAMPLE))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        store = open_store(Path(directory))
        try:
            book = current_price_book(store)
            began = time.process_time()
            priced = price_calls(calls, book)
            vectorised_us = (time.process_time() - began) / CALLS * 1e6
            store.replace(appends={"llm_calls": priced})
            began = time.process_time()
            reprice(store, book, dry_run=True)
            unchanged_us = (time.process_time() - began) / CALLS * 1e6
            discount = {"discount": [{"provider": "openai", "multiplier": 0.9}]}
            dearer = current_price_book(store, PriceSource(parse_pricing(discount)))
            began = time.process_time()
            report = reprice(store, dearer)
            changed_us = (time.process_time() - began) / CALLS * 1e6
        finally:
            store.close()
    share = report.changed_calls / CALLS
    yardsticks = (
        ("price a frame of calls", vectorised_us, LEAST_RATIO),
        ("reprice, nothing changes", unchanged_us, LEAST_RATIO),
        (f"reprice, {share:.0%} of the calls change and are written", changed_us, LEAST_RATIO),
    )
    return [
        Figure(
            "calc_price, CPU a call", library_us, "µs", yardstick=what, yardstick_value=us, at_least=target
        )
        for what, us, target in yardsticks
    ]


def _make_calls(count: int) -> pl.DataFrame:
    chance = np.random.default_rng(7)
    models = chance.integers(0, len(_MODELS), count)
    inputs = chance.integers(100, 20_000, count)
    outputs = chance.integers(1, 2_000, count)
    seconds = np.sort(chance.integers(0, 30 * 86_400, count))
    return pl.DataFrame(
        {
            "load_seq": 1,
            "trace_id": pl.Series(np.arange(count)).cast(pl.String).str.zfill(32),
            "span_id": pl.Series(np.arange(count)).cast(pl.String).str.zfill(16),
            "purpose": "production",
            "operation": "chat",
            "provider": pl.Series([_MODELS[m][0] for m in models]),
            "request_model": pl.Series([_MODELS[m][1] for m in models]),
            "response_model": pl.Series([None] * count, dtype=pl.String),
            "started_at": pl.Series([_BEGIN] * count)
            + pl.Series(seconds * 1_000_000).cast(pl.Duration("us")),
            "status": "ok",
            "input_tokens": inputs,
            "cache_read_tokens": inputs // 3,
            "output_tokens": outputs,
        }
    )


def _price_one_by_one(calls: pl.DataFrame) -> float:
    """Return the CPU microseconds a call that the library takes, models found beforehand."""
    providers = {provider.id: provider for provider in get_snapshot().providers}
    found = {name: (providers[name[0]], providers[name[0]].find_model(name[1])) for name in _MODELS}
    rows = calls.to_dicts()
    began = time.process_time()
    for row in rows:
        provider, model = found[row["provider"], row["request_model"]]
        assert model is not None
        usage = Usage(
            input_tokens=row["input_tokens"],
            cache_read_tokens=row["cache_read_tokens"],
            output_tokens=row["output_tokens"],
        )
        moment = row["started_at"].replace(tzinfo=UTC) + timedelta(0)
        model.calc_price(usage, provider, genai_request_timestamp=moment)
    return (time.process_time() - began) / len(rows) * 1e6
