"""Incidents, and what people say and do about alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from store.control.tables import alert_remarks, incidents


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkRow:
    """Something a person did about an alert: acknowledge, release, assign or comment."""

    fingerprint: str
    alert: str
    made_at: datetime
    author: str
    kind: str
    text: str | None = None
    remark_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """Alerts of one cause."""

    title: str
    severity: str
    labels: Mapping[str, str]
    members: Sequence[str]
    began_at: datetime
    detected_at: datetime
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    incident_id: int | None = None


def add_remark(connection: Connection, row: RemarkRow) -> None:
    """Keep a remark."""
    values = asdict(row)
    del values["remark_id"]
    connection.execute(insert(alert_remarks).values(values))


def list_remarks(connection: Connection, fingerprints: Sequence[str] | None = None) -> list[RemarkRow]:
    """Return the remarks on all alerts, or on some, oldest first."""
    query = select(alert_remarks).order_by(alert_remarks.c.remark_id)
    if fingerprints is not None:
        query = query.where(alert_remarks.c.fingerprint.in_(list(fingerprints)))
    return [RemarkRow(**row) for row in connection.execute(query).mappings()]


def list_incidents(
    connection: Connection, *, open_only: bool = False, since: datetime | None = None, limit: int = 1000
) -> list[IncidentRow]:
    """Return incidents, the latest first: all, those that are open, or those detected since a time."""
    query = select(incidents).order_by(incidents.c.incident_id.desc()).limit(limit)
    if open_only:
        query = query.where(incidents.c.resolved_at.is_(None))
    if since is not None:
        query = query.where(incidents.c.detected_at >= since)
    return [IncidentRow(**row) for row in connection.execute(query).mappings()]


def save_incident(connection: Connection, row: IncidentRow) -> None:
    """Keep a new incident, or a known one as it is now."""
    values = {**asdict(row), "members": list(row.members), "labels": dict(row.labels)}
    incident_id = values.pop("incident_id")
    if incident_id is None:
        connection.execute(insert(incidents).values(values))
    else:
        connection.execute(update(incidents).where(incidents.c.incident_id == incident_id).values(values))
