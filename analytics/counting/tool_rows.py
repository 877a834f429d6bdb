"""Rows of tool_calls: the outermost span of an execution, completed by the spans nested in it and its twins."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from analytics.counting.spans import TraceSet, rank_context
from analytics.counting.tree import Bools, Ints
from analytics.failures import classify_failed

_FILLED: Final = ("tool", "tool_call_id", "input", "output", "error_type", "status_message")
_OWN: Final = (
    "load_seq",
    "trace_id",
    "span_id",
    "agent",
    "agent_version",
    "status",
    "started_at",
    "duration_ms",
)


def build_tool_calls(spans: TraceSet, tool: Ints) -> pl.DataFrame:
    """Return one row per execution, in canonical order; `index` is the span that represents it.

    The innermost last view decides whether it failed: an MCP client span says nothing of the server's error.
    """
    members = np.flatnonzero(tool < spans.size)
    number = tool[members]
    order = np.lexsort((members, spans.tree.depth[members], -rank_context(spans)[members], number))
    members, number = members[order], number[order]
    first = np.append(True, number[1:] != number[:-1]) if len(number) else np.zeros(0, dtype=np.bool_)
    index = pl.Series(members[first], dtype=pl.Int64)
    rows = spans.frame.select(*_OWN, *_FILLED)[index].with_columns(index=index)
    if not bool(first.all()):
        rows = _complete(spans, rows, members, first)
    failed = pl.col("status") == "error"
    rows = rows.with_columns(
        status=pl.when(failed).then(pl.lit("error")).otherwise(pl.lit("ok")),
        error_type=pl.when(failed).then(pl.col("error_type")),
        status_message=pl.when(failed).then(pl.col("status_message")),
    ).sort("index")
    return rows.with_columns(failure_class=classify_failed(rows, is_tool=True))


def _complete(spans: TraceSet, rows: pl.DataFrame, members: Ints, first: Bools) -> pl.DataFrame:
    number = np.cumsum(first) - 1
    counts = np.bincount(number)
    last = np.cumsum(counts) - 1
    inner = spans.frame.select("status", *_FILLED)[pl.Series(members[last])]
    return rows.with_columns(
        *(pl.coalesce(rows[name], inner[name]).alias(name) for name in _FILLED),
        status=pl.when(inner["status"] == "error").then(pl.lit("error")).otherwise(rows["status"]),
    )
