"""What calls cost: joined with the price book, never looped over."""

from __future__ import annotations

import numpy as np
import polars as pl

from analytics.pricing.book import PriceBook
from analytics.pricing.charges import ALWAYS_SEARCHES, charge_other_units
from analytics.pricing.modalities import lacks_kinds
from analytics.pricing.regions import DATA_ZONE, REGIONAL, is_bound

MAX_COST_USD = 999_999.0
"""More than any call costs, and all that DECIMAL(18, 12) holds: beyond it the usage must be wrong."""

STANDARD_TIERS = ("", "auto", "default", "standard", "standard_only", "on_demand", "scale", "provisioned")
"""Service tiers that are billed at the standard price, or not by the token."""

CHEAPER_TIERS = ("batch", "flex")
"""Tiers below the standard price: where theirs is not known, the standard price would be more than the cost."""

SILENT_OPERATIONS = ("embeddings", "embedding", "rerank", "moderation")
"""Operations whose answer has no billed tokens."""

_OPTIONAL = {
    "operation": pl.String,
    "service_tier": pl.String,
    "usage_note": pl.String,
    "finish_reason": pl.String,
    "response_id": pl.String,
    "ttft_ms": pl.Float64,
    "duration_ms": pl.Float64,
    "cache_read_tokens": pl.Int64,
    "cache_write_tokens": pl.Int64,
    "cache_write_1h_tokens": pl.Int64,
    "reasoning_tokens": pl.Int64,
    "other_units": pl.List(pl.Struct({"key": pl.String, "value": pl.Float64})),
}
_ADDED = ("price_model", "cost_usd", "cost_status", "cost_version")
_TOKENS = {
    "q_input": "input_tokens",
    "q_read": "cache_read_tokens",
    "q_write": "cache_write_tokens",
    "q_write_1h": "cache_write_1h_tokens",
    "q_output": "output_tokens",
    "q_reasoning": "reasoning_tokens",
}


