"""Builders of what alerts are made of, and a clock that goes when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.messages.model import Item, Message
from alerts.rules.conditions import DriftAlarm, Measured
from alerts.states import Instance, State, fingerprint_labels
from store.configuration.section import Filters

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class SteppedClock:
    """The time, moved by hand."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> datetime:
        self.now += timedelta(**parts)
        return self.now


class ScriptedEvidence:
    """Figures as a test says; a figure that is an error is raised."""

    def __init__(self) -> None:
        self.figures: dict[str, list[Measured] | Exception] = {}
        self.by_end: dict[str, Callable[[datetime], list[Measured]]] = {}
        """Metrics whose figures depend on the window's end."""
        self.alarms: list[DriftAlarm] = []
        self.asked = 0

    def show(self, metric: str, *rows: tuple[Mapping[str, str], float | None, int | None]) -> None:
        self.figures[metric] = [Measured(labels, value, count) for labels, value, count in rows]

    def measure(
        self, metric: str, start: datetime, end: datetime, where: Filters, group_by: Sequence[str]
    ) -> Sequence[Measured]:
        self.asked += 1
        if metric in self.by_end:
            return self.by_end[metric](end)
        figures = self.figures.get(metric, [])
        if isinstance(figures, Exception):
            raise figures
        return figures

    def find_drift(self, since: datetime) -> Sequence[DriftAlarm]:
        return [alarm for alarm in self.alarms if alarm.raised_at >= since]


def an_instance(alert: str = "success rate", state: State = State.FIRING, **changes: Any) -> Instance:
    labels = {"alert": alert, "severity": "critical", **changes.pop("labels", {"agent": "support"})}
    return Instance(
        **{
            "fingerprint": fingerprint_labels(labels),
            "alert": alert,
            "severity": "critical",
            "labels": labels,
            "state": state,
            "evaluated_at": START,
            "active_at": START,
            "fired_at": START,
            "value": 0.5,
            "threshold": 0.95,
            "reason": "Success rate is 50 %, below 95 %, over 1h (40 events)",
            **changes,
        }
    )


def an_item(**changes: Any) -> Item:
    labels = {"alert": "success rate", "severity": "critical", "agent": "support"}
    return Item(
        **{
            "fingerprint": "f1",
            "alert": "success rate",
            "state": "firing",
            "severity": "critical",
            "labels": labels,
            "summary": "Fewer than 95 % of the runs succeed: 50 %",
            "reason": "Success rate is 50 %, below 95 %, over 1h (40 events)",
            "value": 0.5,
            "value_text": "50 %",
            "threshold": 0.95,
            "threshold_text": "95 %",
            "since": START,
            "link": "http://127.0.0.1:8501/?range=1h&agent=support",
            "runbook": "https://wiki.example.com/success",
            **changes,
        }
    )


def a_message(*items: Item, **changes: Any) -> Message:
    return Message(
        **{
            "reason": "first_notification",
            "group_key": 'team:{}:{alert="success rate"}',
            "group_labels": {"alert": "success rate"},
            "decided_at": START + timedelta(minutes=7),
            "items": items or (an_item(),),
            "dashboard_url": "http://127.0.0.1:8501",
            **changes,
        }
    )
