"""What the page of alerts shows; read from the control state, so that it is never older than the last evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.check import list_alerts
from alerts.evaluation import LIVE
from alerts.ownership import Ownership, load_ownership
from alerts.rules import AlertRule
from alerts.states import Instance, State
from analytics.metrics import METRICS, series
from dashboard.filters import Window, open_window, write_interval
from dashboard.reading import remembered
from dashboard.services import current
from store.control import alerting, auditing, incidents
from store.control.alerting import AlertEventRow, OutboxRow, SilenceRow
from store.control.auditing import AuditRow
from store.control.incidents import IncidentRow, RemarkRow
from store.errors import ConfigError, NotFound

ACTIVE: Final = (State.FIRING, State.RECOVERING)
EVENTS_SHOWN: Final = 200
DECISIONS_SHOWN: Final = 200
ENDED_SHOWN: Final = 20
CHANGES_SHOWN: Final = 100
INCIDENTS_OF: Final = timedelta(days=30)
ABOUT_ALERTS: Final = ("alert.", "silence.", "notification.")
LEAST_SHOWN: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Alerts:
    """The alerts of the installation and what was decided about them."""

    instances: Sequence[Instance]
    silences: Sequence[SilenceRow]
    events: Sequence[AlertEventRow]
    decisions: Sequence[OutboxRow]
    remarks: Sequence[RemarkRow]
    """What people said and did about alerts that are not over, oldest first."""
    owners: Mapping[str, Ownership]
    """Who looks after the alerts that fire, by fingerprint."""
    ended_silences: Sequence[SilenceRow]
    incidents: Sequence[IncidentRow]
    """Those of the last 30 days, the latest first."""
    changes: Sequence[AuditRow]
    """What people did about alerts, rules, silences and messages, the latest first."""

    def of_state(self, *states: State) -> list[Instance]:
        """Return the instances in one of `states`, the worst first."""
        order = {"critical": 0, "error": 1, "warning": 2}
        chosen = [instance for instance in self.instances if instance.state in states]
        return sorted(chosen, key=lambda i: (order.get(i.severity, 3), i.alert, i.fingerprint))


@remembered(ttl_s=3, entries=2)
def read_alerts() -> Alerts:
    """Return all alerts, the silences, and the latest history."""
    control, now = current().control, current().clock()
    instances = list_alerts(control)
    with control.read() as connection:
        silences = alerting.list_silences(connection)
        ended = sorted(
            (row for row in silences if row.ends_at <= now), key=lambda row: row.ends_at, reverse=True
        )
        return Alerts(
            instances,
            [row for row in silences if row.ends_at > now],
            alerting.list_alert_events(connection, limit=EVENTS_SHOWN),
            alerting.list_notifications(connection, limit=DECISIONS_SHOWN),
            incidents.list_remarks(connection, [i.fingerprint for i in instances if i.state in LIVE]),
            load_ownership(connection, {instance.fingerprint: instance for instance in instances}),
            ended[:ENDED_SHOWN],
            incidents.list_incidents(connection, since=now - INCIDENTS_OF),
            [row for row in auditing.list_changes(connection) if row.action.startswith(ABOUT_ALERTS)][
                :CHANGES_SHOWN
            ],
        )


@dataclass(frozen=True)
class Signal:
    """What a rule measured for one alert: a value per bin of the window, held against a limit."""

    metric: str
    window: Window
    values: list[float | None]
    is_partial: bool = False
    """Retention has deleted facts of the window that it needs."""


def find_measure(rule: AlertRule | None) -> Any:
    """Return what the rule's condition measures; None for a rule that looks at something else than a metric."""
    return getattr(rule.condition, "measure", None) if rule else None


@remembered(ttl_s=30, entries=64)
def _read_signal(
    metric: str, where: tuple[tuple[str, str | tuple[str, ...]], ...], step_s: int, window: Window
) -> Signal:
    asked = {name: value if isinstance(value, str) else list(value) for name, value in where}
    frame = series(
        current().store, metric, window.start, window.until, timedelta(seconds=step_s), where=asked
    )
    return Signal(metric, window, frame["value"].to_list(), bool(frame["is_partial"].any()))


def read_signal(rule: AlertRule | None, instance: Instance) -> Signal | None:
    """Return the course of an alert's metric, from well before it began to hold; None when it cannot be drawn."""
    measure = find_measure(rule)
    if measure is None or measure.metric not in METRICS:
        return None
    now = current().clock()
    since = instance.active_at or instance.fired_at or now
    start = min(now - LEAST_SHOWN, since - 6 * measure.window)
    start = max(start, now - timedelta(days=30)).replace(minute=0, second=0, microsecond=0)
    window = open_window(write_interval(start, now.replace(second=0, microsecond=0)), now)
    groups = {name: instance.labels[name] for name in measure.group_by if name in instance.labels}
    where: Mapping[str, str | Sequence[str]] = {**measure.where, **groups}
    key = tuple(
        (name, value if isinstance(value, str) else tuple(value)) for name, value in sorted(where.items())
    )
    try:
        return _read_signal(measure.metric, key, window.bin_s, window).value
    except (ConfigError, NotFound):
        return None


def began_at(instance: Instance) -> datetime | None:
    """Return when the alert began to fire, else since when its condition holds."""
    return instance.fired_at or instance.active_at
