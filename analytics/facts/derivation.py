"""Rows of the fact tables of touched traces, and what they replace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from analytics.counting import Counted, count_traces
from analytics.facts.aliases import trace_aliases
from analytics.facts.attributes import add_dimensions
from analytics.facts.counters import mute_counters
from analytics.facts.judgements import collect_scores
from analytics.facts.reading import Touched
from analytics.facts.said import add_said
from analytics.facts.texts import add_texts_of_calls
from analytics.pricing import price_calls, price_tools
from store.port import Replacement, lie_within

if TYPE_CHECKING:
    from analytics.pricing import PriceBook
    from store import Store

_UNPRICED: Final = ("partial", "unpriced_model", "no_usage", "inconsistent")
_KEYS: Final = ("trace_id", "span_id", "started_at")
_NO_KEYS: Final = {"trace_id": pl.String, "span_id": pl.String, "started_at": pl.Datetime("us")}


@dataclass(frozen=True, slots=True)
class Past:
    """What was derived of the same traces before."""

    runs: pl.DataFrame
    llm_calls: pl.DataFrame
    tool_calls: pl.DataFrame


def derive_facts(
    store: Store, touched: Touched, book: PriceBook, declared: Sequence[str] = ()
) -> tuple[list[Replacement], dict[str, pl.DataFrame]]:
    """Return what to replace and what to append so that the fact tables hold the touched traces as they are now.

    `declared` names the attributes that are kept as dimensions.
    """
    counted = _mark_pieces(count_traces(mute_counters(store, touched.spans)), touched)
    counted = add_texts_of_calls(store, touched, counted)
    counted = add_dimensions(store, counted, touched.spans, declared)
    calls = price_calls(counted.llm_calls, book)
    tools = price_tools(counted.tool_calls, book.tools)
    past = _read_past(store, touched)
    aliases = trace_aliases(store, touched, past.runs, counted)
    runs = add_said(store, add_costs(counted.runs, calls, tools), aliases)
    of_pieces = touched.spans.join(touched.in_pieces, on="trace_id", how="semi").select(*_KEYS)
    llm_keys, tool_keys = (pl.concat([keys, of_pieces]) for keys in (past.llm_calls, past.tool_calls))
    pieces = runs.join(touched.in_pieces, on="trace_id", how="semi").select("run_id")
    scores = collect_scores(store, touched, counted, aliases)
    several = past.runs.filter(~pl.col("is_sole")).select("trace_id").unique()
    replacements = [
        Replacement(
            "llm_calls", keys=llm_keys, rows=calls, within=lie_within("started_at", llm_keys["started_at"])
        ),
        Replacement(
            "tool_calls", keys=tool_keys, rows=tools, within=lie_within("started_at", tool_keys["started_at"])
        ),
        Replacement("runs", keys=pieces, rows=runs.clear()),
        Replacement(
            "runs",
            keys=past.runs.select("run_id", "started_at"),
            rows=runs,
            within=lie_within("started_at", past.runs["started_at"]),
        ),
        Replacement("run_spans", keys=several, rows=counted.run_spans),
        *aliases.replacements(),
        *scores,
        _without_runs(store, touched, runs),
    ]
    appends = {
        "touched_sessions": _touched_sessions(past.runs, runs, touched.last_load),
        "touched_hours": _touched_hours(
            past, Counted(calls, tools, runs, counted.run_spans), touched.last_load
        ),
    }
    return replacements, appends


def _without_runs(store: Store, touched: Touched, runs: pl.DataFrame) -> Replacement:
    """Keep note of traces in which nothing is counted, so that a span that changes this finds them."""
    noted = pl.DataFrame(schema={"trace_id": pl.String})
    if not touched.known.is_empty():
        noted = store.select(
            "facts/old_without_runs", {"first": touched.first_load}, {"asked": touched.known}
        )
    without = (
        touched.spans.join(runs, on="trace_id", how="anti")
        .join(touched.in_pieces, on="trace_id", how="anti")
        .group_by("trace_id")
        .agg(load_seq=pl.col("load_seq").max(), first_load=pl.col("load_seq").min())
    )
    return Replacement(
        "traces_without_runs", keys=noted, rows=without.select("load_seq", "first_load", "trace_id")
    )


def _mark_pieces(counted: Counted, touched: Touched) -> Counted:
    """No piece of a trace has the only run of it."""
    if touched.in_pieces.is_empty():
        return counted
    whole = ~pl.col("trace_id").is_in(touched.in_pieces["trace_id"].implode())
    return replace(counted, runs=counted.runs.with_columns(is_sole=pl.col("is_sole") & whole))


def add_costs(runs: pl.DataFrame, calls: pl.DataFrame, tools: pl.DataFrame) -> pl.DataFrame:
    """Add what the model and tool calls of each run cost together; null when none is priced."""
    columns = ("run_id", "cost_usd", "is_unpriced")
    parts = [
        calls.with_columns(is_unpriced=pl.col("cost_status").is_in(_UNPRICED)).select(columns),
        # What no price is known for may well be free: most tools are the application's own.
        tools.with_columns(is_unpriced=pl.lit(False)).select(columns),
    ]
    priced = pl.col("cost_usd").is_not_null()
    costs = (
        pl.concat(parts)
        .filter(pl.col("run_id").is_not_null())
        .group_by("run_id")
        .agg(
            cost_usd=pl.when(priced.any()).then(pl.col("cost_usd").cast(pl.Decimal(38, 12)).sum()),
            unpriced_calls=pl.col("is_unpriced").sum().cast(pl.Int64),
        )
    )
    return runs.join(costs, on="run_id", how="left", maintain_order="left").with_columns(
        pl.col("unpriced_calls").fill_null(0)
    )


def _read_past(store: Store, touched: Touched) -> Past:
    frames, bounds = {"asked": touched.known}, {"first": touched.first_load}
    if touched.known.is_empty():
        keys = pl.DataFrame(schema=_NO_KEYS)
        runs = pl.DataFrame(
            schema={
                "run_id": pl.String,
                "trace_id": pl.String,
                "root_span_id": pl.String,
                "is_sole": pl.Boolean,
                "session_id": pl.String,
                "started_at": pl.Datetime("us"),
            }
        )
        return Past(runs, keys, keys)
    return Past(
        runs=store.select("facts/old_runs", bounds, frames),
        llm_calls=store.select("facts/old_llm_calls", bounds, frames).select(*_KEYS),
        tool_calls=store.select("facts/old_tool_calls", bounds, frames).select(*_KEYS),
    )


def _touched_sessions(old: pl.DataFrame, new: pl.DataFrame, load_seq: int) -> pl.DataFrame:
    changed = pl.concat(
        [rows.select("started_at", session_id=pl.coalesce("session_id", "run_id")) for rows in (old, new)]
    )
    sessions = changed.group_by("session_id").agg(pl.col("started_at").min())
    return sessions.select(pl.lit(load_seq, pl.Int64).alias("load_seq"), "session_id", "started_at")


def _touched_hours(old: Past, new: Counted, load_seq: int) -> pl.DataFrame:
    by_subject = {
        "run": (old.runs, new.runs),
        "llm_call": (old.llm_calls, new.llm_calls),
        "tool_call": (old.tool_calls, new.tool_calls),
    }
    hours = [
        rows.select(subject=pl.lit(subject), hour_at=pl.col("started_at").dt.truncate("1h"))
        for subject, pair in by_subject.items()
        for rows in pair
    ]
    return pl.concat(hours).unique().with_columns(load_seq=pl.lit(load_seq, pl.Int64))
