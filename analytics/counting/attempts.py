"""Which calls of a run are another attempt: at the same call, or with another model."""

from __future__ import annotations

from typing import Final

import polars as pl

_SAME: Final = ("run", "above", "step", "subject", "arguments")
"""Steps that agree in these are attempts at one thing."""


def mark_attempts(steps: pl.DataFrame, runs: int) -> pl.DataFrame:
    """Return step, index, is_retry, is_fallback and waited_from (end of the failed attempt) of calls inside runs.

    A retry repeats the same model, or the same tool with equal arguments, after it failed. A fallback calls
    another model right after one failed, at the same place of the run.
    """
    calls = steps.filter(pl.col("run") < runs, pl.col("step") != "agent").sort("start", "index")
    if calls.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    marked = calls.select(
        "step",
        "index",
        "run",
        "start",
        "subject",
        is_retry=pl.col("failed").shift(1).over(_SAME).fill_null(False),
        retried_from=pl.col("end").shift(1).over(_SAME),
        follows_failure=pl.col("failed").shift(1).over("run", "above", "step").fill_null(False),
        other=pl.col("subject") != pl.col("subject").shift(1).over("run", "above", "step"),
        failed_at=pl.col("end").shift(1).over("run", "above", "step"),
    ).with_columns(
        is_fallback=(pl.col("step") == "llm") & pl.col("follows_failure") & pl.col("other").fill_null(False)
    )
    return marked.select(
        "step",
        "index",
        "run",
        "start",
        "is_retry",
        "is_fallback",
        waited_from=pl.when("is_fallback").then("failed_at").when("is_retry").then("retried_from"),
    )


_SCHEMA: Final = {
    "step": pl.String,
    "index": pl.Int64,
    "run": pl.Int64,
    "start": pl.Int64,
    "is_retry": pl.Boolean,
    "is_fallback": pl.Boolean,
    "waited_from": pl.Int64,
}


def add_attempts(rows: pl.DataFrame, attempts: pl.DataFrame, step: str) -> pl.DataFrame:
    """Add is_retry and is_fallback to rows of calls, by their index; outside of runs nothing is known."""
    marks = attempts.filter(pl.col("step") == step).select("index", "is_retry", "is_fallback")
    return rows.join(marks, on="index", how="left", maintain_order="left")
