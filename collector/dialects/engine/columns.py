"""Columns of facts that are filled from sparse readings, the first reading of a row winning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.dialects.engine.index import AttributeIndex, Mask, Positions
from collector.dialects.engine.parsing import parse_booleans, parse_counts, parse_numbers

TEXT_FIELDS: Final = (
    "tenant", "agent", "agent_version", "purpose", "status_message", "error_type", "session_id", "user_id",
    "workflow", "operation", "provider", "request_model", "response_model", "response_id", "prompt_name",
    "prompt_version", "finish_reason", "service_tier", "tool", "tool_call_id", "outcome", "outcome_reason",
    "usage_source", "environment",
)  # fmt: skip
COUNT_FIELDS: Final = (
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_5m_tokens",
    "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "uncached_input_tokens", "retries",
)  # fmt: skip
NUMBER_FIELDS: Final = ("duration_ms", "ttft_ms", "confidence", "feedback", "reported_cost_usd")
FLAG_FIELDS: Final = ("streamed",)
FIELDS: Final = frozenset(TEXT_FIELDS + COUNT_FIELDS + NUMBER_FIELDS + FLAG_FIELDS)

PARSERS: Final[Mapping[str, Callable[[pl.Series], pl.Series]]] = {
    **dict.fromkeys(COUNT_FIELDS, parse_counts),
    **dict.fromkeys(NUMBER_FIELDS, parse_numbers),
    **dict.fromkeys(FLAG_FIELDS, parse_booleans),
}

MAX_TEXT_CHARS: Final = 2048
"""Longer names and ids than this are cut: a fact is a label, content stays in the attributes."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found: for some rows a position of a raw value, or a converted value."""

    rows: Positions
    positions: Positions | None = None
    values: pl.Series | None = None
    exclusive: Mask | bool = False


@dataclass(slots=True)
class TextColumn:
    """A text fact: an index into the pool of attribute values, span names and converted texts."""

    index: AttributeIndex
    filled: Mask = field(init=False)
    _take: npt.NDArray[np.int64] = field(init=False)
    _extras: list[pl.Series] = field(init=False, default_factory=list[pl.Series])
    _extra_count: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.filled = self.index.empty_mask()
        self._take = np.full(self.index.row_count, -1, dtype=np.int64)

    def fill(self, reading: Reading) -> None:
        """Take over a reading whose rows are still open; a reading without any value closes them."""
        if reading.positions is not None:
            self._take[reading.rows] = reading.positions
            self.filled[reading.rows] = True
            return
        if reading.values is None:
            self.filled[reading.rows] = True
            return
        values = reading.values
        usable = (values.is_not_null() & (values.str.len_bytes() > 0)).fill_null(value=False).to_numpy()
        rows = reading.rows[usable]
        if not len(rows):
            return
        offset = len(self.index.values) + self._extra_count
        self._take[rows] = offset + np.arange(len(rows))
        self.filled[rows] = True
        self._extras.append(values.filter(pl.Series(usable)))
        self._extra_count += len(rows)

    def finish(self, name: str) -> pl.Series:
        """Return the column, null where nothing was read."""
        if not self.filled.any():
            return pl.Series(name, [None], dtype=pl.String).new_from_index(0, self.index.row_count)
        pool = pl.concat([self.index.values, *self._extras]) if self._extras else self.index.values
        places = pl.Series(self._take)
        column = pool.gather(places.set(places < 0, None)).alias(name)
        if (column.str.len_bytes().max() or 0) > MAX_TEXT_CHARS:  # type: ignore[operator]
            column = column.str.slice(0, MAX_TEXT_CHARS)
        return column


@dataclass(slots=True)
class ValueColumn:
    """A fact that is a number or a flag."""

    index: AttributeIndex
    parse: Callable[[pl.Series], pl.Series]
    filled: Mask = field(init=False)
    values: npt.NDArray[np.float64] = field(init=False)
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
            parsed = self.parse(self.index.values.gather(reading.positions))
        elif reading.values is not None:
            parsed = self.parse(reading.values)
        else:
            self.values[reading.rows] = np.nan
            self.filled[reading.rows] = True
            return
        usable = parsed.is_not_null().to_numpy()
        rows = reading.rows[usable]
        self.values[rows] = parsed.drop_nulls().cast(pl.Float64).to_numpy()
        self.filled[rows] = True
        if reading.exclusive is not False:
            self.exclusive[rows] = True if reading.exclusive is True else reading.exclusive[rows]

    def finish(self, name: str, dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
        """Return the column, null where nothing was read."""
        column = pl.Series(name, self.values)
        return column.set(pl.Series(~self.filled | np.isnan(self.values)), None).cast(dtype)
