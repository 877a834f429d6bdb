"""Incidents: alerts of one cause together, with how long it took to notice and to end them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.states import ACTIVE, AlertEvent, Instance, State
from store.control import incidents
from store.control.incidents import IncidentRow

JOINS_WITHIN: Final = timedelta(minutes=30)
"""An alert belongs to an open incident that something joined this lately, when they share a cause."""
_NOT_A_CAUSE: Final = frozenset(
    {"alert", "severity", "environment", "purpose", "metric", "direction", "unit"}
)
_SEVERITIES: Final = ("info", "warning", "critical")


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """How incidents of a time were dealt with; None where nothing is known."""

    incidents: int
    median_to_detect_s: float | None
    median_to_acknowledge_s: float | None
    median_to_resolve_s: float | None


def keep_incidents(
    connection: Any, instances: Mapping[str, Instance], events: Sequence[AlertEvent], now: datetime
) -> None:
    """Open, extend and close incidents after what an evaluation changed."""
    fired = [e for e in events if e.to_state is State.FIRING and e.from_state is not State.RECOVERING]
    ended = [e for e in events if e.to_state is State.RESOLVED]
    if not fired and not ended:
        return
    rows = incidents.list_incidents(connection, open_only=True)
    for event in fired:
        _join(rows, instances[event.fingerprint], instances, now)
    for row in rows:
        is_over = not any(
            (member := instances.get(key)) is not None and member.state in ACTIVE for key in row.members
        )
        if is_over:
            row = replace(row, resolved_at=now)
        incidents.save_incident(connection, row)


def measure_response(rows: Sequence[IncidentRow]) -> ResponseTimes:
    """Return the median times to detect, acknowledge and resolve."""

    def median(pairs: Sequence[tuple[datetime, datetime | None]]) -> float | None:
        known = [(end - start).total_seconds() for start, end in pairs if end is not None]
        return statistics.median(known) if known else None

    return ResponseTimes(
        len(rows),
        median([(row.began_at, row.detected_at) for row in rows]),
        median([(row.detected_at, row.acknowledged_at) for row in rows]),
        median([(row.detected_at, row.resolved_at) for row in rows]),
    )


def note_acknowledged(connection: Any, fingerprint: str, now: datetime) -> None:
    """Note that somebody looks after an alert of an open incident."""
    for row in incidents.list_incidents(connection, open_only=True):
        if fingerprint in row.members and row.acknowledged_at is None:
            incidents.save_incident(connection, replace(row, acknowledged_at=now))


def find_cause(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that tell where the cause of an alert lies."""
    return {name: value for name, value in labels.items() if name not in _NOT_A_CAUSE and value}


def _join(
    rows: list[IncidentRow], instance: Instance, instances: Mapping[str, Instance], now: datetime
) -> None:
    began_at = instance.active_at or now
    for place, row in enumerate(rows):
        if _belongs(row, instance, instances, now):
            shared = {k: v for k, v in row.labels.items() if instance.labels.get(k) == v}
            worst = max(row.severity, instance.severity, key=_rank)
            members = sorted({*row.members, instance.fingerprint})
            rows[place] = replace(
                row,
                members=members,
                severity=worst,
                labels=shared or row.labels,
                began_at=min(row.began_at, began_at),
                title=row.title if len(members) == len(row.members) else _title(row.title),
            )
            return
    cause = find_cause(instance.labels)
    where = ", ".join(cause.values())
    rows.append(
        IncidentRow(
            title=f"{instance.alert} · {where}" if where else instance.alert,
            severity=instance.severity,
            labels=cause,
            members=[instance.fingerprint],
            began_at=began_at,
            detected_at=now,
        )
    )


def _belongs(row: IncidentRow, instance: Instance, instances: Mapping[str, Instance], now: datetime) -> bool:
    """Tell whether an alert shares the cause: the same rule or the same place, at about the same time."""
    members = [instances[key] for key in row.members if key in instances]
    lately = max((m.fired_at for m in members if m.fired_at and m is not instance), default=row.detected_at)
    if instance.fingerprint in row.members:
        return True
    if now - lately > JOINS_WITHIN:
        return False
    if any(member.alert == instance.alert for member in members):
        return True
    cause = find_cause(instance.labels)
    return any(row.labels.get(name) == value for name, value in cause.items())


def _title(title: str) -> str:
    return title if title.endswith(" and others") else f"{title} and others"


def _rank(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else 0
