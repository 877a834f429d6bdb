"""Text to numbers and flags, for a whole column; what cannot be read is null."""

from __future__ import annotations

from typing import Final

import polars as pl

MAX_COUNT: Final = 10**12
"""No single call has more tokens than this; a larger number is a mistake and is not read."""


def parse_numbers(texts: pl.Series) -> pl.Series:
    """Return finite floats; null for anything else."""
    numbers = texts if texts.dtype.is_numeric() else texts.cast(pl.String).cast(pl.Float64, strict=False)
    numbers = numbers.cast(pl.Float64)
    return numbers.set(~numbers.is_finite(), None)


def parse_counts(texts: pl.Series) -> pl.Series:
    """Return whole numbers within reach of a count, negative ones included; null for anything else."""
    numbers = parse_numbers(texts)
    bad = (numbers.abs() > MAX_COUNT) | (numbers != numbers.round())
    return numbers.set(bad, None)


def parse_booleans(texts: pl.Series) -> pl.Series:
    """Return 1.0 for true, 0.0 for false, null for anything else."""
    if texts.dtype == pl.Boolean:
        return texts.cast(pl.Float64)
    return (
        texts.cast(pl.String)
        .str.to_lowercase()
        .replace_strict(
            {"true": 1.0, "1": 1.0, "yes": 1.0, "false": 0.0, "0": 0.0, "no": 0.0},
            default=None,
            return_dtype=pl.Float64,
        )
    )
