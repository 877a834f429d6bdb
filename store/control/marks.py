"""What people mark runs with: stars and notes; each change is audited in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from store.control.auditing import AuditRow, record_change
from store.control.tables import notes, stars
from store.errors import NotFound, RejectedData

LONGEST_NOTE: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Star:
    """A run that somebody wants found again; at most one star a run."""

    run_id: str
    author: str
    starred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody wrote on a run."""

    run_id: str
    author: str
    noted_at: datetime
    text: str
    note_id: int | None = None


def add_star(connection: Connection, star: Star) -> None:
    """Star a run; one that has a star keeps it."""
    if connection.execute(select(stars).where(stars.c.run_id == star.run_id)).first() is None:
        connection.execute(insert(stars).values(asdict(star)))
        _record(connection, star.starred_at, star.author, "star.add", star.run_id)


def remove_star(connection: Connection, run_id: str, *, actor: str, now: datetime) -> None:
    """Take the star off a run; nothing when it has none."""
    if connection.execute(delete(stars).where(stars.c.run_id == run_id)).rowcount:
        _record(connection, now, actor, "star.remove", run_id)


def list_stars(connection: Connection) -> list[Star]:
    """Return the stars, the latest first."""
    query = select(stars).order_by(stars.c.starred_at.desc(), stars.c.run_id)
    return [Star(**row) for row in connection.execute(query).mappings()]


def add_note(connection: Connection, note: Note) -> int:
    """Keep a note on a run and return its number.

    Raises:
        RejectedData: The text is empty or longer than LONGEST_NOTE characters.
    """
    text = note.text.strip()
    if not text or len(text) > LONGEST_NOTE:
        raise RejectedData(f"a note has 1 to {LONGEST_NOTE} characters, this one {len(text)}")
    values = {**asdict(note), "text": text}
    del values["note_id"]
    key = connection.execute(insert(notes).values(values)).inserted_primary_key
    assert key is not None
    _record(connection, note.noted_at, note.author, "note.add", note.run_id, text)
    return int(key[0])


def remove_note(connection: Connection, note_id: int, *, actor: str, now: datetime) -> None:
    """Delete a note; what it said stays in the audit.

    Raises:
        NotFound: There is no such note.
    """
    row = connection.execute(select(notes).where(notes.c.note_id == note_id)).mappings().first()
    if row is None:
        raise NotFound(f"there is no note {note_id}; somebody deleted it already")
    connection.execute(delete(notes).where(notes.c.note_id == note_id))
    _record(connection, now, actor, "note.remove", row["run_id"], row["text"])


def list_notes(connection: Connection, run_ids: Sequence[str] | None = None) -> list[Note]:
    """Return the notes on all runs, or on some, oldest first."""
    query = select(notes).order_by(notes.c.note_id)
    if run_ids is not None:
        query = query.where(notes.c.run_id.in_(list(run_ids)))
    return [Note(**row) for row in connection.execute(query).mappings()]


def _record(
    connection: Connection, at: datetime, actor: str, action: str, run_id: str, text: str | None = None
) -> None:
    detail = None if text is None else {"text": text}
    row = AuditRow(happened_at=at, actor=actor, action=action, subject=run_id, detail=detail)
    record_change(connection, row)
