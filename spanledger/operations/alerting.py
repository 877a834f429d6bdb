"""Operations on alerts: what people ask and do about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pyarrow as pa

from alerts import incidents, management, ownership
from alerts.backtest import MOST_STEPS, run_backtest
from alerts.check import preview, send_test
from alerts.context import look_into
from alerts.explanation import explain_alert
from alerts.matchers import parse_matcher
from alerts.rules import AlertingConfig, AlertRule
from alerts.silences import add_silence, expire_silence
from spanledger.services import Services, read_alerting
from store.clock import utc_now
from store.configuration.durations import format_duration, parse_duration
from store.control import alerting
from store.control import incidents as kept_incidents
from store.errors import ConfigError, NotFound

Arguments = Mapping[str, Any]
Progress = Callable[[Mapping[str, Any]], None]


def show_alert(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Say everything about one alert."""
    instance = ownership.find_alert(services.control, arguments["alert"])
    config, now = read_alerting(services), utc_now()
    rule = config.find_rule(instance.alert)
    context = look_into(services.store, rule, instance, now, services.config.dashboard_url)
    return {"lines": explain_alert(services.control, config, instance, now, context)}


def list_rules(services: Services, _: Arguments, __: Progress) -> pa.Table:
    """Return every rule, its condition and how its last evaluation went."""
    statuses = services.engine.statuses if services.engine else {}
    rows = [
        {
            "alert": rule.name,
            "severity": rule.severity,
            "enabled": rule.is_enabled,
            "from": rule.origin,
            "condition": rule.condition.describe(),
            "problem": status.problem if (status := statuses.get(rule.name)) else None,
        }
        for rule in read_alerting(services).rules
    ]
    return pl.DataFrame(rows, infer_schema_length=None).to_arrow()


