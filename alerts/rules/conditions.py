"""What a kind of condition is, and which kinds there are; each kind is one file beside this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, Self

from alerts.observations import Reading
from store.configuration.section import Filters, Section


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of a metric: the value of a group, and how many events it rests on."""

    labels: Mapping[str, str]
    value: float | None
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftAlarm:
    """One alarm of a drift detector."""

    labels: Mapping[str, str]
    metric: str
    direction: str
    raised_at: datetime
    """When it was raised last."""
    changed_at: datetime | None = None
    """About when the change began."""
    before_value: float | None
    after_value: float | None
    evidence: float


class Evidence(Protocol):
    """Where conditions look; rules that ask the same in one evaluation share the answer."""

    def measure(
        self,
        metric: str,
        start: datetime,
        end: datetime,
        where: Filters,
        group_by: Sequence[str],
    ) -> Sequence[Measured]:
        """Return the metric over [start, end) for every group that had events."""
        ...

    def find_drift(self, since: datetime) -> Sequence[DriftAlarm]:
        """Return the alarms raised since then over present data."""
        ...


class Condition(Protocol):
    """One kind of condition: how it is written, what it sees, and how it says so."""

    kind: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]
    """Keys that tell this kind from the others when `kind` is not written."""

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes, or raise ConfigError."""
        ...

    @property
    def metric(self) -> str | None:
        """Metric whose unit the value and the threshold have."""
        ...

    @property
    def window(self) -> timedelta:
        """Time the condition looks back over."""
        ...

    @property
    def where(self) -> Filters:
        """Dimensions it is restricted to."""
        ...

    def observe(self, evidence: Evidence, now: datetime) -> Sequence[Reading]:
        """Return what every group shows now; without groups, one reading with no labels."""
        ...

    def explain_absence(self) -> str:
        """Return why a group that was there before may have gone, as the reason its alert ends."""
        ...

    def describe(self) -> str:
        """Return the condition in words: "success_rate below 95 % over 1h"."""
        ...
