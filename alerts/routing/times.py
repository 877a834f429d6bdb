"""Times that come again: hours of the day, days of the week, of the month, and months, in a time zone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from store.configuration.section import Section

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)")
_DAY_MINUTES: Final = 24 * 60
_LONGEST_LOOK: Final = 400


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Holds where all of its parts do; a part that is left out always does."""

    name: str
    zone: ZoneInfo
    times: tuple[tuple[int, int], ...] = ()
    """Minutes of the day, from and to; a range that ends before it starts passes midnight."""
    days: frozenset[int] = frozenset(range(7))
    """Days of the week, Monday is 0; of a range past midnight, the day it begins on."""
    days_of_month: tuple[tuple[int, int], ...] = ()
    """From and to; negative ones count from the end of the month."""
    months: frozenset[int] = frozenset(range(1, 13))

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the recurrence that a [[mute_time]] table writes."""
        zone_name = section.text("zone", "UTC")
        try:
            zone = ZoneInfo(zone_name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            section.fail("zone", 'is not a time zone; write one as "Europe/Berlin"')
        found = cls(
            name=section.name(),
            zone=zone,
            times=tuple(_read_times(section, text) for text in section.texts("times")),
            days=_read_names(section, "days", _DAYS, 0),
            days_of_month=tuple(_read_month_days(section, text) for text in section.texts("days_of_month")),
            months=_read_names(section, "months", _MONTHS, 1),
        )
        section.finish()
        return found

    def holds(self, at: datetime) -> bool:
        """Tell whether it holds at an instant."""
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        today, yesterday = local.date(), local.date() - timedelta(days=1)
        if not self.times:
            return self._holds_on(today)
        for start, end in self.times:
            passes_midnight = end <= start
            begins_today = minute >= start if passes_midnight else start <= minute < end
            if begins_today and self._holds_on(today):
                return True
            if passes_midnight and minute < end and self._holds_on(yesterday):
                return True
        return False

    def find_end(self, at: datetime) -> datetime | None:
        """Return when it ceases to hold, of an instant at which it does; None when not within a year."""
        edges = sorted({0, *(edge for pair in self.times for edge in pair if edge < _DAY_MINUTES)})
        day = at.astimezone(self.zone).date()
        for ahead in range(_LONGEST_LOOK):
            for instant in self._list_edges(day + timedelta(days=ahead), edges):
                if instant > at and not self.holds(instant):
                    return instant
        return None

    def _list_edges(self, day: date, minutes: Sequence[int]) -> list[datetime]:
        """Return the instants of a day at which the clock shows one of the minutes, or is changed."""
        # When clocks go back, an hour comes twice: either of its edges may be the end.
        found = [
            datetime.combine(day, time(minute // 60, minute % 60, fold=fold), self.zone).astimezone(UTC)
            for minute in minutes
            for fold in (0, 1)
        ]
        change = self._find_change(day)
        return sorted(found if change is None else [*found, change])

    def _find_change(self, day: date) -> datetime | None:
        """Return when the clock of the zone is changed on a day."""
        first, last = (
            datetime.combine(each, time(), self.zone).astimezone(UTC)
            for each in (day, day + timedelta(days=1))
        )
        before = first.astimezone(self.zone).utcoffset()
        if last.astimezone(self.zone).utcoffset() == before:
            return None
        while last - first > timedelta(minutes=1):
            middle = first + (last - first) // timedelta(minutes=2) * timedelta(minutes=1)
            if middle.astimezone(self.zone).utcoffset() == before:
                first = middle
            else:
                last = middle
        return last

    def describe(self) -> str:
        """Return when it holds, in words."""
        parts = [f"{_clock(start)}-{_clock(end)}" for start, end in self.times]
        if len(self.days) < len(_DAYS):
            parts.append(", ".join(_DAYS[day] for day in sorted(self.days)))
        if self.days_of_month:
            parts.append("days " + ", ".join(f"{a} to {b}" for a, b in self.days_of_month))
        if len(self.months) < len(_MONTHS):
            parts.append(", ".join(_MONTHS[month - 1] for month in sorted(self.months)))
        return f"{' '.join(parts) or 'always'} ({self.zone.key})"

    def _holds_on(self, day: date) -> bool:
        if day.weekday() not in self.days or day.month not in self.months:
            return False
        if not self.days_of_month:
            return True
        length = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day

        def place(number: int) -> int:
            return number if number > 0 else length + 1 + number

        return any(place(first) <= day.day <= place(last) for first, last in self.days_of_month)


def read_recurrences(tables: Sequence[Mapping[str, object]]) -> dict[str, Recurrence]:
    """Return the [[mute_time]] tables by name."""
    found: dict[str, Recurrence] = {}
    for number, table in enumerate(tables, 1):
        section = Section(f"[[mute_time]] number {number}", table)
        recurrence = Recurrence.read(section)
        if recurrence.name in found:
            section.fail("name", "is used by two mute times; rename one of them")
        found[recurrence.name] = recurrence
    return found


def choose_recurrences(
    section: Section, key: str, known: Mapping[str, Recurrence], default: tuple[Recurrence, ...] = ()
) -> tuple[Recurrence, ...]:
    """Return the recurrences that a key names."""
    if key not in section:
        section.texts(key)
        return default
    names = section.texts(key)
    for name in names:
        if name not in known:
            remedy = f"use one of {', '.join(known)}" if known else "add a [[mute_time]] of that name"
            section.fail(key, f"names {name!r}, which is not defined; {remedy}")
    return tuple(known[name] for name in names)


def _read_times(section: Section, text: str) -> tuple[int, int]:
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        section.fail("times", 'has something else than "HH:MM-HH:MM"; write "22:00-06:00"')
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if start == end or max(start, end) > _DAY_MINUTES:
        section.fail("times", "has a range of no length, or past 24:00; correct it")
    return start, end


def _read_names(section: Section, key: str, names: Sequence[str], first: int) -> frozenset[int]:
    texts = section.texts(key)
    if not texts:
        return frozenset(range(first, first + len(names)))
    found: set[int] = set()
    for text in texts:
        ends = [part.strip().lower()[:3] for part in text.split("-")]
        if len(ends) > 2 or any(end not in names for end in ends):
            section.fail(key, f'has {text!r}; use {", ".join(names)}, or a range as "{names[0]}-{names[4]}"')
        start, end = names.index(ends[0]), names.index(ends[-1])
        span = (end - start) % len(names) + 1
        found |= {(start + step) % len(names) + first for step in range(span)}
    return frozenset(found)


def _read_month_days(section: Section, text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(-?\d{1,2})(?::(-?\d{1,2}))?", text.strip())
    days = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not all(1 <= abs(day) <= 31 for day in days) or ((days[0] > 0) == (days[1] > 0) and days[0] > days[1]):
        section.fail("days_of_month", f'has {text!r}; write "24", "24:26", or "-1" for the last day')
    return days


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
