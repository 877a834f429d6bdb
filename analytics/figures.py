"""Figures in texts: few digits and a unit, the same in reports, messages and terminals."""

from __future__ import annotations

import math
from datetime import timedelta


def format_amount(value: float, unit: str) -> str:
    """Return a value with its unit; a share (unit "ratio") in per cent.

    >>> format_amount(0.951, "ratio"), format_amount(1234.5, "USD"), format_amount(0.0004299, "USD")
    ('95.1 %', '$1,234.50', '$0.00043')
    >>> format_amount(20_400.0, "ms"), format_amount(335.0, "ms"), format_amount(4.512, "steps")
    ('20.4 s', '335 ms', '4.51')
    """
    if unit == "ratio":
        return format_share(value)
    if unit == "USD":
        return f"{'-' if value < 0 else ''}${_format_money(abs(value))}"
    if unit == "ms":
        return _format_milliseconds(value)
    if unit == "bytes":
        return _format_bytes(value)
    return trim(value)


def format_share(value: float) -> str:
    """Return a share of one in per cent.

    >>> format_share(0.951), format_share(1.0)
    ('95.1 %', '100 %')
    """
    return f"{trim(value * 100)} %"


def format_step(value: float, unit: str) -> str:
    """Return the difference of two values, signed; of shares in points.

    >>> format_step(-0.062, "ratio"), format_step(3.0, "USD"), format_step(0.0, "ms")
    ('-6.2 points', '+$3.00', '±0 ms')
    """
    sign = "-" if value < 0 else "+" if value > 0 else "±"
    if unit == "ratio":
        return f"{sign}{trim(abs(value) * 100)} points"
    return f"{sign}{format_amount(abs(value), unit)}"


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


def trim(value: float) -> str:
    """Return a number in about three digits.

    >>> trim(2.0), trim(12.34), trim(12_345.6), trim(0.00123)
    ('2', '12.3', '12,346', '0.0012')
    """
    digits = 0 if abs(value) >= 1_000 else 1 if abs(value) >= 10 else 2
    if value and abs(value) < 0.01:
        return f"{value:.2g}"
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _format_money(value: float) -> str:
    if value == 0 or value >= 1:
        return f"{value:,.2f}"
    whole, _, cents = f"{value:.{min(12, 2 - math.floor(math.log10(value)))}f}".partition(".")
    return f"{whole}.{cents[:2]}{cents[2:].rstrip('0')}"


def _format_bytes(value: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 1_000:
            return f"{trim(value)} {unit}"
        value /= 1_000
    return f"{trim(value)} TB"


def _format_milliseconds(value: float) -> str:
    if abs(value) < 1_000:
        return f"{trim(value)} ms"
    if abs(value) < 120_000:
        return f"{trim(value / 1_000)} s"
    return format_age(timedelta(milliseconds=abs(value)))
