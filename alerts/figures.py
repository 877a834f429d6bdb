"""Figures of rules as people read them; the unit follows from the metric's name, as everywhere in Spanledger."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from analytics.drift.naming import SHARES, WHOLE_AGENT
from analytics.figures import format_age, format_amount, format_step, trim

_SHARES: Final = ("_rate", "satisfaction", "_share", "_ratio", *SHARES)
_UNITS: Final = {"_usd": "USD", "_ms": "ms", "_bytes": "bytes"}


def format_figure(value: float | None, metric: str | None) -> str:
    """Return the value with its unit; "no data" for None.

    >>> format_figure(0.912, "success_rate"), format_figure(1234.5, "cost_usd")
    ('91.2 %', '$1,234.50')
    >>> format_figure(20_400, "run_p95_ms")
    '20.4 s'
    """
    if value is None or not math.isfinite(value):
        return "no data"
    if metric == WHOLE_AGENT:
        return f"{format_ratio(value)} the alarm level"
    if (metric or "").endswith("_in_a_row"):
        return f"{trim(value)} in a row"
    return format_amount(value, _unit_of(metric or ""))


def _unit_of(name: str) -> str:
    if name.endswith(_SHARES):
        return "ratio"
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")


def format_count_of(count: int, noun: str) -> str:
    """Return how many of what, `noun` being the plural.

    >>> format_count_of(1, "runs"), format_count_of(1_212, "runs")
    ('1 run', '1,212 runs')
    """
    return f"{count:,} {noun.removesuffix('s') if count == 1 else noun}"


def format_ratio(value: float) -> str:
    """Return "2.3×"."""
    return f"{trim(value)}×"


def format_difference(value: float, metric: str | None) -> str:
    """Return the difference of two figures, signed; of rates in points.

    >>> format_difference(-0.062, "success_rate"), format_difference(3.0, "cost_usd")
    ('-6.2 points', '+$3.00')
    """
    return format_step(value, _unit_of(metric or ""))


def format_instant(at: datetime) -> str:
    """Return the instant to the minute, in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def format_second(at: datetime) -> str:
    """Return the instant to the second, in UTC, where it matters what came first."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def format_span(span: timedelta) -> str:
    """Return a length of time so that "the last" or "the" fits before it.

    >>> [format_span(timedelta(hours=hours)) for hours in (0.5, 1, 24, 168, 1.5)]
    ['30 minutes', 'hour', '24 hours', '7 days', '90 minutes']
    """
    seconds = span.total_seconds()
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, rest = divmod(seconds, size)
        if not rest and count and (unit, count) != ("day", 1):
            return unit if count == 1 else f"{count:,.0f} {unit}s"
    return format_age(span)
