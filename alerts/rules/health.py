"""Health: a figure of Spanledger itself is beyond a limit, such as how far loading lags behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from alerts.figures import format_figure
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.bounds import Bound, read_bound
from alerts.rules.conditions import Evidence
from alerts.rules.measured import Attention, Question
from store.configuration.section import Filters, Section

HEALTH_FIGURES: Final[Mapping[str, str]] = {
    "ingest_lag_ms": "Age of the oldest acknowledged data that are not loaded yet",
    "backlog_bytes": "Bytes of the log that are not loaded yet",
    "dead_letters": "Records of the last hour that could not be loaded",
    "disk_free_rate": "Free share of the disk that holds the data directory",
    "disk_free_bytes": "Free bytes of the disk that holds the data directory",
    "failing_jobs": "Jobs whose last run failed",
    "failing_rules": "Alert rules that could not be evaluated",
    "dead_notifications": "Notifications of the last day that were given up",
    "notification_age_ms": "Age of the oldest notification that waits",
    "configuration_errors": "Changed configurations that are refused, while the last good one holds",
}
"""What there is, and what it says."""


@dataclass(frozen=True, slots=True)
class Health:
    """`health = "ingest_lag_ms"` with `above` or `below`."""

    kind: ClassVar[str] = "health"
    keys: ClassVar[tuple[str, ...]] = ("health",)

    figure: str
    bound: Bound

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        return cls(section.choice("health", tuple(HEALTH_FIGURES)), read_bound(section, "above", "below"))

    @property
    def metric(self) -> str:
        """The figure, whose name tells its unit."""
        return self.figure

    @property
    def window(self) -> timedelta:
        """Time that links show."""
        return timedelta(hours=1)

    @property
    def where(self) -> Filters:
        """No dimensions."""
        return {}

    @property
    def group_by(self) -> Sequence[str]:
        """No groups."""
        return ()

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return nothing: these are no metrics."""
        return []

    def observe(self, evidence: Evidence, now: datetime, attention: Attention) -> Sequence[Reading]:
        """Hold the figure against the bound."""
        value = evidence.read_health().get(self.figure)
        if value is None:
            return [Reading({}, Observation(Verdict.NO_DATA, "no data: the figure is not known here"))]
        verdict = self.bound.judge(value)
        limit = self.bound.recovery if verdict is Verdict.BETWEEN else self.bound.limit
        reason = (
            f"{HEALTH_FIGURES[self.figure]}: {format_figure(value, self.figure)}, "
            f"{self.bound.relation(verdict)} {format_figure(limit, self.figure)}"
        )
        return [Reading({}, Observation(verdict, reason, value, self.bound.limit))]

    def explain_absence(self) -> str:
        """Return why the figure may have gone."""
        return "the figure is not known any more"

    def describe(self) -> str:
        """Return the condition in words."""
        title = HEALTH_FIGURES[self.figure]
        return f"{title} {self.bound.side} {format_figure(self.bound.limit, self.figure)}"
