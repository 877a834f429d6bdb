"""Instances and groups, to and from the rows of the control state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alerts.routing.groups import Group
from alerts.routing.planning import Plan
from alerts.states import Instance, State
from store.control import alerting
from store.control.alerting import AlertGroupRow, AlertRow


def load_instances(connection: Any) -> dict[str, Instance]:
    """Return all instances by fingerprint."""
    return {row.fingerprint: _to_instance(row) for row in alerting.load_alerts(connection)}


def save_instances(connection: Any, instances: Sequence[Instance]) -> None:
    """Keep instances, new or known."""
    alerting.save_alerts(connection, [_to_alert_row(instance) for instance in instances])


def load_groups(connection: Any) -> dict[str, Group]:
    """Return all groups by key."""
    return {row.group_key: _to_group(row) for row in alerting.load_groups(connection)}


def save_groups(connection: Any, plan: Plan) -> None:
    """Keep the groups as they are after the plan."""
    rows = [_to_group_row(group) for group in plan.groups.values()]
    if rows or plan.gone:
        alerting.save_groups(connection, rows, plan.gone)


def _to_instance(row: AlertRow) -> Instance:
    return Instance(
        fingerprint=row.fingerprint,
        alert=row.alert,
        severity=row.severity or "info",
        labels=row.labels,
        state=State(row.state),
        evaluated_at=row.evaluated_at,
        active_at=row.active_at,
        fired_at=row.fired_at,
        recovering_at=row.recovering_at,
        resolved_at=row.resolved_at,
        value=row.value,
        threshold=row.threshold,
        reason=row.reason or "",
        missing=row.missing,
        problem=row.problem,
    )


def _to_alert_row(instance: Instance) -> AlertRow:
    return AlertRow(
        fingerprint=instance.fingerprint,
        alert=instance.alert,
        severity=instance.severity,
        labels=dict(instance.labels),
        state=instance.state.value,
        evaluated_at=instance.evaluated_at,
        active_at=instance.active_at,
        fired_at=instance.fired_at,
        recovering_at=instance.recovering_at,
        resolved_at=instance.resolved_at,
        value=instance.value,
        threshold=instance.threshold,
        reason=instance.reason,
        missing=instance.missing,
        problem=instance.problem,
    )


def _to_group(row: AlertGroupRow) -> Group:
    return Group(
        key=row.group_key,
        channel=row.channel,
        labels=row.labels,
        flush_at=row.flush_at,
        members=frozenset(row.members),
        told_firing=frozenset(row.told_firing),
        notified_at=row.notified_at,
        suppressed=row.suppressed,
    )


def _to_group_row(group: Group) -> AlertGroupRow:
    return AlertGroupRow(
        group_key=group.key,
        channel=group.channel,
        labels=dict(group.labels),
        members=sorted(group.members),
        told_firing=sorted(group.told_firing),
        flush_at=group.flush_at,
        notified_at=group.notified_at,
        suppressed=group.suppressed,
    )
