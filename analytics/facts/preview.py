"""What traces come to now, and what they would come to if their spans said something else; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Self

import polars as pl

from analytics.counting import count_traces
from analytics.pricing import price_calls

if TYPE_CHECKING:
    from analytics.pricing import PriceBook
    from store import Store


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over traces."""

    runs: int = 0
    llm_calls: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    unpriced_calls: int = 0

    def __add__(self, other: Totals) -> Totals:
        """Both together."""
        return Totals(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @classmethod
    def of(cls, calls: pl.DataFrame, *, runs: int, tool_calls: int) -> Self:
        """Return the totals of one row of sums over calls."""
        sums = calls.row(0, named=True)
        return cls(
            runs=runs,
            tool_calls=tool_calls,
            cost_usd=Decimal(sums.pop("cost_usd") or 0),
            **{name: int(value or 0) for name, value in sums.items()},
        )


def read_totals(store: Store, traces: pl.DataFrame, since_load: int) -> Totals:
    """Return what is derived of some traces (column `trace_id`) that begin at or after a load."""
    bounds, frames = {"first": since_load}, {"asked": traces.select("trace_id")}
    return Totals.of(
        store.select("facts/totals_of_traces", bounds, frames),
        runs=store.select("facts/old_runs", bounds, frames).height,
        tool_calls=store.select("facts/old_tool_calls", bounds, frames).height,
    )


def count_totals(spans: pl.DataFrame, book: PriceBook) -> Totals:
    """Return what whole traces with these spans come to at the prices of a book."""
    counted = count_traces(spans)
    calls = price_calls(counted.llm_calls, book)
    tokens = [one.name for one in fields(Totals) if one.name.endswith("_tokens")]
    sums = calls.select(
        pl.len().alias("llm_calls"),
        *(pl.col(name).sum() for name in tokens),
        cost_usd=pl.col("cost_usd").cast(pl.Decimal(38, 12)).sum(),
        unpriced_calls=(~pl.col("cost_status").is_in(["priced", "free"])).sum(),
    )
    return Totals.of(sums, runs=counted.runs.height, tool_calls=counted.tool_calls.height)
