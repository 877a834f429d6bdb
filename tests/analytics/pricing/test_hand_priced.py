"""Calls priced by hand from providers' published prices, written down before the code was run on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from analytics.pricing import PriceBook, price_calls
from tests.analytics.pricing.building import calls

FILE = Path(__file__).with_name("hand_priced.txt")
_UNITS = {
    "a": "input_audio_tokens",
    "v": "output_audio_tokens",
    "g": "output_image_tokens",
    "m": "input_image_tokens",
}
_TOKENS = {
    "i": "input_tokens",
    "r": "cache_read_tokens",
    "w": "cache_write_tokens",
    "h": "cache_write_1h_tokens",
    "o": "output_tokens",
    "t": "reasoning_tokens",
}


class HandPriced(NamedTuple):
    """A call as it is written down: what was used, the sum (or none, or flagged), and what it comes to."""

    line: str
    facts: dict[str, Any]
    terms: str
    cost: Decimal | None


def read_hand_priced() -> Iterator[HandPriced]:
    for line in FILE.read_text("utf-8").splitlines():
        if line and not line.startswith(("#", "source ")):
            provider, models, at, tier, usage, terms, *cost = line.split(" | ")
            asked, _, answered = models.partition(" > ")
            used = dict(_read_use(word) for word in usage.split())
            facts = {
                "provider": None if provider == "-" else provider,
                "request_model": asked,
                "response_model": answered or None,
                "started_at": datetime.fromisoformat(at).replace(tzinfo=UTC),
                "service_tier": None if tier == "-" else tier,
                "operation": "embeddings" if "o" not in used else "chat",
                **{column: int(used[short]) for short, column in _TOKENS.items() if short in used},
                "other_units": {_UNITS.get(unit, unit): n for unit, n in used.items() if unit not in _TOKENS},
            }
            yield HandPriced(line, facts, terms, Decimal(cost[0]) if cost else None)


def _read_use(word: str) -> tuple[str, Decimal]:
    found = re.fullmatch(r"([irwhotavgm])(\d+)|(\w+)=(\d+)", word)
    assert found is not None, word
    return found[1] or found[3], Decimal(found[2] or found[4])


def add_up(terms: str) -> Decimal:
    """The sum in USD of what is written in millionths."""
    total = Decimal(0)
    for term in terms.split(" + "):
        numerator, _, divisor = term.partition("/")
        quantity, price = numerator.split("*")
        total += Decimal(quantity) * Decimal(price) / Decimal(divisor or 1)
    return total / 1_000_000


def test_calls_cost_what_was_worked_out_by_hand(book: PriceBook) -> None:
    known = [one for one in read_hand_priced() if one.cost is not None]
    priced = price_calls(calls(*(one.facts for one in known)), book).rows(named=True)
    wrong = [
        (one.line, row["cost_usd"], row["cost_status"], row["price_model"])
        for one, row in zip(known, priced, strict=True)
        if row["cost_status"] != ("priced" if one.cost else "free")
        or abs(Decimal(row["cost_usd"]) - one.cost) > Decimal("1e-11")  # pyright: ignore[reportOperatorIssue]
    ]
    assert wrong == []


def test_names_without_a_published_price_stay_unpriced(book: PriceBook) -> None:
    unknown = [one for one in read_hand_priced() if one.terms == "none"]
    priced = price_calls(calls(*(one.facts for one in unknown)), book).rows(named=True)
    wrong = [
        (one.line, row["price_model"], row["cost_usd"])
        for one, row in zip(unknown, priced, strict=True)
        if row["cost_status"] != "unpriced_model"
    ]
    assert wrong == []


def test_what_no_call_tells_is_never_priced_as_a_whole(book: PriceBook) -> None:
    flagged = [one for one in read_hand_priced() if one.terms == "flagged"]
    priced = price_calls(calls(*(one.facts for one in flagged)), book).rows(named=True)
    wrong = [
        (one.line, row["cost_status"], row["cost_usd"])
        for one, row in zip(flagged, priced, strict=True)
        if row["cost_status"] not in ("partial", "no_usage", "unpriced_model")
    ]
    assert len(flagged) >= 10
    assert wrong == []


def test_written_costs_are_the_sums_beside_them() -> None:
    known = [one for one in read_hand_priced() if one.cost is not None]
    wrong = [one.line for one in known if abs(add_up(one.terms) - (one.cost or 0)) > Decimal("1e-12")]
    assert len(known) >= 200
    assert wrong == []
