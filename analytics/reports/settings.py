"""When reports are sent, and where to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class ReportSettings:
    """Reports that are sent through alert channels."""

    channels: tuple[str, ...] = ()
    """Names of the [[channel]]s that reports go to; nobody when empty."""
    daily: str | None = None
    """Time of day, as "08:00", at which the report of the last 24 hours is sent."""
    weekly: str | None = None
    """Day and time, as "mon 08:00", at which the report of the last seven days is sent."""
    zone: str = "UTC"
    """Time zone of these times, as "Europe/Berlin"; summer time is followed."""
    services: tuple[str, ...] = ()
    """Services that reports are about; all when empty."""

    def __post_init__(self) -> None:
        """Refuse what is no time, and no zone."""
        _find_zone(self.zone)
        if self.daily is not None:
            _read_time(self.daily)
        if self.weekly is not None:
            _read_day(self.weekly)

    def find_due(self, now: datetime) -> list[tuple[str, datetime]]:
        """Return for each report that is scheduled when it was due last.

        >>> ReportSettings(daily="08:00", zone="Europe/Berlin").find_due(datetime(2026, 11, 21, 6, tzinfo=UTC))
        [('daily', datetime.datetime(2026, 11, 20, 7, 0, tzinfo=datetime.timezone.utc))]
        """
        zone = _find_zone(self.zone)
        today = now.astimezone(zone).date()
        due: list[tuple[str, datetime]] = []
        if self.daily is not None:
            due.append(("daily", _find_last(now, today, 1, _read_time(self.daily), zone)))
        if self.weekly is not None:
            day, at = _read_day(self.weekly)
            that_day = today + timedelta(days=day - today.weekday())
            due.append(("weekly", _find_last(now, that_day, 7, at, zone)))
        return due


def _find_last(now: datetime, day: date, days: int, at: time, zone: ZoneInfo) -> datetime:
    """Return when the clock of a zone last showed a time of a day that comes every so many days."""
    instant = datetime.combine(day, at, zone).astimezone(UTC)
    if instant <= now:
        return instant
    return datetime.combine(day - timedelta(days=days), at, zone).astimezone(UTC)


def _find_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f'{name!r} is no time zone; write "UTC" or "Europe/Berlin"') from error


def _read_time(text: str) -> time:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'{text!r} is no time of day; write "08:00"')
    return time(int(found[1]), int(found[2]))


def _read_day(text: str) -> tuple[int, time]:
    day, _, at = text.strip().lower().partition(" ")
    if day not in _DAYS:
        raise ValueError(f'{text!r} is no day and time; write "mon 08:00"')
    return _DAYS.index(day), _read_time(at)
