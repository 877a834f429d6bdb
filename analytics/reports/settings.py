"""When reports are sent, and where to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class ReportSettings:
    """Reports that are sent through alert channels; times are UTC."""

    channels: tuple[str, ...] = ()
    """Names of the [[channel]]s that reports go to; nobody when empty."""
    daily: str | None = None
    """Time of day, as "08:00", at which the report of the last 24 hours is sent."""
    weekly: str | None = None
    """Day and time, as "mon 08:00", at which the report of the last seven days is sent."""
    services: tuple[str, ...] = ()
    """Services that reports are about; all when empty."""

    def __post_init__(self) -> None:
        """Refuse what is no time."""
        if self.daily is not None:
            _read_time(self.daily)
        if self.weekly is not None:
            _read_day(self.weekly)

    def find_due(self, now: datetime) -> list[tuple[str, datetime]]:
        """Return for each report that is scheduled when it was due last.

        >>> ReportSettings(daily="08:00").find_due(datetime(2026, 11, 21, 7, tzinfo=UTC))
        [('daily', datetime.datetime(2026, 11, 20, 8, 0, tzinfo=datetime.timezone.utc))]
        """
        due: list[tuple[str, datetime]] = []
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if self.daily is not None:
            at = midnight + _read_time(self.daily)
            due.append(("daily", at if at <= now else at - timedelta(days=1)))
        if self.weekly is not None:
            day, time = _read_day(self.weekly)
            at = midnight + timedelta(days=day - midnight.weekday()) + time
            due.append(("weekly", at if at <= now else at - timedelta(days=7)))
        return due


def _read_time(text: str) -> timedelta:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'{text!r} is no time of day; write "08:00"')
    return timedelta(hours=int(found[1]), minutes=int(found[2]))


def _read_day(text: str) -> tuple[int, timedelta]:
    day, _, time = text.strip().lower().partition(" ")
    if day not in _DAYS:
        raise ValueError(f'{text!r} is no day and time; write "mon 08:00"')
    return _DAYS.index(day), _read_time(time)
