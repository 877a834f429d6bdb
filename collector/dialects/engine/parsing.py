"""Text to numbers and flags, for a whole column; what cannot be read is NaN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

Numbers = npt.NDArray[np.float64]

MAX_COUNT: Final = 10**12
"""No single call has more tokens than this; a larger number is a mistake and is not read."""

FLAGS: Final[Mapping[str, float]] = {"true": 1.0, "1": 1.0, "yes": 1.0, "false": 0.0, "0": 0.0, "no": 0.0}


def parse_numbers(texts: pl.Series) -> Numbers:
    """Return floats; NaN for what is no finite number."""
    numbers = texts.cast(pl.Float64, strict=False).to_numpy(writable=True)
    numbers[np.isinf(numbers)] = np.nan
    return numbers


def parse_counts(texts: pl.Series) -> Numbers:
    """Return whole numbers within reach of a count, negative ones included; NaN for anything else."""
    whole = texts.cast(pl.Int64, strict=False) if texts.dtype == pl.String else texts
    numbers = parse_numbers(texts if whole.null_count() else whole)
    # A comparison with NaN is false, so what could not be read stays NaN.
    numbers[(np.abs(numbers) > MAX_COUNT) | (numbers != np.rint(numbers))] = np.nan
    return numbers


def parse_flags(texts: pl.Series) -> Numbers:
    """Return 1 for true, 0 for false, NaN for anything else."""
    if texts.dtype != pl.String:
        return parse_numbers(texts)
    return (
        texts.str.to_lowercase()
        .replace_strict(FLAGS, default=None, return_dtype=pl.Float64)
        .to_numpy(writable=True)
    )
