"""Scores that spans carry, and scores from elsewhere that follow their run to its new id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from store.port import Replacement

if TYPE_CHECKING:
    from analytics.counting import Counted
    from analytics.facts.aliases import Aliases
    from analytics.facts.reading import Touched
    from store import Store

_COLUMNS: Final = (
    "load_seq",
    "target",
    "target_id",
    "trace_id",
    "span_id",
    "run_id",
    "name",
    "value",
    "source",
    "explanation",
    "scored_at",
)


def collect_scores(store: Store, touched: Touched, counted: Counted, aliases: Aliases) -> list[Replacement]:
    """Return how to replace the feedback of the touched spans, and to move what was said of a run's earlier id."""
    given = _feedback(touched.spans, counted)
    if given.is_empty() and touched.known.is_empty():
        return []
    old = store.select("facts/old_scores", frames={"asked": touched.known}) if touched.known.height else None
    changes: list[Replacement] = []
    carried = given.select("trace_id", "span_id").clear()
    if old is not None and not old.is_empty():
        carried = old.filter(pl.col("span_id").is_not_null()).select("trace_id", "span_id").unique()
        changes += _move(old.filter(pl.col("span_id").is_null()), aliases)
    if not given.is_empty() or not carried.is_empty():
        changes.append(Replacement("scores", keys=carried, rows=given))
    return changes


def _feedback(spans: pl.DataFrame, counted: Counted) -> pl.DataFrame:
    """Feedback on a call is about that span; on any other it is about the run."""
    given = spans.filter(pl.col("feedback").is_not_null() & ~pl.col("is_pending")).unique(
        ["trace_id", "span_id"], keep="any"
    )
    if given.is_empty():
        return pl.DataFrame(schema={name: spans.schema.get(name, pl.String) for name in _COLUMNS})
    calls = pl.concat(
        [
            rows.select("trace_id", "span_id", about_span=pl.lit(True))
            for rows in (counted.llm_calls, counted.tool_calls)
        ]
    )
    sole = counted.runs.filter("is_sole").select("trace_id", sole_run="run_id")
    rows = (
        given.join(sole, on="trace_id", how="left")
        .join(counted.run_spans, on=["trace_id", "span_id"], how="left")
        .join(calls, on=["trace_id", "span_id"], how="left")
        .with_columns(run_id=pl.coalesce("run_id", "sole_run"))
    )
    about_span = pl.col("about_span").is_not_null() | pl.col("run_id").is_null()
    return rows.select(
        "load_seq",
        target=pl.when(about_span).then(pl.lit("span")).otherwise(pl.lit("run")),
        target_id=pl.when(about_span)
        .then(pl.concat_str("trace_id", "span_id", separator="-"))
        .otherwise("run_id"),
        trace_id="trace_id",
        span_id="span_id",
        run_id="run_id",
        name=pl.lit("feedback"),
        value="feedback",
        source=pl.lit("user"),
        explanation="outcome_reason",
        scored_at=pl.coalesce("ended_at", "started_at"),
    )


def _move(scores: pl.DataFrame, aliases: Aliases) -> list[Replacement]:
    moved = scores.join(
        aliases.now.select("old_run_id", new_run_id="run_id"), left_on="run_id", right_on="old_run_id"
    )
    if moved.is_empty():
        return []
    rows = moved.with_columns(
        target_id=pl.when(pl.col("target") == "run").then("new_run_id").otherwise("target_id"),
        run_id="new_run_id",
    )
    return [
        Replacement(
            "scores",
            keys=moved.select("target", "target_id", "run_id", "span_id"),
            rows=rows.select(scores.columns),
        )
    ]
