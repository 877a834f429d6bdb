"""Traces: the runs behind every figure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import polars as pl
import streamlit as st

from dashboard import filters
from dashboard.address import (
    choose_least,
    choose_one,
    choose_some,
    choose_text,
    choose_toggle,
    read_values,
    take_over,
    write_back,
)
from dashboard.answers.marks import Marks, read_marks
from dashboard.bins import spread_by
from dashboard.charts.outcomes import WORDS, draw_outcomes
from dashboard.charts.template import show_to_cut
from dashboard.comparing.page_part import link_diff
from dashboard.components import Column, Line, cell, show_notice, show_table
from dashboard.data import PAGE_ROWS, RunList, Search, read_runs
from dashboard.filters import Filters, Link
from dashboard.formats import format_count, format_duration, format_instant, format_usd, format_window
from dashboard.navigation import active_filters, click_key, leave
from dashboard.services import current
from dashboard.states import show_failure, show_nothing_found
from dashboard.theme import palette

SORTS: Final = {"newest": "started", "slowest": "duration", "dearest": "cost"}
GIVEN: Final = {
    "version": "version",
    "tenant": "tenant",
    "prompt": "prompt",
    "failure_class": "failures of class",
}
MAX_PAGES: Final = 10_000
TONES: Final = {"success": "volume", "failure": "error", "escalated": "warning"}
_COLUMNS: Final = (
    Column("Started", "time"),
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
_HISTOGRAM_PX: Final = 175


def render() -> None:
    """Draw the page."""
    with st.container(horizontal=True, key="page_head", horizontal_alignment="distribute"):
        st.title("Traces", anchor=False, width="content")
        range_name = filters.choose_range()
    search = _choose_search()
    compared = next(iter(read_values("compare")), "")
    if compared:
        _show_choosing(compared)
    chosen = active_filters()
    search = replace(search, page=_find_page(search, range_name, chosen))
    st.session_state["list_query"] = {name: st.query_params.get_all(name) for name in st.query_params}
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
        _show_totals(found, window, search, is_choosing=bool(compared))
        _show_histogram(found, window)
        marks = read_marks().value
        show_table(
            _COLUMNS,
            [_lead(run_line(row, marks), compared) for row in found.runs.iter_rows(named=True)],
            key="runs",
            caption="Runs that match",
            nothing="No run on this page.",
        )
        _show_pages(found, search.page)


def _choose_search() -> Search:
    with st.container(horizontal=True, vertical_alignment="center", key="search", gap="medium"):
        outcome = choose_some("Outcome", list(WORDS), "outcome", say=WORDS.__getitem__)
        sort = choose_one("Order", list(SORTS), "sort", default="newest")
        failed = choose_toggle("Failed tools", "failed_tools")
        unpriced = choose_toggle("Unpriced", "unpriced")
        starred = choose_toggle("Starred", "starred")
        noted = choose_toggle("Notes", "noted")
    with st.container(horizontal=True, vertical_alignment="center", key="narrow"):
        tool = choose_text("Tool", "tool", placeholder="Tool: any", width_px=130)
        error = choose_text("Error", "error", placeholder="Error: any", width_px=130)
        slower_s = choose_least("Longer than, in seconds", "slower", placeholder="Longer than, s")
        dearer_usd = choose_least("Costlier than, in USD", "dearer", placeholder="Costlier than, $")
        text = choose_text(
            "Trace, run, user or session id", "q", placeholder="Trace, run, user or session id", width_px=225
        )
        said = choose_text(
            "Text that was said", "said", placeholder="Text in question or answer", width_px=205
        )
    given = {name: next(iter(read_values(name)), "") for name in GIVEN}
    _show_given(given)
    return Search(
        version=given["version"],
        tenant=given["tenant"],
        prompt=given["prompt"],
        failure_class=given["failure_class"],
        outcome=outcome,
        tool=tool,
        text=text,
        said=said,
        error=error,
        min_duration_ms=slower_s * 1e3,
        min_cost_usd=dearer_usd,
        only_unpriced=unpriced,
        only_tool_failures=failed,
        marked=_find_marked(starred, noted),
        sort=SORTS[sort],
    )


FIRST: Final = "first"
"""The address of choosing two runs, of which none is chosen yet."""


def _show_choosing(compared: str) -> None:
    """Say that two runs are being chosen; `compared` is the trace that was, FIRST before one was."""
    text = (
        "Choose the first of two runs to compare."
        if compared == FIRST
        else f"Choose the run to lay beside {compared[:8]}."
    )
    link = Link("traces", _keep_query("compare"))
    show_notice(text, is_plain=True, link=link, link_text="Compare no runs", key="choosing")


def _keep_query(*without: str) -> dict[str, list[str]]:
    """Return the query of the address without the page of the list, and without some more."""
    return {name: st.query_params.get_all(name) for name in st.query_params if name not in ("page", *without)}


def _lead(line: Line, compared: str) -> Line:
    """Return the row of a run, leading to the comparison where two are being chosen."""
    if not compared or line.link is None:
        return line
    (trace,) = line.link.query["id"]
    if compared != FIRST:
        return replace(line, link=link_diff(compared, trace))
    rest = {name: st.query_params.get_all(name) for name in st.query_params}
    return replace(line, link=Link("traces", {**rest, "compare": [trace]}))


def _find_marked(starred: bool, noted: bool) -> tuple[str, ...] | None:
    """Return the runs that are marked as asked; None where nothing was asked."""
    found = read_marks().value
    if found is None or not (starred or noted):
        return None
    asked = [ids for ids, is_asked in ((found.starred(), starred), (found.noted(), noted)) if is_asked]
    return tuple(sorted(frozenset.intersection(*asked)))


def _show_given(given: dict[str, str]) -> None:
    """Say what a link has narrowed the list to, and offer to drop it."""
    words = ", ".join(f"{GIVEN[name]} {value}" for name, value in given.items() if value)
    if words:
        rest = {name: st.query_params.get_all(name) for name in st.query_params if name not in GIVEN}
        link = Link("traces", rest)
        show_notice(f"Only {words}.", is_plain=True, link=link, link_text="Show all", key="given")


def _find_page(search: Search, window_name: str, chosen: Filters) -> int:
    """Return the page of the list; another search begins at its first one."""
    is_asked = take_over("page", lambda values: int(values[0]) if values and values[0].isdecimal() else 1)
    asked = (search, window_name, chosen)
    if not is_asked and st.session_state.get("searched", asked) != asked:
        st.session_state["page"] = 1
    st.session_state["searched"] = asked
    return min(max(1, st.session_state["page"]), MAX_PAGES)


def _show_histogram(found: RunList, window: filters.Window) -> None:
    """Draw when the runs were and how they ended; a bar or a time that is dragged over narrows the list."""
    runs = spread_by(found.outcomes, "outcome", "runs", window.bins)
    figure = draw_outcomes(runs, window, palette(st.context.theme.type), height_px=_HISTOGRAM_PX)
    alt = "Bars of the runs that match, per outcome over the window"
    with st.container(border=True, key="histogram"):
        points = show_to_cut(figure, key=click_key("histogram"), alt=alt)
    if not points:
        return
    cut = [filters.read_interval(str(point["customdata"][0])) for point in points]
    known = [interval for interval in cut if interval is not None]
    query = _keep_query()
    query["range"] = [filters.write_interval(min(known)[0], max(known)[1])]
    if len(points) == 1:
        query["outcome"] = [str(points[0]["customdata"][1])]
    leave(Link("traces", query))


def _show_totals(found: RunList, window: filters.Window, search: Search, *, is_choosing: bool) -> None:
    outcomes = found.outcomes
    runs, unpriced = found.count, outcomes["unpriced_calls"].sum()
    failures = outcomes.filter(pl.col("outcome") == "failure")["runs"].sum()
    known = outcomes["cost_usd"].drop_nulls()
    first = (search.page - 1) * PAGE_ROWS + 1
    shown = f"{first:,}–{first + found.runs.height - 1:,} of " if runs > found.runs.height else ""
    cost = format_usd(sum(known) if len(known) else None, at_least=bool(unpriced))
    show_notice(
        f"{shown}{format_count(runs)} {'run' if runs == 1 else 'runs'} · {format_count(failures)} failed · "
        f"{cost} · {format_window(window.start, window.until)}",
        is_plain=True,
        link=None if is_choosing else Link("traces", {**_keep_query(), "compare": [FIRST]}),
        link_text="Compare two runs",
        key="totals",
    )


def _show_pages(found: RunList, page: int) -> None:
    pages = min(-(-found.count // PAGE_ROWS), MAX_PAGES)
    if pages > 1:
        st.session_state["page"] = min(page, pages)
        page = st.pagination(pages, key="page")
    write_back("page", [] if page == 1 or pages <= 1 else [str(page)])


def _show_nothing(window: filters.Window, chosen: Filters, search: Search) -> None:
    asked = [
        *(f"outcome {WORDS[name]}" for name in search.outcome),
        *([f"tool {search.tool}"] if search.tool else []),
        *([f"error {search.error}"] if search.error else []),
        *([f"longer than {format_duration(search.min_duration_ms)}"] if search.min_duration_ms else []),
        *([f"costlier than {format_usd(search.min_cost_usd)}"] if search.min_cost_usd else []),
        *([f"id {search.text}"] if search.text else []),
        *([f"“{search.said}” in question or answer"] if search.said else []),
        *(f"{words} {getattr(search, name)}" for name, words in GIVEN.items() if getattr(search, name)),
        *(["a failed tool call"] if search.only_tool_failures else []),
        *(["unpriced calls"] if search.only_unpriced else []),
        *(["a star or note as asked"] if search.marked is not None else []),
    ]
    show_nothing_found(window, chosen, what="runs", path="traces")
    if asked:
        st.text("Searched for runs with " + ", ".join(asked) + ".")


def run_line(row: dict[str, Any], marks: Marks | None = None) -> Line:
    """Return the row of a run, with what people marked it with."""
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
            cell(agent, title=agent, note=_say_marks(row["run_id"], marks)),
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


def _say_marks(run_id: str, marks: Marks | None) -> str:
    if marks is None:
        return ""
    said = [("★ starred", marks.starred()), ("✎ note", marks.noted())]
    return " ".join(words for words, marked in said if run_id in marked)
