"""Budgets and rate limits, from the `[[budget]]` tables of the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from store.configuration.durations import format_duration, parse_duration
from store.configuration.section import Filters, Section
from store.errors import ConfigError

DIMENSIONS: Final = (
    "service", "environment", "tenant", "agent", "agent_version", "purpose", "model", "user_id", "session_id",
)  # fmt: skip
"""What a budget can be filtered and split by."""

UNITS: Final = ("usd", "tokens", "input_tokens", "output_tokens", "calls", "tool_calls", "runs", "sessions")
CALENDAR: Final = ("hour", "day", "week", "month")
_LONGEST: Final = timedelta(days=366)
_SHORTEST: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Budget:
    """How much of a unit may be used in a period, by all together or by each of a group."""

    name: str
    limit: Decimal
    unit: str = "usd"
    period: str = "month"
    """hour, day, week (from Monday) or month of the calendar, UTC; else a rolling length such as 24h."""
    group_by: tuple[str, ...] = ()
    where: Filters = field(default_factory=dict[str, str | tuple[str, ...]])
    warn_at: float = 0.8
    """Share of the limit from which it is `warning`."""

    def stretch(self, now: datetime) -> tuple[datetime, datetime | None]:
        """Return when the present period began and when it ends; a rolling one does not end."""
        now = now.astimezone(UTC)
        if self.period not in CALENDAR:
            return now - parse_duration(self.period), None
        hour = now.replace(minute=0, second=0, microsecond=0)
        day = hour.replace(hour=0)
        if self.period == "hour":
            return hour, hour + timedelta(hours=1)
        if self.period == "day":
            return day, day + timedelta(days=1)
        if self.period == "week":
            monday = day - timedelta(days=day.weekday())
            return monday, monday + timedelta(days=7)
        first = day.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1)


def parse_budgets(tables: object) -> tuple[Budget, ...]:
    """Read the `[[budget]]` tables.

    Raises:
        ConfigError: A key is unknown, a value is wrong, or two budgets have one name.
    """
    entries = Section("configuration", {} if tables is None else {"budget": tables}).tables("budget")
    budgets = tuple(_read_budget(values, position) for position, values in enumerate(entries, start=1))
    _check_names(budgets)
    return budgets


def _read_budget(values: Mapping[str, object], position: int) -> Budget:
    section = Section(f"[[budget]] {position}", values)
    limit = section.number("limit")
    if limit is None:
        raise ConfigError(f"{section.title}: limit is missing; add limit = …")
    if limit < 0:
        section.fail("limit", "is negative; write how much may be used")
    warn_at = section.number("warn_at")
    budget = Budget(
        section.name(),
        Decimal(str(limit)),
        section.choice("unit", UNITS, "usd"),
        _read_period(section),
        section.texts("group_by"),
        section.filters("where"),
        0.8 if warn_at is None else warn_at,
    )
    if not 0 < budget.warn_at <= 1:
        section.fail("warn_at", "is not a share of the limit; write 0.8 for 80 %")
    for name in (*budget.group_by, *budget.where):
        if name not in DIMENSIONS:
            raise ConfigError(
                f"{section.title}: {name} is no dimension of budgets; use {', '.join(DIMENSIONS)}"
            )
    if budget.unit in ("runs", "sessions") and "model" in (*budget.group_by, *budget.where):
        raise ConfigError(f"{section.title}: {budget.unit} have no model; limit calls or tokens by model")
    section.finish()
    return budget


def _read_period(section: Section) -> str:
    period = section.text("period", "month").strip()
    if period in CALENDAR:
        return period
    try:
        length = parse_duration(period)
    except ValueError:
        section.fail(
            "period", f'is no period; write {", ".join(CALENDAR)}, or a rolling length such as "24h"'
        )
    if not _SHORTEST <= length <= _LONGEST:
        section.fail("period", f'is out of range; write "{format_duration(_SHORTEST)}" to "366d"')
    return format_duration(length)


def _check_names(budgets: Sequence[Budget]) -> None:
    names = [budget.name for budget in budgets]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f'two [[budget]] tables are called "{name}"; rename one of them')
