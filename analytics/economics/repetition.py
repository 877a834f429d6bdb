"""Model calls that were made again with the same input: their answers were known."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from store import Store

MAX_CALLS: Final = 100_000
"""Calls looked at, the earliest first."""
_BATCH: Final = 2_000
"""Calls whose input is read at once: inputs are long."""
_MINUTE: Final = timedelta(minutes=1)


class Repeats(NamedTuple):
    """How many calls repeat an earlier one, what they cost (None: no price is known), and how many lack a price."""

    calls: int
    usd: Decimal | None
    unpriced: int


def find_repeats(store: Store, first: datetime, until: datetime) -> Repeats:
    """Return the calls that repeat an earlier one of their session.

    Same model and same input to the letter. Calls whose input was not sent are never taken for repeats, nor
    are retries of calls that failed.
    """
    bounds: dict[str, object] = {"first": first, "until": until, "max_rows": MAX_CALLS}
    alike = store.select("economics/repeats", bounds)
    parts = [_add_hashes(store, batch) for batch in alike.iter_slices(_BATCH)]
    if not parts:
        return Repeats(0, Decimal(0), 0)
    known = pl.concat(parts).filter(pl.col("input_hash").is_not_null())
    again = known.filter(
        pl.int_range(pl.len()).over("session_key", "model", "input_tokens", "input_hash") > 0
    )
    costs = again["cost_usd"].drop_nulls().to_list()
    unpriced = again.filter(~pl.col("cost_status").is_in(["priced", "free"]).fill_null(False)).height
    return Repeats(again.height, sum(costs, Decimal(0)) if costs or again.is_empty() else None, unpriced)


def _add_hashes(store: Store, calls: pl.DataFrame) -> pl.DataFrame:
    begin, end = calls["started_at"].min(), calls["started_at"].max()
    assert isinstance(begin, datetime) and isinstance(end, datetime)
    texts = store.select(
        "economics/inputs",
        {"first": begin - _MINUTE, "until": end + _MINUTE},
        {"asked": calls.select("trace_id").unique()},
    )
    hashes = texts.select("trace_id", "span_id", input_hash=pl.col("input_text").hash())
    return calls.join(
        hashes.unique(["trace_id", "span_id"]), on=["trace_id", "span_id"], how="left", maintain_order="left"
    )
