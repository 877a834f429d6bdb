"""Who changed what: an append-only list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from store.control.tables import audit


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One change."""

    happened_at: datetime
    actor: str
    action: str
    subject: str | None = None
    detail: Mapping[str, Any] | None = None
    audit_id: int | None = None


def record_change(connection: Connection, row: AuditRow) -> None:
    """Add one change to the list."""
    connection.execute(
        insert(audit).values(
            happened_at=row.happened_at,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            detail=None if row.detail is None else dict(row.detail),
        )
    )


def list_changes(connection: Connection, *, limit: int = 1000) -> list[AuditRow]:
    """Return the latest changes, newest first."""
    query = select(audit).order_by(audit.c.audit_id.desc()).limit(limit)
    return [AuditRow(**row) for row in connection.execute(query).mappings()]
