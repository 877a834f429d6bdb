"""What the page of tools shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from dashboard.answers.measures import (
    Figure,
    OverTime,
    measure,
    measure_all,
    measure_parts_and_all,
    trace_over_time,
)
from dashboard.data import window_params
from dashboard.filters import Filters, Window
from dashboard.reading import ask_together, remembered, select

METRICS: Final = ("tool_call_count", "tool_failure_rate", "tool_p50_ms", "tool_p95_ms")


@dataclass(frozen=True)
class Tools:
    """All tools of a window."""

    window: Window
    totals: dict[str, Figure]
    tools: dict[str | None, dict[str, Figure]]
    over_time: OverTime
    """The failure rate, by tool."""
    errors: pl.DataFrame
    """bin, tool, error_type, failures."""


@remembered()
def read_tools(window: Window, filters: Filters) -> Tools:
    """Return the figures of every tool, and how they failed."""
    (tools, totals), over_time, errors = ask_together(
        lambda: measure_parts_and_all(METRICS, window, filters, by="tool"),
        lambda: trace_over_time("tool_failure_rate", window, filters, by="tool"),
        lambda: select("tools/errors", {**window_params(window, filters), "tools": ["*"]}),
    )
    return Tools(window, totals, tools, over_time, errors)


@dataclass(frozen=True)
class OneTool:
    """One tool of a window: who calls it, how long it takes, how it fails."""

    window: Window
    figures: dict[str, Figure]
    callers: dict[str | None, dict[str, Figure]]
    over_time: dict[str, OverTime]
    """By metric."""
    failures: pl.DataFrame
    """The latest failed calls, as in `tools/recent_failures`."""
    per_run: pl.DataFrame
    """As in `tools/calls_per_run`."""


@remembered()
def read_tool(window: Window, filters: Filters, tool: str) -> OneTool:
    """Return one tool in detail."""
    where = {"tool": tool}
    params = {**window_params(window, filters), "tools": [tool]}
    answers = ask_together(
        lambda: measure_all([*METRICS, "tool_retry_rate"], window, filters, where=where),
        lambda: measure(METRICS[:2], window, filters, by="agent", where=where),
        lambda: {
            name: trace_over_time(name, window, filters, where=where)
            for name in ("tool_failure_rate", "tool_p50_ms", "tool_p95_ms")
        },
        lambda: select("tools/recent_failures", params),
        lambda: select("tools/calls_per_run", params),
    )
    return OneTool(window, *answers)
