"""Which spans are one and the same execution of a tool."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from analytics.counting.spans import TraceSet
from analytics.counting.tree import Bools, Ints, Tree

_SEPARATORS: Final = ("-", ".", "_", "/", ":", " ")
_HANDOFF: Final = r"(?i)^(handoff( to .*)?|agent_handoff|transfer_to_agent)$"


def mark_tools(spans: TraceSet) -> Bools:
    """Tell which spans execute a tool: tool spans, and agents below another one that are called as a tool.

    Hand-offs between agents are none.
    """
    names = spans.frame.select(
        handoff=pl.coalesce("tool", "name").str.contains(_HANDOFF),
        named=pl.col("tool").is_not_null(),
    )
    below = spans.home.nearest(spans.is_agent | spans.is_workflow) < spans.size
    called = spans.is_agent & names["named"].to_numpy() & below
    return (spans.is_tool | called) & ~names["handoff"].fill_null(False).to_numpy() & ~_to_known_agent(spans)


def group_tools(spans: TraceSet, executes: Bools) -> Ints:
    """Return for each span the index of the tool call it tells of, `size` for none.

    Directly nested spans of one tool are one execution: the client's and the server's view of an MCP call,
    a framework's span around a library's. The outermost one represents them: it says what the agent saw.
    """
    border = executes | spans.is_call | spans.is_agent | spans.is_workflow
    near = spans.tree.nearest(border)
    inner = np.flatnonzero(executes & np.append(executes, False)[near])
    same = _is_same_tool(spans.frame, near[inner], inner)
    outer = np.full(spans.size, spans.size, dtype=np.int64)
    outer[inner[same]] = near[inner[same]]
    return np.where(executes, Tree(outer).root, spans.size)


def _is_same_tool(frame: pl.DataFrame, outer: Ints, inner: Ints) -> Bools:
    names = pl.DataFrame(
        {
            "a": frame["tool"].gather(outer),
            "b": frame["tool"].gather(inner),
            "a_call": frame["tool_call_id"].gather(outer),
            "b_call": frame["tool_call_id"].gather(inner),
        }
    )
    a, b = pl.col("a"), pl.col("b")
    same = a.is_null() | b.is_null() | (a == b)
    for separator in _SEPARATORS:
        same = same | a.str.ends_with(separator + b) | b.str.ends_with(separator + a)
    conflict = (pl.col("a_call") != pl.col("b_call")).fill_null(False)
    return names.select(same.fill_null(False) & ~conflict).to_series().to_numpy()


def _to_known_agent(spans: TraceSet) -> Bools:
    """Tools called transfer_to_NAME where NAME is an agent of the same trace: a hand-off, nothing is executed."""
    candidates = spans.frame.select(
        index=pl.int_range(pl.len()),
        trace=pl.Series(spans.trace),
        to=pl.col("tool").str.to_lowercase().str.extract(r"^(?:transfer|hand_?off)_(?:back_)?to_(.+)$", 1),
    ).filter(pl.col("to").is_not_null())
    mark = np.zeros(spans.size, dtype=np.bool_)
    if candidates.is_empty():
        return mark
    agents = spans.frame.select(
        trace=pl.Series(spans.trace),
        to=pl.col("agent").str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "_"),
    ).unique()
    found = candidates.with_columns(pl.col("to").str.replace_all(r"[^a-z0-9]+", "_")).join(
        agents, on=["trace", "to"], how="semi"
    )
    mark[found["index"].to_numpy()] = True
    return mark
