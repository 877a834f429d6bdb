"""New: a value of a dimension that was never seen before, such as a failure class, a model or a tool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

import numpy as np

from alerts.figures import format_count_of, format_span
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.conditions import Evidence
from alerts.rules.measure import Measure, OfMeasure
from alerts.rules.measured import Attention, Flags, Measured, Question
from analytics.metrics import METRICS
from store.configuration.section import Section

_WINDOW: Final = timedelta(hours=6)
_BASELINE: Final = timedelta(days=14)
_METRICS: Final = {"model": "llm_call_count", "provider": "llm_call_count", "finish_reason": "llm_call_count",
                   "tool": "tool_call_count", "error_type": "llm_call_count"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Novelty(OfMeasure):
    """`new = "model"`: a value in `window` that was not there in `baseline` before; ends when it is `window` old."""

    kind: ClassVar[str] = "new"
    keys: ClassVar[tuple[str, ...]] = ("new",)

    measure: Measure
    dimension: str
    baseline: timedelta

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        dimension = section.text("new")
        measure = Measure.read(section, _WINDOW, _METRICS.get(dimension, "run_count"))
        if not METRICS[measure.metric].has_dimension(dimension):
            known = ", ".join(METRICS[measure.metric].dimensions)
            section.fail("new", f"is no dimension of {measure.metric}; use {known}, or another metric")
        if dimension not in measure.group_by:
            measure = replace(measure, group_by=(dimension, *measure.group_by))
        baseline = section.duration("baseline", _BASELINE, least=timedelta(days=1))
        return cls(replace(measure, min_count=max(1, measure.min_count)), dimension, baseline)

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return the questions about now and before."""
        return [self._now(now), self._before(now)]

    def observe(self, evidence: Evidence, now: datetime, attention: Attention) -> Sequence[Reading]:
        """Return the values that are new."""
        measured, before = evidence.measure(self._now(now)), evidence.measure(self._before(now))
        is_new = self._find_new(measured, before)

        def judge(position: int) -> Observation:
            count = measured.count(position)
            value = measured.labels(position).get(self.dimension, "none")
            name = self.dimension.replace("_", " ")
            if is_new[position]:
                seen = format_count_of(count or 0, METRICS[self.metric].title.lower())
                reason = f"New {name}: {value}, {seen}, none in the {format_span(self.baseline)} before"
                return Observation(Verdict.BREACH, reason, measured.value(position))
            return Observation(Verdict.CLEAR, f"Known {name}: {value}", measured.value(position))

        return self.measure.judge(evidence, now, measured, is_new, attention, judge)

    def explain_absence(self) -> str:
        """Return why a group may have gone."""
        return f"It did not come again in the last {format_span(self.window)}"

    def describe(self) -> str:
        """Return the condition in words."""
        return f"A {self.dimension} that was not seen in the {format_span(self.baseline)} before"

    def _find_new(self, measured: Measured, before: Measured) -> Flags:
        # Without anything before everything is new, so nothing is.
        if self.dimension not in measured.dimensions or not np.nansum(before.counts):
            return np.zeros(len(measured), dtype=np.bool_)
        place = measured.dimensions.index(self.dimension)
        return np.array(
            [group[place] not in (None, "") and group not in before.positions for group in measured.groups],
            dtype=np.bool_,
        )

    def _now(self, now: datetime) -> Question:
        return self.measure.question(now - self.measure.delay)._replace(start=self._edge(now))

    def _before(self, now: datetime) -> Question:
        edge = self._edge(now)
        return self.measure.question(edge)._replace(start=edge - self.baseline)

    def _edge(self, now: datetime) -> datetime:
        """Return where the window begins, on the hour, so that what was before is asked for once an hour."""
        return (now - self.measure.delay - self.window).replace(minute=0, second=0, microsecond=0)
