"""Looks at a configuration before it is trusted: list it, send a test, preview a message."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from alerts.channels.channel import Channel
from alerts.examples import make_up
from alerts.memory import load_instances
from alerts.messages.compose import Composer
from alerts.messages.model import Message
from alerts.routing.routes import Route
from alerts.rules import AlertingConfig, AlertRule
from alerts.states import Instance, State, fingerprint_labels
from store import Control
from store.clock import Clock, utc_now
from store.configuration.durations import format_duration
from store.control import alerting
from store.control.alerting import OutboxRow
from store.errors import DeliveryFailed, NotFound


def describe_config(config: AlertingConfig) -> str:
    """Return rules, channels and routes in words, one a line; secrets are left out."""
    lines = [f"alerts: {len(config.rules)}"]
    for rule in config.rules:
        notes = [rule.severity]
        if rule.timing.hold:
            notes.append(f"for {format_duration(rule.timing.hold)}")
        if rule.is_starter:
            notes.append("starter")
        if not rule.is_enabled:
            notes.append("switched off")
        lines.append(f"  {rule.name}: {rule.condition.describe()} ({', '.join(notes)})")
    lines.append(f"channels: {len(config.channels)}")
    lines += [f"  {c.name}: {c.type}, {c.describe()}" for c in config.channels.values()]
    lines.append("routes:")
    lines += _describe_route(config.route, "  ")
    lines += [f"inhibition: {rule.describe()}" for rule in config.inhibitions]
    lines += [f"maintenance: {window.describe()}" for window in config.maintenance]
    lines += [f"mute time {name}: {time.describe()}" for name, time in config.mute_times.items()]
    if config.heartbeat:
        lines.append(f"heartbeat: {config.heartbeat.describe()}")
    lines += [f"note: {note}" for note in config.notes]
    if not config.channels:
        lines.append("nobody is told: add a [[channel]]")
    return "\n".join(lines) + "\n"


def list_alerts(control: Control) -> list[Instance]:
    """Return all known instances, those that fire first, then by name."""
    order = (State.FIRING, State.RECOVERING, State.PENDING, State.RESOLVED, State.INACTIVE)
    with control.read() as connection:
        instances = load_instances(connection).values()
    return sorted(instances, key=lambda i: (order.index(i.state), i.alert, i.fingerprint))


def send_test(
    config: AlertingConfig,
    channel: str,
    *,
    alert: str | None = None,
    dashboard_url: str = "",
    clock: Clock = utc_now,
    control: Control | None = None,
) -> None:
    """Send a message marked as a test to one channel, about an alert or the first one, past the outbox.

    What the channel took stands among the notifications of `control`.

    Raises:
        NotFound: There is no such channel.
        DeliveryFailed: The channel did not take it.
    """
    target = config.channels.get(channel)
    if target is None:
        known = f"known are {', '.join(config.channels)}" if config.channels else "there are no channels yet"
        raise NotFound(f"no channel is called {channel!r}; {known}")
    now = clock()
    named = config.find_rule(alert) if alert else None
    rule = named or next((rule for rule in config.rules if rule.is_enabled), None)
    message = _compose_sample(config, rule, now, dashboard_url, reason="test")
    key = hashlib.blake2b(f"test {channel} {now.isoformat()}".encode(), digest_size=16).hexdigest()
    try:
        target.send(message, key)
    except DeliveryFailed as error:
        raise DeliveryFailed(
            f"the channel {channel!r} did not take the test: {error}", retry=error.retry
        ) from error
    if control is not None:
        row = OutboxRow(
            idempotency_key=key, channel=channel, group_key="test", decided_at=now, reason=message.reason,
            state="delivered", attempts=1, delivered_at=clock(), subject=message.subject,
        )  # fmt: skip
        with control.begin() as connection:
            alerting.enqueue(connection, row)


def preview(
    config: AlertingConfig, alert: str, channel: str, *, dashboard_url: str = "", clock: Clock = utc_now
) -> str:
    """Return what a channel would send about an alert, with made-up figures.

    Raises:
        NotFound: There is no such alert or channel.
    """
    rule, target = config.find_rule(alert), config.channels.get(channel)
    if rule is None:
        raise NotFound(f"no alert is called {alert!r}; known are {', '.join(r.name for r in config.rules)}")
    if target is None:
        raise NotFound(f"no channel is called {channel!r}; known are {', '.join(config.channels) or 'none'}")
    message = _compose_sample(config, rule, clock(), dashboard_url, reason="preview")
    return _show(target, message)


def _compose_sample(
    config: AlertingConfig, rule: AlertRule | None, now: datetime, dashboard_url: str, *, reason: str
) -> Message:
    group, value, threshold = make_up(rule) if rule else ({"agent": "example-agent"}, None, None)
    labels = rule.label_alert(group) if rule else {**group, "alert": "test", "severity": "info"}
    since = now - timedelta(minutes=12)
    instance = Instance(
        fingerprint=fingerprint_labels(labels),
        alert=labels["alert"],
        severity=labels["severity"],
        labels=labels,
        state=State.FIRING,
        evaluated_at=now,
        active_at=since,
        fired_at=since,
        value=value,
        threshold=threshold,
        reason="These figures are made up",
    )
    composer = Composer({r.name: r for r in config.rules}, dashboard_url)
    return composer.compose(
        [instance], reason=reason, group_key=f"test:{labels['alert']}", group_labels={}, now=now, is_test=True
    )


def _show(channel: Channel, message: Message) -> str:
    rendered: Any = channel.render(message, "preview")
    if isinstance(rendered, EmailMessage):
        return rendered.as_string()
    return json.dumps(rendered, indent=2, ensure_ascii=False, default=str)


def _describe_route(route: Route, indent: str) -> Sequence[str]:
    to = ", ".join(route.channels) or "nobody"
    by = ", ".join(route.group_by) or "nothing"
    matchers = ",".join(map(str, route.matchers)) or "everything"
    line = (
        f"{indent}{matchers} → {to}, grouped by {by}, after {format_duration(route.group_wait)}, changes every "
        f"{format_duration(route.group_interval)}, again every {format_duration(route.repeat_interval)}"
    )
    return [line, *(text for child in route.routes for text in _describe_route(child, indent + "  "))]
