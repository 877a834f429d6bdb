"""Spike: the metric is far outside what is usual at this hour, for once; drift is for what stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from alerts.figures import format_figure, format_ratio, format_span
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.conditions import Evidence
from alerts.rules.measure import Measure, OfMeasure
from alerts.rules.measured import Attention, Group, Measured, Question
from store.configuration.durations import format_duration
from store.configuration.section import Section

_WINDOW: Final = timedelta(hours=1)
_BASELINE: Final = timedelta(days=14)
_LONGEST_BASELINE: Final = timedelta(days=35)
_LEAST_HOURS: Final = 48
_DIRECTIONS: Final = ("both", "up", "down")
_SCALE: Final = 1.4826
"""Of a normal distribution, the standard deviation in median absolute deviations."""
_SMALLEST_SHARE: Final = 0.02
"""A spread below this share of the value is taken for it: what never varied varies a little."""


class Usual(NamedTuple):
    """What is usual of one group: the median of every hour of the day, and the spread around it."""

    by_hour: NDArray[np.float64]
    spread: float


@dataclass(frozen=True, slots=True)
class Spike(OfMeasure):
    """`spike = 6`: so many robust standard deviations from the median of the same hour on earlier days."""

    kind: ClassVar[str] = "spike"
    keys: ClassVar[tuple[str, ...]] = ("spike",)

    measure: Measure
    limit: float
    direction: str
    baseline: timedelta

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        measure = Measure.read(section, _WINDOW)
        if measure.window > timedelta(hours=3):
            section.fail("window", "is longer than 3h, which is no spike; use above_baseline")
        limit = section.number("spike")
        if limit is None or limit < 2:
            section.fail("spike", "is not a number of deviations from 2 up; 6 is a good one")
        baseline = section.duration("baseline", _BASELINE, least=timedelta(days=3))
        if baseline > _LONGEST_BASELINE:
            section.fail("baseline", 'is longer than "35d"; shorten it')
        return cls(measure, limit, section.choice("direction", _DIRECTIONS, "both"), baseline)

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return the question about the present window."""
        return [self.measure.question(now - self.measure.delay)]

    def observe(self, evidence: Evidence, now: datetime, attention: Attention) -> Sequence[Reading]:
        """Return how far each group is from what is usual at this hour."""
        measured = self.measure.take(evidence, now)
        hour = (now - self.measure.delay - self.window / 2).hour
        usual = self._find_usual(evidence, now)
        middle = measured.look_up({group: float(found.by_hour[hour]) for group, found in usual.items()})
        spread = measured.look_up({group: found.spread for group, found in usual.items()})
        distance = (measured.values - middle) / np.maximum(spread, np.abs(middle) * _SMALLEST_SHARE + 1e-12)
        sided = {"both": np.abs(distance), "up": distance, "down": -distance}[self.direction]
        suspicious = sided > self.limit
        if attention.gaps:
            suspicious |= np.isnan(distance)

        def judge(position: int) -> Observation:
            return self._judge(measured, position, middle, float(sided[position]), float(distance[position]))

        return self.measure.judge(evidence, now, measured, suspicious, attention, judge)

    def describe(self) -> str:
        """Return the condition in words."""
        side = {"both": "from", "up": "above", "down": "below"}[self.direction]
        return (
            f"{self.measure.title} over {format_duration(self.window)} more than {self.limit:g} deviations {side} "
            f"its median at the same hour of the {format_span(self.baseline)} before"
        )

    def _judge(
        self,
        measured: Measured,
        position: int,
        middle: NDArray[np.float64],
        sided: float,
        distance: float,
    ) -> Observation:
        value, usual = float(measured.values[position]), float(middle[position])
        if np.isnan(distance):
            days = _LEAST_HOURS // 24
            return Observation(Verdict.NO_DATA, f"no data: fewer than {days} days to compare with", value)
        verdict = Verdict.BREACH if sided > self.limit else Verdict.CLEAR
        side = "above" if distance > 0 else "below"
        times = f"{format_ratio(value / usual)} " if usual > 0 else "against "
        reason = (
            f"{self.measure.say(value)} in the last {format_span(self.window)}, {times}the "
            f"{format_figure(usual, self.metric)} usual at this hour, "
            f"{abs(distance):,.1f} deviations {side} it (limit {self.limit:g})"
        )
        return Observation(verdict, reason, value, usual)

    def _find_usual(self, evidence: Evidence, now: datetime) -> Mapping[Group, Usual]:
        end = (now - self.measure.delay).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
        question = Question(
            self.metric,
            end - self.baseline,
            end,
            tuple(sorted(self.where.items())),
            self.measure.group_by,
        )
        key = ("spike", question, self.measure.min_count)
        return evidence.recall(key, lambda: _learn(evidence.trace(question), self.measure.min_count))


def _learn(hours: Mapping[Group, Sequence[tuple[int, float, float]]], min_count: int) -> dict[Group, Usual]:
    """Return what is usual of every group with enough hours; `hours` has hour of the day, value and count."""
    usual: dict[Group, Usual] = {}
    for group, rows in hours.items():
        found = np.array([(h, v) for h, v, n in rows if n >= max(min_count, 1) and not np.isnan(v)])
        if len(found) < _LEAST_HOURS:
            continue
        of_day, values = found[:, 0].astype(int), found[:, 1]
        overall = float(np.median(values))
        by_hour = np.array(
            [np.median(values[of_day == h]) if (of_day == h).sum() >= 3 else overall for h in range(24)]
        )
        spread = _SCALE * float(np.median(np.abs(values - by_hour[of_day])))
        usual[group] = Usual(by_hour, spread)
    return usual
