"""Columns of facts that are filled from sparse readings, the first reading of a row winning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.dialects.engine.index import AttributeIndex, Mask, Positions
from collector.dialects.engine.parsing import Numbers, parse_counts, parse_flags, parse_numbers
from collector.fields import COUNT_FIELDS, FLAG_FIELDS, NUMBER_FIELDS

PARSERS: Final[Mapping[str, Callable[[pl.Series], Numbers]]] = {
    **dict.fromkeys(COUNT_FIELDS, parse_counts),
    **dict.fromkeys(NUMBER_FIELDS, parse_numbers),
    **dict.fromkeys(FLAG_FIELDS, parse_flags),
}

MAX_TEXT_BYTES: Final = 4096
"""Longer names and ids than this are cut: a fact is a label, content stays in the attributes."""
MAX_TEXT_CHARS: Final = 1024


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found: for some rows a position of a raw value, or a converted value."""

    rows: Positions
    positions: Positions | None = None
    values: pl.Series | None = None
    exclusive: Mask | bool = False


class TextPool:
    """Every text a fact can be: the attributes' values, one null, and texts that readers converted."""

    def __init__(self, index: AttributeIndex, *, limit: int | None = MAX_TEXT_BYTES) -> None:
        self._limit = limit
        self._pieces = [index.values, pl.Series("", [None], dtype=pl.String)]
        self._lengths = [index.lengths, np.zeros(1, dtype=np.int64)]
        self._size = len(index.values) + 1
        self._joined: tuple[int, pl.Series, npt.NDArray[np.int64]] | None = None
        self.null_position = len(index.values)

    def add(self, texts: pl.Series, lengths: npt.NDArray[np.int64]) -> int:
        """Take in texts; return the position of the first."""
        first = self._size
        self._pieces.append(texts.alias(""))
        self._lengths.append(lengths)
        self._size += len(texts)
        return first

    def texts_at(self, positions: Positions) -> pl.Series:
        """Return the texts at positions, cut to a label's length unless the pool is for content."""
        if self._joined is None or self._joined[0] != self._size:
            self._joined = (self._size, pl.concat(self._pieces, rechunk=True), np.concatenate(self._lengths))
        _, pool, lengths = self._joined
        texts = pool[positions]
        if self._limit is None:
            return texts
        is_long = lengths[positions] > self._limit
        return (
            texts.zip_with(pl.Series(~is_long), texts.str.slice(0, MAX_TEXT_CHARS))
            if is_long.any()
            else texts
        )


@dataclass(slots=True)
class TextColumn:
    """A text fact: a position in the pool for each row."""

    index: AttributeIndex
    pool: TextPool
    filled: Mask = field(init=False)
    _take: Positions = field(init=False)

    def __post_init__(self) -> None:
        self.filled = self.index.empty_mask()
        self._take = np.full(self.index.row_count, self.pool.null_position, dtype=np.int64)

    def fill(self, reading: Reading) -> None:
        """Take over a reading whose rows are still open; a reading without any value closes them."""
        if reading.positions is not None:
            self._take[reading.rows] = reading.positions
            self.filled[reading.rows] = True
            return
        if reading.values is None:
            self.filled[reading.rows] = True
            return
        texts = reading.values.cast(pl.String)
        lengths = texts.str.len_bytes().cast(pl.Int64).fill_null(0).to_numpy()
        usable = lengths > 0
        rows = reading.rows[usable]
        self._take[rows] = self.pool.add(texts, lengths) + np.flatnonzero(usable)
        self.filled[rows] = True

    def is_empty(self) -> bool:
        """Whether no row has a text."""
        return not (self._take != self.pool.null_position).any()

    def finish(self, name: str) -> pl.Series:
        """Return the column, null where nothing was read."""
        if self.is_empty():
            return empty_texts(name, self.index.row_count)
        return self.pool.texts_at(self._take).alias(name)


def empty_texts(name: str, count: int) -> pl.Series:
    """Return a text column without any value."""
    return pl.Series(name, [None], dtype=pl.String).new_from_index(0, count)


@dataclass(slots=True)
class ValueColumn:
    """A fact that is a number or a flag."""

    index: AttributeIndex
    parse: Callable[[pl.Series], Numbers]
    filled: Mask = field(init=False)
    values: Numbers = field(init=False)
    exclusive: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.filled = self.index.empty_mask()
        self.exclusive = self.index.empty_mask()
        self.values = np.zeros(self.index.row_count, dtype=np.float64)

    def fill(self, reading: Reading) -> None:
        """Take over a reading whose rows are still open; values that do not parse leave them open.

        A reading without any value closes its rows.
        """
        if reading.positions is not None:
            numbers = self.parse(self.index.texts_at(reading.positions))
        elif reading.values is not None:
            numbers = self.parse(reading.values)
        else:
            self.values[reading.rows] = np.nan
            self.filled[reading.rows] = True
            return
        usable = ~np.isnan(numbers)
        rows = reading.rows[usable]
        self.values[rows] = numbers[usable]
        self.filled[rows] = True
        if reading.exclusive is not False:
            self.exclusive[rows] = True if reading.exclusive is True else reading.exclusive[rows]

    def finish(self, name: str, dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
        """Return the column, null where nothing was read."""
        return pl.Series(name, np.where(self.filled, self.values, np.nan), nan_to_null=True).cast(dtype)
