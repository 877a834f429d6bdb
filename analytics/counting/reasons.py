"""Why each span counts, or does not, as a model call, a tool call or a run: read off the arrays that counting uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from analytics.counting.count import mark_counted, with_all_columns
from analytics.counting.grouping import Groups, group_spans
from analytics.counting.llm_rows import build_calls
from analytics.counting.runs import RunSet, find_runs
from analytics.counting.spans import TraceSet, arrange_spans
from analytics.counting.tool_rows import build_tool_calls
from analytics.counting.tree import Bools, Ints
from analytics.counting.twins import Twins

RULES: Final[Mapping[str, str]] = {
    "leaf": "counts as a model call: no model span below it tells of it",
    "wrapper_call": "counts as a model call: of the spans that tell of it, this one has the best figures",
    "stand_in": "counts as one model call: nothing below this span says what was used",
    "wrapper": "is no call of its own: it is the framework's span around the call that counts",
    "wrapper_several": "is no call of its own: the calls below it count, each by itself",
    "stood_in": "is no call of its own: it says nothing of usage, the agent above stands in for its calls",
    "twin_id": "is no call of its own: another span has the same response or call id at the same time",
    "twin_place": "is no call of its own: another library tells of it beside this span, with the same figures",
    "twin_trace": "is no call of its own: another library tells of it in the trace of the run, with the same figures",
    "same": "is no call of its own: another span of the same call has better figures",
    "pending": "is a copy sent before the span ended: it only holds a place in the tree",
    "agent_usage": "has usage that repeats what the calls below it say: it is not added",
    "told_usage": "has usage, but is no span of a call, an agent or a workflow: it is not added",
    "cumulative": "has usage over the life of the agent object: it tells nothing of this run and is not added",
    "tool": "counts as a tool call",
    "tool_agent": "counts as a tool call: an agent that was called as a tool",
    "tool_inner": "is no tool call of its own: the span above tells of the same execution",
    "tool_twin": "is no tool call of its own: another span tells of the same execution",
    "handoff": "is no tool call: it hands over to another agent, nothing is executed",
    "run": "is a run: the outermost agent or workflow of its trace",
    "run_wrapper": "is a run: the library's own span around its agents",
    "run_root": "is a run: the root of a trace with calls and no agent",
    "run_missing": "stands for a run whose own span did not arrive: its parent is missing",
    "step": "is part of a run",
    "outside": "is outside of every run: it stands above several of them",
    "no_run": "belongs to no run: nothing in its trace is a model call, a tool call or an agent",
}
"""What each rule says of a span, behind its name."""


def judge_spans(spans: pl.DataFrame) -> pl.DataFrame:
    """Return why the spans of whole traces count or not.

    Columns: trace_id, span_id, subject (call, usage, tool, run), rule (a key of RULES), counts, and the other span the
    rule is about as other_trace_id and other_span_id (null when there is none); several rows a span, in the order
    of the subjects. Takes what `count_traces` takes.
    """
    traces = arrange_spans(with_all_columns(spans))
    groups = group_spans(traces)
    calls, tools = build_calls(traces, groups.call), build_tool_calls(traces, groups.tool)
    runs = find_runs(traces, mark_counted(traces, calls, tools))
    verdicts = [
        *_judge_calls(traces, groups, _carrier(traces, groups.call, calls)),
        *_judge_usage(traces, groups),
        *_judge_tools(traces, groups, _carrier(traces, groups.tool, tools)),
        *_judge_runs(traces, runs),
    ]
    return _to_rows(traces, verdicts)


Verdict = tuple[int, str, str, bool, int]
"""Span, subject, rule, whether it counts, the other span (`size` for none)."""


def _carrier(traces: TraceSet, group: Ints, rows: pl.DataFrame) -> Ints:
    """Return for each span the span whose row tells of its call."""
    index = rows["index"].to_numpy()
    carrier = np.full(traces.size + 1, traces.size, dtype=np.int64)
    carrier[group[index]] = index
    carrier[traces.size] = traces.size
    return carrier[group]


def _twin_rules(twins: Twins) -> dict[int, str]:
    """Return by which rule a group was joined to another, by the group's number before."""
    return {
        int(index): str(rule) for first, second, rule in twins.pairs.iter_rows() for index in (first, second)
    }


