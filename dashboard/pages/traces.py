"""Traces: the runs behind every figure."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from dashboard import filters
from dashboard.charts.outcomes import WORDS
from dashboard.components import Column, Line, cell, show_notice, show_table
from dashboard.data import PAGE_ROWS, RunList, Search, read_runs
from dashboard.filters import Filters, Link
from dashboard.formats import format_count, format_duration, format_instant, format_usd, format_window
from dashboard.navigation import active_filters, follow
from dashboard.services import current
from dashboard.states import show_failure, show_nothing_found

SORTS: Final = {"newest": "started", "slowest": "duration", "dearest": "cost"}
TONES: Final = {"success": "volume", "failure": "error", "escalated": "warning"}
_COLUMNS: Final = (
    Column("Started (UTC)", "time"),
    Column("Agent"),
    Column("Outcome", "badge"),
    Column("Failure"),
    Column("Duration", "number", "end"),
    Column("Model calls", "number", "end"),
    Column("Tool calls", "number", "end"),
    Column("Tokens", "number", "end"),
    Column("Cost", "number", "end"),
    Column("User"),
    Column("Trace"),
)


def render() -> None:
    """Draw the page."""
    with st.container(horizontal=True, key="page_head", horizontal_alignment="distribute"):
        st.title("Traces", anchor=False, width="content")
        range_name = filters.choose_range()
    search = _choose_search()
    chosen = active_filters()
    window = filters.open_window(range_name, current().clock())
    reading = read_runs(window, chosen, search)
    if not show_failure(reading, key="failure"):
        return
    found = reading.value
    assert found is not None
    with st.container(key="content"):
        if found.runs.is_empty() and search.page == 1:
            _show_nothing(window, chosen, search)
            return
        _show_totals(found, window, search)
        follow(
            show_table(
                _COLUMNS,
                [run_line(row) for row in found.runs.iter_rows(named=True)],
                key="runs",
                caption="Runs that match",
                nothing="No run on this page.",
            )
        )
        _show_pages(found)


def _choose_search() -> Search:
    with st.container(horizontal=True, vertical_alignment="center", key="search", gap="medium"):
        outcome = st.pills(
            "Outcome", list(WORDS), selection_mode="multi", key="outcome", label_visibility="collapsed",
            bind="query-params",
        )  # fmt: skip
        sort = st.segmented_control(
            "Order", list(SORTS), default="newest", required=True, key="sort",
            label_visibility="collapsed", bind="query-params",
        )  # fmt: skip
        failed = st.toggle("With failed tools", key="failed_tools", bind="query-params")
        unpriced = st.toggle("With unpriced calls", key="unpriced", bind="query-params")
    with st.container(horizontal=True, vertical_alignment="center", key="narrow"):
        tool = st.text_input(
            "Tool", key="tool", placeholder="Tool: any", max_chars=200, width=190, label_visibility="collapsed",
            bind="query-params",
        )  # fmt: skip
        slower = st.number_input(
            "Longer than, in seconds", min_value=0.0, value=None, step=1.0, format="%.3g", key="slower", width=190,
            placeholder="Longer than (s): any", label_visibility="collapsed", bind="query-params",
        )  # fmt: skip
        text = st.text_input(
            "Run, trace, user or session id", key="q", placeholder="Trace, run, user or session id", max_chars=200,
            width=270, label_visibility="collapsed", bind="query-params",
        )  # fmt: skip
    page = st.query_params.get("page", "1")
    return Search(
        outcome=tuple(outcome),
        tool=tool.strip(),
        text=text.strip(),
        min_duration_ms=float(slower or 0) * 1e3,
        only_unpriced=unpriced,
        only_tool_failures=failed,
        sort=SORTS[sort or "newest"],
        page=int(page) if page.isdecimal() and 0 < int(page) < 100_000 else 1,
    )


def _show_totals(found: RunList, window: filters.Window, search: Search) -> None:
    totals: dict[str, Any] = found.totals
    first = (search.page - 1) * PAGE_ROWS + 1
    shown = f"{first:,}–{first + found.runs.height - 1:,} of " if totals["runs"] > found.runs.height else ""
    cost = format_usd(totals["cost_usd"], at_least=bool(totals["unpriced_calls"]))
    show_notice(
        f"{shown}{format_count(totals['runs'])} {'run' if totals['runs'] == 1 else 'runs'} · "
        f"{format_count(totals['failures'])} failed · {cost} · {format_window(window.start, window.until)}",
        is_plain=True,
        key="totals",
    )


def _show_pages(found: RunList) -> None:
    runs = found.totals["runs"]
    assert isinstance(runs, int)
    pages = -(-runs // PAGE_ROWS)
    if pages <= 1:
        return
    st.pagination(pages, key="page", bind="query-params")


def _show_nothing(window: filters.Window, chosen: Filters, search: Search) -> None:
    asked = [
        *(f"outcome {WORDS[name]}" for name in search.outcome),
        *([f"tool {search.tool}"] if search.tool else []),
        *([f"longer than {format_duration(search.min_duration_ms)}"] if search.min_duration_ms else []),
        *([f"id {search.text}"] if search.text else []),
        *(["a failed tool call"] if search.only_tool_failures else []),
        *(["unpriced calls"] if search.only_unpriced else []),
    ]
    show_nothing_found(window, chosen, what="runs", path="traces")
    if asked:
        st.text("Searched for runs with " + ", ".join(asked) + ".")


def run_line(row: dict[str, Any]) -> Line:
    """Return the row of a run."""
    outcome = row["outcome"]
    tokens = None if row["input_tokens"] is None else row["input_tokens"] + (row["output_tokens"] or 0)
    failures = row["tool_failures"]
    tools = f"{format_count(row['tool_calls'])}" + (f" ({format_count(failures)} failed)" if failures else "")
    agent = row["agent"] or row["workflow"] or row["service"] or "unnamed"
    calls = row["llm_calls"]
    cost = (
        format_usd(row["cost_usd"], at_least=row["unpriced_calls"] > 0) if calls or row["cost_usd"] else None
    )
    unfinished = "in progress" if not row["complete"] and row["duration_ms"] is None else "unknown"
    return Line(
        key=row["run_id"],
        cells=[
            cell(format_instant(row["started_at"], with_seconds=True)),
            cell(agent, title=agent),
            cell(WORDS[outcome] if outcome else unfinished, tone=TONES.get(outcome, "agent")),
            None if row["failure_class"] is None else cell(row["failure_class"].replace("_", " ")),
            cell(format_duration(row["duration_ms"]), is_quiet=row["duration_ms"] is None),
            cell(format_count(calls)),
            cell(tools, tone="error" if failures else None),
            None if tokens is None else cell(format_count(tokens)),
            None if cost is None else cell(cost, is_quiet=row["cost_usd"] is None),
            None if row["user_id"] is None else cell(row["user_id"], title=row["user_id"]),
            cell(row["trace_id"][:8], title=row["trace_id"], is_mono=True),
        ],
        link=Link("trace", {"id": [row["trace_id"]], "span": [row["root_span_id"]]}),
    )
