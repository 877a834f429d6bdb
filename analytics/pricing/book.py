"""The price book in memory: the present version of ledger.prices, prepared for joins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from analytics.pricing.modalities import needs_kinds_of_input, needs_kinds_of_output
from analytics.pricing.names import NameResolver
from analytics.pricing.own import BUSY_SECONDS, ToolPrice
from analytics.pricing.units import COLUMN_UNITS, charge_per_unit

NAMES = ("provider", "request_model", "response_model")
"""What a call says about its model."""

_DATED_SCHEMA = {
    **dict.fromkeys(NAMES, pl.String),
    "rank": pl.Int64,
    "dated_model": pl.String,
    "valid_from": pl.Datetime("us"),
    "valid_until": pl.Datetime("us"),
}
_UNIT_PRICES = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning", "per_request")
_CHARGE_SCHEMA = {
    "price_row": pl.Int64,
    "unit": pl.String,
    "charge": pl.Float64,
    "input_part": pl.Float64,
    "output_part": pl.Float64,
    "is_told": pl.Boolean,
}
_COLUMN_UNITS = frozenset(COLUMN_UNITS.values())


@dataclass(frozen=True)
class PriceBook:
    """Prices of one version, and the names that lead to them."""

    prices: pl.DataFrame
    """Rows of ledger.prices."""
    version: int
    names: NameResolver = field(default_factory=NameResolver)
    tools: tuple[ToolPrice, ...] = ()
    """What executions of tools cost."""
    rows: pl.DataFrame = field(init=False)
    """Prices of a call's classes by `price_row`, gaps filled by the class around; the last row is empty."""
    charges: pl.DataFrame = field(init=False)
    """What a unit of its own (audio, searches …) adds to the cost, by `price_row`."""

    def __post_init__(self) -> None:
        numbered = self.prices.with_row_index("price_row").with_columns(pl.col("price_row").cast(pl.Int64))
        object.__setattr__(self, "rows", _prepare_rows(numbered))
        object.__setattr__(self, "charges", _prepare_charges(numbered))

    @property
    def no_row(self) -> int:
        """The price_row of calls that no price holds for."""
        return self.prices.height

    def name_models(self, calls: pl.DataFrame) -> pl.Series:
        """Return the price_model of each call, NULL where its names lead to none."""
        texts = calls.select(*(pl.col(name).cast(pl.String) for name in NAMES), "started_at")
        distinct = texts.select(NAMES).unique(maintain_order=True)
        found = [self.names.resolve(*row) for row in distinct.iter_rows()]
        named = distinct.with_columns(pl.Series("price_model", [one.price_model for one in found], pl.String))
        joined = texts.join(named, on=NAMES, how="left", nulls_equal=True, maintain_order="left")
        dated: list[tuple[object, ...]] = [
            (*names, rank, one.price_model, one.valid_from, one.valid_until)
            for names, found_one in zip(distinct.iter_rows(), found, strict=True)
            for rank, one in enumerate(found_one.dated)
        ]
        return _apply_dated_names(joined, dated) if dated else joined["price_model"]


def _apply_dated_names(calls: pl.DataFrame, dated: list[tuple[object, ...]]) -> pl.Series:
    """Return the price_model of each call; the first of its dated names that holds when it started counts."""
    names = pl.DataFrame(dated, schema=_DATED_SCHEMA, orient="row")
    held = (
        calls.with_row_index("call")
        .join(names, on=NAMES, how="inner", nulls_equal=True)
        .filter(
            (pl.col("started_at") >= pl.col("valid_from")).fill_null(True),
            (pl.col("started_at") < pl.col("valid_until")).fill_null(True),
        )
        .sort("rank")
        .unique("call", keep="first", maintain_order=True)
        .select("call", "dated_model")
    )
    chosen = calls.with_row_index("call").join(held, on="call", how="left", maintain_order="left")
    return chosen.select(pl.coalesce("dated_model", "price_model").alias("price_model")).to_series()


def prices_of(price: Mapping[str, Any]) -> dict[str, float]:
    """Return the prices that a row of ledger.prices tells, by unit."""
    columns = {unit: price[name] for name, unit in COLUMN_UNITS.items() if price[name] is not None}
    return columns | {pair["key"]: pair["value"] for pair in price["other_units"] or []}


