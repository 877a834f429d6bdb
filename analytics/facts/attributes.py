"""Declared attributes as dimensions of runs and calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

from analytics.counting import Counted

if TYPE_CHECKING:
    from store import Store

_PAIRS: Final = pl.List(pl.Struct({"key": pl.String, "value": pl.String}))


def add_dimensions(store: Store, counted: Counted, spans: pl.DataFrame, declared: Sequence[str]) -> Counted:
    """Add `dimensions`: what the declared attributes say on the call's span, else in its run.

    A run has what its own span says, else the earliest of its spans that says something; nothing declared costs
    nothing.
    """
    if not declared or spans.is_empty():
        return counted
    said = _read_said(store, spans, declared)
    if said.is_empty():
        return counted
    of_runs = _choose(said, _runs_of(counted), counted.runs)
    by_run = _pair(of_runs, ["run_id"])
    return replace(
        counted,
        runs=counted.runs.join(by_run, on="run_id", how="left", maintain_order="left"),
        llm_calls=_of_calls(counted.llm_calls, said, of_runs),
        tool_calls=_of_calls(counted.tool_calls, said, of_runs),
    )


def _read_said(store: Store, spans: pl.DataFrame, declared: Sequence[str]) -> pl.DataFrame:
    """Return trace_id, span_id, key, value and when the span began."""
    said = store.select(
        "facts/declared_attributes",
        {"first": spans["load_seq"].min(), "last": spans["load_seq"].max()},
        {"declared": pl.DataFrame({"name": list(declared)}), "asked": spans.select("trace_id").unique()},
    ).rename({"attribute_key": "key", "attribute_value": "value"})
    begun = spans.group_by("trace_id", "span_id").agg(pl.col("started_at").min())
    ids = ["trace_id", "span_id"]
    return said.unique([*ids, "key"], keep="first", maintain_order=True).join(begun, on=ids, how="inner")


def _runs_of(counted: Counted) -> pl.DataFrame:
    """Return run_id by span, where a trace has several runs; span_id null stands for all spans of a sole run."""
    sole = counted.runs.filter("is_sole").select(
        "trace_id", pl.lit(None, pl.String).alias("span_id"), "run_id"
    )
    return pl.concat([counted.run_spans.select("trace_id", "span_id", "run_id"), sole])


def _choose(said: pl.DataFrame, runs_of: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """Return run_id, key and value."""
    sole = runs_of.filter(pl.col("span_id").is_null()).select("trace_id", sole_run="run_id")
    placed = (
        said.join(runs_of, on=["trace_id", "span_id"], how="left")
        .join(sole, on="trace_id", how="left")
        .with_columns(run_id=pl.coalesce("run_id", "sole_run"))
        .filter(pl.col("run_id").is_not_null())
        .join(runs.select("run_id", "root_span_id"), on="run_id", how="left")
    )
    ordered = placed.sort(pl.col("span_id") != pl.col("root_span_id"), "started_at", "span_id")
    return ordered.unique(["run_id", "key"], keep="first", maintain_order=True).select(
        "run_id", "key", "value"
    )


def _of_calls(calls: pl.DataFrame, said: pl.DataFrame, of_runs: pl.DataFrame) -> pl.DataFrame:
    ids = ["trace_id", "span_id"]
    keys = calls.select(*ids, "run_id")
    own = keys.join(said.select(*ids, "key", "value"), on=ids, how="inner")
    inherited = keys.join(of_runs, on="run_id", how="inner")
    known = pl.concat([own, inherited.select(own.columns)]).unique(
        [*ids, "key"], keep="first", maintain_order=True
    )
    return calls.join(_pair(known, ids), on=ids, how="left", maintain_order="left")


def _pair(known: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return one row per key of `by` with its keys and values, in the order of the keys."""
    pairs = known.sort("key").group_by(by).agg(dimensions=pl.struct("key", "value"))
    return pairs.with_columns(pl.col("dimensions").cast(_PAIRS))
