"""Which message began the thread of a group, in channels that have threads."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from store.control.tables import alert_threads


def find_thread(connection: Connection, channel: str, group_key: str) -> str | None:
    """Return the handle of the first message of a group that still fires."""
    query = select(alert_threads.c.handle).where(*_thread_key(channel, group_key))
    return connection.execute(query).scalar()


def begin_thread(connection: Connection, channel: str, group_key: str, handle: str, now: datetime) -> None:
    """Remember the message that later ones about the group belong to, in place of an earlier one."""
    end_thread(connection, channel, group_key)
    values = {"channel": channel, "group_key": group_key, "handle": handle, "began_at": now}
    connection.execute(insert(alert_threads).values(values))


def end_thread(connection: Connection, channel: str, group_key: str) -> None:
    """Forget the thread of a group that ended: what comes next begins another."""
    connection.execute(delete(alert_threads).where(*_thread_key(channel, group_key)))


def _thread_key(channel: str, group_key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return alert_threads.c.channel == channel, alert_threads.c.group_key == group_key
