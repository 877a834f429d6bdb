"""How it was: the average of a measure over earlier windows, in a row or at the same time of earlier days or weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

import numpy as np

from alerts.figures import format_age, format_span
from alerts.rules.conditions import Evidence
from alerts.rules.measure import Measure
from alerts.rules.measured import Group, Question
from store.configuration.section import Section

_BASELINE: Final = timedelta(days=7)
_MOST_WINDOWS: Final = 100
_HOUR: Final = timedelta(hours=1)
_SEASONS: Final = {"none": None, "day": timedelta(days=1), "week": timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Past:
    """The earlier windows of a measure.

    Windows without data do not count, so that an installation of three days is held against three days; with fewer
    than `min_windows` of them there is nothing to compare with.
    """

    measure: Measure
    baseline: timedelta
    stride: timedelta
    """From one earlier window to the next: the window itself, or a day, or a week."""
    min_windows: int

    @classmethod
    def read(cls, section: Section, measure: Measure) -> Self:
        """Return the earlier windows that the section writes."""
        season = _SEASONS[section.choice("season", tuple(_SEASONS), "none")]
        stride = season or measure.window
        if stride < measure.window:
            section.fail("season", "is shorter than the window; make the window shorter")
        default = max(_BASELINE, measure.window) if season is None or season < _BASELINE else 4 * _BASELINE
        baseline = section.duration("baseline", default, least=stride)
        count = baseline // stride
        if count > _MOST_WINDOWS:
            section.fail(
                "baseline", f"is more than {_MOST_WINDOWS} windows; make it shorter or the window longer"
            )
        min_windows = section.count("min_windows", default=min(3, count), least=1)
        if min_windows > count:
            section.fail("min_windows", f"is more than the {count} windows that fit into baseline; lower it")
        return cls(measure, baseline, stride, min_windows)

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return the questions about all earlier windows."""
        return [self.measure.question(end) for end in self._ends(now)]

    def average(self, evidence: Evidence, now: datetime) -> Mapping[Group, float]:
        """Return the average by group, of those with enough earlier windows."""
        # Changed by late data only: computed once as long as the same windows are asked for.
        return evidence.recall((self, self._last_end(now)), lambda: self._compute(evidence, now))

    def describe(self) -> str:
        """Return what is compared with, in words."""
        if self.stride == self.measure.window:
            return f"average over the {format_span(self.baseline)} before"
        unit = "days" if self.stride == timedelta(days=1) else "weeks"
        return f"average at the same time of the {self.baseline // self.stride} {unit} before"

    def explain_lack(self) -> str:
        """Return why there may be nothing to compare with."""
        return (
            f"no data: fewer than {self.min_windows} earlier windows of {format_age(self.measure.window)} each "
            "to compare with"
        )

    def __hash__(self) -> int:
        return hash((self.measure.metric, self.measure.window, self.baseline, self.stride))

    def _compute(self, evidence: Evidence, now: datetime) -> Mapping[Group, float]:
        values: dict[Group, list[float]] = {}
        for question in self.questions(now):
            measured = evidence.measure(question)
            usable = ~self.measure.find_gaps(measured) & (measured.counts != 0)
            for position in np.flatnonzero(usable):
                values.setdefault(measured.groups[int(position)], []).append(float(measured.values[position]))
        return {
            group: sum(found) / len(found)
            for group, found in values.items()
            if len(found) >= self.min_windows
        }

    def _ends(self, now: datetime) -> list[datetime]:
        last = self._last_end(now)
        return [last - back * self.stride for back in range(self.baseline // self.stride)]

    def _last_end(self, now: datetime) -> datetime:
        """Return the end of the last earlier window: on the hour, so that answers are reused for an hour."""
        end = now - self.measure.delay
        end = end.replace(second=0, microsecond=0, minute=end.minute if self.measure.window < _HOUR else 0)
        return end - self.stride
