"""Trace: one trace as a waterfall, and the span that was chosen in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast

import polars as pl
import streamlit as st

from dashboard.charts.outcomes import WORDS
from dashboard.comparing.page_part import link_diff, show_diff
from dashboard.components import (
    Badge,
    Fact,
    Headline,
    Stat,
    show_heading,
    show_headline,
    show_inspector,
    show_notice,
    show_waterfall,
)
from dashboard.data import SPAN_LIMIT, Trace, read_span, read_trace
from dashboard.figures import Money
from dashboard.filters import Link
from dashboard.formats import format_count, format_duration, format_instant, format_rate
from dashboard.navigation import open_link
from dashboard.run_marks import show_marks
from dashboard.services import current
from dashboard.span_detail import build_detail
from dashboard.states import show_failure
from dashboard.waterfall import build_waterfall, find_default_span, fit_height, version_of
from store.errors import SpanledgerError

_HEX: Final = frozenset("0123456789abcdef")
_OUTCOME_TONES: Final = {"success": "good", "failure": "error", "escalated": "warning"}


def render() -> None:
    """Draw the page."""
    asked = st.query_params.get("id", "").strip().lower()
    trace_id = asked.partition("-")[0]
    back = st.session_state.get("list_query", {})
    st.page_link(
        st.session_state["pages"]["traces"], label="Traces", icon=":material/arrow_back:", query_params=back
    )
    if len(trace_id) != 32 or not _HEX.issuperset(trace_id):
        _show_unknown(asked, is_id=False)
        return
    reading = read_trace(trace_id)
    if not show_failure(reading, key="failure"):
        return
    if reading.value is None:
        _show_unknown(trace_id, is_id=True)
        return
    other = st.query_params.get("with", "").strip().lower().partition("-")[0]
    with st.container(key="content"):
        if not (other and show_diff(reading.value, other)):
            _show_trace(reading.value)


def _show_unknown(asked: str, *, is_id: bool) -> None:
    with st.container(border=True, key="empty"):
        st.subheader("No span of this trace is known" if is_id else "This is no trace id", anchor=False)
        st.code(asked[:200] or "(nothing)", language=None)
        if not is_id:
            st.text("A trace id has 32 hexadecimal digits. The address is /trace?id=TRACE&span=SPAN.")
            return
        st.text(
            "It may have been deleted by retention, may belong to another installation, or may not have arrived "
            "yet: spans are here about three seconds after the collector has acknowledged them."
        )
        if st.button("Look again", key="again"):
            st.rerun()


def _show_trace(trace: Trace) -> None:
    show_headline(build_headline(trace), key="headline")
    _show_ways(trace)
    _show_remarks(trace)
    _show_spans(trace)


def _show_ways(trace: Trace) -> None:
    """Offer what belongs to the trace: star and notes, its conversation, and other runs of its user."""
    run: dict[str, Any] = trace.runs.row(0, named=True) if trace.runs.height else {}
    links: list[tuple[str, Link]] = []
    if run.get("session_id"):
        links.append(("Its conversation", Link("sessions", {"id": [run["session_id"]]})))
    if run.get("user_id"):
        links.append(("Runs of this user", Link("traces", {"range": ["30d"], "q": [run["user_id"]]})))
    if run.get("agent"):
        failed = {"agent": [run["agent"]], "outcome": ["failure"]}
        links.append(("Failed runs of this agent", Link("traces", {"range": ["7d"], **failed})))
    with st.container(horizontal=True, vertical_alignment="center", key="ways_row"):
        if run:
            show_marks(trace.trace_id, run["run_id"])
        _show_comparing(trace, run)
        if links:
            show_heading("", links, key="ways")


def _show_comparing(trace: Trace, run: dict[str, Any]) -> None:
    """Offer to lay another run beside this one: by its id, or chosen in the list."""
    with st.popover("Compare with…", icon=":material/compare_arrows:"):
        given = st.text_input("Trace or run id of the other run", max_chars=100, key="other_id") or ""
        other = given.strip().lower().partition("-")[0]
        if other and other != trace.trace_id:
            open_link(link_diff(trace.trace_id, other))
        agent = {"agent": [run["agent"]]} if run.get("agent") else {}
        ways = {"Choose in the list": {}, "A run that succeeded": {"outcome": ["success"]}}
        for words, more in ways.items():
            link = Link("traces", {"range": ["7d"], **agent, **more, "compare": [trace.trace_id]})
            show_notice("", is_plain=True, key=f"choose_{words}", link=link, link_text=words)


@st.fragment
def _show_spans(trace: Trace) -> None:
    known = set(trace.spans["span_id"])
    asked = st.query_params.get("span", "")
    if asked and asked not in known:
        text = f"Span {asked[:32]} is not in this trace; another one is shown."
        show_notice(text, key="unknown_span", is_plain=True)
    selection = find_selection(trace, asked, known)
    left, right = st.columns([1.75, 1], gap="small")
    with left:
        data = {**_build_once(trace), "selected": selection.told, "turn": selection.turn}
        clicked = show_waterfall(data, key=f"waterfall_{trace.trace_id}")
    if clicked is not None and clicked in known and clicked != selection.clicked:
        selection.clicked = selection.shown = clicked
    if selection.shown != asked:
        selection.asked = st.query_params["span"] = selection.shown
    with right:
        _show_span(trace, selection.shown)


def _build_once(trace: Trace) -> dict[str, Any]:
    """Return the waterfall's data, built once for all clicks in a trace of this session."""
    kept: dict[str, Any] | None = st.session_state.get("waterfall_data")
    if kept is None or kept["version"] != version_of(trace):
        kept = st.session_state["waterfall_data"] = build_waterfall(trace)
    return kept