def _judge_calls(traces: TraceSet, groups: Groups, carrier: Ints) -> list[Verdict]:
    calls, none = groups.calls, traces.size
    twin_rules = _twin_rules(groups.call_twins)
    pending = traces.frame["is_pending"].fill_null(value=False).to_numpy()
    below = traces.tree.nearest(traces.is_call)
    verdicts: list[Verdict] = [(int(at), "call", "pending", False, none) for at in np.flatnonzero(pending)]
    for at in np.flatnonzero(traces.is_call | calls.stands_in):
        if carrier[at] == none:
            inner = np.flatnonzero((below == at) & traces.is_call)
            other = int(inner[0]) if len(inner) else none
            verdicts.append((int(at), "call", "wrapper_several", False, other))
        elif carrier[at] == at:
            rule = "stand_in" if calls.stands_in[at] else "leaf" if calls.is_leaf[at] else "wrapper_call"
            verdicts.append((int(at), "call", rule, True, none))
        else:
            rule = _why_not(calls.call, int(at), int(carrier[at]), twin_rules, groups)
            verdicts.append((int(at), "call", rule, False, int(carrier[at])))
    return verdicts


def _why_not(call: Ints, at: int, carrier: int, twin_rules: dict[int, str], groups: Groups) -> str:
    if call[at] != call[carrier]:
        return twin_rules.get(int(call[at]), "same")
    if groups.calls.stands_in[call[at]]:
        return "stood_in"
    return "wrapper" if groups.calls.is_wrapper[at] else "same"


def _judge_usage(traces: TraceSet, groups: Groups) -> list[Verdict]:
    scope = traces.frame["usage_scope"]
    cumulative = scope.eq_missing("cumulative").to_numpy()
    spanning = traces.has_usage & ~traces.is_call & ~groups.calls.stands_in
    sums = traces.is_agent | traces.is_workflow | traces.is_chain
    none = traces.size
    return [
        *((int(at), "usage", "cumulative", False, none) for at in np.flatnonzero(cumulative)),
        *(
            (int(at), "usage", "agent_usage" if sums[at] else "told_usage", False, none)
            for at in np.flatnonzero(spanning & ~cumulative)
        ),
    ]


def _judge_tools(traces: TraceSet, groups: Groups, carrier: Ints) -> list[Verdict]:
    none = traces.size
    verdicts: list[Verdict] = []
    for at in np.flatnonzero(traces.is_tool | groups.executes):
        if not groups.executes[at]:
            verdicts.append((int(at), "tool", "handoff", False, none))
        elif carrier[at] == at:
            verdicts.append((int(at), "tool", "tool" if traces.is_tool[at] else "tool_agent", True, none))
        else:
            same = groups.executions[at] == groups.executions[carrier[at]]
            verdicts.append((int(at), "tool", "tool_inner" if same else "tool_twin", False, int(carrier[at])))
    return verdicts


def _judge_runs(traces: TraceSet, runs: RunSet) -> list[Verdict]:
    none = traces.size
    is_root = np.zeros(none, dtype=np.bool_)
    is_root[runs.root] = True
    missing = np.zeros(none, dtype=np.bool_)
    missing[runs.root[runs.is_missing]] = True
    with_runs = np.isin(traces.trace, runs.trace)
    return [_judge_run(traces, runs, at, is_root, missing, with_runs) for at in range(none)]


def _judge_run(
    traces: TraceSet, runs: RunSet, at: int, is_root: Bools, missing: Bools, with_runs: Bools
) -> Verdict:
    none = traces.size
    if missing[at]:
        return at, "run", "run_missing", False, none
    if is_root[at]:
        agent = traces.is_agent[at] or traces.is_workflow[at]
        rule = (
            "run"
            if agent
            else "run_wrapper"
            if traces.is_chain[at] and _has_agent(traces, at)
            else "run_root"
        )
        return at, "run", rule, True, none
    if runs.run[at] < runs.count:
        return at, "run", "step", False, int(runs.root[runs.run[at]])
    return at, "run", "outside" if with_runs[at] else "no_run", False, none


def _has_agent(traces: TraceSet, at: int) -> bool:
    return bool(((traces.is_agent | traces.is_workflow) & (traces.trace == traces.trace[at])).any())


def _to_rows(traces: TraceSet, verdicts: list[Verdict]) -> pl.DataFrame:
    ids = traces.frame.select("trace_id", "span_id")
    schema = {
        "at": pl.Int64,
        "subject": pl.String,
        "rule": pl.String,
        "counts": pl.Boolean,
        "other": pl.Int64,
    }
    rows = pl.DataFrame(verdicts, schema=schema, orient="row")
    other = rows["other"].replace(traces.size, None)
    return rows.select(
        ids["trace_id"].gather(rows["at"]).alias("trace_id"),
        ids["span_id"].gather(rows["at"]).alias("span_id"),
        "subject",
        "rule",
        "counts",
        ids["trace_id"].gather(other).alias("other_trace_id"),
        ids["span_id"].gather(other).alias("other_span_id"),
    )
