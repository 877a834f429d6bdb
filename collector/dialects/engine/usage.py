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
    all parts. What no reading explains keeps its numbers and is noted as inconsistent; a negative count is dropped, and
    so is an input of nothing that was answered: it was not told.
    """
    impossible = _drop_negative(counts)
    _sum_cache_writes(counts)
    sums, output = counts["input_tokens"], counts["output_tokens"]
    sent_input, sent_output = sums.values.copy(), output.values.copy()
    added = _add_cached_input(counts)
    _add_reasoning(counts, sent_input, exclusive_output=exclusive_output, is_google=is_google)
    if hidden_cache is not None:
        added |= _add_hidden_cache(counts, sent_output, hidden_cache)
    sums.filled &= ~((sums.values == 0) & (output.values > 0))
    impossible |= output.filled & (counts["reasoning_tokens"].values > output.values)
    impossible |= counts["cache_write_1h_tokens"].values > counts["cache_write_tokens"].values
    sums.values[impossible] = sent_input[impossible]
    output.values[impossible] = sent_output[impossible]
    return _present(counts, added, impossible)


def _drop_negative(counts: Mapping[str, ValueColumn]) -> Mask:
    impossible = np.zeros_like(counts["input_tokens"].filled)
    for column in counts.values():
        negative = column.filled & (column.values < 0)
        impossible |= negative
        column.filled &= ~negative
        column.values[~column.filled] = 0.0
    return impossible


def _cached(counts: Mapping[str, ValueColumn]) -> Numbers:
    return counts["cache_read_tokens"].values + counts["cache_write_tokens"].values


def _has_total(counts: Mapping[str, ValueColumn]) -> Mask:
    return counts["input_tokens"].filled & counts["output_tokens"].filled & counts["total_tokens"].filled


def _add_cached_input(counts: Mapping[str, ValueColumn]) -> Mask:
    """Add cached parts where they are beside the input; return where."""
    sums, uncached, cached = counts["input_tokens"], counts["uncached_input_tokens"], _cached(counts)
    total = counts["total_tokens"].values
    proved = (
        sums.exclusive
        | (sums.values < cached)
        | (_has_total(counts) & (total == sums.values + cached + counts["output_tokens"].values))
        | (uncached.filled & (uncached.values == sums.values))
    )
    adds = sums.filled & (cached > 0) & proved
    sums.values[adds] += cached[adds]
    return adds


def _add_reasoning(
    counts: Mapping[str, ValueColumn],
    sent_input: Numbers,
    *,
    exclusive_output: Mask | None,
    is_google: Mask | None,
) -> None:
    """Add reasoning where it is beside the output."""
    sums, output, reasoning = (counts[f"{name}_tokens"] for name in ("input", "output", "reasoning"))
    total = counts["total_tokens"].values
    if is_google is not None:
        _find_thoughts(counts, is_google)
    beside = output.exclusive | (
        _has_total(counts)
        & (total != sent_input + _cached(counts) + output.values)
        & (total == sums.values + output.values + reasoning.values)
    )
    if exclusive_output is not None:
        beside |= exclusive_output
    if is_google is not None:
        beside |= is_google & (output.values < reasoning.values)
    adds = output.filled & (reasoning.values > 0) & beside
    output.values[adds] += reasoning.values[adds]


def _find_thoughts(counts: Mapping[str, ValueColumn], is_google: Mask) -> None:
    """Read thoughts that no part names off Gemini's total, which is prompt, candidates and thoughts."""
    reasoning, total = counts["reasoning_tokens"], counts["total_tokens"].values
    rest = total - counts["input_tokens"].values - counts["output_tokens"].values
    hidden = is_google & _has_total(counts) & ~reasoning.filled & (rest > 0)
    reasoning.values[hidden] = rest[hidden]
    reasoning.filled |= hidden


def _add_hidden_cache(counts: Mapping[str, ValueColumn], sent_output: Numbers, hidden: Mask) -> Mask:
    """Read the input off a total that holds cached tokens which no part names; return where."""
    sums, total = counts["input_tokens"], counts["total_tokens"].values
    adds = (
        _has_total(counts)
        & hidden
        & (_cached(counts) == 0)
        & (total > sums.values + counts["output_tokens"].values)
    )
    sums.values[adds] = total[adds] - sent_output[adds]
    return adds


def _sum_cache_writes(counts: Mapping[str, ValueColumn]) -> None:
    """Fill cache writes from their 5-minute and 1-hour parts where the sum was not sent, or is 0 beside them."""
    whole, short, long = (counts[f"cache_write{part}_tokens"] for part in ("", "_5m", "_1h"))
    summed = (whole.values == 0) & (short.filled | long.filled)
    whole.values[summed] = short.values[summed] + long.values[summed]
    whole.filled |= summed


def _present(counts: Mapping[str, ValueColumn], added: Mask, impossible: Mask) -> Usage:
    columns = {name: counts[name].finish(name, pl.Int64) for name in TOKEN_FIELDS}
    present = np.logical_or.reduce(
        [counts[name].filled & ~np.isnan(counts[name].values) for name in TOKEN_FIELDS]
    )
    codes = np.where(impossible, 2, np.where(added, 1, 0)).astype(np.int8)
    note = pl.Series("usage_note", codes).replace_strict(
        [0, 1, 2], [None, "exclusive_input", "inconsistent"], return_dtype=pl.String
    )
    return Usage(columns, note, present)
