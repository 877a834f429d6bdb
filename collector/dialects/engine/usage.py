"""Token counts as the contract means them: input with cached parts, output with reasoning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.dialects.engine.columns import ValueColumn
from collector.dialects.engine.index import Mask

Numbers = npt.NDArray[np.float64]

TOKEN_FIELDS = (
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Usage:
    """The token columns, a note on each row, and which rows have any count."""

    columns: dict[str, pl.Series]
    note: pl.Series
    is_present: Mask


def settle_usage(
    counts: Mapping[str, ValueColumn],
    *,
    exclusive_output: Mask | None,
    is_google: Mask | None,
    hidden_cache: Mask | None,
) -> Usage:
    """Make every count inclusive, by what the emitter is known for and by what the numbers prove.

    Input below cache reads plus writes proves that cached parts are not in it; so does a total that equals the sum of
    all parts. What no reading explains keeps its numbers and is noted as inconsistent; a negative count is dropped.
    """
    impossible = np.zeros_like(counts["input_tokens"].filled)
    for column in counts.values():
        negative = column.filled & (column.values < 0)
        impossible |= negative
        column.filled &= ~negative
        column.values[~column.filled] = 0.0
    _sum_cache_writes(counts)
    value = {name: counts[name].values for name in counts}
    said = {name: counts[name].filled for name in counts}
    parts = value["cache_read_tokens"] + value["cache_write_tokens"]
    both = said["input_tokens"] & said["output_tokens"] & said["total_tokens"]
    sent, total = value["input_tokens"].copy(), value["total_tokens"]
    output, reasoning = value["output_tokens"].copy(), value["reasoning_tokens"]

    whole = both & (total == sent + parts + output)
    adds_input = (
        said["input_tokens"]
        & (parts > 0)
        & (counts["input_tokens"].exclusive | (sent < parts) | (whole & (parts > 0)))
    )
    value["input_tokens"][adds_input] += parts[adds_input]

    lacks = counts["output_tokens"].exclusive.copy()
    if exclusive_output is not None:
        lacks |= exclusive_output
    lacks |= both & ~whole & (total == value["input_tokens"] + output + reasoning)
    if is_google is not None:
        lacks |= is_google & (output < reasoning)
    adds_output = said["output_tokens"] & (reasoning > 0) & lacks
    value["output_tokens"][adds_output] += reasoning[adds_output]

    if hidden_cache is not None:
        hidden = both & hidden_cache & (parts == 0) & (total > value["input_tokens"] + output)
        value["input_tokens"][hidden] = total[hidden] - output[hidden]
        adds_input |= hidden
    impossible |= said["output_tokens"] & (reasoning > value["output_tokens"])
    impossible |= value["cache_write_1h_tokens"] > value["cache_write_tokens"]
    value["input_tokens"][impossible] = sent[impossible]
    value["output_tokens"][impossible] = output[impossible]
    return _present(counts, adds_input, impossible)


def _sum_cache_writes(counts: Mapping[str, ValueColumn]) -> None:
    """Fill cache writes from their 5-minute and 1-hour parts where the sum was not sent."""
    whole, short, long = (counts[f"cache_write{part}_tokens"] for part in ("", "_5m", "_1h"))
    summed = ~whole.filled & (short.filled | long.filled)
    whole.values[summed] = short.values[summed] + long.values[summed]
    whole.filled |= summed


def _present(counts: Mapping[str, ValueColumn], added: Mask, impossible: Mask) -> Usage:
    columns = {name: counts[name].finish(name, pl.Int64) for name in TOKEN_FIELDS}
    present = np.logical_or.reduce([counts[name].filled for name in TOKEN_FIELDS])
    codes = np.where(impossible, 2, np.where(added, 1, 0)).astype(np.int8)
    note = pl.Series("usage_note", codes).replace_strict(
        [0, 1, 2], [None, "exclusive_input", "inconsistent"], return_dtype=pl.String
    )
    return Usage(columns, note, present)
