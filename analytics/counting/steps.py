"""What happened inside each run, in time: steps, retries, loops, and whether a failure was recovered from."""

from __future__ import annotations

import numpy as np
import polars as pl

from analytics.counting.plans import count_plan_steps
from analytics.counting.runs import RunSet
from analytics.counting.spans import TraceSet

ANSWERS = ("stop", "length")
"""Finish reasons of a model that gave text, not a tool call or a refusal."""


def list_steps(spans: TraceSet, runs: RunSet, calls: pl.DataFrame, tools: pl.DataFrame) -> pl.DataFrame:
    """Return one row per step of a run: its model calls, tool calls and sub-agents."""
    model = calls.select(
        "index",
        "status",
        "error_type",
        "status_message",
        "failure_class",
        "finish_reason",
        step=pl.lit("llm"),
        subject=pl.coalesce("request_model", "response_model"),
        answered=(pl.col("output_tokens").fill_null(0) > 0) & pl.col("finish_reason").is_not_null(),
        hidden_retries=pl.col("retries").fill_null(0),
        input_tokens="input_tokens",
        output_tokens="output_tokens",
    )
    tool = tools.select(
        "index",
        "status",
        "error_type",
        "status_message",
        "failure_class",
        step=pl.lit("tool"),
        subject=pl.col("tool"),
        arguments=pl.col("input"),
    )
    steps = pl.concat([model, tool, _sub_agents(spans, runs)], how="diagonal")
    index = steps["index"].to_numpy()
    above = spans.home.nearest(spans.is_agent | spans.is_workflow | spans.is_tool)
    return steps.with_columns(
        run=pl.Series(runs.run[index]),
        start=pl.Series(spans.started_us[index]),
        end=pl.Series(np.maximum(spans.ended_us[index], spans.started_us[index])),
        above=pl.Series(above[index]),
        failed=pl.col("status") == "error",
    ).with_columns(good=~pl.col("failed") | pl.col("answered").fill_null(False))


def _sub_agents(spans: TraceSet, runs: RunSet) -> pl.DataFrame:
    """Agents below the run's span; a second span around the same agent is not another one."""
    is_root = np.zeros(spans.size, dtype=np.bool_)
    is_root[runs.root[~runs.is_missing]] = True
    agent = spans.frame["agent"].rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    above = spans.home.nearest(spans.is_agent)
    again = (agent > 0) & (np.append(agent, -1)[above] == agent)
    index = np.flatnonzero(spans.is_agent & ~is_root & ~again & (runs.run < runs.count))
    rows = spans.frame.select("status", "error_type", "status_message")[pl.Series(index, dtype=pl.Int64)]
    return rows.with_columns(
        index=pl.Series(index, dtype=pl.Int64),
        step=pl.lit("agent"),
        subject=spans.frame["agent"].gather(index),
    )


def sum_steps(steps: pl.DataFrame) -> pl.DataFrame:
    """Return one row per run with its counts, and the latest failing and successful steps."""
    inside = steps.sort("start", "index").with_columns(bad=pl.col("failed") & ~pl.col("good"))
    totals = _add_up(inside)
    for more in (_last_steps(inside), _count_retries(inside), _count_loops(inside), count_plan_steps(inside)):
        totals = totals.join(more, on="run", how="left")
    return totals.with_columns(
        *(
            pl.when(pl.col(f"known_{name}") > 0).then(pl.col(name)).alias(name)
            for name in ("input_tokens", "output_tokens")
        ),
        retries=pl.col("hidden_retries") + pl.col("retries").fill_null(0),
        loops=pl.col("loops").fill_null(0),
    )


def _add_up(steps: pl.DataFrame) -> pl.DataFrame:
    """Counts, and when the last step failed and began to succeed; columns are null where a step does not matter."""
    is_tool, is_bad = pl.col("step") == "tool", pl.col("bad")
    masked = steps.select(
        "run",
        "input_tokens",
        "output_tokens",
        "hidden_retries",
        llm_calls=(pl.col("step") == "llm").cast(pl.Int64),
        tool_calls=is_tool.cast(pl.Int64),
        tool_failures=(is_tool & pl.col("failed")).cast(pl.Int64),
        failed_until=pl.when(is_bad).then("end"),
        vital_until=pl.when(is_bad & ~is_tool).then("end"),
        good_from=pl.when("good").then("start"),
        called_from=pl.when(pl.col("good") & (pl.col("step") != "agent")).then("start"),
    )
    return masked.group_by("run").agg(
        pl.len().cast(pl.Int64).alias("steps"),
        pl.col("llm_calls", "tool_calls", "tool_failures").sum(),
        pl.col("hidden_retries", "input_tokens", "output_tokens").sum(),
        pl.col("input_tokens", "output_tokens").count().name.prefix("known_"),
        pl.col("failed_until", "vital_until", "good_from", "called_from").max(),
    )


def _last_steps(steps: pl.DataFrame) -> pl.DataFrame:
    """How the last answered model call of each run ended, and what the last failing step said."""
    is_answered = (pl.col("step") == "llm") & pl.col("good")
    telling = steps.filter(is_answered | pl.col("bad")).with_columns(is_answered=is_answered)
    finish = pl.col("finish_reason").filter(pl.col("is_answered"))
    error = pl.coalesce("status_message", "error_type").filter(pl.col("bad"))
    return telling.group_by("run", maintain_order=True).agg(
        last_finish=finish.last(),
        last_class=pl.col("failure_class").filter(pl.col("bad")).drop_nulls().last(),
        last_error=error.last(),
    )


def _count_retries(steps: pl.DataFrame) -> pl.DataFrame:
    """Failed calls after which the same was called again: the same model, or the same tool with the same input."""
    same = ("run", "above", "step", "subject", "arguments")
    failed = steps.filter(pl.col("failed"), pl.col("step") != "agent").select(same).unique()
    again = steps.join(failed, on=same, how="semi", nulls_equal=True, maintain_order="left").select(
        "run", retried=pl.col("failed") & pl.col("start").shift(-1).over(same).is_not_null()
    )
    return again.group_by("run").agg(retries=pl.col("retried").sum().cast(pl.Int64))


def _count_loops(steps: pl.DataFrame) -> pl.DataFrame:
    """Repeats of one tool with equal arguments beyond the second."""
    known = steps.filter(pl.col("arguments").is_not_null() & pl.col("subject").is_not_null())
    repeated = known.group_by("run", "subject", "arguments").agg(times=pl.len().cast(pl.Int64))
    return repeated.group_by("run").agg(loops=(pl.col("times") - 2).clip(lower_bound=0).sum())
