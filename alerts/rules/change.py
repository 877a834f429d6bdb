"""Change: the metric differs from its own average by so much; rates in points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

import numpy as np

from alerts.figures import format_difference, format_figure, format_span
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.bounds import Bound, read_bound
from alerts.rules.conditions import Evidence
from alerts.rules.measure import Measure, OfMeasure
from alerts.rules.measured import Attention, Measured, Question
from alerts.rules.past import Past
from store.configuration.durations import format_duration
from store.configuration.section import Section

_WINDOW: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Change(OfMeasure):
    """`above_change` or `below_change`: the present window less the average of those before it."""

    kind: ClassVar[str] = "change"
    keys: ClassVar[tuple[str, ...]] = ("above_change", "below_change")

    measure: Measure
    bound: Bound
    past: Past

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        measure = Measure.read(section, _WINDOW)
        past = Past.read(section, measure)
        bound = read_bound(section, "above_change", "below_change")
        if bound.limit == 0 or (bound.limit > 0) != (bound.side == "above"):
            example = "above_change = 0.05" if bound.side == "above" else "below_change = -0.05"
            section.fail(f"{bound.side}_change", f"has the wrong sign; write {example} for five points")
        return cls(measure, bound, past)

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return the questions about the present window and the earlier ones."""
        return [self.measure.question(now - self.measure.delay), *self.past.questions(now)]

    def observe(self, evidence: Evidence, now: datetime, attention: Attention) -> Sequence[Reading]:
        """Hold every group's difference from its earlier figures against the bound."""
        measured = self.measure.take(evidence, now)
        averages = measured.look_up(self.past.average(evidence, now))
        suspicious = self.bound.find_breaches(measured.values - averages)
        if attention.gaps:
            suspicious |= np.isnan(averages)
        return self.measure.judge(
            evidence,
            now,
            measured,
            suspicious,
            attention,
            lambda position: self._judge(measured, position, float(averages[position])),
        )

    def describe(self) -> str:
        """Return the condition in words."""
        limit = format_difference(abs(self.bound.limit), self.metric).removeprefix("+")
        return (
            f"{self.measure.title} over {format_duration(self.window)} more than {limit} {self.bound.side} its "
            f"{self.past.describe()}"
        )

    def _judge(self, measured: Measured, position: int, average: float) -> Observation:
        value = float(measured.values[position])
        if np.isnan(average):
            return Observation(Verdict.NO_DATA, self.past.explain_lack(), value)
        difference = value - average
        reason = (
            f"{self.measure.say(value)} in the last {format_span(self.window)}, "
            f"{format_difference(difference, self.metric)} against its {self.past.describe()}, "
            f"{format_figure(average, self.metric)} "
            f"(limit {format_difference(self.bound.limit, self.metric)})"
        )
        return Observation(self.bound.judge(difference), reason, value, average + self.bound.limit)
