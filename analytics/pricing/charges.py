"""What the rarer units of calls add to their cost: audio, images, pages, searches."""

from __future__ import annotations

from typing import Any

import polars as pl

from analytics.pricing.book import PriceBook
from analytics.pricing.units import ALIASES, UNITS

SECONDS_ALIASES = {"input_audio_seconds": "audio_seconds", "output_audio_seconds": "audio_seconds"}
"""Emitters send one of these for the same seconds; the book charges the wider one."""

LEAST_AUDIO_SECONDS = {"groq/whisper-large-v3": 10.0, "groq/whisper-large-v3-turbo": 10.0}
"""Shortest audio that is billed. Source: Groq's pricing page, as in genai-prices."""

SUMMARY_SCHEMA = {
    "call": pl.UInt32,
    "other_charge": pl.Float64,
    "input_parts": pl.Float64,
    "output_parts": pl.Float64,
    "input_units": pl.Float64,
    "output_units": pl.Float64,
    "requests": pl.Float64,
    "charged_units": pl.UInt32,
    "unpriced_units": pl.UInt32,
    "broken_units": pl.UInt32,
}


def charge_other_units(facts: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """Return one row per call that used units of its own, with what they add and how they are covered.

    Args:
        facts: Columns call, price_row, price_model, has_input, has_output, other_units.
        book: The prices.
    """
    used = list_units(facts)
    if used.is_empty():
        return pl.DataFrame(schema=SUMMARY_SCHEMA)
    charged = used.join(book.charges, on=["price_row", "unit"], how="left", nulls_equal=False)
    side = pl.col("unit").replace_strict(_SIDES, default=None, return_dtype=pl.String)
    covered = (side == "input") & pl.col("has_input") | (side == "output") & pl.col("has_output")
    is_request = pl.col("unit") == "requests"
    is_charged = pl.col("charge").is_not_null()
    quantity = pl.col("quantity")
    is_cache = pl.col("unit").str.starts_with("cache_")
    return (
        charged.with_columns(
            is_charged=is_charged, is_covered=covered.fill_null(False), is_request=is_request, side=side
        )
        .group_by("call")
        .agg(
            other_charge=(quantity * pl.col("charge")).filter("is_charged").sum(),
            input_parts=(quantity * pl.col("input_part")).filter("is_charged").sum(),
            output_parts=(quantity * pl.col("output_part")).filter("is_charged").sum(),
            input_units=quantity.filter((side == "input") & ~is_cache).sum(),
            output_units=quantity.filter(side == "output").sum(),
            requests=quantity.filter("is_request").max(),
            charged_units=pl.col("is_charged").sum(),
            unpriced_units=(~pl.col("is_charged") & ~pl.col("is_covered") & ~pl.col("is_request")).sum(),
            broken_units=(~quantity.is_finite() | (quantity < 0)).sum(),
        )
        .cast(SUMMARY_SCHEMA)  # pyright: ignore[reportArgumentType]
    )


_SIDES = {
    unit: properties["direction"]
    for unit, properties in UNITS.items()
    if properties["family"] == "tokens" and "direction" in properties
}


def _is_rerank() -> Any:
    """Begin a choice for what rerankers count as searches: queries ranked, not searches of the web."""
    is_reranker = pl.col("price_model").str.contains("rerank", literal=True).fill_null(False)
    return pl.when(is_reranker & pl.col("unit").is_in(["searches", "search_units", "queries"]))


def list_units(facts: pl.DataFrame) -> pl.DataFrame:
    """Return one row per call and unit in the book's spelling; quantities of 0 are left out."""
    names = {**ALIASES, **SECONDS_ALIASES}
    listed = (
        facts.filter(pl.col("other_units").list.len() > 0)
        .select("call", "price_row", "price_model", "has_input", "has_output", "other_units")
        .explode("other_units")
        .unnest("other_units")
        .rename({"key": "unit", "value": "quantity"})
        .filter(pl.col("unit").is_not_null(), pl.col("quantity").is_not_null(), pl.col("quantity") != 0)
        .with_columns(
            _is_rerank()
            .then(pl.lit("rerank_searches"))
            .otherwise(pl.col("unit").replace(names))
            .alias("unit")
        )
    )
    least = pl.col("price_model").replace_strict(LEAST_AUDIO_SECONDS, default=0.0, return_dtype=pl.Float64)
    is_seconds = (pl.col("unit") == "audio_seconds") & (pl.col("quantity") > 0)
    return (
        listed.with_columns(
            quantity=pl.when(is_seconds)
            .then(pl.max_horizontal("quantity", least.fill_null(0.0)))
            .otherwise("quantity")
        )
        .group_by("call", "price_row", "price_model", "has_input", "has_output", "unit")
        .agg(pl.col("quantity").max())
        .sort("call", "unit")
    )
