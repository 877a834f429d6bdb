"""Rows of runs: what each run was, what it came to, and what its spans say of session, user and outcome."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from analytics.counting.milliseconds import to_ms
from analytics.counting.outcomes import decide_outcomes
from analytics.counting.runs import RunSet
from analytics.counting.spans import TraceSet
from analytics.counting.steps import sum_steps

_OF_AGENTS: Final = ("agent", "agent_version", "workflow", "prompt_name", "prompt_version")
_INHERITED: Final = (
    "session_id",
    "user_id",
    "tenant",
    "purpose",
    "agent",
    "agent_version",
    "workflow",
    "prompt_name",
    "prompt_version",
)
_TO_HUMAN: Final = (
    r"(?i)(transfer|hand_?off|hand_?over|forward|connect|route|escalate).{0,12}"
    r"(human|operator|representative|supervisor|live_?(agent|chat))|^escalat(e|ion)"
)
"""Names of tools that hand a case to a person; asking a person for approval is none."""
_LAST_STATED: Final = ("outcome", "outcome_reason", "confidence", "feedback")


def build_runs(spans: TraceSet, runs: RunSet, steps: pl.DataFrame) -> pl.DataFrame:
    """Return one row per run, in the order of the run set, with everything but cost."""
    members = _members(spans, runs)
    rows = _own_facts(spans, runs)
    for facts in (
        _inherit(members),
        _last_stated(members),
        _texts(members),
        _texts_of_calls(members),
        sum_steps(steps.filter(pl.col("run") < runs.count)),
        _extent(members),
        _inner_errors(members),
        _handovers(members),
    ):
        rows = rows.join(facts, on="run", how="left", maintain_order="left")
    rows = rows.join(_said_above(spans, runs), on="trace", how="left", maintain_order="left")
    # What a model said last may ask for a tool: it tells nothing of whether the run answered.
    return decide_outcomes(_settle(rows)).with_columns(
        input=pl.coalesce("input", "first_asked"), output=pl.coalesce("output", "last_answer")
    )


def _own_facts(spans: TraceSet, runs: RunSet) -> pl.DataFrame:
    """What each run's span says; while it is missing, its first orphan stands here."""
    missing = pl.Series(runs.is_missing)
    own = spans.frame.select(
        "trace_id", "span_id", "parent_span_id", "service", "environment", "kind", "name", "started_at",
        "ended_at", "duration_ms", "status", "status_message", "error_type", "input", "output",
    )[pl.Series(runs.root, dtype=pl.Int64)]  # fmt: skip
    return own.with_columns(
        run=pl.int_range(pl.len(), dtype=pl.Int64),
        is_missing=missing,
        is_sole=pl.Series(runs.is_sole),
        trace=pl.Series(runs.trace, dtype=pl.Int64),
        root_span_id=pl.when(missing).then(own["parent_span_id"]).otherwise(own["span_id"]),
    )


def _settle(rows: pl.DataFrame) -> pl.DataFrame:
    """Choose between what the run's span says and what stands around it."""
    there = ~pl.col("is_missing")
    # A record of how a run began has no length: the run lasts until its last step.
    is_record = (pl.col("ended_at") == pl.col("started_at")) & (pl.col("last_at") > pl.col("ended_at"))
    lasted_ms = to_ms((pl.col("last_at") - pl.col("started_at")).dt.total_microseconds())
    judged = pl.when(pl.col("kind") == "evaluator").then(pl.lit("evaluation"))
    rows = rows.with_columns(
        pl.coalesce(name, f"{name}_above").alias(name) for name in _INHERITED if name not in _OF_AGENTS
    )
    return rows.with_columns(
        pl.col("steps", "llm_calls", "tool_calls", "tool_failures", "retries", "loops").fill_null(0),
        run_id=pl.concat_str("trace_id", "root_span_id", separator="-"),
        purpose=pl.coalesce("purpose", judged, pl.lit("production")),
        workflow=pl.coalesce("workflow", pl.when(pl.col("kind") == "workflow").then(pl.col("name"))),
        input=pl.coalesce(pl.when(there).then("input"), "first_input"),
        output=pl.coalesce(pl.when(there).then("output"), "last_output"),
        started_at=pl.when(there).then("started_at").otherwise("first_at"),
        ended_at=pl.when(there & is_record).then("last_at").when(there).then("ended_at"),
        duration_ms=pl.when(there & is_record).then(lasted_ms).when(there).then("duration_ms"),
        complete=there & pl.col("ended_at").is_not_null(),
    )


def _members(spans: TraceSet, runs: RunSet) -> pl.DataFrame:
    """Spans of each run: its own span first, those within from the outside in, then the rest of a sole run's trace."""
    at = np.flatnonzero(runs.run < runs.count)
    run = runs.run[at]
    own_root = at == runs.root[run]
    distance = spans.home.depth[at] + 1 + np.where(runs.is_within[at], 0, spans.size)
    facts = spans.frame.select(
        "started_at", "kind", "status", "status_message", "error_type", "tool", "name", "response_id", "input",
        "output", *_INHERITED, *_LAST_STATED,
    )  # fmt: skip
    return (
        facts[pl.Series(at, dtype=pl.Int64)]
        .with_columns(
            index=pl.Series(at, dtype=pl.Int64),
            run=pl.Series(run, dtype=pl.Int64),
            order=pl.Series(np.where(own_root, 0, distance), dtype=pl.Int64),
            end=pl.Series(spans.ended_us[at], dtype=pl.Int64),
        )
        .sort("run", "order", "index")
    )


