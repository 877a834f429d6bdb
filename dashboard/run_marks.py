"""The star and the notes of a run, on the page of its trace."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.acting import change, choose_author, may_change
from dashboard.answers.marks import read_marks
from dashboard.components import show_notice
from dashboard.formats import format_instant
from dashboard.services import current
from dashboard.states import show_failure
from store.control import marks
from store.control.marks import LONGEST_NOTE, Note, Star


def show_marks(trace_id: str, run_id: str) -> None:
    """Draw the star and the notes of a trace's runs, with what adds to them; new ones stand on `run_id`.

    A run that was marked before its root arrived was called otherwise then, but of the same trace.
    """
    reading = read_marks()
    if not show_failure(reading, key="marks_failure") or reading.value is None:
        return
    stars = [star for star in reading.value.stars if star.run_id.startswith(trace_id)]
    notes = [note for note in reading.value.notes if note.run_id.startswith(trace_id)]
    _show_star(run_id, stars)
    with st.popover(f"Notes ({len(notes)})" if notes else "Add a note", icon=":material/edit_note:"):
        for note in notes:
            _show_note(note)
        _show_form(run_id)


def _show_star(run_id: str, stars: Sequence[Star]) -> None:
    label, icon = ("Starred", ":material/star:") if stars else ("Star", ":material/star_border:")
    told = f"{stars[0].author}, {format_instant(stars[0].starred_at, with_zone=True)}" if stars else None
    if not st.button(label, key="star", icon=icon, help=told, disabled=not may_change()):
        return
    now = current().clock()

    def turn(author: str) -> None:
        with current().control.begin() as connection:
            for star in stars:
                marks.remove_star(connection, star.run_id, actor=author, now=now)
            if not stars:
                marks.add_star(connection, Star(run_id=run_id, author=author, starred_at=now))

    if change(turn, key="star"):
        st.rerun()


def _show_note(note: Note) -> None:
    key, number = f"note_{note.note_id}", note.note_id or 0
    told = f"{note.author}, {format_instant(note.noted_at, with_zone=True)}:"
    show_notice(note.text, title=told, is_plain=True, key=key)
    if not st.button("Delete", key=f"delete_{key}", disabled=not may_change()):
        return

    def remove(author: str) -> None:
        with current().control.begin() as connection:
            marks.remove_note(connection, number, actor=author, now=current().clock())

    if change(remove, key=f"delete_{key}"):
        st.rerun()


def _show_form(run_id: str) -> None:
    with st.form("note", border=False, clear_on_submit=True):
        author = choose_author("note_author")
        text = st.text_area("Note", max_chars=LONGEST_NOTE, key="note_text", height=110)
        is_sent = st.form_submit_button("Keep", type="primary", disabled=not may_change())
    if not is_sent:
        return

    def add(actor: str) -> None:
        note = Note(run_id=run_id, author=actor, noted_at=current().clock(), text=text)
        with current().control.begin() as connection:
            marks.add_note(connection, note)

    if change(add, key="note", author=author):
        st.rerun()
