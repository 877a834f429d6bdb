"""What people do on the pages: every change goes through here, so that who may only read is refused."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.components import show_notice
from dashboard.reading import forget_all
from dashboard.services import current, installed
from store.control.access import UNNAMED, Person
from store.control.auditing import AuditRow, record_change
from store.errors import SpanledgerError

SAMPLE_ONLY = "This is sample data, which nobody changes. Leave it to work on your own."
READ_ONLY = "You are signed in as a viewer, who reads and changes nothing. An admin can do this."


def find_person() -> Person | None:
    """Return who looks at the page; None when their sign-in has ended."""
    return installed().identify(st.context.headers)


def may_change() -> bool:
    """Whether whoever looks at the page may change something."""
    person = find_person()
    return person is not None and person.may_change and not current().is_sample


def choose_author(key: str) -> str:
    """Return who acts: whoever is signed in, else the name that a field asks for and this session remembers."""
    person = find_person()
    if person is not None and person.name:
        return person.name
    known: str = st.session_state.get("author", "")
    return (st.text_input("Who are you?", known, max_chars=80, key=key) or "").strip()


def change(do: Callable[[str], object], *, key: str, author: str | None = None) -> bool:
    """Do something as whoever looks at the page; return whether it was done, and say why where it was not.

    `do` is handed the name of who acts: the one who is signed in, else the `author` that a form asked for, else the
    one this session remembers.
    """
    person = find_person()
    if current().is_sample:
        show_notice(SAMPLE_ONLY, tone="error", key=f"{key}_refused", title="Not done.")
        return False
    if person is None or not person.may_change:
        show_notice(READ_ONLY, tone="error", key=f"{key}_refused", title="Not done.")
        return False
    if author == "" and not person.name:
        show_notice("Say who you are, so that others can ask you.", tone="error", key=f"{key}_unnamed")
        return False
    if author:
        st.session_state["author"] = author
    try:
        do(person.name or author or st.session_state.get("author") or UNNAMED)
    except SpanledgerError as error:
        show_notice(str(error), tone="error", key=f"{key}_failed", title="Not done.")
        return False
    forget_all()
    return True


def record(action: str, subject: str, actor: str, **detail: object) -> None:
    """Keep in the audit what was done to something that keeps no record of its own."""
    row = AuditRow(
        happened_at=current().clock(), actor=actor, action=action, subject=subject, detail=detail or None
    )
    with current().control.begin() as connection:
        record_change(connection, row)
