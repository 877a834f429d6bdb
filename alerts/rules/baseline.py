"""Baseline: the metric is so many times its own average over earlier windows of the same length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

import numpy as np

from alerts.figures import format_figure, format_ratio, format_span
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
class Baseline(OfMeasure):
    """`above_baseline` or `below_baseline`: the ratio of the present window to the average of those before it."""

    kind: ClassVar[str] = "baseline"
    keys: ClassVar[tuple[str, ...]] = ("above_baseline", "below_baseline")

    measure: Measure
    bound: Bound
    past: Past
    at_least: float
    """Values below this never alert: twice of next to nothing is next to nothing."""

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        measure = Measure.read(section, _WINDOW)
        past = Past.read(section, measure)
        bound = read_bound(section, "above_baseline", "below_baseline")
        if bound.limit <= 0:
            section.fail(f"{bound.side}_baseline", "is not a ratio; use a number above 0, for example 2.0")
        return cls(measure, bound, past, section.number("at_least") or 0.0)

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return the questions about the present window and the earlier ones."""
        return [self.measure.question(now - self.measure.delay), *self.past.questions(now)]

    def observe(self, evidence: Evidence, now: datetime, attention: Attention) -> Sequence[Reading]:
        """Hold every group's figure against the average of its earlier ones."""
        measured = self.measure.take(evidence, now)
        averages = measured.look_up(self.past.average(evidence, now))
        averages[averages <= 0] = np.nan
        suspicious = self.bound.find_breaches(measured.values / averages) & (measured.values >= self.at_least)
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
        limit = f"{self.bound.side} {format_ratio(self.bound.limit)}"
        return f"{self.measure.title} over {format_duration(self.window)} {limit} its {self.past.describe()}"

    def _judge(self, measured: Measured, position: int, average: float) -> Observation:
        value = float(measured.values[position])
        if np.isnan(average):
            return Observation(Verdict.NO_DATA, self.past.explain_lack(), value)
        ratio, threshold = value / average, average * self.bound.limit
        verdict = self.bound.judge(ratio)
        if verdict is Verdict.BREACH and value < self.at_least:
            verdict = Verdict.CLEAR
        before = self.past.describe().removeprefix("average ")
        reason = (
            f"{self.measure.say(value)} in the last {format_span(self.window)}, {format_ratio(ratio)} the average of "
            f"{format_figure(average, self.metric)} {before} (limit {format_ratio(self.bound.limit)})"
        )
        return Observation(verdict, reason, value, threshold)
