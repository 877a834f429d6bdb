"""Builders of what alerts are made of, and a clock that goes when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from alerts.messages.model import Item, Message
from alerts.rules.conditions import BudgetStanding, DriftAlarm
from alerts.rules.measured import Measured, Question
from alerts.states import Instance, State, fingerprint_labels
from store.configuration.section import Filters

T = TypeVar("T")
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


Row = tuple[Mapping[str, str], float | None, int | None]


class ScriptedEvidence:
    """Figures as a test says; a figure that is an error is raised."""

    def __init__(self) -> None:
        self.figures: dict[str, list[Row] | Exception] = {}
        self.by_end: dict[str, Callable[[datetime], list[Row]]] = {}
        """Metrics whose figures depend on the window's end."""
        self.by_question: Callable[[Question], list[Row]] | None = None
        self.streaks: list[Row] = []
        self.traces: dict[tuple[str | None, ...], list[tuple[int, float, float]]] = {}
        self.alarms: list[DriftAlarm] = []
        self.budgets: list[BudgetStanding] = []
        self.health: dict[str, float] = {}
        self.asked = 0

    def show(self, metric: str, *rows: Row) -> None:
        self.figures[metric] = list(rows)

    def prepare(self, questions: Sequence[Question]) -> None:
        """Know everything anyway."""

    def measure(self, question: Question) -> Measured:
        self.asked += 1
        if self.by_question is not None:
            return Measured.of(self.by_question(question))
        if question.metric in self.by_end:
            return Measured.of(self.by_end[question.metric](question.end))
        figures = self.figures.get(question.metric, [])
        if isinstance(figures, Exception):
            raise figures
        return Measured.of(figures)

    def trace(
        self, question: Question
    ) -> Mapping[tuple[str | None, ...], Sequence[tuple[int, float, float]]]:
        return self.traces

    def recall(self, key: object, compute: Callable[[], T]) -> T:
        return compute()

    def ask(self, query: str, start: datetime, end: datetime) -> Measured:
        return self.measure(Question(query, start, end))

    def count_streaks(
        self, subject: str, start: datetime, end: datetime, where: Filters, group_by: Sequence[str]
    ) -> Measured:
        return Measured.of(self.streaks)

    def find_drift(self, since: datetime) -> Sequence[DriftAlarm]:
        return [alarm for alarm in self.alarms if alarm.raised_at >= since]

    def read_budgets(self) -> Sequence[BudgetStanding]:
        return self.budgets

    def read_health(self) -> Mapping[str, float]:
        return self.health


def an_instance(alert: str = "success rate", state: State = State.FIRING, **changes: Any) -> Instance:
    labels = {"alert": alert, "severity": "critical", **changes.pop("labels", {"agent": "support"})}
    given: dict[str, Any] = {
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
        "reason": "Success rate: 50 %, below 95 %, in the last hour (40 runs)",
        **changes,
    }
    return Instance(**given)


def an_item(**changes: Any) -> Item:
    labels = {"alert": "success rate", "severity": "critical", "agent": "support"}
    given: dict[str, Any] = {
        "fingerprint": "f1",
        "alert": "success rate",
        "state": "firing",
        "severity": "critical",
        "labels": labels,
        "summary": "Fewer than 95 % of the runs succeed: 50 %",
        "reason": "Success rate: 50 %, below 95 %, in the last hour (40 runs)",
        "value": 0.5,
        "value_text": "50 %",
        "threshold": 0.95,
        "threshold_text": "95 %",
        "since": START,
        "link": "http://127.0.0.1:8501/?range=1h&agent=support",
        "runbook": "https://wiki.example.com/success",
        **changes,
    }
    return Item(**given)


def a_message(*items: Item, **changes: Any) -> Message:
    given: dict[str, Any] = {
        "reason": "first_notification",
        "group_key": 'team:{}:{alert="success rate"}',
        "group_labels": {"alert": "success rate"},
        "decided_at": START + timedelta(minutes=7),
        "items": items or (an_item(),),
        "dashboard_url": "http://127.0.0.1:8501",
        **changes,
    }
    return Message(**given)
