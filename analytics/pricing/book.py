"""The price book in memory: the present version of ledger.prices, prepared for joins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from analytics.pricing.catalogue import PRICE_SCHEMA, catalogue_source, compile_catalogue
from analytics.pricing.names import NameResolver
from analytics.pricing.units import COLUMN_UNITS, charge_per_unit

if TYPE_CHECKING:
    from store import Store

_UNIT_PRICES = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning", "per_request")
_CHARGE_SCHEMA = {
    "price_row": pl.Int64,
    "unit": pl.String,
    "charge": pl.Float64,
    "input_part": pl.Float64,
    "output_part": pl.Float64,
}


@dataclass(frozen=True)
class PriceBook:
    """Prices of one version, and the names that lead to them."""

    prices: pl.DataFrame
    """Rows of ledger.prices."""
    version: int
    names: NameResolver = field(default_factory=NameResolver)
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
        names = ["provider", "request_model", "response_model"]
        texts = calls.select(pl.col(name).cast(pl.String) for name in names)
        distinct = texts.unique(maintain_order=True)
        found = [self.names.resolve(*row).price_model for row in distinct.iter_rows()]
        named = distinct.with_columns(pl.Series("price_model", found, pl.String))
        return texts.join(named, on=names, how="left", nulls_equal=True, maintain_order="left")["price_model"]


def current_price_book(store: Store) -> PriceBook:
    """Return the store's present price book; write it first when it is empty or its source has changed."""
    stored = store.select("pricing/present_book")
    source = catalogue_source()
    if not stored.is_empty() and source in stored["source"]:
        return PriceBook(_conform(stored), int(stored["cost_version"][0]))
    version = 1 if stored.is_empty() else int(stored["cost_version"][0]) + 1
    prices = compile_catalogue(cost_version=version)
    store.replace(appends={"prices": prices})
    return PriceBook(prices, version)


def _conform(stored: pl.DataFrame) -> pl.DataFrame:
    return stored.select(pl.col(name).cast(dtype) for name, dtype in PRICE_SCHEMA.items())


def _prepare_rows(numbered: pl.DataFrame) -> pl.DataFrame:
    is_zero = pl.all_horizontal(pl.col(name).fill_null(0.0) == 0.0 for name in _UNIT_PRICES)
    other_prices = pl.col("other_units").list.eval(pl.element().struct.field("value")).list.sum()
    rows = numbered.select(
        "price_row",
        "price_model",
        "service_tier",
        "valid_from",
        "valid_until",
        "window_from_minute",
        "window_until_minute",
        "tier_from_tokens",
        "tier_until_tokens",
        p_input=pl.col("input").fill_null(0.0),
        p_read=pl.coalesce("cache_read", "input", 0.0),
        p_write=pl.coalesce("cache_write", "input", 0.0),
        p_write_1h=pl.coalesce("cache_write_1h", "cache_write", "input", 0.0),
        p_output=pl.col("output").fill_null(0.0),
        p_reasoning=pl.coalesce("reasoning", "output", 0.0),
        p_request=pl.col("per_request").fill_null(0.0),
        has_input=pl.col("input").is_not_null(),
        has_output=pl.col("output").is_not_null(),
        has_reasoning=pl.col("reasoning").is_not_null(),
        is_zero=is_zero & (other_prices.fill_null(0.0) == 0.0),
    )
    nobody = pl.DataFrame({"price_row": [numbered.height]}, schema_overrides={"price_row": pl.Int64})
    return pl.concat([rows, nobody], how="diagonal")


def _prepare_charges(numbered: pl.DataFrame) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for price in numbered.filter(pl.col("other_units").list.len() > 0).iter_rows(named=True):
        others = {pair["key"]: pair["value"] for pair in price["other_units"]}
        columns = {unit: price[name] for name, unit in COLUMN_UNITS.items() if price[name] is not None}
        prices = {**columns, **others}
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
            }
            for unit in others
        ]
    return pl.DataFrame(rows, schema=_CHARGE_SCHEMA)
