"""What a condition on a metric looks at: metric, window, filter, groups, and the least number of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self

from alerts.observations import Observation, Verdict
from alerts.rules.conditions import Evidence, Measured
from analytics.metrics import METRIC_NAMES, METRICS
from store.configuration.durations import format_duration
from store.configuration.section import Filters, Section

SHORTEST_WINDOW: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric over a sliding window, for each group."""

    metric: str
    window: timedelta
    where: Filters = field(default_factory=dict[str, str | tuple[str, ...]])
    group_by: tuple[str, ...] = ()
    min_count: int = 1
    """Fewer events than this in a group are no data; of counts and sums, nothing is a figure too."""

    @property
    def title(self) -> str:
        """The metric as people call it."""
        return METRICS[self.metric].title

    @classmethod
    def read(cls, section: Section, default_window: timedelta) -> Self:
        """Return the measure that the section writes."""
        metric = section.choice("metric", METRIC_NAMES)
        definition = METRICS[metric]
        where, group_by = section.filters("where"), section.texts("group_by")
        for key, names, known, has in (
            ("where", where, definition.filters, definition.has_filter),
            ("group_by", group_by, definition.dimensions, definition.has_dimension),
        ):
            for name in names:
                if not has(name):
                    section.fail(key, f"has {name}, which {metric} does not have; use {', '.join(known)}")
        return cls(
            metric=metric,
            window=section.duration("window", default_window, least=SHORTEST_WINDOW),
            where=where,
            group_by=group_by,
            min_count=section.count("min_count", default=0 if definition.kind in ("count", "sum") else 1),
        )

    def take(self, evidence: Evidence, end: datetime) -> Sequence[Measured]:
        """Return the figures of the window that ends at `end`."""
        return evidence.measure(self.metric, end - self.window, end, self.where, self.group_by)

    def explain_absence(self) -> str:
        """Return why a group may have gone."""
        return f"missing: the group had nothing to measure in the last {format_duration(self.window)}"

    def find_gap(self, measured: Measured) -> Observation | None:
        """Return why the figure cannot be judged; None when it can."""
        if measured.count is not None and measured.count < self.min_count:
            seen = f"{measured.count} of at least {self.min_count}" if measured.count else "nothing happened"
            reason = f"no data: {seen} in the last {format_duration(self.window)}"
            return Observation(Verdict.NO_DATA, reason, measured.value)
        if measured.value is None:
            return Observation(
                Verdict.NO_DATA,
                f"no data: {METRICS[self.metric].null_means}, in the last {format_duration(self.window)}",
            )
        return None
