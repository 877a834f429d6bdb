"""Which spans tell of one thing: the model call or tool execution of each, wrappers and twins joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from analytics.counting.calls import CallGroups, group_calls
from analytics.counting.spans import TraceSet
from analytics.counting.tools import group_tools, mark_tools
from analytics.counting.tree import Bools, Ints
from analytics.counting.twins import Candidates, Twins, merge_twins, name_likeness

_TWIN_FACTS: Final = (
    "kind",
    "service",
    "status",
    "request_model",
    "response_model",
    "response_id",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
)
_NOTHING: Final = {
    "answers": pl.lit(None, pl.Int64),
    "is_part": pl.lit(value=False),
    "uncached": pl.lit(None, pl.String),
    "holds_cache": pl.lit(value=False),
}


@dataclass(frozen=True, slots=True)
class Groups:
    """What each span tells of; spans of equal number become one row. `size` stands for nothing."""

    call: Ints
    tool: Ints
    calls: CallGroups
    """Before twins are joined."""
    call_twins: Twins
    executions: Ints
    """The tool execution of each span before twins are joined."""
    executes: Bools
    tool_twins: Twins


def group_spans(traces: TraceSet) -> Groups:
    """Return which spans tell of one model call, and which of one tool execution."""
    calls = group_calls(traces)
    executes = mark_tools(traces)
    executions = group_tools(traces, executes)
    call_twins = _merge_call_twins(traces, calls.call)
    tool_twins = _merge_tool_twins(traces, executions)
    return Groups(
        call=np.append(call_twins.of, traces.size)[calls.call],
        tool=np.append(tool_twins.of, traces.size)[executions],
        calls=calls,
        call_twins=call_twins,
        executions=executions,
        executes=executes,
        tool_twins=tool_twins,
    )


def _merge_call_twins(traces: TraceSet, call: Ints) -> Twins:
    members = np.flatnonzero(call < traces.size)
    index = np.unique(call[members])
    calls = traces.frame.select(*_TWIN_FACTS)[index]
    cached = pl.col("cache_read_tokens").fill_null(0) + pl.col("cache_write_tokens").fill_null(0)
    figures = calls.select(
        figures=pl.when(pl.Series(traces.has_usage[index]))
        .then(pl.format("{}/{}", pl.col("input_tokens").fill_null(-1), pl.col("output_tokens").fill_null(-1)))
        .when(pl.col("status") == "error")
        .then(pl.format("failed/{}", pl.coalesce("request_model", "response_model"))),
        answers=pl.when(pl.col("output_tokens") > 0).then(pl.col("output_tokens")),
        is_part=pl.col("input_tokens").is_null() & (pl.col("output_tokens") > 0).fill_null(False),
        uncached=pl.when((pl.col("input_tokens") > cached) & (pl.col("output_tokens") > 0)).then(
            pl.format("{}/{}", pl.col("input_tokens") - cached, "output_tokens")
        ),
        holds_cache=cached > 0,
    )
    identity = calls["response_id"]
    wrapped = members[call[members] != members]
    if len(wrapped):
        named = pl.DataFrame({"call": call[wrapped], "named": traces.frame["response_id"].gather(wrapped)})
        named = named.drop_nulls().unique("call", keep="first", maintain_order=True)
        others = pl.DataFrame({"call": index}).join(named, on="call", how="left", maintain_order="left")[
            "named"
        ]
        identity = pl.select(pl.coalesce(identity, others)).to_series()
    return _merge(traces, index, identity=identity, figures=figures, likeness=name_likeness(calls))


def _merge_tool_twins(traces: TraceSet, tool: Ints) -> Twins:
    index = np.unique(tool[tool < traces.size])
    names = traces.frame.select(figures="tool", **_NOTHING)[index]
    identity = traces.frame["tool_call_id"].gather(index)
    return _merge(traces, index, identity=identity, figures=names, likeness=None)


def _merge(
    traces: TraceSet,
    index: Ints,
    *,
    identity: pl.Series,
    figures: pl.DataFrame,
    likeness: pl.Series | None,
) -> Twins:
    above = traces.home.nearest(traces.is_agent | traces.is_workflow | traces.is_tool)
    found = Candidates(
        index=index,
        above=above[index],
        scope=traces.frame["scope_name"].gather(index),
        identity=identity,
        figures=figures["figures"],
        answers=figures["answers"],
        is_part=figures["is_part"],
        uncached=figures["uncached"],
        holds_cache=figures["holds_cache"],
        likeness=pl.Series([None], dtype=pl.UInt64).new_from_index(0, len(index))
        if likeness is None
        else likeness,
    )
    return merge_twins(traces, found)
