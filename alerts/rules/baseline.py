"""Baseline: the metric is so many times its own average over earlier windows of the same length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from alerts.figures import format_figure, format_ratio
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.bounds import Bound, read_bound
from alerts.rules.conditions import Evidence, Measured
from alerts.rules.measure import Measure
from store.configuration.durations import format_duration
from store.configuration.section import Filters, Section

_WINDOW: Final = timedelta(days=1)
_BASELINE: Final = timedelta(days=7)
_MOST_WINDOWS: Final = 100
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Baseline:
    """`above_baseline` or `below_baseline`: the ratio of the present window to the average of those before it.

    Earlier windows without data do not count, so that an installation of three days is held against three days;
    with fewer than `min_windows` of them there is nothing to compare with, which is no data.
    """

    kind: ClassVar[str] = "baseline"
    keys: ClassVar[tuple[str, ...]] = ("above_baseline", "below_baseline")

    measure: Measure
    bound: Bound
    baseline: timedelta
    min_windows: int
    at_least: float
    """Values below this never alert: twice of next to nothing is next to nothing."""

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        measure = Measure.read(section, _WINDOW)
        baseline = section.duration("baseline", max(_BASELINE, measure.window), least=measure.window)
        count = baseline // measure.window
        if count > _MOST_WINDOWS:
            section.fail(
                "baseline", f"is more than {_MOST_WINDOWS} windows; make it shorter or the window longer"
            )
        bound = read_bound(section, "above_baseline", "below_baseline")
        if bound.limit <= 0:
            section.fail(f"{bound.side}_baseline", "is not a ratio; use a number above 0, for example 2.0")
        min_windows = section.count("min_windows", default=min(3, count), least=1)
        if min_windows > count:
            section.fail("min_windows", f"is more than the {count} windows that fit into baseline; lower it")
        return cls(measure, bound, baseline, min_windows, section.number("at_least") or 0.0)

    @property
    def metric(self) -> str:
        """Metric it is about."""
        return self.measure.metric

    @property
    def window(self) -> timedelta:
        """Time it looks back over, without the earlier windows."""
        return self.measure.window

    @property
    def where(self) -> Filters:
        """Dimensions it is restricted to."""
        return self.measure.where

    def observe(self, evidence: Evidence, now: datetime) -> Sequence[Reading]:
        """Hold every group's figure against the average of its earlier ones."""
        rows = self.measure.take(evidence, now)
        averages = self._average(evidence, now)
        return [Reading(row.labels, self._judge(row, averages.get(_key(row)))) for row in rows]

    def explain_absence(self) -> str:
        """Return why a group may have gone."""
        return self.measure.explain_absence()

    def describe(self) -> str:
        """Return the condition in words."""
        limit = f"{self.bound.side} {format_ratio(self.bound.limit)}"
        return (
            f"{self.measure.title} over {format_duration(self.window)} {limit} its average "
            f"over the {format_duration(self.baseline)} before"
        )

    def _average(self, evidence: Evidence, now: datetime) -> dict[frozenset[tuple[str, str]], float]:
        """Return the average of the earlier windows by group.

        They end on the hour, so that their answers are reused for an hour.
        """
        end = now.replace(minute=0, second=0, microsecond=0) - self.window
        if self.window < _HOUR:
            end = now.replace(second=0, microsecond=0) - self.window
        values: dict[frozenset[tuple[str, str]], list[float]] = {}
        for back in range(self.baseline // self.window):
            for row in self.measure.take(evidence, end - back * self.window):
                if self.measure.find_gap(row) is None and row.value is not None and row.count != 0:
                    values.setdefault(_key(row), []).append(row.value)
        return {
            key: sum(found) / len(found) for key, found in values.items() if len(found) >= self.min_windows
        }

    def _judge(self, row: Measured, average: float | None) -> Observation:
        gap = self.measure.find_gap(row)
        if gap is not None or row.value is None:
            return gap or Observation(Verdict.NO_DATA, "no data")
        if average is None or average <= 0:
            reason = (
                f"no data: fewer than {self.min_windows} earlier windows of {format_duration(self.window)} "
                "to compare with"
            )
            return Observation(Verdict.NO_DATA, reason, row.value)
        ratio, threshold = row.value / average, average * self.bound.limit
        verdict = self.bound.judge(ratio)
        if verdict is Verdict.BREACH and row.value < self.at_least:
            verdict = Verdict.CLEAR
        value = format_figure(row.value, self.metric)
        reason = (
            f"{self.measure.title} is {value} in the last {format_duration(self.window)}, "
            f"{format_ratio(ratio)} the average of {format_figure(average, self.metric)} "
            f"over the {format_duration(self.baseline)} before (limit {format_ratio(self.bound.limit)})"
        )
        return Observation(verdict, reason, row.value, threshold)


def _key(row: Measured) -> frozenset[tuple[str, str]]:
    return frozenset(row.labels.items())
