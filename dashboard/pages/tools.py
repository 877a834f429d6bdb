"""Tools: which one breaks, since when, with which error, and for whom."""

from __future__ import annotations

from collections import Counter
from typing import Final

import polars as pl
import streamlit as st

from dashboard.address import read_values
from dashboard.answers.measures import Figure
from dashboard.answers.tools import OneTool, Tools, read_tool, read_tools
from dashboard.bins import Bins, spread_by
from dashboard.charts.counts import draw_counts
from dashboard.charts.heat import MOST_ROWS, draw_heat
from dashboard.charts.lines import Series, draw_durations
from dashboard.charts.stacked import OTHERS, draw_stacked
from dashboard.charts.template import show
from dashboard.components import Column, Line, cell, show_heading, show_notice, show_table, show_tiles
from dashboard.filters import Link, link_page, link_traces
from dashboard.formats import (
    format_count,
    format_duration,
    format_instant,
    format_interval,
    format_rate,
    format_window,
)
from dashboard.metric_tiles import change_cell, find_longest, metric_tile, rate_cell, show_partial, value_cell
from dashboard.navigation import click_key, leave
from dashboard.standout_notices import find_troubles, show_troubles
from dashboard.states import show_failure
from dashboard.view import Screen, View, card, show_screen, two_cards

FULL_BAR: Final = 0.2
UNNAMED: Final = "unnamed tool"
UNTYPED: Final = "no type given"
FAILURES_SHOWN: Final = 14
"""As tall as what stands beside them."""
_COLUMNS: Final = (
    Column("Tool"),
    Column("Failed", "bar", help="share of calls that failed; grey where there are fewer than 30"),
    Column("Change", "number", "end", "in percentage points, against the earlier time"),
    Column("Trend", "spark", help="share of calls that failed, over the window"),
    Column("Calls", "number", "end"),
    Column("p50", "number", "end", "half of the calls took at most this long"),
    Column("p95", "number", "end", "95 of 100 calls took at most this long"),
    Column("Top error"),
)


def render() -> None:
    """Draw the page."""
    show_screen(
        Screen(
            "Tools",
            "tools",
            read_tools,
            _draw,
            is_empty=lambda tools: not tools.tools,
            what="tool calls",
            qualify=lambda tools: show_partial(tools.totals, tools.over_time),
        )
    )


def _draw(tools: Tools, view: View) -> None:
    show_notice(format_window(tools.window.start, tools.window.until), is_plain=True, key="window")
    _show_totals(tools, view)
    show_troubles(find_troubles(per_bin(tools), tools.errors), tools.window, view.filters)
    chosen = next(iter(read_values("tool")), "")
    if chosen:
        _show_tool(chosen, tools, view)
    lines = tool_lines(tools, view)
    with card(
        "All tools", "all_tools", note="Failures for their calls first. Open a tool to see its errors."
    ):
        show_table(
            _COLUMNS, lines, key="tools", caption="Tools by failure rate", nothing="No tool was called.",
            is_bare=True,
        )  # fmt: skip
    left, right = two_cards()
    with left, card("Failures by error", "errors"):
        _show_errors(tools, view, chosen)
    with right, card("When tools failed", "heat", note="Share of calls that failed; the worst tools on top."):
        show(
            draw_heat(heat_rows(tools), tools.window, view.colours),
            key="heat",
            alt="Failure rate per tool over time",
        )


def _show_totals(tools: Tools, view: View) -> None:
    window, totals = tools.window, tools.totals
    failures, calls = totals["tool_failure_rate"].hits[0], totals["tool_call_count"]
    show_tiles(
        [
            metric_tile(calls, window, spark=tools.over_time.all_counts,
                        link=link_traces(window.name, view.filters), beside=[f"{len(tools.tools)} tools"]),
            metric_tile(totals["tool_failure_rate"], window, spark=tools.over_time.all_rates,
                        link=link_traces(window.name, view.filters, failed_tools="true"),
                        beside=[f"{format_count(failures)} of {format_count(calls.value)} calls"]),
            metric_tile(totals["tool_p50_ms"], window),
            metric_tile(totals["tool_p95_ms"], window),
        ],
        key="tiles",
    )  # fmt: skip


