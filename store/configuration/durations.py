"""Durations as Prometheus writes them: "30s", "5m", "4h30m", "1d12h"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_UNITS_MS: Final = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
_DURATION: Final = re.compile(
    r"(?:(?P<y>\d{1,4})y)?(?:(?P<w>\d{1,6})w)?(?:(?P<d>\d{1,6})d)?(?:(?P<h>\d{1,8})h)?"
    r"(?:(?P<m>\d{1,9})m(?!s))?(?:(?P<s>\d{1,10})s)?(?:(?P<ms>\d{1,12})ms)?",
    re.ASCII,
)
_LONGEST: Final = timedelta(days=3660)


def parse_duration(text: str) -> timedelta:
    """Return the duration; units go from large to small and each stands once, as in Prometheus.

    Raises:
        ValueError: The text is no such duration, or is longer than ten years.

    >>> parse_duration("4h30m")
    datetime.timedelta(seconds=16200)
    """
    if text == "0":
        return timedelta(0)
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{text!r} is not a duration")
    milliseconds = sum(int(count) * _UNITS_MS[unit] for unit, count in match.groupdict(default="0").items())
    duration = timedelta(milliseconds=milliseconds)
    if duration > _LONGEST:
        raise ValueError(f"{text!r} is not a duration")
    return duration


def format_duration(duration: timedelta) -> str:
    """Return the shortest text that `parse_duration` reads as the same duration, down to milliseconds.

    Weeks and years are written in days, as people say "90d".

    >>> format_duration(timedelta(hours=36))
    '1d12h'
    """
    rest = round(duration.total_seconds() * 1_000)
    if rest <= 0:
        return "0s"
    parts: list[str] = []
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _UNITS_MS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)