def _said_above(spans: TraceSet, runs: RunSet) -> pl.DataFrame:
    """What spans outside of all runs say, per trace: the application above several runs speaks for each of them."""
    at = np.flatnonzero(runs.run == runs.count)
    names = [name for name in _INHERITED if name not in _OF_AGENTS]
    outside = spans.frame.select(*names)[pl.Series(at, dtype=pl.Int64)].with_columns(
        trace=pl.Series(spans.trace[at], dtype=pl.Int64),
        depth=pl.Series(spans.home.depth[at], dtype=pl.Int64),
    )
    saying = outside.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in names))
    return (
        saying.sort("trace", "depth", maintain_order=True)
        .group_by("trace", maintain_order=True)
        .agg(pl.col(name).drop_nulls().first().alias(f"{name}_above") for name in names)
    )


def _inherit(members: pl.DataFrame) -> pl.DataFrame:
    """Take from each run's spans what the outer ones do not say; not the version of another agent inside."""
    agents = pl.col("agent").filter(pl.col("kind") == "agent")
    agent = pl.coalesce(
        pl.col("agent").first(), agents.drop_nulls().first(), pl.col("agent").drop_nulls().first()
    )
    is_own = (pl.col("agent") == agent).fill_null(True)
    not_a_session = (pl.col("session_id") == pl.col("response_id")).fill_null(False)
    return (
        members.with_columns(session_id=pl.when(~not_a_session).then(pl.col("session_id")))
        .group_by("run", maintain_order=True)
        .agg(
            *(
                pl.col(name).drop_nulls().first()
                for name in _INHERITED
                if name not in ("agent", "agent_version")
            ),
            agent_version=pl.col("agent_version").filter(is_own).drop_nulls().first(),
            agent=agent,
        )
    )


def _last_stated(members: pl.DataFrame) -> pl.DataFrame:
    """Of what was stated several times, the last: the run's own span ends after its children."""
    stated = members.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in _LAST_STATED))
    return (
        stated.sort("run", "end", "index")
        .group_by("run", maintain_order=True)
        .agg(pl.col(name).drop_nulls().last() for name in _LAST_STATED)
        .rename({"outcome": "explicit_outcome", "outcome_reason": "stated_reason"})
    )


def _texts(members: pl.DataFrame) -> pl.DataFrame:
    """Input of the first and output of the last agent below a run whose own span carries none."""
    agents = members.filter(pl.col("kind").is_in(["agent", "workflow"]))
    return (
        agents.sort("run", "order", "index")
        .group_by("run", maintain_order=True)
        .agg(
            first_input=pl.col("input").drop_nulls().first(),
            last_output=pl.col("output")
            .filter(pl.col("order") <= pl.col("order").filter(pl.col("output").is_not_null()).min())
            .drop_nulls()
            .last(),
        )
    )


def _texts_of_calls(members: pl.DataFrame) -> pl.DataFrame:
    """What the first model call of each run was asked and the last one answered, where no agent says it."""
    calls = members.filter(
        pl.col("kind") == "llm", pl.any_horizontal(pl.col("input", "output").is_not_null())
    )
    return (
        calls.sort("run", "started_at", "index")
        .group_by("run", maintain_order=True)
        .agg(
            first_asked=pl.col("input").drop_nulls().first(), last_answer=pl.col("output").drop_nulls().last()
        )
    )


def _extent(members: pl.DataFrame) -> pl.DataFrame:
    return members.group_by("run").agg(
        first_at=pl.col("started_at").min(), last_at=pl.from_epoch(pl.col("end").max(), "us")
    )


def _inner_errors(members: pl.DataFrame) -> pl.DataFrame:
    """The last error below each run's span, whichever kind of span tells of it."""
    errors = members.filter(pl.col("status") == "error", pl.col("order") > 0)
    return (
        errors.sort("run", "end", "index")
        .group_by("run", maintain_order=True)
        .agg(
            inner_until=pl.col("end").max(),
            inner_error=pl.coalesce("status_message", "error_type").drop_nulls().last(),
            inner_type=pl.col("error_type").drop_nulls().last(),
        )
    )


def _handovers(members: pl.DataFrame) -> pl.DataFrame:
    """Tool of each run that handed over to a person and did not fail."""
    named = members.filter(pl.col("kind") == "tool", pl.col("status") != "error")
    return (
        named.with_columns(handed_to=pl.coalesce("tool", "name"))
        .filter(pl.col("handed_to").str.contains(_TO_HUMAN))
        .group_by("run")
        .agg(pl.col("handed_to").last())
    )
