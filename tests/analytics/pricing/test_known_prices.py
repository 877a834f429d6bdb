"""Calls with a known price, from the providers' price pages: names, dates, tiers and edges of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl

from analytics.pricing import PriceBook, price_calls
from tests.analytics.pricing.building import calls

FILE = Path(__file__).with_name("known_prices.txt")
_CLASS = re.compile(r"([a-z_]{2,})=([\d.]+)|([irwhoav])([\d.]+)")
_UNIT_OF = {"a": "input_audio_tokens", "v": "output_audio_tokens"}
_ALIASES = {"pages": "input_document_pages", "annotated_pages": "input_annotated_document_pages"}


def read_classes(text: str) -> dict[str, Decimal]:
    return {long or short: Decimal(a or b) for long, a, short, b in _CLASS.findall(text)}


def expected_cost(usage: dict[str, Decimal], prices: dict[str, Decimal]) -> Decimal:
    """The sum by hand: each disjoint class at its price."""
    of = {name: usage.get(name, Decimal(0)) for name in "irwhoav"}
    disjoint = {
        "i": of["i"] - of["r"] - of["w"] - of["a"],
        "r": of["r"],
        "w": of["w"] - of["h"],
        "h": of["h"],
        "o": of["o"] - of["v"],
        "a": of["a"],
        "v": of["v"],
    }
    tokens = sum((n * prices[name] for name, n in disjoint.items() if n), Decimal(0)) / 1_000_000
    units = sum((n * prices[_ALIASES.get(u, u)] for u, n in usage.items() if len(u) > 1), Decimal(0))
    return tokens + (units if "annotated_pages" not in usage else _annotated(usage, prices))


def _annotated(usage: dict[str, Decimal], prices: dict[str, Decimal]) -> Decimal:
    """Annotated pages are pages too: they cost their own price instead."""
    plain = usage["pages"] - usage["annotated_pages"]
    return (
        plain * prices["input_document_pages"]
        + usage["annotated_pages"] * prices["input_annotated_document_pages"]
    )


def read_known() -> Iterator[tuple[dict[str, Any], Decimal | None, str]]:
    source = ""
    for line in FILE.read_text("utf-8").splitlines():
        if line.startswith("source "):
            source = line.removeprefix("source ")
        elif line and not line.startswith("#"):
            *columns, price_text = line.split()
            prices = read_classes(price_text)
            for provider, name, at, tier, usage_text in product(*(column.split(",") for column in columns)):
                usage = read_classes(usage_text)
                units = {_UNIT_OF.get(u, u): n for u, n in usage.items() if u in _UNIT_OF or len(u) > 1}
                facts = {
                    "provider": None if provider == "-" else provider,
                    "request_model": name,
                    "started_at": datetime.fromisoformat(at).replace(tzinfo=UTC),
                    "service_tier": None if tier == "-" else tier,
                    "operation": "embeddings" if "o" not in usage else "chat",
                    "input_tokens": _count(usage, "i"),
                    "cache_read_tokens": _count(usage, "r"),
                    "cache_write_tokens": _count(usage, "w"),
                    "cache_write_1h_tokens": _count(usage, "h"),
                    "output_tokens": _count(usage, "o"),
                    "other_units": units,
                }
                yield facts, None if price_text == "none" else expected_cost(usage, prices), source


def _count(usage: dict[str, Decimal], name: str) -> int | None:
    return int(usage[name]) if name in usage else None


def test_known_calls_cost_what_is_known(book: PriceBook) -> None:
    known = list(read_known())
    priced = price_calls(calls(*(facts for facts, _, _ in known)), book)
    wrong = [
        (
            row["provider"],
            row["request_model"],
            str(row["started_at"]),
            row["cost_usd"],
            cost,
            row["cost_status"],
        )
        for row, (_, cost, _) in zip(priced.iter_rows(named=True), known, strict=True)
        if cost is not None
        and (row["cost_status"] != "priced" or abs(Decimal(row["cost_usd"]) - cost) > Decimal("1e-11"))
    ]
    assert wrong == []


def test_unknown_names_stay_unpriced(book: PriceBook) -> None:
    unknown = [facts for facts, cost, _ in read_known() if cost is None]
    priced = price_calls(calls(*unknown), book)
    wrong = priced.filter(pl.col("cost_status") != "unpriced_model")
    assert wrong.select("provider", "request_model", "price_model", "cost_usd").rows() == []


def test_enough_is_known() -> None:
    known = list(read_known())
    assert sum(cost is not None for _, cost, _ in known) >= 250
    assert all(source for _, _, source in known)