def per_bin(tools: Tools) -> dict[str, tuple[Bins, Bins]]:
    """Return failures and calls per bin of every tool that has a name."""
    failures, calls = tools.over_time.numerators, tools.over_time.counts
    return {tool: (failures[tool], calls[tool]) for tool in calls if tool}


def ranked_tools(tools: Tools) -> list[tuple[str | None, dict[str, Figure]]]:
    """Return the tools, those with the most failures for their calls first, small numbers last."""

    def rank(item: tuple[str | None, dict[str, Figure]]) -> tuple[bool, float, int, str]:
        rate = item[1]["tool_failure_rate"]
        return rate.n < 30, -(rate.value or 0.0), -rate.n, item[0] or ""

    return sorted(tools.tools.items(), key=rank)


def tool_lines(tools: Tools, view: View) -> list[Line]:
    """Return a row per tool; each leads to the tool's own part of the page."""
    top = _top_errors(tools.errors)
    ranked = ranked_tools(tools)
    longest = find_longest((figures["tool_failure_rate"] for _, figures in ranked), FULL_BAR)
    return [
        Line(
            key=tool or "",
            cells=[
                cell(tool or UNNAMED, title=tool or ""),
                rate_cell(figures["tool_failure_rate"], longest),
                change_cell(figures["tool_failure_rate"]),
                cell("share that failed over the window", values=tools.over_time.values.get(tool, ())),
                value_cell(figures["tool_call_count"]),
                value_cell(figures["tool_p50_ms"]),
                value_cell(figures["tool_p95_ms"]),
                cell(top[tool], title=top[tool]) if tool in top else None,
            ],
            link=link_page("tools", tools.window.name, view.filters, tool=tool) if tool else None,
        )
        for tool, figures in ranked
    ]


def _top_errors(errors: pl.DataFrame) -> dict[str | None, str]:
    sums: Counter[tuple[str | None, str | None]] = Counter()
    for tool, error, failures in errors.select("tool", "error_type", "failures").iter_rows():
        sums[tool, error] += failures
    ranked = sorted(sums.items(), key=lambda item: (item[1], item[0][1] or ""))
    return {tool: error or "unknown" for (tool, error), _ in ranked}


def heat_rows(tools: Tools) -> list[tuple[str, Bins, list[str]]]:
    """Return for the heat map the name of a tool, its failure rate per bin, and that in words."""
    rows: list[tuple[str, Bins, list[str]]] = []
    traced = [tool for tool, _ in ranked_tools(tools) if tool in tools.over_time.values]
    for tool in traced[:MOST_ROWS]:
        rates, calls = tools.over_time.values[tool], tools.over_time.counts[tool]
        texts = [
            f"{format_rate(rate)} of {format_count(n)} calls" if n else "no calls"
            for rate, n in zip(rates, calls, strict=True)
        ]
        rows.append((tool or UNNAMED, rates, texts))
    return rows


def _show_errors(tools: Tools, view: View, chosen: str) -> None:
    errors = tools.errors.filter(pl.col("tool") == chosen) if chosen else tools.errors
    parts = spread_by(errors, "error_type", "failures", tools.window.bins)
    figure = draw_stacked(parts, tools.window, view.colours, say=format_count, unnamed=UNTYPED)
    alt = "Bars of failed tool calls per type of error over the window"
    point = show(figure, key=click_key("errors"), alt=alt, is_clickable=True)
    if point:
        interval, error, _ = (str(value) for value in point["customdata"][:3])
        narrowed = {"tool": chosen} if chosen else {}
        narrowed |= {} if error in (OTHERS, UNTYPED) else {"error": error}
        leave(link_traces(interval, view.filters, failed_tools="true", **narrowed))


