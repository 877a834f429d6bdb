"""Threshold: the metric, or what a query answers, is above or below a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from alerts.figures import format_figure, format_span
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.bounds import Bound, read_bound
from alerts.rules.conditions import Evidence
from alerts.rules.measure import Measure, QueryMeasure
from alerts.rules.measured import Attention, Measured, Question
from store.configuration.durations import format_duration
from store.configuration.section import Filters, Section

_WINDOW: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Threshold:
    """`above` or `below` a number, and recovered past another one."""

    kind: ClassVar[str] = "threshold"
    keys: ClassVar[tuple[str, ...]] = ("above", "below")

    measure: Measure | QueryMeasure
    bound: Bound

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        source = QueryMeasure if "query" in section else Measure
        return cls(source.read(section, _WINDOW), read_bound(section, "above", "below"))

    @property
    def metric(self) -> str | None:
        """Metric it is about."""
        return self.measure.metric if isinstance(self.measure, Measure) else None

    @property
    def window(self) -> timedelta:
        """Time it looks back over."""
        return self.measure.window

    @property
    def where(self) -> Filters:
        """Dimensions it is restricted to."""
        return self.measure.where if isinstance(self.measure, Measure) else {}

    @property
    def group_by(self) -> Sequence[str]:
        """Dimensions it is split by."""
        return self.measure.group_by if isinstance(self.measure, Measure) else ()

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return the question about the present window."""
        return [self.measure.question(now - self.measure.delay)] if isinstance(self.measure, Measure) else []

    def observe(self, evidence: Evidence, now: datetime, attention: Attention) -> Sequence[Reading]:
        """Hold every group's figure against the bound."""
        measured = self.measure.take(evidence, now)
        breaches = self.bound.find_breaches(measured.values)

        def judge(position: int) -> Observation:
            return self._judge(measured, position)

        if isinstance(self.measure, Measure):
            return self.measure.judge(evidence, now, measured, breaches, attention, judge)
        return self.measure.judge(measured, breaches, attention, judge)

    def explain_absence(self) -> str:
        """Return why a group may have gone."""
        if isinstance(self.measure, Measure):
            return self.measure.explain_absence()
        return "missing: the query does not name the group any more"

    def describe(self) -> str:
        """Return the condition in words."""
        limit = format_figure(self.bound.limit, self.metric)
        return f"{self.measure.title} {self.bound.side} {limit} over {format_duration(self.window)}"

    def _judge(self, measured: Measured, position: int) -> Observation:
        value, count = float(measured.values[position]), measured.count(position)
        verdict = self.bound.judge(value)
        relation = self.bound.relation(verdict)
        limit = self.bound.recovery if verdict is Verdict.BETWEEN else self.bound.limit
        reason = (
            f"{self.measure.say(value)}, {relation} {format_figure(limit, self.metric)}, "
            f"in the last {format_span(self.window)}{self.measure.say_events(count)}"
        )
        return Observation(verdict, reason, value, self.bound.limit)
