"""Versions of cost: which prices calls were priced by, who changed them, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from analytics.pricing.book import PriceBook
from analytics.pricing.catalogue import PRICE_SCHEMA, catalogue_source
from analytics.pricing.source import DEFAULT_SOURCE, PriceSource
from store.clock import utc_now

if TYPE_CHECKING:
    from store import Store

_SCHEMA = {
    "cost_version": pl.Int64,
    "book_version": pl.Int64,
    "kind": pl.String,
    "made_at": pl.Datetime("us"),
    "author": pl.String,
    "reason": pl.String,
    "fingerprint": pl.String,
    "calls": pl.Int64,
    "before_usd": pl.Decimal(38, 12),
    "after_usd": pl.Decimal(38, 12),
}


@dataclass(frozen=True)
class Present:
    """The present version, and under which its book's rows stand."""

    cost_version: int = 0
    book_version: int = 0
    fingerprint: str = ""


def current_price_book(
    store: Store,
    source: PriceSource = DEFAULT_SOURCE,
    *,
    author: str = "spanledger",
    reason: str | None = None,
) -> PriceBook:
    """Return the present price book; write it first when the store has none, or one of other data."""
    present = read_present(store)
    if present.fingerprint == source.fingerprint:
        prices = _conform(store.select("pricing/present_book"))
        return PriceBook(prices, present.cost_version, source.names, source.own.tools)
    version = present.cost_version + 1
    prices = source.compile(version)
    why = reason or f"price book of {catalogue_source()}, its corrections and the configuration"
    row = version_row(version, version, "book", source.fingerprint, author=author, reason=why)
    store.replace(appends={"prices": prices, "cost_versions": row})
    return PriceBook(prices, version, source.names, source.own.tools)


def read_present(store: Store) -> Present:
    """Return the present version; all zero in a store without prices."""
    rows = store.select("pricing/present_version").to_dicts()
    return Present(**rows[0]) if rows else Present()


def version_row(
    cost_version: int,
    book_version: int,
    kind: str,
    fingerprint: str,
    *,
    author: str,
    reason: str,
    calls: int = 0,
    before_usd: object = None,
    after_usd: object = None,
    made_at: datetime | None = None,
) -> pl.DataFrame:
    """Return a row of ledger.cost_versions."""
    moment = (made_at or utc_now()).replace(tzinfo=None)
    values = (
        cost_version, book_version, kind, moment, author, reason, fingerprint, calls, before_usd, after_usd,
    )  # fmt: skip
    return pl.DataFrame([values], schema=_SCHEMA, orient="row")


def _conform(stored: pl.DataFrame) -> pl.DataFrame:
    return stored.select(pl.col(name).cast(dtype) for name, dtype in PRICE_SCHEMA.items())
