"""Which records can be kept: those with an identity and a credible time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.decode.attributes import Attributes
from collector.decode.batch import REJECT_SCHEMA, RecordBatch
from collector.decode.times import EARLIEST, LONGEST_LEAD, iso_texts

_TRACE_ID_DIGITS: Final = 32
_SPAN_ID_DIGITS: Final = 16
_SHOWN_DIGITS: Final = 64


@dataclass(frozen=True, slots=True)
class Kept:
    """Records after the verdict, numbered anew."""

    records: pl.DataFrame
    attributes: pl.DataFrame
    """row, key (Categorical), value."""
    rejected: pl.DataFrame
    is_kept: npt.NDArray[np.bool_]
    """Per record before the verdict."""

    def select_rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that belong to kept records; `row` is numbered anew."""
        if self.rejected.is_empty():
            return frame
        rows = frame["row"].to_numpy()
        renumbered = (np.cumsum(self.is_kept) - 1).astype(np.uint32)
        return frame.with_columns(pl.Series("row", renumbered[rows])).filter(pl.Series(self.is_kept[rows]))


def bad_span() -> pl.Expr:
    """Return why a span cannot be kept; null when it can."""
    return (
        pl.when(_is_bad_id("trace_id", _TRACE_ID_DIGITS))
        .then(pl.lit("bad_trace_id"))
        .when(_is_bad_id("span_id", _SPAN_ID_DIGITS))
        .then(pl.lit("bad_span_id"))
        .otherwise(bad_time("started_at"))
    )


def bad_time(column: str) -> pl.Expr:
    """Return `time_out_of_range` where a time is before 2000 or far after its arrival, else null."""
    is_bad = (pl.col(column) < EARLIEST) | (pl.col(column) > pl.col("received_at") + LONGEST_LEAD)
    return pl.when(is_bad).then(pl.lit("time_out_of_range"))


def keep_records(records: pl.DataFrame, reason: pl.Expr, time: str, attributes: Attributes) -> Kept:
    """Return the records without those that `reason` names; `time` is the column it may complain about."""
    reasons = records.select(reason.alias("reason")).to_series()
    is_kept = reasons.is_null()
    flat = attributes.as_frame()
    if is_kept.all():
        return Kept(records, flat, pl.DataFrame(schema=REJECT_SCHEMA), is_kept.to_numpy())
    rejected = (
        records.with_columns(
            reasons,
            pl.int_range(pl.len(), dtype=pl.UInt32).over("body").alias("record"),
            pl.col(time).alias("time"),
        )
        .filter(~is_kept)
        .with_columns(_detail())
        .select(REJECT_SCHEMA.keys())
    )
    kept = Kept(records.filter(is_kept), flat, rejected, is_kept.to_numpy())
    return Kept(kept.records, kept.select_rows(flat), rejected, kept.is_kept)


def judge_records(
    records: pl.DataFrame, time: str, attributes: Attributes, resources: pl.DataFrame
) -> RecordBatch:
    """Return log records or points without those whose time is out of range."""
    missing = [name for name in ("trace_id", "span_id") if name not in records.columns]
    identified = records.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    kept = keep_records(identified, bad_time(time), time, attributes)
    return RecordBatch(kept.records.drop(missing), kept.attributes, resources, kept.rejected)


def _is_bad_id(column: str, digits: int) -> pl.Expr:
    return (pl.col(column).str.len_bytes() != digits) | (pl.col(column) == "0" * digits)


def _detail() -> pl.Expr:
    trace_id, span_id = (pl.col(name).str.head(_SHOWN_DIGITS) for name in ("trace_id", "span_id"))
    return (
        pl.when(pl.col("reason") == "bad_trace_id")
        .then(pl.format("a trace id has 16 bytes, not all zero; this one is '{}'", trace_id))
        .when(pl.col("reason") == "bad_span_id")
        .then(pl.format("a span id has 8 bytes, not all zero; this one is '{}'", span_id))
        .otherwise(
            pl.format("the time {} is before 2000 or more than a day after its arrival", iso_texts("time"))
        )
        .alias("detail")
    )