@dataclass
class Selection:
    """Which span is shown, and who said so last: a click in the waterfall, or the address (a link, Back).

    The waterfall hears of a selection only when the address changed it (`turn` counts that): telling it its own
    clicks would send the spans again, one click late.
    """

    shown: str
    asked: str
    clicked: str | None
    told: str
    turn: int


def find_selection(trace: Trace, asked: str, known: set[str]) -> Selection:
    """Return the selection of this session, after the address had its say."""
    kept: Selection | None = st.session_state.get("selection")
    if kept is None or kept.shown not in known:
        first = asked if asked in known else find_default_span(trace.spans)
        kept = Selection(first, asked, None, first, kept.turn + 1 if kept else 0)
        st.session_state["selection"] = kept
    elif asked != kept.asked:
        kept.asked = asked
        if asked in known:
            kept.shown = kept.told = asked
            kept.turn += 1
    return kept


def _show_span(trace: Trace, span_id: str) -> None:
    reading = read_span(trace.trace_id, span_id)
    if reading.value is None:
        show_notice(reading.failure or "This span cannot be read just now.", key="span_failure", tone="error")
        return
    start: datetime = trace.spans["started_at"].min()  # pyright: ignore[reportAssignmentType]
    show_inspector(build_detail(reading.value, start, height=fit_height(trace.spans.height)), key="inspector")
    _show_account(trace.trace_id, span_id)


def _show_account(trace_id: str, span_id: str) -> None:
    """Say, when asked, what gave each fact of the span and why it counts or does not."""
    operate = current().operate
    if operate is None or not st.toggle("Explain how this span was read and counted", key="account"):
        return
    try:
        report = cast("Mapping[str, Any]", operate("explain", {"span": f"{trace_id}-{span_id}"}))
    except SpanledgerError as error:
        show_notice(str(error), key="account_failure", tone="error")
        return
    st.code(str(report["text"]), language=None)


def _show_remarks(trace: Trace) -> None:
    if trace.span_count > trace.spans.height:
        show_notice(
            f"The trace has {format_count(trace.span_count)} spans; the first {format_count(SPAN_LIMIT)} are shown.",
            title="Very large trace.",
            key="large",
        )


