"""The whole count of a set of traces, as rows of the fact tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from analytics.counting.attempts import add_attempts, mark_attempts
from analytics.counting.grouping import group_spans
from analytics.counting.llm_rows import build_calls
from analytics.counting.run_rows import build_runs
from analytics.counting.runs import RunSet, find_runs
from analytics.counting.spans import SPAN_COLUMNS, TraceSet, arrange_spans
from analytics.counting.steps import list_steps
from analytics.counting.times import divide_time
from analytics.counting.tool_rows import build_tool_calls
from analytics.counting.tree import Bools

_CALL_KEYS: Final = {
    "load_seq": pl.Int64(),
    "trace_id": pl.String(),
    "span_id": pl.String(),
    "run_id": pl.String(),
    "session_id": pl.String(),
    "user_id": pl.String(),
    "service": pl.String(),
    "environment": pl.String(),
    "tenant": pl.String(),
    "agent": pl.String(),
    "agent_version": pl.String(),
    "purpose": pl.String(),
}
_LLM_FACTS: Final = (
    "prompt_name",
    "prompt_version",
    "operation",
    "provider",
    "request_model",
    "response_model",
    "response_id",
    "started_at",
    "duration_ms",
    "ttft_ms",
    "streamed",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "other_units",
    "usage_source",
    "usage_note",
    "finish_reason",
    "status",
    "error_type",
)
LLM_COLUMNS: Final[dict[str, pl.DataType]] = {
    **_CALL_KEYS,
    **{name: SPAN_COLUMNS[name] for name in _LLM_FACTS},
    "failure_class": pl.String(),
    "service_tier": pl.String(),
    "is_retry": pl.Boolean(),
    "is_fallback": pl.Boolean(),
    "retries": pl.Int64(),
    "reported_cost_usd": SPAN_COLUMNS["reported_cost_usd"],
}
TOOL_COLUMNS: Final[dict[str, pl.DataType]] = {
    **_CALL_KEYS,
    "prompt_name": pl.String(),
    "prompt_version": pl.String(),
    "tool": pl.String(),
    "call_id": pl.String(),
    "started_at": pl.Datetime("us"),
    "duration_ms": pl.Float64(),
    "status": pl.String(),
    "error_type": pl.String(),
    "failure_class": pl.String(),
    "is_retry": pl.Boolean(),
    "arguments": pl.String(),
    "result": pl.String(),
}
_SHARED: Final = (
    "session_id",
    "user_id",
    "service",
    "environment",
    "tenant",
    "agent",
    "agent_version",
    "purpose",
)
_PROMPT: Final = ("prompt_name", "prompt_version")
_RUN_DIMENSIONS: Final = ("service", "environment", "tenant", "agent", "agent_version", "purpose")
_RUN_TIMES: Final = ("model_ms", "tool_ms", "waiting_ms")
_RUN_COUNTS: Final = (
    "steps",
    "llm_calls",
    "tool_calls",
    "tool_failures",
    "retries",
    "loops",
    "plan_steps",
    "input_tokens",
    "output_tokens",
)
RUN_COLUMNS: Final[dict[str, pl.DataType]] = {
    "load_seq": pl.Int64(),
    "first_load": pl.Int64(),
    "run_id": pl.String(),
    "trace_id": pl.String(),
    "root_span_id": pl.String(),
    "is_sole": pl.Boolean(),
    **{name: pl.String() for name in _RUN_DIMENSIONS},
    "workflow": pl.String(),
    "prompt_name": pl.String(),
    "prompt_version": pl.String(),
    "session_id": pl.String(),
    "user_id": pl.String(),
    "started_at": pl.Datetime("us"),
    "ended_at": pl.Datetime("us"),
    "duration_ms": pl.Float64(),
    "outcome": pl.String(),
    "outcome_reason": pl.String(),
    "explicit_outcome": pl.String(),
    "confidence": pl.Float64(),
    "feedback": pl.Float64(),
    "failure_class": pl.String(),
    "complete": pl.Boolean(),
    "has_answer": pl.Boolean(),
    **{name: pl.Float64() for name in _RUN_TIMES},
    **{name: pl.Int64() for name in _RUN_COUNTS},
    "input": pl.String(),
    "output": pl.String(),
}
RUN_SPAN_COLUMNS: Final[dict[str, pl.DataType]] = {
    "trace_id": pl.String(),
    "span_id": pl.String(),
    "run_id": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """What whole traces come to: rows of llm_calls, tool_calls, runs (without cost) and run_spans."""

    llm_calls: pl.DataFrame
    tool_calls: pl.DataFrame
    runs: pl.DataFrame
    run_spans: pl.DataFrame


def count_traces(spans: pl.DataFrame) -> Counted:
    """Count the calls, tool executions and runs of whole traces.

    Takes the columns of SPAN_COLUMNS in any row order; missing ones are null. The rows depend on the spans alone:
    not on their order, nor on which other traces are counted with them (except for twins of one call in two
    traces, which must be counted together to be seen as one).
    """
    spans = with_all_columns(spans)
    if spans.is_empty():
        return Counted(
            *(
                pl.DataFrame(schema=columns)
                for columns in (LLM_COLUMNS, TOOL_COLUMNS, RUN_COLUMNS, RUN_SPAN_COLUMNS)
            )
        )
    traces = arrange_spans(spans)
    groups = group_spans(traces)
    calls, tools = build_calls(traces, groups.call), build_tool_calls(traces, groups.tool)
    runs = find_runs(traces, mark_counted(traces, calls, tools))
    steps = list_steps(traces, runs, calls, tools)
    attempts = mark_attempts(steps, runs.count)
    times = divide_time(traces, runs, steps, attempts)
    run_rows = build_runs(traces, runs, steps).join(times, on="run", how="left", maintain_order="left")
    calls, tools = add_attempts(calls, attempts, "llm"), add_attempts(tools, attempts, "tool")
    load_seq = traces.frame.select(pl.col("load_seq").max().over("trace_id")).to_series()
    return Counted(
        llm_calls=_finish(traces, runs, run_rows, calls, load_seq, LLM_COLUMNS),
        tool_calls=_finish(
            traces,
            runs,
            run_rows,
            tools.rename({"tool_call_id": "call_id", "input": "arguments", "output": "result"}),
            load_seq,
            TOOL_COLUMNS,
        ),
        runs=run_rows.with_columns(
            *(pl.when(pl.col("duration_ms").is_not_null()).then(name).alias(name) for name in _RUN_TIMES),
            load_seq=load_seq.gather(runs.root),
            first_load=traces.frame.select(pl.col("load_seq").min().over("trace_id"))
            .to_series()
            .gather(runs.root),
        ).select(pl.col(name).cast(dtype) for name, dtype in RUN_COLUMNS.items()),
        run_spans=_spans_of_runs(traces, runs, run_rows),
    )


def mark_counted(traces: TraceSet, calls: pl.DataFrame, tools: pl.DataFrame) -> Bools:
    """Return which spans represent a model or tool call."""
    counted = np.zeros(traces.size, dtype=np.bool_)
    counted[calls["index"].to_numpy()] = True
    counted[tools["index"].to_numpy()] = True
    return counted


def with_all_columns(spans: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that counting reads, missing ones null."""
    return spans.select(
        pl.col(name).cast(dtype) if name in spans.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in SPAN_COLUMNS.items()
    )


