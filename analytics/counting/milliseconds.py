"""Microseconds as milliseconds, the same number whatever rows stand beside it."""

from __future__ import annotations

import polars as pl


def to_ms(microseconds: pl.Expr) -> pl.Expr:
    """Return whole microseconds as milliseconds.

    NumPy divides; Polars multiplies by the reciprocal wherever there is more than one row, so that a run would last
    differently with the traces it is counted with.
    """
    return microseconds.cast(pl.Float64).map_batches(
        lambda series: pl.Series(series.to_numpy() / 1e3, nan_to_null=True),
        return_dtype=pl.Float64,
        is_elementwise=True,
    )
