"""Alert rules that were made by command or on the page, beside those of the configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from store.control.tables import alert_rules
from store.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRuleRow:
    """One rule: the table that a configuration file would hold."""

    name: str
    definition: Mapping[str, Any]
    author: str
    changed_at: datetime


def list_rules(connection: Connection) -> list[AlertRuleRow]:
    """Return the rules by name."""
    query = select(alert_rules).order_by(alert_rules.c.name)
    return [AlertRuleRow(**row) for row in connection.execute(query).mappings()]


def save_rule(connection: Connection, row: AlertRuleRow) -> None:
    """Keep a rule in place of one of the same name."""
    connection.execute(delete(alert_rules).where(alert_rules.c.name == row.name))
    connection.execute(
        insert(alert_rules).values(
            name=row.name, definition=dict(row.definition), author=row.author, changed_at=row.changed_at
        )
    )


def delete_rule(connection: Connection, name: str) -> None:
    """Forget a rule.

    Raises:
        NotFound: There is no such rule.
    """
    if not connection.execute(delete(alert_rules).where(alert_rules.c.name == name)).rowcount:
        raise NotFound(f"no alert called {name!r} was made by command; see spanledger alerts list --rules")


def find_version(connection: Connection) -> tuple[int, datetime | None]:
    """Return something that changes with every change of the rules."""
    row = connection.execute(select(func.count(), func.max(alert_rules.c.changed_at))).one()
    return int(row[0]), row[1]
