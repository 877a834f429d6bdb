"""Rows of llm_calls: the span that carries a call's numbers, completed by the other spans that tell of it."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from analytics.counting.spans import TraceSet, rank_context
from analytics.counting.tree import Bools, Ints
from analytics.counting.twins import CLOCK_SLACK_US, RECORD_SLACK_US, STREAM_SLACK_US
from analytics.failures import classify_failed

_MEMBERS: Final = 4
"""Spans per call that are looked at for what the first one lacks."""

_FACTS: Final = (
    "operation",
    "provider",
    "request_model",
    "response_model",
    "response_id",
    "prompt_name",
    "prompt_version",
    "finish_reason",
    "service_tier",
    "streamed",
    "ttft_ms",
    "retries",
    "reported_cost_usd",
    "error_type",
    "status_message",
)
_USAGE: Final = (
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "other_units",
    "usage_source",
    "usage_note",
)
_PARTS: Final = {
    "cache_read_tokens": "input_tokens",
    "cache_write_tokens": "input_tokens",
    "cache_write_1h_tokens": "input_tokens",
    "reasoning_tokens": "output_tokens",
}
"""Parts are taken over from another span where both agree on the whole."""

_OWN: Final = (
    "load_seq",
    "trace_id",
    "span_id",
    "agent",
    "agent_version",
    "status",
    "started_at",
    "duration_ms",
)


def build_calls(spans: TraceSet, call: Ints) -> pl.DataFrame:
    """Return one row per call, in canonical order; `index` is the span that carries its numbers.

    `call` numbers, for each span, the call it tells of; spans of equal number become one row.
    """
    members = _rank_members(spans, call)
    lone = members.filter(pl.col("size") == 1)
    shared = members.filter(pl.col("size") > 1)
    rows = _facts_at(spans, lone["index"])
    if not shared.is_empty():
        rows = pl.concat([rows, _complete(spans, shared).select(rows.columns)])
    failed = pl.col("status") == "error"
    rows = (
        _take_parts_around(spans, rows)
        .sort("index")
        .with_columns(
            error_type=pl.when(failed).then(pl.col("error_type")),
            status_message=pl.when(failed).then(pl.col("status_message")),
        )
    )
    return rows.with_columns(failure_class=classify_failed(rows))


def _rank_members(spans: TraceSet, call: Ints) -> pl.DataFrame:
    """Spans of each call, best first: in a run, with usage, reported, consistent, complete, innermost, more input."""
    index = np.flatnonzero(call < spans.size)
    number = call[index]
    context = rank_context(spans)[index]
    facts = spans.frame.select("usage_source", "usage_note", "input_tokens", "output_tokens", *_PARTS)[index]
    quality = facts.select(
        (pl.col("usage_source").fill_null("reported") != "estimated").cast(pl.Int64) * 32
        + (pl.col("usage_note").fill_null("") != "inconsistent").cast(pl.Int64) * 16
        + pl.sum_horizontal(pl.col("input_tokens", "output_tokens").fill_null(0) > 0).cast(pl.Int64) * 5
        + pl.sum_horizontal(pl.col(*_PARTS).fill_null(0) > 0).cast(pl.Int64)
    ).to_series()
    order = np.lexsort(
        (
            index,
            -facts["input_tokens"].fill_null(0).to_numpy(),
            -spans.tree.depth[index],
            -quality.to_numpy(),
            ~spans.has_usage[index],
            -context,
            number,
        )
    )
    number = number[order]
    first = np.flatnonzero(np.append(True, number[1:] != number[:-1])[: len(number)])
    size = np.diff(np.append(first, len(number)))
    return pl.DataFrame(
        {
            "index": index[order],
            "call": number,
            "rank": np.arange(len(number)) - np.repeat(first, size),
            "size": np.repeat(size, size),
        }
    )


def _facts_at(spans: TraceSet, index: pl.Series) -> pl.DataFrame:
    frame = spans.frame.select(*_OWN, *_FACTS, *_USAGE)
    return frame[index].with_columns(index=index.cast(pl.Int64))


def _complete(spans: TraceSet, shared: pl.DataFrame) -> pl.DataFrame:
    """One row per call of several spans: the best one's, filled up from the next ones."""
    spans_of = shared.filter(pl.col("rank") < _MEMBERS).pivot("rank", index="call", values="index")
    others = spans_of.columns[2:]
    base = _facts_at(spans, spans_of["0"])
    next_ones = [_facts_of(spans, spans_of[name]) for name in others]
    base = _take_usage(base, next_ones)
    base = _take_parts(base, next_ones)
    base = base.with_columns(
        _settle_status(base, next_ones),
        *(pl.coalesce(base[name], *(other[name] for other in next_ones)).alias(name) for name in _FACTS),
    )
    return _take_times(spans, base, shared)


def _facts_of(spans: TraceSet, index: pl.Series) -> pl.DataFrame:
    frame = spans.frame.select("status", *_FACTS, *_USAGE)
    return pl.DataFrame({name: frame[name].gather(index) for name in frame.columns})


def _take_usage(base: pl.DataFrame, others: list[pl.DataFrame]) -> pl.DataFrame:
    """Without usage of its own (a twin in a poorer trace has it) the row takes all of the next span's."""
    for other in others:
        silent = (
            base["input_tokens"].is_null() & base["output_tokens"].is_null() & base["other_units"].is_null()
        )
        if not silent.any():
            break
        base = base.with_columns(
            pl.when(silent).then(other[name]).otherwise(base[name]).alias(name) for name in _USAGE
        )
    return base


