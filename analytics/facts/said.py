"""What was said of runs when they were over, by API, file or review: users' feedback, and outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from analytics.counting.outcomes import TRANSLATED

if TYPE_CHECKING:
    from analytics.facts.aliases import Aliases
    from store import Store

_OUTCOMES: Final = {**TRANSLATED, "failed": "failure"}


def add_said(store: Store, runs: pl.DataFrame, aliases: Aliases) -> pl.DataFrame:
    """Return the runs with the last feedback and the last outcome that were told of them from elsewhere.

    These count before what a run's own spans said, as they do for its case.
    """
    said = store.select("facts/said_of_runs", frames={"asked": runs.select("trace_id").unique()})
    if said.is_empty():
        return runs
    told = runs.join(_settle(said, aliases), on="run_id", how="left", maintain_order="left")
    outcome = pl.coalesce("said_outcome", "outcome")
    stated = pl.coalesce("said_reason", pl.format("stated as {}", "said_label"))
    return told.with_columns(
        feedback=pl.coalesce("said_feedback", "feedback"),
        outcome=outcome,
        outcome_reason=pl.when(pl.col("said_outcome").is_not_null()).then(stated).otherwise("outcome_reason"),
        failure_class=pl.when(outcome == "failure").then(pl.coalesce("failure_class", pl.lit("unknown"))),
    ).select(runs.columns)


def _settle(said: pl.DataFrame, aliases: Aliases) -> pl.DataFrame:
    """Return a row per run: the last feedback, and the last outcome with its label and reason."""
    label = pl.col("label").str.to_lowercase().str.strip_chars()
    is_outcome = pl.col("name") == "outcome"
    is_feedback = ~is_outcome & pl.col("value").is_between(-1.0, 1.0)
    named = (
        said.join(
            aliases.now.select("old_run_id", now="run_id"),
            left_on="run_id",
            right_on="old_run_id",
            how="left",
        )
        .with_columns(
            run_id=pl.coalesce("now", "run_id"),
            said_outcome=pl.when(is_outcome).then(
                label.replace_strict(_OUTCOMES, default=None, return_dtype=pl.String)
            ),
            said_feedback=pl.when(is_feedback).then("value"),
            label=label,
        )
        .sort("scored_at", "score_id")
    )
    states = pl.col("said_outcome").is_not_null()
    return named.group_by("run_id").agg(
        said_feedback=pl.col("said_feedback").drop_nulls().last(),
        said_outcome=pl.col("said_outcome").filter(states).last(),
        said_label=pl.col("label").filter(states).last(),
        said_reason=pl.col("explanation").filter(states).last(),
    )