def test_alerting(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Send a message marked as a test to a channel, or to all channels that an alert would go to."""
    config, name = read_alerting(services), arguments["name"]
    channels = [name] if name in config.channels else _channels_of(config, name)
    for channel in channels:
        send_test(
            config, channel, alert=name, dashboard_url=services.config.dashboard_url, control=services.control
        )
    return {"channels": channels}


def preview_alert(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Return what a channel would be sent about an alert."""
    text = preview(
        read_alerting(services),
        arguments["alert"],
        arguments["channel"],
        dashboard_url=services.config.dashboard_url,
    )
    return {"text": text}


def backtest_alert(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Run a rule, changed or new, over history."""
    config, now = read_alerting(services), utc_now()
    if arguments.get("table"):
        rule = management.check_rule(arguments["table"])
    else:
        found = config.find_rule(arguments["alert"])
        if found is None:
            raise NotFound(f"no alert is called {arguments['alert']!r}; see spanledger alerts list --rules")
        rule = found
    start, end = _read_instant(arguments["from"], now), _read_instant(arguments.get("to") or "0s", now)
    report = run_backtest(
        services.store, config, rule, start, end, most_steps=int(arguments.get("steps") or MOST_STEPS)
    )
    return {
        "alert": rule.name,
        "from": _say(report.start),
        "to": _say(report.end),
        "step": format_duration(report.step),
        "messages": report.messages,
        "messages_per_week": round(report.messages_per_week, 2),
        "firing_share": round(report.firing_share, 4),
        "problems": report.problems,
        "last_problem": report.last_problem,
        "firings": [
            {
                "labels": dict(firing.labels),
                "from": _say(firing.began_at),
                "to": None if firing.ended_at is None else _say(firing.ended_at),
                "value": firing.value,
                "reason": firing.reason,
            }
            for firing in report.firings
        ],
    }


def silence_alerts(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Silence alerts that match."""
    now = utc_now()
    silence_id = add_silence(
        services.control,
        [parse_matcher(text) for text in arguments["matchers"]],
        starts_at=now,
        ends_at=now + _read_duration(arguments["for"]),
        author=arguments["author"],
        comment=arguments["comment"],
        now=now,
    )
    return {"silence_id": silence_id}


def unsilence_alerts(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """End a silence."""
    expire_silence(services.control, int(arguments["silence"]), actor=arguments["author"], now=utc_now())
    return {}


def list_silences(services: Services, _: Arguments, __: Progress) -> pa.Table:
    """Return the silences that hold."""
    with services.control.read() as connection:
        rows = alerting.list_silences(connection, active_at=utc_now())
    return pl.DataFrame(
        [
            {
                "silence_id": row.silence_id,
                "matchers": ",".join(f'{m["label"]}{m["op"]}"{m["value"]}"' for m in row.matchers),
                "ends_at": row.ends_at.replace(tzinfo=None),
                "author": row.author,
                "comment": row.comment,
            }
            for row in rows
        ],
        schema={
            "silence_id": pl.Int64,
            "matchers": pl.String,
            "ends_at": pl.Datetime("us"),
            "author": pl.String,
            "comment": pl.String,
        },
    ).to_arrow()


def remark_on_alert(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Acknowledge, release, assign, comment or snooze one alert."""
    control, now, author = services.control, utc_now(), arguments["author"]
    instance = ownership.find_alert(control, arguments["alert"])
    text = arguments.get("text") or ""
    match arguments["kind"]:
        case "acknowledge":
            ownership.acknowledge(control, instance, author=author, now=now)
        case "release":
            ownership.release(control, instance, author=author, now=now)
        case "assign":
            ownership.assign(control, instance, text, author=author, now=now)
        case "comment":
            ownership.comment(control, instance, text, author=author, now=now)
        case "snooze":
            silence_id = ownership.snooze(
                control, instance, _read_duration(arguments["for"]), author=author, comment=text, now=now
            )
            return {"alert": instance.alert, "silence_id": silence_id}
        case other:
            raise ConfigError(f"{other!r} is nothing that can be done about an alert")
    return {"alert": instance.alert}


def replay_notifications(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Queue dead notifications again: one, or all."""
    with services.control.begin() as connection:
        if arguments.get("notification") is not None:
            numbers = [int(arguments["notification"])]
        else:
            numbers = alerting.list_dead(connection)
        for number in numbers:
            alerting.replay_notification(connection, number, utc_now())
    if services.engine is not None:
        services.engine.outbox.wake()
    return {"replayed": len(numbers)}


def change_rule(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Add, edit, switch or remove a rule that is not in the configuration file."""
    config, now, author = read_alerting(services), utc_now(), arguments["author"]
    table, name = arguments.get("table") or {}, arguments.get("name") or ""
    if arguments["kind"] == "add":
        rule = management.add_rule(services.control, config, table, author=author, now=now)
        return _say_rule(rule)
    if arguments["kind"] == "remove":
        management.remove_rule(services.control, config, name, author=author, now=now)
        return {"alert": name, "condition": None, "enabled": None}
    rule = management.edit_rule(services.control, config, name, table, author=author, now=now)
    return _say_rule(rule)


def list_incidents(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Return the incidents of a time, and how they were dealt with."""
    since = utc_now() - _read_duration(arguments.get("since") or "30d")
    with services.control.read() as connection:
        rows = kept_incidents.list_incidents(connection, since=since)
    times = incidents.measure_response(rows)
    return {
        "incidents": [
            {
                "incident_id": row.incident_id,
                "title": row.title,
                "severity": row.severity,
                "alerts": len(row.members),
                "began_at": _say(row.began_at),
                "detected_at": _say(row.detected_at),
                "acknowledged_at": None if row.acknowledged_at is None else _say(row.acknowledged_at),
                "resolved_at": None if row.resolved_at is None else _say(row.resolved_at),
            }
            for row in rows
        ],
        "median_to_detect_s": times.median_to_detect_s,
        "median_to_acknowledge_s": times.median_to_acknowledge_s,
        "median_to_resolve_s": times.median_to_resolve_s,
    }


def _say_rule(rule: AlertRule) -> Mapping[str, Any]:
    return {"alert": rule.name, "condition": rule.condition.describe(), "enabled": rule.is_enabled}


def _channels_of(config: AlertingConfig, name: str) -> list[str]:
    rule = config.find_rule(name)
    if rule is None:
        known = ", ".join([*config.channels, *(rule.name for rule in config.rules)])
        raise NotFound(f"no alert or channel is called {name!r}; known are {known}")
    routes = config.route.match(rule.label_alert({}))
    channels = list(dict.fromkeys(channel for route in routes for channel in route.channels))
    if not channels:
        raise ConfigError(f"the alert {name!r} goes to no channel; add a [[channel]]")
    return channels


def _read_duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ConfigError(f'{text!r} is not a duration; write "2h" or "1d12h"') from error


def _read_instant(text: str, now: datetime) -> datetime:
    """Return the instant that a text writes: ISO 8601, or a duration before now."""
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f'{text!r} is no time; write "7d" for a week ago, or 2026-03-02T10:00') from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _say(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