def _take_parts(base: pl.DataFrame, others: list[pl.DataFrame]) -> pl.DataFrame:
    """Take over parts that the others know better, as long as they fit into the whole together."""
    for other in others:
        taken = base.select(
            pl.when(base[whole] == other[whole])
            .then(pl.max_horizontal(base[part], other[part]))
            .otherwise(base[part])
            .alias(part)
            for part, whole in _PARTS.items()
        )
        cached = pl.col("cache_read_tokens").fill_null(0) + pl.col("cache_write_tokens").fill_null(0)
        fits = taken.select(
            (cached <= base["input_tokens"])
            & (pl.col("cache_write_1h_tokens").fill_null(0) <= pl.col("cache_write_tokens").fill_null(0))
            & (pl.col("reasoning_tokens").fill_null(0) <= base["output_tokens"].fill_null(0))
        ).to_series()
        base = base.with_columns(
            pl.when(fits).then(taken[part]).otherwise(base[part]).alias(part) for part in _PARTS
        )
    return base


def _take_parts_around(spans: TraceSet, rows: pl.DataFrame) -> pl.DataFrame:
    """Take over parts that only the chain around a call tells, by its state, or the provider's raw request below."""
    index = rows["index"].to_numpy()
    telling = spans.is_chain & spans.has_usage
    if telling.any():
        above, beside = spans.tree.nearest(telling)[index], _chains_beside(spans, index, telling)
        rows = _take_parts(
            rows, [_facts_of(spans, _places(places, spans.size)) for places in (above, beside)]
        )
    raw = spans.has_usage & (spans.frame["kind"] == "other").to_numpy()
    raw &= np.append(spans.is_call, False)[spans.tree.parent]
    if raw.any():
        below = np.full(spans.size, spans.size)
        below[spans.tree.parent[raw]] = np.flatnonzero(raw)
        rows = _take_parts(rows, [_facts_of(spans, _places(below[index], spans.size))])
    return rows


def _chains_beside(spans: TraceSet, index: Ints, telling: Bools) -> Ints:
    """The chain of equal counts that ends first after each call: it is around the call, or reads its answer.

    It stands in the trace of the call, or in another one when the call stands alone.
    """
    is_lonely = pl.Series(rank_context(spans)[index] == 0)
    calls, chains = (
        spans.frame.select("service", "input_tokens", "output_tokens")[places].with_columns(
            trace=pl.Series(spans.trace[places]),
            begin=pl.Series(spans.started_us[places]),
            end=pl.Series(spans.ended_us[places]),
            place=pl.Series(places, dtype=pl.Int64),
        )
        for places in (index, np.flatnonzero(telling))
    )
    found = (
        calls.with_row_index("call")
        .with_columns(is_lonely=is_lonely, after=pl.col("end") - CLOCK_SLACK_US)
        .sort("after", "place")
        .join_asof(
            chains.with_columns(after="end").sort("after", "place"),
            on="after",
            by=["service", "input_tokens", "output_tokens"],
            strategy="forward",
            suffix="_chain",
            check_sortedness=False,
        )
        .filter(
            (pl.col("trace") != pl.col("trace_chain")) == pl.col("is_lonely"),
            # A stream's span may end long before its answer is read.
            pl.col("begin_chain")
            <= pl.col("end") + pl.when("is_lonely").then(RECORD_SLACK_US).otherwise(STREAM_SLACK_US),
        )
    )
    places = np.full(len(index), spans.size)
    places[found["call"].to_numpy()] = found["place_chain"].to_numpy()
    return places


def _places(index: Ints, none: int) -> pl.Series:
    return pl.Series(index, dtype=pl.Int64).replace(none, None)


def _settle_status(base: pl.DataFrame, others: list[pl.DataFrame]) -> pl.Expr:
    """A span that set no status and has no usage failed when another view of the same call says so."""
    silent = (base["status"] == "unset") & base["output_tokens"].is_null()
    any_error = others[0]["status"].eq_missing("error")
    for other in others[1:]:
        any_error = any_error | other["status"].eq_missing("error")
    return pl.when(silent & any_error).then(pl.lit("error")).otherwise(base["status"]).alias("status")


def _take_times(spans: TraceSet, rows: pl.DataFrame, shared: pl.DataFrame) -> pl.DataFrame:
    """An agent that stands in, or a record without length, has the times of the call's longest model span."""
    length = np.where(spans.is_call, spans.ended_us - spans.started_us, 0)
    measured = shared.with_columns(length=pl.Series(length).gather(shared["index"]))
    longest = (
        measured.sort("length", "index", descending=[True, False])
        .unique("call", keep="first", maintain_order=True)
        .select("call", "length", timed_by="index")
    )
    first = shared.filter(pl.col("rank") == 0).select("call", "index")
    timed = rows.join(first, on="index", how="left", maintain_order="left").join(
        longest, on="call", how="left", maintain_order="left"
    )
    own = pl.Series(np.where(length > 0, True, False)).gather(timed["index"])
    use = ~own & (timed["length"] > 0)
    times = spans.frame.select("started_at", "duration_ms")
    return timed.with_columns(
        pl.when(use).then(times[name].gather(timed["timed_by"])).otherwise(timed[name]).alias(name)
        for name in times.columns
    )
