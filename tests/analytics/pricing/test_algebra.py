"""What holds of every cost, whatever the numbers: it grows with use, and is the sum of its parts in any order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.pricing import PriceBook, price_calls
from tests.analytics.pricing.building import calls

FLAT = [
    ("openai", "gpt-4.1"),
    ("anthropic", "claude-opus-4-5"),
    ("google", "gemini-2.5-flash"),
    ("openai", "o3"),
]
"""Models without context tiers: with one, a longer input is dearer at once."""
PARTS = ("text", "read", "write", "write_1h", "output", "reasoning")
COUNTS = st.fixed_dictionaries({name: st.integers(0, 50_000) for name in PARTS})


def usage_of(part: dict[str, int]) -> dict[str, Any]:
    return {
        "input_tokens": part["text"] + part["read"] + part["write"] + part["write_1h"],
        "cache_read_tokens": part["read"],
        "cache_write_tokens": part["write"] + part["write_1h"],
        "cache_write_1h_tokens": part["write_1h"],
        "output_tokens": part["output"] + part["reasoning"],
        "reasoning_tokens": part["reasoning"],
    }


def cost_of(book: PriceBook, model: tuple[str, str], *parts: dict[str, int]) -> list[Decimal]:
    rows = [{"provider": model[0], "request_model": model[1], **usage_of(part)} for part in parts]
    return price_calls(calls(*rows), book)["cost_usd"].to_list()


@given(st.sampled_from(FLAT), COUNTS, COUNTS)
def test_cost_is_the_sum_of_its_splits(
    book: PriceBook, model: tuple[str, str], one: dict[str, int], other: dict[str, int]
) -> None:
    both = {name: one[name] + other[name] for name in PARTS}
    first, second, whole = cost_of(book, model, one, other, both)
    assert abs(first + second - whole) <= Decimal("2e-12")


@given(
    st.sampled_from([*FLAT, ("anthropic", "claude-sonnet-4-5"), ("openai", "gpt-6-sol")]), COUNTS, st.data()
)
def test_more_use_is_never_cheaper(
    book: PriceBook, model: tuple[str, str], used: dict[str, int], data: st.DataObject
) -> None:
    more = used | {name: used[name] + data.draw(st.integers(0, 300_000)) for name in PARTS}
    less, dearer = cost_of(book, model, used, more)
    assert dearer >= less


@given(st.sampled_from(FLAT), COUNTS)
def test_classes_add_up(book: PriceBook, model: tuple[str, str], used: dict[str, int]) -> None:
    alone = [{**dict.fromkeys(PARTS, 0), name: used[name]} for name in PARTS]
    whole, *each = cost_of(book, model, used, *alone)
    assert abs(sum(each, Decimal(0)) - whole) <= Decimal("6e-12")


@given(st.lists(COUNTS, min_size=2, max_size=9), st.randoms())
def test_sum_does_not_depend_on_the_order(book: PriceBook, parts: list[dict[str, int]], chance: Any) -> None:
    costs = pl.Series(cost_of(book, FLAT[0], *parts)).cast(pl.Decimal(38, 12))
    shuffled = costs.to_list()
    chance.shuffle(shuffled)
    assert costs.sum() == pl.Series(shuffled, dtype=pl.Decimal(38, 12)).sum()


@pytest.mark.parametrize("edge", [200_000, 272_000])
def test_a_token_above_an_edge_is_the_dearer_price_for_all(book: PriceBook, edge: int) -> None:
    model = ("anthropic", "claude-sonnet-4-5") if edge == 200_000 else ("openai", "gpt-6-sol")
    nothing = dict.fromkeys(PARTS, 0)
    at, above = cost_of(book, model, nothing | {"text": edge}, nothing | {"text": edge + 1})
    assert above / at == pytest.approx(Decimal(2), rel=Decimal("0.001"))
