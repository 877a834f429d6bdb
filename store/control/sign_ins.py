"""Who is signed in with a password: a token in the browser, its hash here."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from store.control.access import Person
from store.control.tables import sign_ins


def add_sign_in(connection: Connection, person: Person, now: datetime, length: timedelta) -> str:
    """Keep that somebody signed in, forget what is over, and return the token for their browser."""
    connection.execute(delete(sign_ins).where(sign_ins.c.ends_at <= now))
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(sign_ins).values(
            token_sha256=_hash(token), name=person.name, role=person.role, began_at=now, ends_at=now + length
        )
    )
    return token


def find_sign_in(connection: Connection, token: str, now: datetime) -> Person | None:
    """Return who has this token; None when nobody has, or has any more."""
    query = select(sign_ins).where(sign_ins.c.token_sha256 == _hash(token), sign_ins.c.ends_at > now)
    row = connection.execute(query).mappings().first()
    return None if row is None else Person(row["name"], row["role"])


def end_sign_in(connection: Connection, token: str) -> None:
    """Make a token worthless."""
    connection.execute(delete(sign_ins).where(sign_ins.c.token_sha256 == _hash(token)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
