"""Values per bin of a window, as plain lists: charts and tiles look at them many times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

Bins = Sequence[float | None]
"""A value per bin; None where there is none, or none that is a number."""
Parts = Mapping[str | None, Bins]
"""Bins for each part of what is shown, None for those without a name."""


def spread(frame: pl.DataFrame, column: str, bins: int) -> list[float]:
    """Return the sum of a column per bin, 0 for a bin without rows."""
    sums = [0.0] * bins
    for index, value in zip(frame["bin"].to_list(), frame[column].to_list(), strict=True):
        if 0 <= index < bins and value is not None:
            sums[index] += float(value)
    return sums


def spread_by(frame: pl.DataFrame, by: str, column: str, bins: int, *, first: int = 0) -> Parts:
    """Return the sum of a column per bin from number `first` on, by `by`; a part without any value has no bins."""
    sums: dict[str | None, list[float]] = {}
    rows = zip(frame["bin"].to_list(), frame[by].to_list(), frame[column].to_list(), strict=True)
    for number, part, value in rows:
        index = number - first
        if 0 <= index < bins and value is not None:
            sums.setdefault(part, [0.0] * bins)[index] += float(value)
    return sums


def add_up(parts: Parts) -> list[float | None]:
    """Return the sum of all parts per bin; None where no part has a value.

    >>> add_up({"a": [1.0, None, None], None: [2.0, 1.0, None]})
    [3.0, 1.0, None]
    """
    columns = zip(*parts.values(), strict=True)
    known = ([value for value in column if value is not None] for column in columns)
    return [sum(values) if values else None for values in known]


def total(parts: Parts, *names: str) -> float:
    """Return the sum of all bins of some parts, of all parts where none is named."""
    chosen = [parts[name] for name in names if name in parts] if names else parts.values()
    return sum(value or 0.0 for bins in chosen for value in bins)


def divide(numerators: Bins, denominators: Bins) -> list[float | None]:
    """Return quotients, None where the divisor is 0 or nothing is known.

    >>> divide([1.0, 1.0, None], [2.0, 0.0, 1.0])
    [0.5, None, None]
    """
    pairs = zip(numerators, denominators, strict=True)
    return [part / whole if part is not None and whole else None for part, whole in pairs]
