"""In a row: so many runs or calls failed one after the other, and none went well since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

import numpy as np

from alerts.figures import format_span
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.conditions import Evidence
from alerts.rules.measure import SHORTEST_WINDOW
from alerts.rules.measured import Attention, Measured, Question
from store.configuration.durations import format_duration
from store.configuration.section import Filters, Section

_WINDOW: Final = timedelta(days=1)
_SHARED: Final = ("service", "environment", "tenant", "agent", "agent_version", "purpose", "user_id")
DIMENSIONS: Final = {
    "run": _SHARED,
    "tool_call": (*_SHARED, "tool"),
    "llm_call": (*_SHARED, "model"),
}
_DEFAULT_GROUPS: Final = {"run": ("user_id",), "tool_call": ("tool",), "llm_call": ("model",)}
_NAMES: Final = {"run": "run", "tool_call": "tool call", "llm_call": "model call"}


@dataclass(frozen=True, slots=True)
class InARow:
    """`in_a_row = 3` of `of`: run, tool_call or llm_call; ends with the next success."""

    kind: ClassVar[str] = "in_a_row"
    keys: ClassVar[tuple[str, ...]] = ("in_a_row",)

    subject: str
    least: int
    window: timedelta
    where: Filters
    group_by: tuple[str, ...]

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        subject = section.choice("of", tuple(DIMENSIONS), "run")
        where = section.filters("where")
        group_by = section.texts("group_by", _DEFAULT_GROUPS[subject])
        for key, names in (("where", where), ("group_by", group_by)):
            for name in names:
                if name not in DIMENSIONS[subject]:
                    known = ", ".join(DIMENSIONS[subject])
                    section.fail(key, f"has {name}, which a {subject} in a row does not have; use {known}")
        return cls(
            subject,
            section.count("in_a_row", default=3, least=2),
            section.duration("window", _WINDOW, least=SHORTEST_WINDOW),
            where,
            group_by,
        )

    @property
    def metric(self) -> str | None:
        """None: it counts."""
        return None

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return nothing: what it asks is no metric."""
        return []

    def observe(self, evidence: Evidence, now: datetime, attention: Attention) -> Sequence[Reading]:
        """Return the groups whose last events all failed."""
        measured = evidence.count_streaks(self.subject, now - self.window, now, self.where, self.group_by)
        picked = {int(i) for i in np.flatnonzero(measured.values >= self.least)}
        picked |= {place for labels in attention.live if (place := measured.find(labels)) is not None}
        # Calls of nobody in particular are no series of anybody's failures.
        known = [i for i in sorted(picked) if any(measured.groups[i]) or not self.group_by]
        return [Reading(measured.labels(i), self._judge(measured, i)) for i in known]

    def explain_absence(self) -> str:
        """Return why a group may have gone."""
        return f"missing: the group had no {_NAMES[self.subject]} in the last {format_span(self.window)}"

    def describe(self) -> str:
        """Return the condition in words."""
        return f"{self.least} {_NAMES[self.subject]}s failed in a row within {format_duration(self.window)}"

    def _judge(self, measured: Measured, position: int) -> Observation:
        streak = int(measured.values[position])
        verdict = Verdict.BREACH if streak >= self.least else Verdict.CLEAR
        name = _NAMES[self.subject]
        failed = f"The last {streak} {name}s failed" if streak > 1 else f"The last {name} failed"
        reason = f"{failed} (limit {self.least} in a row)" if streak else f"The last {name} went well"
        return Observation(verdict, reason, float(streak), float(self.least))
