"""Changes against the earlier window, coloured only when they are large and sure enough to mean something."""

from __future__ import annotations

import math
from typing import Final

from dashboard.components import Change
from dashboard.formats import GAP, format_signed

LEAST_SHARE: Final = 0.05
LEAST_RATE_SHARE: Final = 0.10
LEAST_EVENTS: Final = 30
SURE_Z: Final = 1.96

LEAST_BEFORE: Final = 100
MOST_TIMES: Final = 99.95
NOTHING_BEFORE: Final = "nothing to compare with"
HARDLY_ANYTHING_BEFORE: Final = "hardly anything to compare with"


def compare_amounts(
    now: float | None, before: float | None, *, events: tuple[int, int], words: str, is_rise_bad: bool | None
) -> Change:
    """Return the relative change of an amount; `events` are the numbers it was measured on, now and before.

    `is_rise_bad` of None says that neither direction is good or bad: such a change has no colour.
    """
    if now is None or not before:
        return Change("", NOTHING_BEFORE)
    share = now / before - 1
    if share + 1 >= MOST_TIMES or _is_hardly_anything(events[1], events[0]):
        return Change("", HARDLY_ANYTHING_BEFORE)
    is_sure = abs(share) >= LEAST_SHARE and min(events) >= LEAST_EVENTS
    text = f"{now / before:.1f}×" if share >= 9.995 else f"{format_signed(share * 100)}{GAP}%"
    return Change(_arrow(share * 100) + text, f"vs {words} before", _tone(share, is_sure, is_rise_bad))


def compare_counts(now: int, before: int, *, words: str) -> Change:
    """Return the relative change of a volume; volume is neither good nor bad."""
    return compare_amounts(now, before, events=(now, before), words=words, is_rise_bad=None)


def compare_rates(hits: tuple[int, int], totals: tuple[int, int], *, words: str, is_rise_bad: bool) -> Change:
    """Return the change of a rate in percentage points; coloured when two-proportion z exceeds 1.96.

    >>> compare_rates((50, 20), (500, 500), words="day", is_rise_bad=True).tone
    'error'
    >>> compare_rates((5, 4), (50, 50), words="day", is_rise_bad=True).tone is None
    True
    """
    if not all(totals):
        return Change("", NOTHING_BEFORE)
    if _is_hardly_anything(totals[1], totals[0]):
        return Change("", HARDLY_ANYTHING_BEFORE)
    now, before = hits[0] / totals[0], hits[1] / totals[1]
    pooled = sum(hits) / sum(totals)
    error = math.sqrt(pooled * (1 - pooled) * (1 / totals[0] + 1 / totals[1]))
    difference = now - before
    rarer = min(before, 1 - before) or min(now, 1 - now)
    is_large = abs(difference) >= LEAST_RATE_SHARE * rarer
    is_sure = is_large and error > 0 and abs(difference) / error >= SURE_Z and min(totals) >= LEAST_EVENTS
    text = f"{_arrow(difference * 100)}{format_signed(difference * 100)}{GAP}pp"
    return Change(text, f"vs {words} before", _tone(difference, is_sure, is_rise_bad))


def _is_hardly_anything(before: int, now: int) -> bool:
    """Say whether so few events before are the beginning of the data, not a window like the one now."""
    return before < LEAST_BEFORE and before * MOST_TIMES <= now


def _arrow(percent: float) -> str:
    rounded = round(percent, 1)
    return "▲ " if rounded > 0 else "▼ " if rounded < 0 else ""


def _tone(difference: float, is_sure: bool, is_rise_bad: bool | None) -> str | None:
    if not is_sure or is_rise_bad is None or difference == 0:
        return None
    return "error" if (difference > 0) == is_rise_bad else "good"
