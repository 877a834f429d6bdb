"""OTLP times (nanoseconds since 1970, unsigned) as naive UTC timestamps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

_NS_PER_US: Final = 1000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
EARLIEST: Final = datetime(2000, 1, 1)  # noqa: DTZ001 (columns are naive UTC)
LONGEST_LEAD: Final = timedelta(days=1)
"""How far a clock may run ahead of the collector's before a start time is held for garbage."""


def as_timestamps(column: str) -> pl.Expr:
    """Return a column of nanoseconds as timestamps in microseconds."""
    return (pl.col(column) // _NS_PER_US).cast(pl.Int64).cast(pl.Datetime("us"))


def to_microseconds(instants: Sequence[datetime]) -> pl.Series:
    """Return aware times as a column of naive UTC timestamps."""
    microseconds = [(instant - _EPOCH) // _MICROSECOND for instant in instants]
    return pl.Series(microseconds, dtype=pl.Int64).cast(pl.Datetime("us"))


def iso_texts(column: str) -> pl.Expr:
    """Return a column of timestamps as ISO 8601 with Z."""
    return pl.col(column).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
