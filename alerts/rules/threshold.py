"""Threshold: the metric is above or below a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from alerts.figures import format_figure
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.bounds import Bound, read_bound
from alerts.rules.conditions import Evidence, Measured
from alerts.rules.measure import Measure
from store.configuration.durations import format_duration
from store.configuration.section import Filters, Section

_WINDOW: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Threshold:
    """`above` or `below` a number, and recovered past another one."""

    kind: ClassVar[str] = "threshold"
    keys: ClassVar[tuple[str, ...]] = ("above", "below")

    measure: Measure
    bound: Bound

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        return cls(Measure.read(section, _WINDOW), read_bound(section, "above", "below"))

    @property
    def metric(self) -> str:
        """Metric it is about."""
        return self.measure.metric

    @property
    def window(self) -> timedelta:
        """Time it looks back over."""
        return self.measure.window

    @property
    def where(self) -> Filters:
        """Dimensions it is restricted to."""
        return self.measure.where

    def observe(self, evidence: Evidence, now: datetime) -> Sequence[Reading]:
        """Hold every group's figure against the bound."""
        return [Reading(row.labels, self._judge(row)) for row in self.measure.take(evidence, now)]

    def explain_absence(self) -> str:
        """Return why a group may have gone."""
        return self.measure.explain_absence()

    def describe(self) -> str:
        """Return the condition in words."""
        limit = format_figure(self.bound.limit, self.metric)
        return f"{self.measure.title} {self.bound.side} {limit} over {format_duration(self.window)}"

    def _judge(self, row: Measured) -> Observation:
        gap = self.measure.find_gap(row)
        if gap is not None or row.value is None:
            return gap or Observation(Verdict.NO_DATA, "no data")
        verdict = self.bound.judge(row.value)
        limit = self.bound.recovery if verdict is Verdict.BETWEEN else self.bound.limit
        relation = self.bound.relation(verdict)
        rest = f" ({row.count:,} events)" if row.count is not None else ""
        reason = (
            f"{self.measure.title} is {format_figure(row.value, self.metric)}, {relation} "
            f"{format_figure(limit, self.metric)}, over {format_duration(self.window)}{rest}"
        )
        return Observation(verdict, reason, row.value, self.bound.limit)
