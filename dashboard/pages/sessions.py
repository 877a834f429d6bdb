"""Sessions: conversations and how they ended; one of them as it was said."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import streamlit as st

from dashboard.address import choose_one, choose_page, choose_some, choose_text, choose_toggle
from dashboard.answers.sessions import (
    PAGE_ROWS,
    Conversation,
    Sessions,
    SessionSearch,
    read_conversation,
    read_sessions,
)
from dashboard.charts.outcomes import WORDS as RUN_WORDS
from dashboard.components import (
    Badge,
    Column,
    Fact,
    Headline,
    Line,
    Stat,
    Turn,
    cell,
    show_conversation,
    show_headline,
    show_notice,
    show_table,
)
from dashboard.figures import Money
from dashboard.filters import Filters, Link, Window
from dashboard.formats import (
    format_count,
    format_duration,
    format_instant,
    format_signed,
    format_usd,
    format_window,
)
from dashboard.messages import bound_messages, read_messages
from dashboard.metric_tiles import count_cell
from dashboard.pages.traces import TONES as RUN_TONES
from dashboard.reading import Reading
from dashboard.states import show_failure, show_unknown
from dashboard.view import Screen, View, show_screen
from dashboard.zone import zone_name

WORDS: Final = {
    "open": "open",
    "resolved_confirmed": "resolved (confirmed)",
    "resolved_assumed": "resolved (assumed)",
    "escalated": "escalated",
    "abandoned": "abandoned",
    "failed": "failed",
}
TONES: Final = {
    "resolved_confirmed": "good",
    "resolved_assumed": "volume",
    "escalated": "warning",
    "abandoned": "warning",
    "failed": "error",
}
SORTS: Final = {"latest": "last", "dearest": "cost", "longest": "runs"}
SAID_CHARACTERS: Final = 600_000
PAUSE: Final = timedelta(minutes=1)
_COLUMNS: Final = (
    Column("Last", "time"),
    Column("Session"),
    Column("User"),
    Column("Agent"),
    Column("Outcome", "badge"),
    Column("Runs", "number", "end"),
    Column("Lasted", "number", "end"),
    Column("Cost", "number", "end"),
)


def render() -> None:
    """Draw the page: one session where the address names one, else the list."""
    asked = st.query_params.get("id", "").strip()
    if asked:
        _show_one(asked[:500])
        return
    show_screen(
    Screen(
        "Sessions", "sessions", _read, _draw, is_empty=lambda found: found.sessions.is_empty(),
        what="sessions", choose=_choose,
    )
    )  # fmt: skip


def _choose() -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="search", gap="medium"):
        outcome = choose_some("Outcome", list(WORDS), "outcome", say=WORDS.__getitem__)
        sort = choose_one("Order", list(SORTS), "sort", default="latest")
        only_long = choose_toggle("More than one run", "long")
        text = choose_text("User or session id", "q", placeholder="User, session or case id", width_px=230)
    page = choose_page((outcome, sort, only_long, text))
    st.session_state["session_search"] = SessionSearch(outcome, text, only_long, SORTS[sort], page)


def _read(window: Window, filters: Filters) -> Reading[Sessions]:
    return read_sessions(window, filters, st.session_state["session_search"])


def _draw(found: Sessions, view: View) -> None:
    totals = found.totals
    sessions = int(totals["sessions"].sum())
    priced = totals["cost_usd"].drop_nulls()
    money = Money(
        Decimal(str(priced.sum())) if len(priced) else None, sessions, int(totals["unpriced_calls"].sum())
    )
    ended = ", ".join(
        f"{format_count(row['sessions'])} {WORDS[row['outcome'] or 'open']}"
        for row in totals.iter_rows(named=True)
    )
    alone = sessions - int(totals["conversations"].sum())
    more = f" · {format_count(alone)} without a conversation id, a run each" if alone else ""
    show_notice(
        f"{format_count(sessions)} sessions: {ended}{more} · {money.say()} · "
        f"{format_window(found.window.start, found.window.until)}",
        is_plain=True,
        key="totals",
    )
    show_table(
        _COLUMNS, [session_line(row) for row in found.sessions.iter_rows(named=True)], key="sessions",
        caption="Sessions that match", nothing="No session on this page.",
    )  # fmt: skip
    pages = -(-sessions // PAGE_ROWS)
    if pages > 1:
        st.pagination(pages, key="page")


def session_line(row: dict[str, Any]) -> Line:
    """Return the row of a session."""
    outcome = row["outcome"]
    lasted = (row["last_at"] - row["started_at"]).total_seconds() * 1e3
    badge = WORDS[outcome or "open"] + (", reopened" if row["reopened"] else "")
    return Line(
        key=row["session_id"],
        cells=[
            cell(format_instant(row["last_at"], with_seconds=True)),
            cell(row["session_id"][:24], title=row["session_id"], is_mono=True),
            None if row["user_id"] is None else cell(row["user_id"], title=row["user_id"]),
            None if row["agent"] is None else cell(row["agent"], title=row["agent"]),
            cell(badge, tone=TONES.get(outcome, "agent")),
            count_cell(row["runs"]),
            cell(format_duration(lasted), order=lasted),
            cell(
                format_usd(row["cost_usd"], at_least=row["unpriced_calls"] > 0),
                is_quiet=row["cost_usd"] is None,
                order=None if row["cost_usd"] is None else float(row["cost_usd"]),
            ),
        ],
        link=Link("sessions", {"id": [row["session_id"]]}),
    )


def _show_one(session_id: str) -> None:
    kept = st.session_state.get("kept_query", {})
    st.page_link(
        st.session_state["pages"]["sessions"],
        label="Sessions",
        icon=":material/arrow_back:",
        query_params={key: list(values) for key, values in kept.items()},
    )
    reading = read_conversation(session_id)
    if not show_failure(reading, key="failure"):
        return
    if reading.value is None:
        show_unknown("No session is known by this id", session_id)
        return
    with st.container(key="content"):
        conversation = reading.value
        show_headline(build_headline(conversation), key="headline")
        show_conversation(build_turns(conversation), key="conversation")


def build_headline(conversation: Conversation) -> Headline:
    """Return the head of a session."""
    session = conversation.session
    outcome = session["outcome"]
    badges = [Badge(WORDS[outcome or "open"].capitalize(), TONES.get(outcome, "agent"))]
    if session["reopened"]:
        badges.append(Badge("Reopened", "warning", "the user came back about the same matter"))
    told = ("user_id", "tenant", "service", "environment")
    closing = format_instant(session["closed_at"] or session["closes_at"])
    closes = "closed" if session["closed_at"] else "closes, if nothing more happens,"
    facts = [
        Fact(
            f"{format_instant(session['started_at'])} – {format_instant(session['last_at'], with_zone=True)}"
        ),
        Fact(f"{closes} {closing} {zone_name()}"),
        *(Fact(f"{name.removesuffix('_id')} {session[name]}"[:160]) for name in told if session[name]),
        Fact(session["session_id"], "session", is_id=True),
    ]
    turns = conversation.turns
    waited = float(turns["duration_ms"].fill_null(0).sum())
    lasted = (session["last_at"] - session["started_at"]).total_seconds() * 1e3
    money = Money(session["cost_usd"], int(turns["llm_calls"].sum()), session["unpriced_calls"])
    failures = int(turns["tool_failures"].sum())
    return Headline(
        session["agent"] or "Conversation",
        badges,
        facts,
        [
            Stat("Runs", format_count(session["runs"])),
            Stat("Lasted", format_duration(lasted)),
            Stat("Agent at work", format_duration(waited), help="sum of the durations of the runs"),
            Stat("Cost", money.say(), is_unknown=money.usd is None),
            Stat("Model calls", format_count(money.calls)),
            Stat(
                "Tool calls",
                format_count(int(turns["tool_calls"].sum())),
                beside=f"{failures} failed" if failures else "",
            ),
        ],
    )


def build_turns(conversation: Conversation) -> list[Turn]:
    """Return the runs of a session as turns; together they send a bounded number of characters."""
    turns: list[Turn] = []
    ended: datetime | None = None
    budget = SAID_CHARACTERS // max(1, conversation.turns.height)
    for row in conversation.turns.iter_rows(named=True):
        outcome = row["outcome"]
        badge = Badge(
            RUN_WORDS[outcome] if outcome else "unfinished",
            RUN_TONES.get(outcome, "agent"),
            row["outcome_reason"] or "",
        )
        said = [
            *read_messages(row["input"], direction="input", kind="agent"),
            *read_messages(row["output"], direction="output", kind="agent"),
        ]
        pause = row["started_at"] - ended if ended else timedelta(0)
        turns.append(
            Turn(
                key=row["run_id"],
                at=format_instant(row["started_at"], with_seconds=True),
                link=Link("trace", {"id": [row["trace_id"]], "span": [row["root_span_id"]]}),
                messages=bound_messages(said, budget),
                badge=badge,
                facts=_turn_facts(row),
                pause=f"{format_duration(pause.total_seconds() * 1e3)} later" if pause > PAUSE else "",
            )
        )
        if row["duration_ms"] is not None:
            ended = row["started_at"] + timedelta(milliseconds=row["duration_ms"])
    return turns


def _turn_facts(row: dict[str, Any]) -> list[str]:
    facts = [
        format_duration(row["duration_ms"]),
        format_usd(row["cost_usd"], at_least=row["unpriced_calls"] > 0),
    ]
    if row["tool_calls"]:
        failed = f", {row['tool_failures']} failed" if row["tool_failures"] else ""
        noun = "tool call" if row["tool_calls"] == 1 else "tool calls"
        facts.append(f"{row['tool_calls']} {noun}{failed}")
    if row["feedback"] is not None:
        facts.append(f"feedback {format_signed(row['feedback'])}")
    return facts