def price_calls(calls: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """Return the calls, in their order, with price_model, cost_usd, cost_status and cost_version.

    Args:
        calls: Rows as in ledger.llm_calls; price columns they have already are replaced.
        book: The prices; a call takes those that were valid when it started.
    """
    calls = calls.drop([column for column in _ADDED if column in calls.columns])
    facts = weigh_calls(calls, book)
    costs = facts.select(
        "price_model",
        pl.when(pl.col("cost_status").is_in(["priced", "partial"]))
        .then("cost")
        .when(pl.col("cost_status") == "free")
        .then(0.0)
        .cast(pl.Decimal(18, 12))
        .alias("cost_usd"),
        "cost_status",
        pl.lit(book.version, pl.Int64).alias("cost_version"),
    )
    return pl.concat([calls, costs], how="horizontal")


def weigh_calls(calls: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """Return the calls with everything their cost follows from: price row, prices, quantities, cost and status."""
    facts = _complete_columns(calls).with_row_index("call")
    facts = facts.with_columns(book.name_models(facts), _read_tier())
    facts = _attach_prices(facts, book)
    units = charge_other_units(facts, book)
    facts = _read_quantities(facts.join(units, on="call", how="left", maintain_order="left"))
    facts = facts.with_columns(cost=_cost(), lacks_search=_lacks_search(), lacks_kinds=lacks_kinds())
    return facts.with_columns(cost_status=_status())


def _complete_columns(calls: pl.DataFrame) -> pl.DataFrame:
    """Return the calls with every column that pricing reads; those nobody filled are NULL."""
    return calls.with_columns(
        (pl.col(name).cast(dtype) if name in calls.columns else pl.lit(None, dtype).alias(name))
        for name, dtype in _OPTIONAL.items()
        if calls.schema.get(name) in (None, pl.Null)
    )


def _read_tier() -> pl.Expr:
    said = pl.col("service_tier").str.to_lowercase()
    tier = said.str.replace(REGIONAL, "", literal=True).str.strip_chars(" ,+/_-")
    names = [pl.col(name).cast(pl.String) for name in ("request_model", "response_model")]
    is_regional = pl.any_horizontal(
        said.str.contains(REGIONAL, literal=True).fill_null(False), *map(is_bound, names)
    )
    is_azure = pl.col("provider").cast(pl.String).str.contains("(?i)^az").fill_null(False)
    place = pl.when(is_azure).then(pl.lit(DATA_ZONE)).otherwise(pl.lit(REGIONAL))
    special = pl.when(~tier.is_in(STANDARD_TIERS)).then(tier)
    both = pl.concat_str(special, pl.when(is_regional).then(place), separator=" ", ignore_nulls=True)
    return pl.when(both != "").then(both).alias("price_tier")


def _attach_prices(facts: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """Return the calls with the price row that holds for each; where its tier has none, that of the next wider one."""
    chosen = np.full(facts.height, book.no_row, dtype=np.int64)
    _choose_rows(facts, book.rows, chosen)
    lacks_tier = facts["price_tier"].is_not_null().to_numpy() & (chosen == book.no_row)
    anywhere = pl.col("price_tier").str.strip_suffix(REGIONAL).str.strip_suffix(DATA_ZONE).str.strip_chars()
    for wider in (anywhere, pl.lit(None, pl.String)):
        still = lacks_tier & (chosen == book.no_row)
        if still.any():
            _choose_rows(facts.filter(pl.Series(still)).with_columns(price_tier=wider), book.rows, chosen)
    prices = book.rows.select(pl.exclude("price_row", "price_model"))[chosen]
    return pl.concat(
        [
            facts.with_columns(price_row=pl.Series(chosen), lacks_tier=pl.Series(lacks_tier)),
            prices.select(pl.col("^(p|has|needs)_.*$"), "is_zero", row_tier="service_tier"),
        ],
        how="horizontal",
    ).with_columns(
        # The machine's time, and what is free, cost the same in every tier.
        is_tier_missing=pl.col("lacks_tier")
        & pl.col("p_busy").is_null()
        & ~pl.col("is_zero").fill_null(False)
    )


def _choose_rows(facts: pl.DataFrame, rows: pl.DataFrame, chosen: np.ndarray) -> None:
    """Write into `chosen`, by call, the one row whose tier, dates, hours and token range hold."""
    keyed = facts.select(
        "call",
        "price_model",
        "started_at",
        join_tier=pl.col("price_tier").fill_null(""),
        tokens_in=pl.col("input_tokens").fill_null(0),
        day=pl.col("started_at").dt.weekday().cast(pl.Int64),
        minute=pl.col("started_at").dt.hour().cast(pl.Int64) * 60 + pl.col("started_at").dt.minute(),
    )
    candidates = keyed.join(
        _rows_of_time(rows, facts["started_at"]).select(
            "price_row",
            "price_model",
            "valid_from",
            "valid_until",
            "window_from_day",
            "window_until_day",
            "window_from_minute",
            "window_until_minute",
            "tier_from_tokens",
            "tier_until_tokens",
            join_tier=pl.col("service_tier").fill_null(""),
        ),
        on=["price_model", "join_tier"],
        how="inner",
    )
    held = candidates.filter(
        (pl.col("started_at") >= pl.col("valid_from")).fill_null(True),
        (pl.col("started_at") < pl.col("valid_until")).fill_null(True),
        (pl.col("day") >= pl.col("window_from_day")).fill_null(True),
        (pl.col("day") < pl.col("window_until_day")).fill_null(True),
        (pl.col("minute") >= pl.col("window_from_minute")).fill_null(True),
        (pl.col("minute") < pl.col("window_until_minute")).fill_null(True),
        (pl.col("tokens_in") > pl.col("tier_from_tokens")) | (pl.col("tier_from_tokens") == 0),
        (pl.col("tokens_in") <= pl.col("tier_until_tokens")).fill_null(True),
    )
    chosen[held["call"].to_numpy()] = held["price_row"].to_numpy()


def _rows_of_time(rows: pl.DataFrame, moments: pl.Series) -> pl.DataFrame:
    """Return the rows that may hold at some of the moments: most calls are joined with one or two then."""
    if moments.is_empty():
        return rows
    return rows.filter(
        (pl.col("valid_from") <= moments.max()).fill_null(True),
        (pl.col("valid_until") > moments.min()).fill_null(True),
    )


def _read_quantities(facts: pl.DataFrame) -> pl.DataFrame:
    """Return the calls with quantities as numbers, unknown ones 0, and the parts that units make of them."""
    numbers = facts.with_columns(
        *(pl.col(column).fill_null(0).cast(pl.Float64).alias(name) for name, column in _TOKENS.items()),
        pl.col(
            "^(other_charge|input_parts|output_parts|input_units|output_units|searches|citations)$"
        ).fill_null(0.0),
        pl.col("requests").fill_null(1.0),
        (pl.col("duration_ms").fill_null(0.0) / 1000.0).alias("q_busy"),
        pl.col("charged_units", "unpriced_units", "broken_units").fill_null(0),
        has_units=pl.col("charged_units").is_not_null(),
    )
    return numbers.with_columns(
        q_input=pl.when(pl.col("input_tokens").is_null()).then("input_units").otherwise("q_input"),
        q_output=pl.when(pl.col("output_tokens").is_null()).then("output_units").otherwise("q_output"),
    ).with_columns(
        # Citations beyond the output stand beside it, as Perplexity counts them.
        q_output=pl.col("q_output") + pl.when(_plain_output() < 0).then("citations").otherwise(0.0)
    )


def _cost() -> pl.Expr:
    """Return the sum over disjoint classes; `other_charge` corrects for the parts that units take out."""
    return (
        (pl.col("q_input") - pl.col("q_read") - pl.col("q_write")) * pl.col("p_input")
        + pl.col("q_read") * pl.col("p_read")
        + (pl.col("q_write") - pl.col("q_write_1h")) * pl.col("p_write")
        + pl.col("q_write_1h") * pl.col("p_write_1h")
        + (pl.col("q_output") - pl.col("q_reasoning")) * pl.col("p_output")
        + pl.col("q_reasoning") * pl.col("p_reasoning")
        + pl.col("requests") * pl.col("p_request")
        + pl.col("other_charge")
        + pl.col("q_busy") * pl.col("p_busy").fill_null(0.0)
    )


def _status() -> pl.Expr:
    uses_input, uses_output = pl.col("q_input") > 0, pl.col("q_output") > 0
    is_silent = pl.all_horizontal(pl.col(name) == 0 for name in _TOKENS) & ~pl.col("has_units")
    # A part without its whole, reasoning alone, says nothing of what was used.
    nobody_said = pl.all_horizontal(pl.col("input_tokens", "output_tokens").is_null()) & ~pl.col("has_units")
    # A model that is not charged by the token says nothing by counting none.
    has_token_price = (pl.col("p_input") > 0) | (pl.col("p_output") > 0)
    nobody_said |= is_silent & ~has_token_price & (pl.col("p_request") == 0) & ~pl.col("is_zero")
    is_hosted = pl.col("p_busy").is_not_null()
    nobody_said = pl.when(is_hosted).then(pl.col("duration_ms").is_null()).otherwise(nobody_said)
    has_answer = pl.any_horizontal(
        pl.col(name).is_not_null() for name in ("finish_reason", "response_id", "ttft_ms")
    )
    has_failed = pl.col("status") == "error"
    is_output_unknown = (
        pl.col("output_tokens").is_null()
        & ~uses_output
        & ~has_failed
        & pl.col("has_output")
        & (pl.col("p_output") > 0)
        & ~is_hosted
        & ~pl.col("operation").is_in(SILENT_OPERATIONS).fill_null(False)
    )
    lacks_part = (
        (uses_input & ~pl.col("has_input") & (pl.col("input_units") == 0))
        | ((pl.col("q_read") > 0) & ~pl.col("has_read"))
        | ((pl.col("q_write") > pl.col("q_write_1h")) & ~pl.col("has_write"))
        | ((pl.col("q_write_1h") > 0) & ~pl.col("has_write_1h"))
        | (uses_output & ~pl.col("has_output") & (pl.col("output_units") == 0))
        | (pl.col("unpriced_units") > 0)
        | pl.col("is_tier_missing")
        | is_output_unknown
        | pl.col("lacks_search")
        | pl.col("lacks_kinds")
    )
    has_part = (
        ((pl.col("q_input") > pl.col("q_read")) & pl.col("has_input"))
        | ((pl.col("q_read") > 0) & pl.col("has_read"))
        | (uses_output & pl.col("has_output"))
        | (pl.col("charged_units") > 0)
        | (pl.col("p_request") > 0)
        | is_hosted
    )
    is_dearer = (
        pl.col("is_tier_missing")
        & pl.col("price_tier").str.contains_any(list(CHEAPER_TIERS))
        & pl.col("row_tier").is_null()
    )
    is_unpriced = pl.col("is_zero").is_null() | (lacks_part & ~has_part) | is_dearer
    cases = (
        (has_failed & is_silent & ~has_answer & ~is_hosted, "free"),
        (nobody_said, "no_usage"),
        (_is_inconsistent(), "inconsistent"),
        (is_unpriced.fill_null(True), "unpriced_model"),
        (~pl.col("cost").is_between(0.0, MAX_COST_USD), "inconsistent"),
        (lacks_part, "partial"),
        (pl.col("is_zero"), "free"),
    )
    return pl.coalesce(
        *(pl.when(condition).then(pl.lit(status)) for condition, status in cases), pl.lit("priced")
    )


def _lacks_search() -> pl.Expr:
    """Return whether the model searched, and neither a number of searches nor a tier says for how much."""
    does_search = pl.col("price_model").str.contains(ALWAYS_SEARCHES).fill_null(False)
    return does_search & (pl.col("searches") == 0) & pl.col("row_tier").is_null()


def _plain_output() -> pl.Expr:
    return pl.col("q_output") - pl.col("q_reasoning") - pl.col("output_parts")


def _is_inconsistent() -> pl.Expr:
    """Return whether no reading explains the numbers: parts beyond their whole, or below nothing."""
    uncached = pl.col("q_input") - pl.col("q_read") - pl.col("q_write") - pl.col("input_parts")
    plain_output = _plain_output()
    return (
        (pl.col("usage_note") == "inconsistent").fill_null(False)
        | pl.any_horizontal(pl.col(name) < 0 for name in _TOKENS)
        | (uncached < 0)
        | (plain_output < 0)
        | (pl.col("q_write_1h") > pl.col("q_write"))
        | (pl.col("broken_units") > 0)
    )
