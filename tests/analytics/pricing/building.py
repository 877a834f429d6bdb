"""Builders of calls to price."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

from analytics.pricing import PriceBook, price_calls

AT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
SCHEMA: dict[str, Any] = {
    "provider": pl.String,
    "request_model": pl.String,
    "response_model": pl.String,
    "operation": pl.String,
    "service_tier": pl.String,
    "started_at": pl.Datetime("us"),
    "status": pl.String,
    "usage_note": pl.String,
    "finish_reason": pl.String,
    "response_id": pl.String,
    "input_tokens": pl.Int64,
    "cache_read_tokens": pl.Int64,
    "cache_write_tokens": pl.Int64,
    "cache_write_1h_tokens": pl.Int64,
    "output_tokens": pl.Int64,
    "reasoning_tokens": pl.Int64,
    "other_units": pl.List(pl.Struct({"key": pl.String, "value": pl.Float64})),
}


def calls(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {"provider": "openai", "request_model": "gpt-4o-mini", "started_at": AT, "status": "ok"}
    listed = [{**base, **row} for row in rows]
    for row in listed:
        row["started_at"] = row["started_at"].astimezone(UTC).replace(tzinfo=None)
        units = row.get("other_units")
        row["other_units"] = units and [{"key": key, "value": float(n)} for key, n in units.items()]
    return pl.DataFrame(listed, schema=SCHEMA)


def price(book: PriceBook, **facts: Any) -> tuple[float | None, str]:
    row = price_calls(calls(facts), book).row(0, named=True)
    return (None if row["cost_usd"] is None else float(row["cost_usd"])), row["cost_status"]
