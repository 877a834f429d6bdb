"""What a metric is: how it follows from sums over events, what it counts, and what not knowing it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from analytics.figures import format_amount, format_step
from store.figures import DIMENSIONS, SUBJECTS, find_attribute

SubjectName = Literal["run", "llm_call", "tool_call", "session", "case", "score"]
Kind = Literal["count", "sum", "proportion", "ratio", "percentile", "share", "streak", "breaker", "again"]

RESOLVED: Final = ("resolved_confirmed", "resolved_assumed")
CONFIRMED: Final = ("resolved_confirmed",)
RUN_OUTCOMES: Final = ("success", "failure", "escalated")
Conditions = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Part:
    """A sum over events of a subject: of a column, over the events that meet some conditions."""

    subject: SubjectName
    column: str = "events"
    conditions: Conditions = ()
    weight: float = 1.0

    @property
    def key(self) -> str:
        """A name that equal sums share."""
        return f"{self.subject} {self.column} {self.conditions}"


def part(
    subject: SubjectName, column: str = "events", *, weight: float = 1.0, **conditions: str | tuple[str, ...]
) -> Part:
    """Return a sum of a column over the events whose dimensions have one of some values."""
    wanted = tuple(
        (name, (value,) if isinstance(value, str) else value) for name, value in sorted(conditions.items())
    )
    return Part(subject, column, wanted, weight)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric: what it says, and how it follows from sums over events."""

    name: str
    title: str
    unit: str
    kind: Kind
    help: str
    population: str
    null_means: str
    numerator: tuple[Part, ...]
    """Added up, each with its weight."""
    denominator: tuple[Part, ...] = ()
    """Added up; a proportion or ratio divides by it."""
    quantile: float | None = None
    """Of a percentile."""
    measure: str | None = None
    """Of a percentile or share: the measured column."""
    limit: float | None = None
    """Of a share: the largest value that lies within."""
    key: str | None = None
    """Of what is judged key by key (each tool, each user): the dimension of the keys."""
    counted: tuple[Part, ...] = ()
    """The events it rests on, where they are not the denominator, or the numerator of a count or sum."""
    is_rise_bad: bool | None = None
    """Whether more of it is worse; None where neither direction is."""

    @property
    def events(self) -> tuple[Part, ...]:
        """What is counted as `n`: the events the value rests on."""
        if self.counted or self.denominator:
            return self.counted or self.denominator
        return tuple(Part(subject) for subject in self.subjects)

    @property
    def parts(self) -> tuple[Part, ...]:
        """All sums it is made of; beside money the calls without a price."""
        unpriced = [Part(subject, "unpriced_calls") for subject in self.subjects] if self.is_money else []
        return (*self.numerator, *self.denominator, *self.events, *unpriced)

    @property
    def subjects(self) -> tuple[SubjectName, ...]:
        """The subjects it counts, in the order of its parts."""
        return tuple(dict.fromkeys(item.subject for item in (*self.numerator, *self.denominator)))

    @property
    def is_money(self) -> bool:
        """Whether unpriced calls make it an "at least"."""
        return self.unit == "USD"

    @property
    def is_additive(self) -> bool:
        """Whether nothing happening makes it 0, and values of parts of a window add up."""
        return self.kind in ("count", "sum")

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions it can be split by; `attributes.KEY` of declared attributes come on top."""
        return tuple(name for name in DIMENSIONS if self.has_dimension(name))

    @property
    def filters(self) -> tuple[str, ...]:
        """What it can be filtered by: its dimensions, and those of the model calls inside its runs."""
        return tuple(name for name in DIMENSIONS if self.has_filter(name))

    def has_dimension(self, name: str) -> bool:
        """Return whether it can be split by a dimension: one of its subjects has it."""
        return any(not self.lacks(name, subject) for subject in self.subjects)

    def has_filter(self, name: str) -> bool:
        """Return whether it can be filtered by a dimension."""
        return self.has_dimension(name) or any(name in SUBJECTS[it].containing for it in self.subjects)

    def lacks(self, name: str, subject_name: str) -> bool:
        """Return whether rows of a subject say nothing of a dimension."""
        subject = SUBJECTS[subject_name]
        if find_attribute(name) is not None:
            return not subject.has_attributes
        return name not in subject.dimensions


def say_meaning(metric: Metric) -> str:
    """Return in sentences what a metric means, over what, and when it is unknown."""
    money = " Calls without a price are not in it; then it says “at least”." if metric.is_money else ""
    unknown = "" if metric.null_means == "never" else f" Unknown when {metric.null_means}."
    return f"{metric.help}{money} Counted: {metric.population}.{unknown}"


def say_difference(metric: Metric, value: float | None) -> str:
    """Return a difference of two values as people read it, with its sign; of shares in points.

    >>> from analytics.metrics import METRICS
    >>> say_difference(METRICS["success_rate"], -0.1068), say_difference(METRICS["run_p95_ms"], 908.0)
    ('-10.7 points', '+908 ms')
    """
    return "unknown" if value is None else format_step(value, metric.unit)


def say_value(metric: Metric, value: float | None) -> str:
    """Return a value as people read it.

    >>> from analytics.metrics import METRICS
    >>> say_value(METRICS["cost_per_run_usd"], -0.0026), say_value(METRICS["run_mean_ms"], 1_234.0)
    ('-$0.0026', '1.23 s')
    """
    return "unknown" if value is None else format_amount(value, metric.unit)
