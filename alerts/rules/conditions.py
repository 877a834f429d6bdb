"""What a kind of condition is, and where it looks; each kind is one file beside this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Protocol, Self, TypeVar

from alerts.observations import Reading
from alerts.rules.measured import Attention, Group, Measured, Question
from store.configuration.section import Filters, Section

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftAlarm:
    """One alarm of a drift detector."""

    alarm_id: str = ""
    labels: Mapping[str, str]
    metric: str
    direction: str
    raised_at: datetime
    """When it was raised last."""
    first_raised_at: datetime | None = None
    """When it was raised first; None when that was once only."""
    changed_at: datetime | None = None
    """About when the change began."""
    before_value: float | None
    after_value: float | None
    after_low: float | None = None
    """Lower end of the 95 % interval of `after_value`."""
    after_high: float | None = None
    evidence: float
    type: str = "drift"
    """drift: it lasts; spike: one hour stood out."""
    is_hint: bool = False
    """It rests on few runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetStanding:
    """How much of a budget is used."""

    budget: str
    labels: Mapping[str, str]
    unit: str
    period: str
    limit: Decimal
    used: Decimal | None
    forecast: Decimal | None = None
    """What will be used by the end of the period, if it goes on like this."""
    state: str = "ok"
    """ok, warning or exceeded."""
    resets_at: datetime | None = None


class Evidence(Protocol):
    """Where conditions look; rules that ask the same in one evaluation share the answer."""

    def prepare(self, questions: Sequence[Question]) -> None:
        """Answer questions that will be asked, with as few queries as they allow."""
        ...

    def measure(self, question: Question) -> Measured:
        """Return the metric for every group that had events."""
        ...

    def trace(self, question: Question) -> Mapping[Group, Sequence[tuple[int, float, float]]]:
        """Return the metric hour by hour: for every group the hour of the day (UTC), the value and the count."""
        ...

    def recall(self, key: object, compute: Callable[[], _T]) -> _T:
        """Return what was computed for `key` before, as long as every evaluation asks for it."""
        ...

    def ask(self, query: str, start: datetime, end: datetime) -> Measured:
        """Return the answer to an SQL query: `value`, perhaps `n`, and every other column as a label."""
        ...

    def count_streaks(
        self, subject: str, start: datetime, end: datetime, where: Filters, group_by: Sequence[str]
    ) -> Measured:
        """Return how many events of a subject failed in a row up to `end`."""
        ...

    def find_drift(self, since: datetime) -> Sequence[DriftAlarm]:
        """Return the alarms raised since then over present data."""
        ...

    def read_budgets(self) -> Sequence[BudgetStanding]:
        """Return how every budget stands."""
        ...

    def read_health(self) -> Mapping[str, float]:
        """Return the figures of Spanledger's own health that are known."""
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

    @property
    def group_by(self) -> Sequence[str]:
        """Dimensions it is split by, where they are known beforehand."""
        ...

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return what `observe` will ask, so that it is asked together with what other rules ask."""
        ...

    def observe(self, evidence: Evidence, now: datetime, attention: Attention) -> Sequence[Reading]:
        """Return what the groups show now that something is wrong with, or that need attention."""
        ...

    def explain_absence(self) -> str:
        """Return why a group that was there before may have gone, as the reason its alert ends."""
        ...

    def describe(self) -> str:
        """Return the condition in words: "success_rate below 95 % over 1h"."""
        ...