def build_headline(trace: Trace) -> Headline:
    """Return the head of a trace: whose run it is, how it ended, in which state the trace is, and its figures."""
    spans, runs = trace.spans, trace.runs
    first: dict[str, Any] = runs.row(0, named=True) if runs.height else {}
    root = spans.row(0, named=True)
    named = runs["agent"].fill_null(runs["workflow"]).drop_nulls() if runs.height else []
    names = list(dict.fromkeys(named))
    title = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    told = ("service", "environment", "agent_version", "user_id", "session_id")
    facts = [
        Fact(f"{format_instant(root['started_at'], with_seconds=True, with_zone=True)}"),
        *(Fact(f"{_say(label)} {first[label]}"[:160]) for label in told if first.get(label)),
        Fact(trace.trace_id, "trace", is_id=True),
    ]
    return Headline(title or root["agent"] or root["name"], find_badges(trace), facts, build_stats(trace))


def _say(column: str) -> str:
    return column.removesuffix("_id").replace("_", " ")


def find_badges(trace: Trace) -> list[Badge]:
    """Return the states of a trace that a reader must know before trusting its figures."""
    spans, runs = trace.spans, trace.runs
    badges = [
        Badge(WORDS[outcome].capitalize() + (f" ({count})" if count > 1 else ""), _OUTCOME_TONES[outcome])
        for outcome in ("failure", "escalated", "success")
        if (count := runs.filter(pl.col("outcome") == outcome).height)
    ]
    known = set(spans["span_id"])
    orphans = spans.filter(pl.col("parent_span_id").is_not_null() & ~pl.col("parent_span_id").is_in(known))
    has_root = spans.filter(pl.col("parent_span_id").is_null()).height > 0
    if spans["duration_ms"].null_count():
        badges.append(Badge("In progress", "accent", "spans without an end: still running, or cut off"))
    if not has_root and trace.span_count == spans.height:
        badges.append(
            Badge("Root not received yet", "warning", "outcome and duration are known once it arrives")
        )
    elif orphans.height and trace.span_count == spans.height:
        noun = "span" if orphans.height == 1 else "spans"
        badges.append(
            Badge(f"{orphans.height} {noun} unattached", "warning", "their parents have not arrived")
        )
    if failures := int(runs["tool_failures"].sum()):
        badges.append(
            Badge(f"{format_count(failures)} failed tool {'call' if failures == 1 else 'calls'}", "warning")
        )
    if unpriced := int(runs["unpriced_calls"].sum()):
        noun = "call" if unpriced == 1 else "calls"
        badges.append(Badge(f"Partial cost: {format_count(unpriced)} {noun} without a price", "warning"))
    return badges


def build_stats(trace: Trace) -> list[Stat]:
    """Return the figures of a trace."""
    spans, runs = trace.spans, trace.runs
    start = spans["started_at"]
    ends = (start - start.min()).dt.total_microseconds() / 1e3 + spans["duration_ms"].fill_null(0)
    is_open = spans["duration_ms"].null_count() > 0
    costs = runs["cost_usd"].drop_nulls()
    calls = int(runs["llm_calls"].sum())
    money = Money(
        cast(Decimal, costs.sum()) if len(costs) else None, calls, int(runs["unpriced_calls"].sum())
    )
    cached, read = trace.cached_tokens["input_tokens"], trace.cached_tokens["cache_read_tokens"]
    tokens_in, tokens_out = (runs[name].drop_nulls() for name in ("input_tokens", "output_tokens"))
    failures = int(runs["tool_failures"].sum())
    share = format_rate(read / cached) if cached and read is not None else "not reported"
    return [
        Stat("Duration", format_duration(float(ends.max())), beside="so far" if is_open else ""),  # pyright: ignore[reportArgumentType]
        Stat("Cost", money.say(), is_unknown=money.usd is None),
        Stat("Model calls", format_count(calls)),
        Stat(
            "Tool calls",
            format_count(int(runs["tool_calls"].sum())),
            beside=f"{failures} failed" if failures else "",
        ),
        _token_stat("Input tokens", tokens_in),
        _token_stat("Output tokens", tokens_out),
        Stat("Input from cache", share, is_unknown=not cached or read is None),
    ]


def _token_stat(label: str, sums: pl.Series) -> Stat:
    return Stat(
        label, format_count(int(sums.sum())) if len(sums) else "not reported", is_unknown=not len(sums)
    )
