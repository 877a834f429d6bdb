"""Figures as people read them; the unit follows from the metric's name, as everywhere in Spanledger."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from analytics.drift.naming import SHARES, WHOLE_AGENT

_SHARES: Final = ("_rate", "satisfaction", "_share", "_ratio", *SHARES)


def format_figure(value: float | None, metric: str | None) -> str:
    """Return the value with its unit; "no data" for None.

    >>> format_figure(0.912, "success_rate"), format_figure(1234.5, "cost_usd")
    ('91.2 %', '$1,234.50')
    >>> format_figure(20_400, "run_p95_ms")
    '20.4 s'
    """
    if value is None or not math.isfinite(value):
        return "no data"
    name = metric or ""
    if name == WHOLE_AGENT:
        return f"{format_ratio(value)} the alarm level"
    if name.endswith(_SHARES):
        return f"{_trim(value * 100)} %"
    if name.endswith("_usd"):
        return f"{'-' if value < 0 else ''}${_format_money(abs(value))}"
    if name.endswith("_ms"):
        return _format_milliseconds(value)
    if name.endswith("_bytes"):
        return _format_bytes(value)
    if name.endswith("_in_a_row"):
        return f"{_trim(value)} in a row"
    return _trim(value)


def format_count_of(count: int, noun: str) -> str:
    """Return how many of what, `noun` being the plural.

    >>> format_count_of(1, "runs"), format_count_of(1_212, "runs")
    ('1 run', '1,212 runs')
    """
    return f"{count:,} {noun.removesuffix('s') if count == 1 else noun}"


def format_ratio(value: float) -> str:
    """Return "2.3×"."""
    return f"{_trim(value)}×"


def format_difference(value: float, metric: str | None) -> str:
    """Return the difference of two figures, signed; of rates in points.

    >>> format_difference(-0.062, "success_rate"), format_difference(3.0, "cost_usd")
    ('-6.2 points', '+$3.00')
    """
    sign = "-" if value < 0 else "+"
    if (metric or "").endswith(_SHARES):
        return f"{sign}{_trim(abs(value) * 100)} points"
    return f"{sign}{format_figure(abs(value), metric)}"


def format_instant(at: datetime) -> str:
    """Return the instant to the minute, in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def format_second(at: datetime) -> str:
    """Return the instant to the second, in UTC, where it matters what came first."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def format_age(age: timedelta) -> str:
    """Return about how long, in its two largest units.

    >>> format_age(timedelta(hours=26, minutes=5, seconds=9))
    '1 d 2 h'
    """
    seconds = max(0, round(age.total_seconds()))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def format_span(span: timedelta) -> str:
    """Return a length of time so that "the last" or "the" fits before it.

    >>> [format_span(timedelta(hours=hours)) for hours in (0.5, 1, 24, 168, 1.5)]
    ['30 minutes', 'hour', '24 hours', '7 days', '1 h 30 min']
    """
    seconds = span.total_seconds()
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, rest = divmod(seconds, size)
        if not rest and count and (unit, count) != ("day", 1):
            return unit if count == 1 else f"{count:,.0f} {unit}s"
    return format_age(span)


def _format_money(value: float) -> str:
    if value == 0 or value >= 1:
        return f"{value:,.2f}"
    digits = min(12, 1 - math.floor(math.log10(value)))
    return f"{value:,.{max(2, digits)}f}"


def _format_bytes(value: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 1_000:
            return f"{_trim(value)} {unit}"
        value /= 1_000
    return f"{_trim(value)} TB"


def _format_milliseconds(value: float) -> str:
    if abs(value) < 1_000:
        return f"{_trim(value)} ms"
    if abs(value) < 120_000:
        return f"{_trim(value / 1_000)} s"
    return format_age(timedelta(milliseconds=abs(value)))


def _trim(value: float) -> str:
    digits = 0 if abs(value) >= 1_000 else 1 if abs(value) >= 10 else 2
    if value and abs(value) < 0.01:
        return f"{value:.2g}"
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
