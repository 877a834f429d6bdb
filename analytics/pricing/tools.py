"""What executions of tools cost: by the user's prices, joined by name and date."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analytics.pricing.names import matches
from analytics.pricing.own import ToolPrice

_COST = pl.Decimal(18, 12)


def price_tools(tools: pl.DataFrame, prices: Sequence[ToolPrice]) -> pl.DataFrame:
    """Return tool calls with cost_usd and cost_status; without a price the cost is NULL and `no_usage`.

    Every execution is charged, failed ones too: the entry with the exact name counts before patterns, longer
    patterns before shorter ones.
    """
    kept = tools.drop([name for name in ("cost_usd", "cost_status") if name in tools.columns])
    ordered = sorted(prices, key=lambda price: ("*" in price.tool, -len(price.tool)))
    cost = pl.coalesce([_cost_of(price, kept) for price in ordered] or [pl.lit(None, pl.Float64)])
    priced = kept.with_columns(cost_usd=cost.cast(_COST))
    status = (
        pl.when(pl.col("cost_usd").is_null())
        .then(pl.lit("no_usage"))
        .when(pl.col("cost_usd") == 0)
        .then(pl.lit("free"))
        .otherwise(pl.lit("priced"))
    )
    return priced.with_columns(cost_status=status)


def _cost_of(price: ToolPrice, tools: pl.DataFrame) -> pl.Expr:
    names = [
        name for name in tools["tool"].unique().drop_nulls().to_list() if matches(price.tool, name.lower())
    ]
    holds = pl.col("tool").is_in(names)
    if price.span.valid_from is not None:
        holds &= pl.col("started_at") >= price.span.valid_from
    if price.span.valid_until is not None:
        holds &= pl.col("started_at") < price.span.valid_until
    return pl.when(holds).then(pl.lit(price.usd_per_call, pl.Float64))