def _finish(
    traces: TraceSet,
    runs: RunSet,
    run_rows: pl.DataFrame,
    rows: pl.DataFrame,
    load_seq: pl.Series,
    columns: dict[str, pl.DataType],
) -> pl.DataFrame:
    """Give calls the dimensions of their run, and the agent nearest above them."""
    index = rows["index"].to_numpy()
    run = pl.Series(np.where(runs.run[index] < runs.count, runs.run[index], -1)).replace(-1, None)
    named = traces.is_agent & traces.frame["agent"].is_not_null().to_numpy()
    above = traces.home.nearest(named)[index]
    agent_index = pl.Series(np.where(above < traces.size, above, -1)).replace(-1, None)
    frame = traces.frame
    of_run = {name: run_rows[name].gather(run) for name in ("run_id", *_SHARED, *_PROMPT)}
    own = {name: frame[name].gather(rows["index"]) for name in _SHARED}
    above_name = frame["agent"].gather(agent_index)
    agent = pl.select(pl.coalesce(rows["agent"], above_name, of_run["agent"])).to_series()
    version = _find_version(
        agent, rows["agent_version"], (above_name, frame["agent_version"].gather(agent_index)), of_run
    )
    return rows.with_columns(
        load_seq=load_seq.gather(rows["index"]),
        run_id=of_run["run_id"],
        agent=agent,
        agent_version=version,
        purpose=pl.coalesce(of_run["purpose"], own["purpose"], pl.lit("production")),
        **{name: rows[name] if name in rows.columns else of_run[name] for name in _PROMPT},
        **{
            name: pl.coalesce(of_run[name], own[name])
            for name in ("service", "environment", "tenant", "session_id", "user_id")
        },
    ).select(pl.col(name).cast(dtype) for name, dtype in columns.items())


def _find_version(
    agent: pl.Series, own: pl.Series, above: tuple[pl.Series, pl.Series], of_run: dict[str, pl.Series]
) -> pl.Series:
    """Return the version of the agent that made each call.

    That agent's own span knows best: what a call carries is often the version of its service. A call that names
    another agent than those above it speaks for itself first.
    """
    of_above, of_run_version = above[1], of_run["agent_version"]
    theirs = pl.coalesce(
        pl.when(agent == above[0]).then(of_above), pl.when(agent == of_run["agent"]).then(of_run_version)
    )
    return pl.select(pl.coalesce(theirs, own, of_above, of_run_version)).to_series()


def _spans_of_runs(traces: TraceSet, runs: RunSet, run_rows: pl.DataFrame) -> pl.DataFrame:
    """Which run each span belongs to, only where a trace has several."""
    shared = np.append(~runs.is_sole, False)[runs.run]
    index = pl.Series(np.flatnonzero(shared), dtype=pl.Int64)
    return traces.frame.select("trace_id", "span_id")[index].with_columns(
        run_id=run_rows["run_id"].gather(pl.Series(runs.run[shared], dtype=pl.Int64))
    )
