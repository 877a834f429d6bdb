"""What a condition on a metric looks at: metric, window, filter, groups, and when there is enough to judge by."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

import numpy as np

from alerts.figures import format_age, format_count_of, format_figure, format_span
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.conditions import Evidence
from alerts.rules.measured import Attention, Flags, Group, Measured, Question
from analytics.metrics import METRIC_NAMES, METRICS
from store.configuration.section import Filters, Section

SHORTEST_WINDOW: Final = timedelta(minutes=1)
_SEEN_BEFORE: Final = timedelta(days=1)
"""How far back a group is looked for that may be new."""

_NOUN_ENDS: Final = re.compile(r"[,;]| (?:that|with|whose|of|inside|in) ")
"""Where what is counted ends in the words that say of which events a metric speaks."""

Judge = Callable[[int], Observation]
"""Holds the group at a position against the condition."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric over a sliding window, for each group."""

    metric: str
    window: timedelta
    where: Filters = field(default_factory=dict[str, str | tuple[str, ...]])
    group_by: tuple[str, ...] = ()
    min_count: int = 1
    """Fewer events than this in a group are no data; of counts and sums, nothing is a figure too."""
    delay: timedelta = timedelta(0)
    """The window ends this long ago, for data that come late."""
    min_age: timedelta = timedelta(0)
    """A group that was not seen this long ago, in the day before, is too new to be judged."""

    @property
    def title(self) -> str:
        """The metric as people call it."""
        return METRICS[self.metric].title

    def say(self, value: float) -> str:
        """Return the metric with a value: "Success rate: 81 %"."""
        return f"{self.title}: {format_figure(value, self.metric)}"

    def say_events(self, count: int | None) -> str:
        """Return in brackets what the value rests on; nothing when the value says it itself."""
        definition = METRICS[self.metric]
        if count is None or definition.kind == "count":
            return ""
        return f" ({format_count_of(count, _NOUN_ENDS.split(definition.population)[0])})"

    @classmethod
    def read(cls, section: Section, default_window: timedelta, default_metric: str | None = None) -> Self:
        """Return the measure that the section writes."""
        metric = section.choice("metric", METRIC_NAMES, default_metric)
        definition = METRICS[metric]
        where, group_by = section.filters("where"), section.texts("group_by")
        for name in where:
            if not definition.has_filter(name):
                known = ", ".join(definition.filters)
                section.fail("where", f"has {name}, which {metric} does not have; use {known}")
        for name in group_by:
            if not definition.has_dimension(name):
                known = ", ".join(definition.dimensions)
                section.fail("group_by", f"has {name}, which {metric} does not have; use {known}")
        window = section.duration("window", default_window, least=SHORTEST_WINDOW)
        is_full = section.flag("full_window", default=False)
        age = section.duration("new_group_delay", timedelta(0))
        return cls(
            metric=metric,
            window=window,
            where=where,
            group_by=group_by,
            min_count=section.count("min_count", default=0 if definition.is_additive else 1),
            delay=section.duration("evaluation_delay", timedelta(0)),
            min_age=max(age, window) if is_full else age,
        )

    def question(self, end: datetime) -> Question:
        """Return the question about the window that ends at `end`."""
        return self._ask(end - self.window, end)

    def take(self, evidence: Evidence, now: datetime) -> Measured:
        """Return the figures of the present window."""
        return evidence.measure(self.question(now - self.delay))

    def explain_absence(self) -> str:
        """Return why a group may have gone."""
        return f"missing: the group had nothing to measure in the last {format_span(self.window)}"

    def find_gaps(self, measured: Measured) -> Flags:
        """Return which groups have too little to be judged."""
        return (measured.counts < self.min_count) | np.isnan(measured.values)

    def find_gap(self, measured: Measured, position: int) -> Observation | None:
        """Return why the figure cannot be judged; None when it can."""
        count, value = measured.count(position), measured.value(position)
        if count is not None and count < self.min_count:
            seen = f"{count} of at least {self.min_count}" if count else "nothing happened"
            reason = f"no data: {seen} in the last {format_span(self.window)}"
            return Observation(Verdict.NO_DATA, reason, value)
        if value is None:
            meaning = METRICS[self.metric].null_means
            reason = f"no data: {meaning}, in the last {format_span(self.window)}"
            return Observation(Verdict.NO_DATA, reason)
        return None

    def judge(
        self,
        evidence: Evidence,
        now: datetime,
        measured: Measured,
        suspicious: Flags,
        attention: Attention,
        judge: Judge,
    ) -> list[Reading]:
        """Return readings of the suspicious groups, of live ones, and of gaps where they matter."""
        gaps = self.find_gaps(measured)
        picked = (suspicious & ~gaps) | gaps if attention.gaps else suspicious & ~gaps
        live = {place for labels in attention.live if (place := measured.find(labels)) is not None}
        positions = [int(i) for i in np.flatnonzero(picked)]
        positions += sorted(live.difference(positions))
        seasoned = self._find_seasoned(evidence, now) if self.min_age and positions else None
        readings: list[Reading] = []
        for position in positions:
            observation = self.find_gap(measured, position) or judge(position)
            is_new = (
                seasoned is not None and position not in live and measured.groups[position] not in seasoned
            )
            if is_new and observation.verdict is Verdict.BREACH:
                reason = f"no data: the group is new, seen for less than {format_age(self.min_age)}"
                observation = Observation(Verdict.NO_DATA, reason, observation.value)
            readings.append(Reading(measured.labels(position), observation))
        return readings

    def _find_seasoned(self, evidence: Evidence, now: datetime) -> set[Group]:
        """Return the groups that had events before they could be called new."""
        end = now - self.delay - self.min_age
        earlier = evidence.measure(self._ask(end - max(_SEEN_BEFORE, self.window), end))
        return {earlier.groups[int(i)] for i in np.flatnonzero(earlier.counts > 0)}

    def _ask(self, start: datetime, end: datetime) -> Question:
        return Question(self.metric, start, end, tuple(sorted(self.where.items())), self.group_by)


