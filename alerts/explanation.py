"""Why an alert is as it is, who was told, and who was not: in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.context import NOTHING
from alerts.evaluation import LIVE
from alerts.figures import format_age, format_figure, format_second
from alerts.memory import load_groups, load_instances
from alerts.messages.model import Context
from alerts.messages.plain import explain_reason
from alerts.ownership import load_ownership
from alerts.routing.groups import NO_CHANNEL, name_group
from alerts.routing.quiet import find_quiet
from alerts.rules import AlertingConfig
from alerts.silences import load_silences
from alerts.states import ACTIVE, Instance
from store import Control
from store.configuration.durations import format_duration
from store.control import alerting, incidents
from store.control.alerting import OutboxRow

_MOST_EVENTS: Final = 10
_MOST_DECISIONS: Final = 5
_HOUR: Final = timedelta(hours=1)


def explain_alert(
    control: Control, config: AlertingConfig, instance: Instance, now: datetime, context: Context = NOTHING
) -> list[str]:
    """Return lines: the state and its reason, what is known around it, the rule, what happened, each channel's
    decisions, who looks after it.
    """
    with control.read() as connection:
        lines = [*_explain_state(config, instance, now), *_explain_context(context)]
        lines += _explain_events(connection, instance)
        lines += _explain_channels(connection, config, instance, now)
        lines += _explain_people(connection, instance)
    return lines


def _explain_state(config: AlertingConfig, instance: Instance, now: datetime) -> list[str]:
    labels = ", ".join(f"{name}={value}" for name, value in sorted(instance.labels.items()))
    rule = config.find_rule(instance.alert)
    lines = [f"{instance.alert} ({instance.fingerprint}) is {instance.state}", f"  labels: {labels}"]
    lines.append(f"  reason: {instance.reason}")
    if instance.problem:
        lines.append(f"  problem: {instance.problem}")
    for name, at in (
        ("holds since", instance.active_at),
        ("fires since" if instance.state in ACTIVE else "fired at", instance.fired_at),
        ("recovering since", instance.recovering_at),
        ("ended at", instance.resolved_at),
    ):
        if at is not None:
            lines.append(f"  {name}: {format_second(at)} ({format_age(now - at)} ago)")
    if rule is None:
        return [*lines, "  rule: it is gone"]
    metric = rule.condition.metric
    if instance.threshold is not None:
        value, limit = format_figure(instance.value, metric), format_figure(instance.threshold, metric)
        lines.append(f"  value: {value}, limit {limit}")
    lines.append(f"  rule: {rule.condition.describe()} (from the {rule.origin})")
    timing = rule.timing
    if timing.hold:
        lines.append(f"  fires after: {format_duration(timing.hold)}")
    if timing.keep_firing_for:
        lines.append(f"  ends after being well for: {format_duration(timing.keep_firing_for)}")
    return lines


def _explain_context(context: Context) -> list[str]:
    lines = [f"  {name.lower()}: {value}" for name, value in context.facts.items()]
    lines += [f"  example: {example.title} {example.link}".rstrip() for example in context.examples]
    return ["around:", *lines] if lines else []


def _explain_events(connection: Any, instance: Instance) -> list[str]:
    events = alerting.list_alert_events(connection, instance.fingerprint, limit=_MOST_EVENTS)
    return ["history:", *(
        f"  {format_second(e.happened_at)} {e.from_state} → {e.to_state}: {e.reason}" for e in events
    )]  # fmt: skip


def _explain_channels(
    connection: Any, config: AlertingConfig, instance: Instance, now: datetime
) -> list[str]:
    instances = load_instances(connection)
    quiet = find_quiet(
        instances,
        silences=load_silences(connection, now),
        maintenance=config.maintenance,
        inhibitions=config.inhibitions,
        now=now,
    ).get(instance.fingerprint)
    groups = load_groups(connection)
    lines = ["told:"]
    for route in config.route.match(instance.labels):
        for channel in route.channels or (NO_CHANNEL,):
            key = name_group(route, channel, route.group_labels(instance.labels))
            group = groups.get(key)
            lines.append(f"  {channel}, by the route {route.path}")
            decisions = alerting.list_notifications(connection, group_key=key, limit=_MOST_DECISIONS)
            lines += [f"    {_describe_decision(row, instance)}" for row in decisions] or [
                "    nothing decided yet"
            ]
            muted = route.find_mute(now)
            if muted:
                lines.append(f"    now {muted}")
            if group is not None and instance.state in LIVE:
                lines.append(f"    looked at next: {format_second(group.flush_at)}")
    if quiet is not None:
        lines.append(f"  now not told: {quiet.detail}")
    return lines


def _describe_decision(row: OutboxRow, instance: Instance) -> str:
    when = format_second(row.decided_at)
    if row.state == "suppressed":
        return f"{when} {row.reason}: {row.subject or explain_reason(row.reason)}"
    outcome = {
        "delivered": f"delivered {format_second(row.delivered_at)}" if row.delivered_at else "delivered",
        "queued": f"waits, {row.attempts} attempts",
        "dead": f"given up after {row.attempts} attempts; spanledger alerts replay {row.notification_id}",
    }.get(row.state, row.state)
    error = f" ({row.last_error})" if row.last_error else ""
    others = "" if _is_about(row, instance) else " (about others of the group)"
    return f"{when} {row.reason}{others}: {explain_reason(row.reason)}; {outcome}{error}"


def _is_about(row: OutboxRow, instance: Instance) -> bool:
    """Tell whether a message names the alert, or is so long that it does not name all."""
    payload = row.payload or {}
    named = {item.get("fingerprint") for item in payload.get("items", ())}
    return instance.fingerprint in named or bool(payload.get("omitted"))


def _explain_people(connection: Any, instance: Instance) -> list[str]:
    owner = load_ownership(connection, {instance.fingerprint: instance}).get(instance.fingerprint)
    remarks: Sequence[incidents.RemarkRow] = incidents.list_remarks(connection, [instance.fingerprint])
    lines: list[str] = []
    if owner is not None and owner.acknowledged_by:
        lines.append(f"acknowledged by {owner.acknowledged_by}")
    if owner is not None and owner.assigned_to:
        lines.append(f"assigned to {owner.assigned_to}")
    lines += [
        f"{format_second(row.made_at)} {row.author}: {row.kind}{f' {row.text}' if row.text else ''}"
        for row in remarks
    ]
    for row in incidents.list_incidents(connection, limit=100):
        if instance.fingerprint in row.members:
            lines.append(f"incident {row.incident_id}: {row.title}")
            break
    return lines
