"""Which records can be kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from collector.decode.batch import REJECT_SCHEMA
from collector.decode.times import EARLIEST, LONGEST_LEAD, to_microseconds

_TRACE_ID_DIGITS = 32
_SPAN_ID_DIGITS = 16


def find_rejects(spans: pl.DataFrame, received_at: Sequence[datetime]) -> pl.DataFrame:
    """Return the spans that cannot be kept, with reason and detail; `record` is the row in `spans`."""
    received = to_microseconds(received_at)
    return (
        spans.select(
            "body",
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("record"),
            _reason(received).alias("reason"),
            "trace_id",
            "span_id",
            "started_at",
        )
        .filter(pl.col("reason").is_not_null())
        .with_columns(_detail().alias("detail"))
        .select(REJECT_SCHEMA.keys())
    )


def _reason(received: pl.Series) -> pl.Expr:
    latest = pl.lit(received + LONGEST_LEAD).gather("body")
    return (
        pl.when(_is_bad_id("trace_id", _TRACE_ID_DIGITS))
        .then(pl.lit("bad_trace_id"))
        .when(_is_bad_id("span_id", _SPAN_ID_DIGITS))
        .then(pl.lit("bad_span_id"))
        .when((pl.col("started_at") < EARLIEST) | (pl.col("started_at") > latest))
        .then(pl.lit("time_out_of_range"))
    )


def _is_bad_id(column: str, digits: int) -> pl.Expr:
    return (pl.col(column).str.len_bytes() != digits) | (pl.col(column) == "0" * digits)


def _detail() -> pl.Expr:
    started = pl.col("started_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        pl.when(pl.col("reason") == "bad_trace_id")
        .then(pl.format("a trace id has 16 bytes, not all zero; this one is '{}'", _shown("trace_id")))
        .when(pl.col("reason") == "bad_span_id")
        .then(pl.format("a span id has 8 bytes, not all zero; this one is '{}'", _shown("span_id")))
        .otherwise(pl.format("the start {} is before 2000 or more than a day ahead of its arrival", started))
    )


def _shown(column: str) -> pl.Expr:
    return pl.col(column).str.head(64)
