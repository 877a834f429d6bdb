"""Acknowledge, assign, comment, snooze, silence and send again, from the page of alerts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import streamlit as st

from alerts import ownership
from alerts.matchers import Matcher, parse_matcher
from alerts.ownership import Ownership
from alerts.silences import add_silence, expire_silence
from alerts.states import ACTIVE, Instance
from dashboard.acting import change, choose_author, may_change, record
from dashboard.components import Badge, show_notice
from dashboard.formats import format_instant
from dashboard.services import current
from store.control import alerting
from store.control.incidents import RemarkRow

LENGTHS: Final = {
    "1 hour": timedelta(hours=1),
    "4 hours": timedelta(hours=4),
    "1 day": timedelta(days=1),
    "1 week": timedelta(days=7),
}
WORDS: Final = {
    "acknowledge": "Acknowledge: I look after it",
    "release": "Give it back: I do not look after it any more",
    "assign": "Assign it to somebody",
    "comment": "Comment",
    "snooze": "Snooze it for a while",
}
DONE: Final = {
    "acknowledge": "looks after it",
    "release": "does not look after it any more",
    "assign": "assigned it to",
    "comment": "said",
}
REMARKS_SHOWN: Final = 5


def name_owners(owner: Ownership | None) -> list[Badge]:
    """Return who looks after an alert as badges."""
    if owner is None:
        return []
    said = (("acknowledged by", owner.acknowledged_by), ("assigned to", owner.assigned_to))
    return [Badge(f"{words} {name}"[:80], "accent") for words, name in said if name]


def show_remarks(remarks: Sequence[RemarkRow], key: str) -> None:
    """Draw what people said and did about an alert, the latest first."""
    told = [
        f"{format_instant(row.made_at, with_zone=True)}: {row.author} {DONE.get(row.kind, row.kind)}"
        + (f" {row.text}" if row.text else "")
        for row in reversed(remarks)
    ]
    if told:
        show_notice("\n".join(told[:REMARKS_SHOWN]), is_plain=True, key=f"remarks_{key}")


def show_response(instance: Instance, owner: Ownership | None) -> None:
    """Draw what can be done about one alert."""
    kinds = [kind for kind in WORDS if _is_offered(kind, instance, owner)]
    key = instance.fingerprint
    with st.popover("Respond…", disabled=not may_change()):
        kind = st.radio("What?", kinds, key=f"respond_{key}", format_func=lambda kind: WORDS[kind])
        with st.form(f"respond_form_{key}", border=False):
            text, length = "", timedelta(0)
            if kind == "assign":
                text = st.text_input("To whom?", max_chars=80, key=f"whom_{key}") or ""
            elif kind in ("comment", "snooze"):
                label = "Why?" if kind == "snooze" else "What should others know?"
                text = st.text_input(label, max_chars=500, key=f"said_{key}") or ""
            if kind == "snooze":
                length = LENGTHS[st.selectbox("For", list(LENGTHS), key=f"snooze_{key}")]
            author = choose_author(f"responder_{key}")
            is_sent = st.form_submit_button("Done", type="primary")
    if is_sent:
        respond = _respond(kind, instance, text, length)
        if change(respond, key=f"respond_{key}", author=author):
            st.rerun()


def _is_offered(kind: str, instance: Instance, owner: Ownership | None) -> bool:
    is_taken = owner is not None and owner.acknowledged_by is not None
    if kind == "acknowledge":
        return instance.state in ACTIVE and not is_taken
    return kind != "release" or is_taken


def _respond(kind: str, instance: Instance, text: str, length: timedelta) -> Callable[[str], object]:
    control, now = current().control, current().clock()

    def act(author: str) -> object:
        match kind:
            case "acknowledge":
                return ownership.acknowledge(control, instance, author=author, now=now)
            case "release":
                return ownership.release(control, instance, author=author, now=now)
            case "assign":
                return ownership.assign(control, instance, text, author=author, now=now)
            case "comment":
                return ownership.comment(control, instance, text, author=author, now=now)
            case _:
                return ownership.snooze(control, instance, length, author=author, comment=text, now=now)

    return act


def show_silencing(matchers: Sequence[Matcher], key: str) -> None:
    """Draw a form that silences alerts with these matchers, which may be changed."""
    with st.form(f"silence_{key}", border=False):
        text = st.text_area(
            "Nobody is told about alerts with these labels, one a line",
            "\n".join(str(matcher) for matcher in matchers),
            key=f"matchers_{key}",
            placeholder='agent="support-triage"\nseverity=~"info|warning"',
        )
        length = LENGTHS[st.selectbox("For", list(LENGTHS), key=f"length_{key}")]
        author = choose_author(f"silencer_{key}")
        comment = st.text_input("Why?", max_chars=200, key=f"why_{key}") or ""
        is_sent = st.form_submit_button("Silence", type="primary", disabled=not may_change())
    now = current().clock()

    def silence(actor: str) -> None:
        asked = [parse_matcher(line.strip()) for line in (text or "").splitlines() if line.strip()]
        add_silence(
            current().control, asked, starts_at=now, ends_at=now + length, author=actor, comment=comment, now=now
        )  # fmt: skip

    if is_sent and change(silence, key=f"silence_{key}", author=author):
        st.rerun()


def show_silence_end(silence_id: int) -> None:
    """Draw the button that ends a silence."""
    if not st.button("End it now", key=f"end_{silence_id}", disabled=not may_change()):
        return

    def end(actor: str) -> None:
        expire_silence(current().control, silence_id, actor=actor, now=current().clock())

    if change(end, key=f"end_{silence_id}"):
        st.rerun()


def show_replay(dead: Sequence[int]) -> None:
    """Draw the button that sends messages again that no channel took."""
    if not dead:
        return
    noun = "message" if len(dead) == 1 else "messages"
    if not st.button(f"Send {len(dead)} dead {noun} again", key="replay", disabled=not may_change()):
        return

    def replay(actor: str) -> None:
        with current().control.begin() as connection:
            for number in dead:
                alerting.replay_notification(connection, number, current().clock())
        record("notification.replay", ", ".join(map(str, dead)), actor)

    if change(replay, key="replay"):
        st.rerun()