class OfMeasure:
    """What a condition on a metric says of itself: what its measure says."""

    __slots__ = ()
    measure: Measure

    @property
    def metric(self) -> str:
        """Metric it is about."""
        return self.measure.metric

    @property
    def window(self) -> timedelta:
        """Time it looks back over, without what it compares with."""
        return self.measure.window

    @property
    def where(self) -> Filters:
        """Dimensions it is restricted to."""
        return self.measure.where

    @property
    def group_by(self) -> Sequence[str]:
        """Dimensions it is split by."""
        return self.measure.group_by

    def explain_absence(self) -> str:
        """Return why a group may have gone."""
        return self.measure.explain_absence()


@dataclass(frozen=True, slots=True)
class QueryMeasure:
    """An SQL query instead of a metric: a column `value`, perhaps `n`, and labels."""

    title: ClassVar[str] = "The query's value"

    query: str
    window: timedelta
    min_count: int

    @classmethod
    def read(cls, section: Section, default_window: timedelta) -> Self:
        """Return the measure that the section writes."""
        for key in ("metric", "where", "group_by"):
            if key in section:
                section.fail(key, "does not go with query; say it in the query")
        return cls(
            section.text("query"),
            section.duration("window", default_window, least=SHORTEST_WINDOW),
            section.count("min_count", default=0),
        )

    def say(self, value: float) -> str:
        """Return a value of the query in words."""
        return f"{self.title}: {format_figure(value, None)}"

    def say_events(self, count: int | None) -> str:
        """Return in brackets how many events the query says the value rests on."""
        return "" if count is None else f" ({format_count_of(count, 'events')})"

    def take(self, evidence: Evidence, now: datetime) -> Measured:
        """Return what the query answers for the present window."""
        return evidence.ask(self.query, now - self.window, now)

    def judge(
        self, measured: Measured, suspicious: Flags, attention: Attention, judge: Judge
    ) -> Sequence[Reading]:
        """Return readings of the suspicious groups, of live ones, and of gaps where they matter."""
        gaps = (measured.counts < self.min_count) | np.isnan(measured.values)
        live = {place for labels in attention.live if (place := measured.find(labels)) is not None}
        picked = {int(i) for i in np.flatnonzero((suspicious & ~gaps) | gaps & attention.gaps)} | live
        nothing = Observation(Verdict.NO_DATA, "no data: the query gives no value, or too few events")
        return [Reading(measured.labels(i), nothing if gaps[i] else judge(i)) for i in sorted(picked)]
