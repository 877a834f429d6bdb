"""The stored book, and pricing history again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from analytics.pricing import PriceBook, PriceSource, current_price_book, parse_pricing, price_calls, reprice
from analytics.pricing.repricing import Order
from store import Store
from tests.analytics.building import NOON, a_call, a_run

DEAR = 2.0


@pytest.fixture
def history(store: Store, write: Callable[..., None], book: PriceBook) -> PriceBook:
    """Two runs with three priced calls over two days; return a book in which gpt-4o-mini costs twice as much."""
    facts = {"input_tokens": 1_000_000, "output_tokens": 0}
    rows = [
        a_call("s1", run_id="a-1", **facts),
        a_call("s2", run_id="a-1", started_at=NOON + timedelta(days=1), **facts),
        a_call("s3", run_id="b-1", request_model="gpt-4.1", **facts),
    ]
    write("llm_calls", *price_calls(_frame(rows), book).to_dicts())
    write("runs", a_run("a-1", cost_usd="0.30"), a_run("b-1", cost_usd="2.00"))
    prices = book.prices.with_columns(
        pl.when(pl.col("price_model") == "openai/gpt-4o-mini")
        .then(pl.col("input") * DEAR)
        .otherwise("input")
        .alias("input"),
        pl.lit(2, pl.Int64).alias("cost_version"),
    )
    return PriceBook(prices, 2)


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    from tests.analytics.building import to_frame

    return to_frame("llm_calls", rows).with_columns(response_model=pl.lit(None, pl.String))


def costs(store: Store, table: str) -> list[Decimal]:
    found = store.query(
        f"SELECT cost_usd FROM {table} ORDER BY {'span_id' if table == 'llm_calls' else 'run_id'}"
    )
    return found["cost_usd"].to_pylist()


def test_dry_run_says_what_would_change_and_changes_nothing(store: Store, history: PriceBook) -> None:
    report = reprice(store, history, dry_run=True)
    assert (report.calls, report.changed_calls) == (3, 2)
    assert report.changes.select("model", "calls", "before_usd", "after_usd").rows() == [
        ("gpt-4o-mini", 1, Decimal("0.15"), Decimal("0.30")),
        ("gpt-4o-mini", 1, Decimal("0.15"), Decimal("0.30")),
    ]
    assert costs(store, "llm_calls") == [Decimal("0.15"), Decimal("0.15"), Decimal(2)]


def test_calls_and_their_runs_take_the_new_cost(store: Store, history: PriceBook) -> None:
    reprice(store, history)
    assert costs(store, "llm_calls") == [Decimal("0.30"), Decimal("0.30"), Decimal(2)]
    assert costs(store, "runs") == [Decimal("0.60"), Decimal(2)]


def test_sessions_and_hours_are_marked(store: Store, history: PriceBook) -> None:
    reprice(store, history)
    sessions = store.select("sessions/touched", {"max_rows": 10})
    hours = store.select("rollups/touched", {"max_rows": 10})
    assert set(sessions["session_id"]) == {"a-1"}
    assert set(hours.select("subject", "hour_at").rows()) == {
        ("llm_call", NOON.replace(tzinfo=None)),
        ("llm_call", NOON.replace(tzinfo=None) + timedelta(days=1)),
        ("run", NOON.replace(tzinfo=None)),
    }


def test_pricing_again_twice_changes_nothing_more(store: Store, history: PriceBook) -> None:
    reprice(store, history)
    assert reprice(store, history).changed_calls == 0


def test_only_calls_within_the_bounds_change(store: Store, history: PriceBook) -> None:
    assert reprice(store, history, Order(first=NOON + timedelta(hours=1))).changed_calls == 1
    assert costs(store, "llm_calls") == [Decimal("0.15"), Decimal("0.30"), Decimal(2)]


def test_book_is_written_once_and_read_back(store: Store, book: PriceBook) -> None:
    first = current_price_book(store)
    again = current_price_book(store)
    assert first.version == again.version == 1
    assert again.prices.height == first.prices.height == book.prices.height
    facts = {"input_tokens": 1000, "output_tokens": 10, "response_model": None}
    call = _frame([a_call(**facts)])
    assert price_calls(call, again).equals(price_calls(call, book))


def test_other_prices_make_a_new_version_with_a_reason(store: Store) -> None:
    first = current_price_book(store)
    own = parse_pricing({"model": [{"model": "acme-1", "input": 1.0, "output": 2.0}]})
    second = current_price_book(store, PriceSource(own), author="ann", reason="a model of our own")
    rows = store.query("SELECT cost_version, author, reason FROM cost_versions ORDER BY 1").to_pylist()
    assert (first.version, second.version) == (1, 2)
    assert rows[1] == {"cost_version": 2, "author": "ann", "reason": "a model of our own"}
