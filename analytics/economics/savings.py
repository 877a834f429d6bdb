"""Money that bought nothing, and what caching, batches and other models save: real usage priced otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from analytics.economics.repetition import find_repeats
from analytics.pricing import PriceBook, price_calls
from analytics.pricing.costing import weigh_calls

if TYPE_CHECKING:
    from store import Store

_STEP: Final = timedelta(days=7)
"""Usage is read a stretch at a time, so that months need not fit into memory."""
_PRICED: Final = ("priced", "partial", "free")


@dataclass(frozen=True)
class Amount:
    """Money of one kind, with how many events it rests on."""

    kind: str
    events: int
    usd: Decimal | None
    """None: nothing of it is priced."""
    note: str = ""
    unpriced: int = 0
    """Calls whose price is missing in it: with any, it is at least this much."""


def find_waste(store: Store, book: PriceBook, first: datetime, until: datetime) -> list[Amount]:
    """Return what bought nothing, by kind, the most first. Kinds overlap (a retry in a failed run): never add them."""
    rows = store.select("economics/waste", {"first": first, "until": until}).to_dicts()
    found = [
        Amount(
            row["kind"],
            int(row["events"] or 0),
            row["total_usd"] if row["events"] else Decimal(0),
            _NOTES.get(row["kind"], ""),
            row["unpriced"],
        )
        for row in rows
    ]
    kind, again = "repeated identical model calls", find_repeats(store, first, until)
    found.append(Amount(kind, again.calls, again.usd, _NOTES[kind], again.unpriced))
    unread, oversize = Decimal(0), Decimal(0)
    unread_calls = oversize_calls = 0
    for usage in _read_usage(store, first, until):
        calls, saved = _price_unread_writes(usage, book)
        unread_calls, unread = unread_calls + calls, unread + saved
        calls, saved = _price_oversize(usage, book)
        oversize_calls, oversize = oversize_calls + calls, oversize + saved
    found += [
        Amount("cache written and not read", unread_calls, unread, "what writing cost beyond plain input"),
        Amount(
            "oversize contexts", oversize_calls, oversize, "what long contexts cost beyond the base price"
        ),
    ]
    return sorted(found, key=lambda one: (-(one.usd or 0), one.kind))


def find_savings(store: Store, book: PriceBook, first: datetime, until: datetime) -> list[Amount]:
    """Return what caching and batches have saved, and what batches would save."""
    sums: dict[str, list[Any]] = {}
    for usage in _read_usage(store, first, until):
        plain = usage.with_columns(
            cache_read_tokens=pl.lit(0, pl.Int64),
            cache_write_tokens=pl.lit(0, pl.Int64),
            cache_write_1h_tokens=pl.lit(0, pl.Int64),
        )
        cached = (pl.col("cache_read_tokens") > 0) | (pl.col("cache_write_tokens") > 0)
        _add_up(sums, "saved by caching", usage, plain, book, cached)
        tier = pl.col("service_tier").str.to_lowercase()
        standard = usage.with_columns(service_tier=pl.lit(None, pl.String))
        _add_up(sums, "saved by batches", usage, standard, book, tier == "batch")
        batched = usage.with_columns(service_tier=pl.lit("batch"))
        _add_up(
            sums,
            "batches would save",
            batched,
            usage,
            book,
            pl.col("service_tier").is_null(),
            only_known=True,
        )
    return [Amount(kind, events, usd) for kind, (events, usd) in sums.items()]


def compare_model(
    store: Store,
    book: PriceBook,
    first: datetime,
    until: datetime,
    *,
    instead_of: str,
    provider: str,
    model: str,
) -> tuple[Amount, Amount]:
    """Return what the calls of one model cost, and what the same usage would have cost on another.

    Token counts are taken as they are: another tokenizer counts otherwise, and another model answers otherwise.
    """
    wanted = pl.coalesce("response_model", "request_model").str.to_lowercase() == instead_of.lower()
    before = after = Decimal(0)
    calls = unpriced = 0
    for usage in _read_usage(store, first, until):
        chosen = usage.filter(wanted)
        other = chosen.with_columns(
            provider=pl.lit(provider), request_model=pl.lit(model), response_model=pl.lit(None, pl.String)
        )
        old, new = price_calls(chosen, book), price_calls(other, book)
        both = old["cost_usd"].is_not_null() & new["cost_usd"].is_not_null()
        calls, unpriced = calls + int(both.sum()), unpriced + int((~both).sum())
        before += _sum(old.filter(both)["cost_usd"])
        after += _sum(new.filter(both)["cost_usd"])
    note = f"{unpriced} calls could not be compared" if unpriced else ""
    return Amount(instead_of, calls, before, note), Amount(f"{provider}/{model}", calls, after, note)


_NOTES: Final = {
    "loops in runs": "share of the run's cost by repeats among its steps, an estimate",
    "repeated identical model calls": "calls after the first with the same model and input in a session",
    "repeated identical tool calls": "executions after the first with equal arguments in a run",
}


def _read_usage(store: Store, first: datetime, until: datetime) -> Sequence[pl.DataFrame]:
    edges: list[tuple[datetime, datetime]] = []
    begin = first.astimezone(UTC)
    while begin < until:
        edges.append((begin, min(begin + _STEP, until)))
        begin += _STEP
    frames = (store.select("economics/usage", {"first": start, "until": end}) for start, end in edges)
    return [frame for frame in frames if not frame.is_empty()]


def _add_up(
    sums: dict[str, list[Any]],
    kind: str,
    cheaper: pl.DataFrame,
    dearer: pl.DataFrame,
    book: PriceBook,
    which: pl.Expr,
    *,
    only_known: bool = False,
) -> None:
    """Add what `dearer` costs more than `cheaper`, over the calls that `which` picks and both can price."""
    actual = cheaper if not only_known else dearer
    picked = actual.select(which.fill_null(False)).to_series()
    low, high = weigh_calls(cheaper.filter(picked), book), weigh_calls(dearer.filter(picked), book)
    # Where only one of them lacks the price of a class, their difference would hold that class.
    known = low["cost_status"].is_in(_PRICED) & (low["cost_status"] == high["cost_status"])
    if only_known:
        known &= ~low["is_tier_missing"]
    saved = (high["cost"] - low["cost"]).filter(known)
    entry = sums.setdefault(kind, [0, Decimal(0)])
    entry[0] += saved.len()
    entry[1] += _decimal(float(saved.sum()))


def _price_unread_writes(usage: pl.DataFrame, book: PriceBook) -> tuple[int, Decimal]:
    """Return what cache writes cost beyond plain input in sessions in which nothing was read from a cache."""
    is_unread = pl.col("cache_read_tokens").fill_null(0).sum().over("session_key") == 0
    written = usage.filter(is_unread & (pl.col("cache_write_tokens") > 0))
    if written.is_empty():
        return 0, Decimal(0)
    plain = written.with_columns(
        cache_write_tokens=pl.lit(0, pl.Int64), cache_write_1h_tokens=pl.lit(0, pl.Int64)
    )
    high, low = weigh_calls(written, book), weigh_calls(plain, book)
    known = high["cost_status"].is_in(_PRICED) & low["cost_status"].is_in(_PRICED)
    extra = (high["cost"] - low["cost"]).filter(known)
    return extra.len(), _decimal(float(extra.sum()))


def _price_oversize(usage: pl.DataFrame, book: PriceBook) -> tuple[int, Decimal]:
    """Return what calls above a context edge cost beyond the price below it."""
    weighed = weigh_calls(usage, book)
    edges = book.prices.select("tier_from_tokens").with_row_index("price_row").cast({"price_row": pl.Int64})
    above = weighed.select("price_row").join(edges, on="price_row", how="left", maintain_order="left")
    is_above = (above["tier_from_tokens"].fill_null(0) > 0) & weighed["cost_status"].is_in(_PRICED)
    if not is_above.any():
        return 0, Decimal(0)
    large = usage.filter(is_above)
    # A hundredth of the call lies below every edge and is priced there; its cost times a hundred is the whole.
    columns = [name for name in large.columns if name.endswith("_tokens")]
    small = large.with_columns((pl.col(name) * 1.0 / _PARTS).round().cast(pl.Int64) for name in columns)
    small = small.with_columns(other_units=pl.lit(None, small.schema["other_units"]))
    bare = large.with_columns(other_units=pl.lit(None, large.schema["other_units"]))
    extra = weigh_calls(bare, book)["cost"] - weigh_calls(small, book)["cost"] * _PARTS
    return large.height, _decimal(float(extra.clip(0).sum()))


_PARTS: Final = 100


def _sum(costs: pl.Series) -> Decimal:
    return sum((cost for cost in costs if cost is not None), Decimal(0))


def _decimal(value: float) -> Decimal:
    return Decimal(repr(round(value, 12)))
