"""Silence: something that sent data has stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

import numpy as np

from alerts.figures import format_span
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.conditions import Evidence
from alerts.rules.measure import SHORTEST_WINDOW, Measure, OfMeasure
from alerts.rules.measured import Attention, Question
from analytics.metrics import METRICS
from store.configuration.durations import format_duration
from store.configuration.section import Section

_WINDOW: Final = timedelta(days=1)
_LEAST_EVENTS: Final = 10


@dataclass(frozen=True, slots=True)
class Silence(OfMeasure):
    """`silent_for = "30m"`: a group that had events within `window` has had none for this long.

    A group that stays away for the whole window is forgotten, and its alert ends: it is gone for good.
    """

    kind: ClassVar[str] = "silence"
    keys: ClassVar[tuple[str, ...]] = ("silent_for",)

    measure: Measure
    silent_for: timedelta
    least: int

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        least = section.count("min_count", default=_LEAST_EVENTS, least=1)
        measure = replace(Measure.read(section, _WINDOW, "run_count"), min_count=0)
        if not METRICS[measure.metric].is_additive:
            section.fail(
                "metric", "does not count anything; use run_count, llm_call_count or tool_call_count"
            )
        silent_for = section.duration("silent_for", timedelta(minutes=30), least=SHORTEST_WINDOW)
        if silent_for >= measure.window:
            section.fail("silent_for", "is not shorter than the window; make the window longer")
        return cls(measure, silent_for, least)

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return the questions about the whole window and its end."""
        return [self.measure.question(now), self._recent.question(now)]

    def observe(self, evidence: Evidence, now: datetime, attention: Attention) -> Sequence[Reading]:
        """Return the groups that fell silent."""
        measured = self.measure.take(evidence, now)
        recent = measured.look_up(
            {group: float(found.counts[i]) for found in (self._recent.take(evidence, now),)
             for group, i in found.positions.items()}
        )  # fmt: skip
        recent = np.nan_to_num(recent)
        suspicious = (recent == 0) & (measured.counts >= self.least)

        def judge(position: int) -> Observation:
            before = measured.count(position) or 0
            is_silent = bool(suspicious[position])
            seen = "none" if recent[position] == 0 else f"{int(recent[position]):,}"
            reason = (
                f"{self.measure.title}: {seen} in the last {format_span(self.silent_for)}, "
                f"{before:,} in the last {format_span(self.window)}"
            )
            verdict = Verdict.BREACH if is_silent else Verdict.CLEAR
            return Observation(verdict, reason, float(recent[position]), None)

        return self.measure.judge(evidence, now, measured, suspicious, attention, judge)

    def explain_absence(self) -> str:
        """Return why a group may have gone."""
        return f"gone: nothing in the last {format_span(self.window)}, so it is not expected any more"

    def describe(self) -> str:
        """Return the condition in words."""
        return f"{METRICS[self.metric].title}: none for {format_duration(self.silent_for)}"

    @property
    def _recent(self) -> Measure:
        return replace(self.measure, window=self.silent_for)