def _show_tool(name: str, tools: Tools, view: View) -> None:
    reading = read_tool(tools.window, view.filters, name)
    if not show_failure(reading, key="tool_failure") or reading.value is None:
        return
    tool, window = reading.value, reading.value.window
    with st.container(border=True, key="one_tool"):
        links = [
            ("Show all its runs", link_traces(window.name, view.filters, tool=name)),
            ("Close", link_page("tools", window.name, view.filters)),
        ]
        show_heading(name[:200], links, key="one_tool_head")
        if tool.figures["tool_call_count"].value == 0:
            show_notice("It was not called in this window.", is_plain=True, key="not_called")
            return
        _show_tool_figures(name, tool, view)
        left, right = st.columns([1.25, 1], gap="medium")
        with left:
            _show_failed_calls(tool)
        with right:
            _show_callers(name, tool, view)
            st.subheader("How long it takes", anchor=False)
            show(draw_durations(_latency(tool, view), window, view.colours, height_px=200), key="tool_latency",
                 alt="Lines of the 50th and 95th percentile of the tool's latency")  # fmt: skip
            st.subheader("How often a run calls it", anchor=False)
            show(draw_counts(tool.per_run, view.colours, height_px=200), key="tool_per_run",
                 alt="Bars of runs by how often they call the tool")  # fmt: skip


def _show_tool_figures(name: str, tool: OneTool, view: View) -> None:
    window = tool.window
    rates, failed_calls = tool.over_time["tool_failure_rate"], tool.figures["tool_failure_rate"]
    p95 = tool.over_time["tool_p95_ms"]
    failed = link_traces(window.name, view.filters, tool=name, failed_tools="true")
    show_tiles(
        [
            metric_tile(tool.figures["tool_call_count"], window, spark=rates.counts[None],
                        link=link_traces(window.name, view.filters, tool=name)),
            metric_tile(failed_calls, window, spark=rates.values[None], link=failed,
                        beside=[f"{format_count(failed_calls.hits[0])} failed",
                                f"95 % sure: {format_interval(failed_calls.hits[0], failed_calls.n)}"]),
            metric_tile(tool.figures["tool_p95_ms"], window,
                        spark=p95.values[None],
                        beside=[f"p50 {format_duration(tool.figures['tool_p50_ms'].value)}"]),
            metric_tile(tool.figures["tool_retry_rate"], window),
        ],
        key="tool_tiles",
    )  # fmt: skip


def _latency(tool: OneTool, view: View) -> list[Series]:
    return [
        Series("p50", tool.over_time["tool_p50_ms"].values[None], view.colours.tool, 1.6, "dot"),
        Series("p95", tool.over_time["tool_p95_ms"].values[None], view.colours.tool, 2.6),
    ]


def _show_failed_calls(tool: OneTool) -> None:
    st.subheader("Latest failures", anchor=False)
    lines = [
        Line(
            key=row["span_id"],
            cells=[
                cell(format_instant(row["started_at"], with_seconds=True)),
                cell(row["error_type"] or "unknown", title=row["error_type"] or ""),
                cell(row["agent"] or "unnamed", title=row["agent"] or ""),
                None
                if not row["arguments"]
                else cell(row["arguments"], title=row["arguments"], is_mono=True),
            ],
            link=Link("trace", {"id": [row["trace_id"]], "span": [row["span_id"]]}),
        )
        for row in tool.failures.iter_rows(named=True)
    ]
    columns = [Column("At", "time"), Column("Error"), Column("Agent"), Column("Arguments")]
    show_table(
        columns, lines[:FAILURES_SHOWN], key="failed_calls", caption="Latest failed calls", nothing="No call failed.",
        is_bare=True,
    )  # fmt: skip


def _show_callers(name: str, tool: OneTool, view: View) -> None:
    st.subheader("Who calls it", anchor=False)
    ranked = sorted(tool.callers.items(), key=lambda item: -(item[1]["tool_call_count"].value or 0))
    longest = find_longest((figures["tool_failure_rate"] for _, figures in ranked), FULL_BAR)
    lines = [
        Line(
            key=agent or "",
            cells=[
                cell(agent or "unnamed agent", title=agent or ""),
                rate_cell(figures["tool_failure_rate"], longest),
                value_cell(figures["tool_call_count"]),
            ],
            link=link_traces(tool.window.name, view.filters.only(agent=agent), tool=name) if agent else None,
        )
        for agent, figures in ranked[:6]
    ]
    columns = [Column("Agent"), Column("Failed", "bar"), Column("Calls", "number", "end")]
    show_table(columns, lines, key="callers", caption="Agents that call it", nothing="Nobody.", is_bare=True)
