"""What alerting remembers: instances, their events, the outbox, silences.

Each verb runs in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from store.control.tables import alert_events, alert_groups, alerts, budgets, outbox, silences
from store.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert instance as it is kept."""

    fingerprint: str
    alert: str
    state: str
    severity: str | None
    labels: Mapping[str, str]
    evaluated_at: datetime
    value: float | None = None
    threshold: float | None = None
    reason: str | None = None
    active_at: datetime | None = None
    fired_at: datetime | None = None
    recovering_at: datetime | None = None
    resolved_at: datetime | None = None
    missing: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEventRow:
    """A change of state as it is kept."""

    fingerprint: str
    alert: str
    happened_at: datetime
    from_state: str
    to_state: str
    value: float | None
    threshold: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertGroupRow:
    """What one channel knows of one group of alerts; members and told_firing are fingerprints."""

    group_key: str
    channel: str
    labels: Mapping[str, str]
    members: Sequence[str]
    told_firing: Sequence[str]
    flush_at: datetime
    notified_at: datetime | None = None
    suppressed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A decision to send a message, or not to; `notification_id` is set once it is kept."""

    idempotency_key: str
    channel: str
    group_key: str
    decided_at: datetime
    reason: str
    state: str = "queued"
    attempts: int = 0
    next_attempt_at: datetime | None = None
    delivered_at: datetime | None = None
    last_error: str | None = None
    subject: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])
    notification_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRow:
    """A silence as it is kept; `matchers` are {label, op, value}."""

    matchers: Sequence[Mapping[str, str]]
    starts_at: datetime
    ends_at: datetime
    author: str | None = None
    comment: str | None = None
    silence_id: int | None = None


def load_alerts(connection: Connection, alert: str | None = None) -> list[AlertRow]:
    """Return all alert instances, or those of one rule, ordered by fingerprint."""
    query = select(alerts).order_by(alerts.c.fingerprint)
    if alert is not None:
        query = query.where(alerts.c.alert == alert)
    return [AlertRow(**row) for row in connection.execute(query).mappings()]


def save_alerts(connection: Connection, rows: Sequence[AlertRow]) -> None:
    """Keep the present state of alert instances, new or known."""
    if rows:
        delete_alerts(connection, [row.fingerprint for row in rows])
        connection.execute(insert(alerts), [asdict(row) for row in rows])


def delete_alerts(connection: Connection, fingerprints: Sequence[str]) -> None:
    """Forget alert instances."""
    for start in range(0, len(fingerprints), 500):
        connection.execute(delete(alerts).where(alerts.c.fingerprint.in_(fingerprints[start : start + 500])))


def append_alert_events(connection: Connection, rows: Sequence[AlertEventRow]) -> None:
    """Add changes of state to the history."""
    if rows:
        connection.execute(insert(alert_events), [asdict(row) for row in rows])


def list_alert_events(
    connection: Connection, fingerprint: str | None = None, *, limit: int = 1000
) -> list[AlertEventRow]:
    """Return the latest changes of state, newest first."""
    columns = [alert_events.c[column.name] for column in fields(AlertEventRow)]
    query = select(*columns).order_by(alert_events.c.event_id.desc()).limit(limit)
    if fingerprint is not None:
        query = query.where(alert_events.c.fingerprint == fingerprint)
    return [AlertEventRow(**row) for row in connection.execute(query).mappings()]


def enqueue(connection: Connection, row: OutboxRow) -> int | None:
    """Put a decision into the outbox and return its id; None when the same was decided before.

    A queued message without `next_attempt_at` is due at once.
    """
    known = select(outbox.c.notification_id).where(outbox.c.idempotency_key == row.idempotency_key)
    if connection.execute(known).first() is not None:
        return None
    values = asdict(row)
    del values["notification_id"]
    if row.state == "queued" and row.next_attempt_at is None:
        values["next_attempt_at"] = row.decided_at
    key = connection.execute(insert(outbox).values(values)).inserted_primary_key
    return int(key[0]) if key else None


def claim_next(
    connection: Connection,
    now: datetime,
    *,
    lease: timedelta,
    channel: str | None = None,
    without_channels: Sequence[str] = (),
) -> OutboxRow | None:
    """Return the oldest due message, of one channel or of all, and keep it from others until the lease ends.

    Messages of one channel about one group go in their order: a later one waits while an earlier one is
    queued. The number of attempts counts the one that begins now.
    """
    earlier = outbox.alias("earlier")
    is_blocked = (
        select(earlier.c.notification_id)
        .where(
            earlier.c.group_key == outbox.c.group_key,
            earlier.c.channel == outbox.c.channel,
            earlier.c.notification_id < outbox.c.notification_id,
            earlier.c.state == "queued",
        )
        .exists()
    )
    due = (
        select(outbox)
        .where(outbox.c.state == "queued", outbox.c.next_attempt_at <= now, ~is_blocked)
        .order_by(outbox.c.next_attempt_at, outbox.c.notification_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if channel is not None:
        due = due.where(outbox.c.channel == channel)
    if without_channels:
        due = due.where(outbox.c.channel.not_in(list(without_channels)))
    found = connection.execute(due).mappings().first()
    if found is None:
        return None
    row = OutboxRow(**found)
    taken = replace(row, attempts=row.attempts + 1, next_attempt_at=now + lease)
    changes = {"attempts": taken.attempts, "next_attempt_at": taken.next_attempt_at}
    _update_notification(connection, row.notification_id, changes)
    return taken


def settle_delivered(
    connection: Connection, notification_id: int, now: datetime, *, note: str | None = None
) -> None:
    """Note that a message was delivered, and what the other side remarked."""
    _update_notification(
        connection,
        notification_id,
        {"state": "delivered", "delivered_at": now, "next_attempt_at": None, "last_error": note},
    )


def settle_failed(
    connection: Connection, notification_id: int, error: str, *, next_attempt_at: datetime | None
) -> None:
    """Note that an attempt failed; without a next attempt the message is dead."""
    state = "dead" if next_attempt_at is None else "queued"
    _update_notification(
        connection,
        notification_id,
        {"state": state, "next_attempt_at": next_attempt_at, "last_error": error},
    )


def list_notifications(
    connection: Connection, *, group_key: str | None = None, channel: str | None = None, limit: int = 1000
) -> list[OutboxRow]:
    """Return the latest decisions, newest first."""
    query = select(outbox).order_by(outbox.c.notification_id.desc()).limit(limit)
    if group_key is not None:
        query = query.where(outbox.c.group_key == group_key)
    if channel is not None:
        query = query.where(outbox.c.channel == channel)
    return [OutboxRow(**row) for row in connection.execute(query).mappings()]


def replay_notification(connection: Connection, notification_id: int, now: datetime) -> None:
    """Queue a dead message again.

    Raises:
        NotFound: No such notification, or it is not dead.
    """
    done = connection.execute(
        update(outbox)
        .where(outbox.c.notification_id == notification_id, outbox.c.state == "dead")
        .values(state="queued", next_attempt_at=now, attempts=0)
    )
    if not done.rowcount:
        raise NotFound(f"no dead notification has the id {notification_id}; only dead ones can be sent again")


def find_undelivered_groups(connection: Connection) -> set[str]:
    """Return the keys of groups that a queued message is about."""
    query = select(outbox.c.group_key).where(outbox.c.state == "queued").distinct()
    return {str(key) for key in connection.execute(query).scalars()}


def load_groups(connection: Connection) -> list[AlertGroupRow]:
    """Return what every channel knows of every group."""
    query = select(alert_groups).order_by(alert_groups.c.group_key)
    return [AlertGroupRow(**row) for row in connection.execute(query).mappings()]


def save_groups(connection: Connection, rows: Sequence[AlertGroupRow], gone: Sequence[str] = ()) -> None:
    """Keep groups, new or known, and forget those that are gone."""
    keys = [*(row.group_key for row in rows), *gone]
    for start in range(0, len(keys), 500):
        connection.execute(
            delete(alert_groups).where(alert_groups.c.group_key.in_(keys[start : start + 500]))
        )
    if rows:
        values = [
            {**asdict(row), "members": list(row.members), "told_firing": list(row.told_firing)}
            for row in rows
        ]
        connection.execute(insert(alert_groups), values)


def forget_history(
    connection: Connection,
    *,
    events_before: datetime,
    notifications_before: datetime,
    alerts_before: datetime,
) -> int:
    """Delete old changes of state, settled decisions and ended alerts; return how many rows went."""
    deletions = (
        delete(alert_events).where(alert_events.c.happened_at < events_before),
        delete(outbox).where(outbox.c.state != "queued", outbox.c.decided_at < notifications_before),
        delete(alerts).where(
            alerts.c.state.in_(("inactive", "resolved")), alerts.c.evaluated_at < alerts_before
        ),
    )
    return sum(connection.execute(deletion).rowcount for deletion in deletions)


def find_next_attempt(connection: Connection, channel: str | None = None) -> datetime | None:
    """Return when the next queued message, of one channel or of all, is due; None when there is none."""
    query = select(func.min(outbox.c.next_attempt_at)).where(outbox.c.state == "queued")
    if channel is not None:
        query = query.where(outbox.c.channel == channel)
    return connection.execute(query).scalar()


def list_dead(connection: Connection) -> list[int]:
    """Return the ids of all dead messages, oldest first."""
    query = select(outbox.c.notification_id).where(outbox.c.state == "dead")
    return [int(number) for number in connection.execute(query.order_by(outbox.c.notification_id)).scalars()]


def count_dead(connection: Connection, since: datetime) -> int:
    """Return how many messages that were decided since then were given up."""
    query = select(func.count()).where(outbox.c.state == "dead", outbox.c.decided_at >= since)
    return int(connection.execute(query).scalar_one())


def find_oldest_queued(connection: Connection) -> datetime | None:
    """Return when the oldest message that waits was decided."""
    return connection.execute(
        select(func.min(outbox.c.decided_at)).where(outbox.c.state == "queued")
    ).scalar()


def find_sent(connection: Connection, channels: Sequence[str], since: datetime) -> dict[str, list[datetime]]:
    """Return when messages to channels were decided since a time, those that were not sent left out."""
    query = select(outbox.c.channel, outbox.c.decided_at).where(
        outbox.c.channel.in_(channels), outbox.c.decided_at > since, outbox.c.state != "suppressed"
    )
    found: dict[str, list[datetime]] = {}
    for channel, decided_at in connection.execute(query):
        found.setdefault(channel, []).append(decided_at)
    return found


def has_other_channels(connection: Connection, channels: Sequence[str]) -> bool:
    """Tell whether a message waits for a channel that is none of these."""
    query = select(outbox.c.channel).where(outbox.c.state == "queued").distinct()
    return not set(connection.execute(query).scalars()) <= set(channels)


def list_budgets(connection: Connection) -> Sequence[Row[Any]]:
    """Return how every budget stands."""
    return connection.execute(select(budgets).order_by(budgets.c.fingerprint)).all()


def add_silence(connection: Connection, row: SilenceRow) -> int:
    """Keep a silence and return its id."""
    values = asdict(row)
    del values["silence_id"]
    values["matchers"] = [dict(matcher) for matcher in row.matchers]
    key = connection.execute(insert(silences).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def expire_silence(connection: Connection, silence_id: int, now: datetime) -> None:
    """End a silence now; one that ended before keeps its end.

    Raises:
        NotFound: No such silence.
    """
    row = connection.execute(select(silences).where(silences.c.silence_id == silence_id)).first()
    if row is None:
        raise NotFound(f"no silence has the id {silence_id}; list them with spanledger alerts silence list")
    connection.execute(
        update(silences)
        .where(silences.c.silence_id == silence_id, silences.c.ends_at > now)
        .values(ends_at=now)
    )


def list_silences(connection: Connection, *, active_at: datetime | None = None) -> list[SilenceRow]:
    """Return the silences by id, or those that hold at one time."""
    query = select(silences).order_by(silences.c.silence_id)
    if active_at is not None:
        query = query.where(silences.c.starts_at <= active_at, silences.c.ends_at > active_at)
    return [SilenceRow(**row) for row in connection.execute(query).mappings()]


def _update_notification(
    connection: Connection, notification_id: int | None, changes: Mapping[str, Any]
) -> None:
    done = connection.execute(
        update(outbox).where(outbox.c.notification_id == notification_id).values(dict(changes))
    )
    if not done.rowcount:
        raise NotFound(f"no notification has the id {notification_id}")
