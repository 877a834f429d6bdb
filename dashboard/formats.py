"""Numbers as people read them. Unknown is said in words, never shown as zero."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from dashboard.zone import localise, zone_name

NO_DATA: Final = "no data"
NO_PRICE: Final = "no price"
GAP: Final = "\u202f"  # narrow no-break space between a number and its unit
MINUS: Final = "\u2212"

Number = int | float | Decimal


def format_count(value: Number | None) -> str:
    """Return a count: exact with separators below 10,000, then with k, M, G and one decimal.

    >>> format_count(3169), format_count(1_234_567)
    ('3,169', '1.2\\u202fM')
    """
    if value is None or math.isnan(value):
        return NO_DATA
    number = float(value)
    if abs(number) < 9_999.5:
        return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"
    for unit, size in (("k", 1e3), ("M", 1e6), ("G", 1e9)):
        if abs(number) < size * 999.95 or unit == "G":
            return f"{number / size:,.1f}".removesuffix(".0") + GAP + unit
    return NO_DATA


def format_number(value: float) -> str:
    """Return a number that is no count, in three digits and with a real minus.

    >>> format_number(0.8064), format_number(-1.0)
    ('0.806', '\u22121')
    """
    return f"{value:.3g}".replace("-", MINUS)


def format_usd(value: Number | None, *, at_least: bool = False) -> str:
    """Return an amount in USD; `at_least` marks a sum that lacks calls without a price.

    >>> format_usd(0.0042), format_usd(None), format_usd(17.418, at_least=True)
    ('$0.0042', 'no price', '≥\\u202f$17.42')
    """
    if value is None or math.isnan(value):
        return NO_PRICE
    number = abs(float(value))
    sign = MINUS if value < 0 else ""
    prefix = f"≥{GAP}" if at_least else ""
    return prefix + sign + "$" + _format_amount(number)


def _format_amount(number: float) -> str:
    if number == 0:
        return "0"
    if number < 0.001:
        digits = min(12, 1 - math.floor(math.log10(number)))
        return f"{number:.{digits}f}"
    if number < 0.995:
        return f"{number:.4f}" if number < 0.1 else f"{number:.3f}"
    if number < 999.5:
        return f"{number:.2f}"
    if number < 9_999.5:
        return f"{number:,.0f}"
    return format_count(number)


def format_duration(duration_ms: Number | None) -> str:
    """Return a duration in the two largest units that matter.

    >>> format_duration(335), format_duration(3_420), format_duration(5_227_000)
    ('335\\u202fms', '3.4\\u202fs', '1\\u202fh 27\\u202fmin')
    """
    if duration_ms is None or math.isnan(duration_ms):
        return NO_DATA
    value = float(duration_ms)
    if value < 0.95:
        return f"{value:.2g}{GAP}ms"
    if value < 999.5:
        return f"{value:.0f}{GAP}ms"
    if value < 59_950:
        return f"{value / 1e3:.1f}{GAP}s"
    seconds = round(value / 1e3)
    if seconds < 3_600:
        return f"{seconds // 60}{GAP}min {seconds % 60}{GAP}s"
    minutes = round(seconds / 60)
    if minutes < 1_440:
        return f"{minutes // 60}{GAP}h {minutes % 60}{GAP}min"
    hours = round(minutes / 60)
    return f"{hours // 24}{GAP}d {hours % 24}{GAP}h"


def format_bytes(value: int) -> str:
    """Return a size with decimal units.

    >>> format_bytes(999), format_bytes(3_158_016)
    ('999\\u202fB', '3.2\\u202fMB')
    """
    number = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(number) < 999.5:
            return f"{number:.0f}{GAP}{unit}" if unit == "B" else f"{number:.1f}{GAP}{unit}"
        number /= 1e3
    return f"{number:.1f}{GAP}TB"


def format_step(seconds: float) -> str:
    """Return the length of a bin: `30 min`, `1 h`, `1 d`."""
    text = format_duration(seconds * 1e3).replace(".0", "")
    return text.removesuffix(f" 0{GAP}s").removesuffix(f" 0{GAP}min").removesuffix(f" 0{GAP}h")


def format_rate(rate: float | None) -> str:
    """Return a share of one in per cent.

    >>> format_rate(0.1234), format_rate(0.0004), format_rate(None)
    ('12.3\\u202f%', '0.04\\u202f%', 'no data')
    """
    if rate is None or math.isnan(rate):
        return NO_DATA
    percent = rate * 100
    if percent in (0.0, 100.0):
        return f"{percent:.0f}{GAP}%"
    if percent > 99.9:
        return f"{math.floor(percent * 100) / 100:.2f}{GAP}%"
    return f"{percent:.1f}{GAP}%" if percent >= 0.1 else f"{percent:.2g}{GAP}%"


def format_interval(hits: int, total: int) -> str:
    """Return the range of rates that `hits` of `total` are compatible with (Wilson, 95 %).

    >>> format_interval(5, 10)
    '23.7 to 76.3\u202f%'
    """
    low, high = wilson(hits, total)
    return f"{low * 100:.1f} to {high * 100:.1f}{GAP}%"


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Return the ends of Wilson's interval of a rate; everything is possible when nothing was counted.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    if total <= 0:
        return 0.0, 1.0
    rate = hits / total
    middle = (rate + z * z / (2 * total)) / (1 + z * z / total)
    reach = z * math.sqrt(rate * (1 - rate) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def format_signed(value: float, digits: int = 1) -> str:
    """Return a number with its sign, a real minus, and no negative zero."""
    rounded = round(value, digits) + 0.0
    sign = "+" if rounded > 0 else MINUS if rounded < 0 else "±"
    return f"{sign}{abs(rounded):,.{digits}f}"


def format_instant(at: datetime | None, *, with_seconds: bool = False, with_zone: bool = False) -> str:
    """Return an instant in the reader's zone, `20 Nov 14:05`."""
    if at is None:
        return NO_DATA
    moment = localise(at)
    text = (
        f"{moment.day} {moment:%b} {moment:%H:%M:%S}" if with_seconds else f"{moment.day} {moment:%b %H:%M}"
    )
    return f"{text} {zone_name()}" if with_zone else text


def format_window(start: datetime, until: datetime) -> str:
    """Return a window in the reader's zone; the day is said once where both ends share it."""
    is_one_day = localise(start).date() == localise(until).date()
    end = f"{localise(until):%H:%M}" if is_one_day else format_instant(until)
    return f"{format_instant(start)} – {end} {zone_name()}"


def format_age(age: timedelta) -> str:
    """Return how long ago something was, `just now` below ten seconds."""
    seconds = age.total_seconds()
    return "just now" if seconds < 10 else f"{format_duration(seconds * 1e3)} ago"


def shorten(text: str, limit: int) -> str:
    """Return `text` cut to `limit` characters, the last one an ellipsis where it was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