def least_prices(told: Mapping[str, float]) -> dict[str, float]:
    """Return what classes cost at least whose price a row does not tell, so that a partial cost is no guess.

    A cache is read for nothing at best, and written for the price of the input.

    >>> least_prices({"input_tokens": 3.0, "output_tokens": 9.0})["cache_read_tokens"]
    0.0
    """
    least: dict[str, float] = {}
    if "input_tokens" in told:
        least["cache_read_tokens"] = 0.0
        least["cache_write_tokens"] = told["input_tokens"]
        least["cache_write_1h_tokens"] = told.get("cache_write_tokens", told["input_tokens"])
    for modality in ("audio", "image", "video"):
        if f"input_{modality}_tokens" in told:
            least[f"cache_{modality}_read_tokens"] = told.get("cache_read_tokens", 0.0)
    return {unit: price for unit, price in least.items() if unit not in told}


def _prepare_rows(numbered: pl.DataFrame) -> pl.DataFrame:
    is_zero = pl.all_horizontal(pl.col(name).fill_null(0.0) == 0.0 for name in _UNIT_PRICES)
    busy = pl.col("other_units").list.eval(
        pl.when(pl.element().struct.field("key") == BUSY_SECONDS).then(pl.element().struct.field("value"))
    )
    is_hosted = busy.list.max().is_not_null().fill_null(False)
    is_no_matter = is_hosted | (pl.col("input") == 0.0).fill_null(False)
    other_prices = pl.col("other_units").list.eval(pl.element().struct.field("value")).list.sum()
    rows = numbered.select(
        "price_row",
        "price_model",
        "service_tier",
        "valid_from",
        "valid_until",
        "window_from_day",
        "window_until_day",
        "window_from_minute",
        "window_until_minute",
        "tier_from_tokens",
        "tier_until_tokens",
        p_input=pl.col("input").fill_null(0.0),
        # What no list tells is charged at what it costs at least, see `least_prices`, and makes the call partial.
        p_read=pl.coalesce("cache_read", 0.0),
        p_write=pl.coalesce("cache_write", "input", 0.0),
        p_write_1h=pl.coalesce("cache_write_1h", "cache_write", "input", 0.0),
        p_output=pl.col("output").fill_null(0.0),
        p_reasoning=pl.coalesce("reasoning", "output", 0.0),
        p_request=pl.col("per_request").fill_null(0.0),
        p_busy=busy.list.max(),
        has_input=pl.col("input").is_not_null() | is_hosted,
        has_output=pl.col("output").is_not_null() | is_hosted,
        has_read=pl.col("cache_read").is_not_null() | is_no_matter,
        has_write=pl.col("cache_write").is_not_null() | is_no_matter,
        has_write_1h=pl.col("cache_write_1h").is_not_null() | is_no_matter,
        has_reasoning=pl.col("reasoning").is_not_null(),
        is_zero=is_zero & (other_prices.fill_null(0.0) == 0.0),
        needs_kinds_of_output=needs_kinds_of_output(),
        needs_kinds_of_input=needs_kinds_of_input(),
    )
    nobody = pl.DataFrame({"price_row": [numbered.height]}, schema_overrides={"price_row": pl.Int64})
    return pl.concat([rows, nobody], how="diagonal")


def _prepare_charges(numbered: pl.DataFrame) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for price in numbered.filter(pl.col("other_units").list.len() > 0).iter_rows(named=True):
        told = prices_of(price)
        prices = {**least_prices(told), **told}
        charges = charge_per_unit(prices)
        parts = {
            side: charge_per_unit({**dict.fromkeys(prices, 0.0), f"{side}_tokens": -1.0})
            for side in ("input", "output")
        }
        rows += [
            {
                "price_row": price["price_row"],
                "unit": unit,
                "charge": charges[unit],
                "input_part": parts["input"][unit],
                "output_part": parts["output"][unit],
                "is_told": unit in told,
            }
            for unit in prices
            if unit != BUSY_SECONDS and unit not in _COLUMN_UNITS
        ]
    return pl.DataFrame(rows, schema=_CHARGE_SCHEMA)
