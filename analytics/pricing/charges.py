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

ALWAYS_SEARCHES = (
    r"-search-(?:preview|api)$|^(?:openrouter/|vercel_ai_gateway/)?perplexity/sonar(?:-pro|-reasoning|-deep)?"
)
"""Models that search the web in every call: unless the searches were counted, or the tier says how much of them was
read, the call is not fully priced.

Sources: OpenAI's guide to web search in chat completions; Perplexity's pricing, fees by search context size.
"""

SUMMARY_SCHEMA = {
    "call": pl.UInt32,
    "other_charge": pl.Float64,
    "input_parts": pl.Float64,
    "output_parts": pl.Float64,
    "input_units": pl.Float64,
    "output_units": pl.Float64,
    "requests": pl.Float64,
    "searches": pl.Float64,
    "citations": pl.Float64,
    "charged_units": pl.UInt32,
    "unpriced_units": pl.UInt32,
    "broken_units": pl.UInt32,
}


def charge_other_units(facts: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """Return one row per call that used units of its own, with what they add and how they are covered.

    Args:
        facts: Columns call, price_row, price_model, has_input … has_output, other_units.
        book: The prices.
    """
    charged = _find_charges(facts, book)
    if charged.is_empty():
        return pl.DataFrame(schema=SUMMARY_SCHEMA)
    side = pl.col("unit").replace_strict(_SIDES, default=None, return_dtype=pl.String)
    is_charged = pl.col("charge").is_not_null()
    quantity = pl.col("quantity")
    is_cache = pl.col("unit").str.starts_with("cache_")
    return (
        charged.with_columns(is_charged=is_charged, side=side)
        .group_by("call")
        .agg(
            other_charge=(quantity * pl.col("charge")).filter("is_charged").sum(),
            input_parts=(quantity * pl.col("input_part")).filter("is_charged").sum(),
            output_parts=(quantity * pl.col("output_part")).filter("is_charged").sum(),
            input_units=quantity.filter((side == "input") & ~is_cache).sum(),
            output_units=quantity.filter(side == "output").sum(),
            requests=quantity.filter(pl.col("unit") == "requests").max(),
            searches=quantity.filter(pl.col("unit").is_in(_SEARCHES) & is_charged).sum(),
            citations=quantity.filter(pl.col("unit") == "output_citation_tokens").sum(),
            charged_units=pl.col("is_told").sum(),
            unpriced_units=pl.col("is_unpriced").sum(),
            broken_units=(~quantity.is_finite() | (quantity < 0)).sum(),
        )
        .cast(SUMMARY_SCHEMA)  # pyright: ignore[reportArgumentType]
    )


def list_unpriced_units(facts: pl.DataFrame, book: PriceBook) -> list[str]:
    """Return the units that some of the calls used and whose price is not known."""
    return _find_charges(facts, book).filter("is_unpriced")["unit"].unique(maintain_order=True).to_list()


def _find_charges(facts: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """Return the units that calls used with what each adds to the cost, and whether its price is not known."""
    used = list_units(facts)
    charged = used.join(book.charges, on=["price_row", "unit"], how="left", nulls_equal=False)
    is_covered = pl.coalesce("is_told", _is_covered())
    return charged.with_columns(is_unpriced=~is_covered & (pl.col("unit") != "requests"))


CLASSES = ("has_input", "has_read", "has_write", "has_write_1h", "has_output")
"""Whether the price row of a call tells a price of each class."""

_CLASS_OF_TYPE = {"cache_read": "read", "cache_write": "write"}
_SEARCHES = [unit for unit, properties in UNITS.items() if properties["family"] == "tool_calls"]
_MODALITIES = {unit: properties.get("modality", "text") for unit, properties in UNITS.items()}
_SIDES = {
    unit: properties["direction"]
    for unit, properties in UNITS.items()
    if properties["family"] == "tokens" and "direction" in properties
}


_CLASSES = {
    unit: f"has_{_CLASS_OF_TYPE.get(properties.get('token_type', ''), properties['direction'])}"
    for unit, properties in UNITS.items()
    if unit in _SIDES
}
"""By unit, the column that says whether the class around it has a price."""

_SEEN = ("image", "video")


def _is_covered() -> pl.Expr:
    """Return whether a unit costs what the class around it costs.

    Text does, and what a model sees as long as it answers in tokens; what it hears or draws has prices of its own.
    """
    kind = pl.col("unit").replace_strict(_CLASSES, default=None, return_dtype=pl.String)
    modality = pl.col("unit").replace_strict(_MODALITIES, default=None, return_dtype=pl.String)
    has_class = pl.any_horizontal((kind == name) & pl.col(name) for name in CLASSES)
    is_seen = modality.is_in(_SEEN) & (kind != "has_output") & pl.col("has_output")
    return (has_class & ((modality == "text") | is_seen)).fill_null(False)


def _is_rerank() -> Any:
    """Begin a choice for what rerankers count as searches: queries ranked, not searches of the web."""
    is_reranker = pl.col("price_model").str.contains("rerank", literal=True).fill_null(False)
    return pl.when(is_reranker & pl.col("unit").is_in(["searches", "search_units", "queries"]))


def list_units(facts: pl.DataFrame) -> pl.DataFrame:
    """Return one row per call and unit in the book's spelling; quantities of 0 are left out."""
    names = {**ALIASES, **SECONDS_ALIASES}
    listed = (
        facts.filter(pl.col("other_units").list.len() > 0)
        .select("call", "price_row", "price_model", *CLASSES, "other_units")
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
        .group_by("call", "price_row", "price_model", *CLASSES, "unit")
        .agg(pl.col("quantity").max())
        .sort("call", "unit")
    )
