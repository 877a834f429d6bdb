"""What people say of drift: alarms right or wrong, outages left out, new levels accepted, baselines pinned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

import streamlit as st

from analytics.drift.decisions import accept_change, decide_baseline, mark_alarm
from dashboard.acting import change, choose_author, may_change, record
from dashboard.answers.drift import Decided, DriftAlarm
from dashboard.components import Badge, Column, Line, cell, show_table
from dashboard.formats import format_instant
from dashboard.services import current
from store.errors import RejectedData

WORDS: Final = {
    "confirm": "It is right: the behaviour changed",
    "dismiss": "It is wrong: nothing changed; its alert ends",
    "accept": "It is right, and the new level is the normal one from now on",
}
BASELINES: Final = {
    "exclude": "Leave hours out: an outage that raises nothing and teaches nothing",
    "pin": "Pin: compare with these hours for good",
    "unpin": "Unpin: compare with the last 28 days again",
}
MARKS: Final = {"confirm": ("confirmed", "good"), "dismiss": ("dismissed", "agent")}


def name_mark(alarm: DriftAlarm) -> list[Badge]:
    """Return what somebody said of an alarm as a badge, with the reason."""
    if alarm.mark not in MARKS:
        return []
    words, tone = MARKS[alarm.mark]
    return [Badge(words, tone, alarm.mark_reason or "")]


def show_decisions(alarm: DriftAlarm) -> None:
    """Draw what can be said of one alarm and of the baseline of its series."""
    with st.container(horizontal=True, key="drift_actions"):
        with st.popover("Right or wrong…", disabled=not may_change()):
            _show_marking(alarm)
        with st.popover("Baseline…", disabled=not may_change()):
            _show_baseline(alarm)


def _show_marking(alarm: DriftAlarm) -> None:
    with st.form("mark_alarm", border=False):
        action = st.radio(
            "This alarm", list(WORDS), format_func=lambda action: WORDS[action], key="mark_action"
        )
        reason = st.text_input("Why?", max_chars=300, key="mark_reason") or ""
        author = choose_author("marker")
        is_sent = st.form_submit_button("Keep", type="primary")
    now = current().clock()

    def mark(actor: str) -> None:
        _need(reason)
        if action == "accept":
            accept_change(current().store, alarm.alarm_id, reason=reason, author=actor, now=now)
        else:
            mark_alarm(current().store, alarm.alarm_id, action, reason=reason, author=actor, now=now)
        record(f"drift.{action}", alarm.alarm_id, actor, series=alarm.series, reason=reason)

    if is_sent and change(mark, key="mark_alarm", author=author):
        st.rerun()


def _show_baseline(alarm: DriftAlarm) -> None:
    action = st.radio(
        "Baseline", list(BASELINES), format_func=lambda one: BASELINES[one], key="baseline_action"
    )
    since, until = None, None
    with st.form("baseline", border=False):
        if action != "unpin":
            begin = (alarm.changed_at or alarm.raised_at).replace(minute=0, second=0, microsecond=0)
            default = begin if action == "exclude" else begin - timedelta(days=14)
            end = current().clock() if action == "exclude" else begin
            since = _choose_hour("From (UTC)", default, f"{action}_since")
            until = _choose_hour("Until (UTC)", end, f"{action}_until")
        is_all = st.toggle("For every series, not only this one", key="baseline_all")
        reason = st.text_input("Why?", max_chars=300, key="baseline_reason") or ""
        author = choose_author("baseliner")
        is_sent = st.form_submit_button("Keep", type="primary")
    series = None if is_all else alarm.series

    def decide(actor: str) -> None:
        _need(reason)
        decide_baseline(
            current().store, action, series=series, since=since, until=until, reason=reason, author=actor,
            now=current().clock(),
        )  # fmt: skip
        hours = {"since": since.isoformat(), "until": until.isoformat()} if since and until else {}
        record(f"drift.{action}", series or "every series", actor, reason=reason, **hours)

    if is_sent and change(decide, key="baseline", author=author):
        st.rerun()


def _choose_hour(label: str, default: datetime, key: str) -> datetime:
    with st.container(horizontal=True):
        day = st.date_input(label, default.date(), key=f"{key}_day")
        hour = st.number_input("Hour", 0, 23, default.hour, key=f"{key}_hour")
    return datetime.combine(day, time(int(hour)), UTC)


def _need(reason: str) -> None:
    if not reason.strip():
        raise RejectedData("there is no reason; write why, so that others understand it later")


def show_decided(decided: Sequence[Decided]) -> None:
    """Draw everything that was decided, the latest first."""
    columns = [Column("Decided", "time"), Column("What"), Column("About"), Column("Hours", "time"),
               Column("Why"), Column("By")]  # fmt: skip
    lines = [
        Line(
            one.decision_id,
            [
                cell(format_instant(one.decided_at)),
                cell(one.action),
                cell(one.series or "every series", title=one.series or ""),
                None if one.since_at is None or one.until_at is None
                else cell(f"{format_instant(one.since_at)} – {format_instant(one.until_at)}"),
                None if not one.reason else cell(one.reason, title=one.reason),
                None if not one.author else cell(one.author, title=one.author),
            ],
        )
        for one in decided
    ]  # fmt: skip
    show_table(
        columns, lines, key="decided", caption="Decisions", nothing="Nothing was decided.", is_bare=True
    )
