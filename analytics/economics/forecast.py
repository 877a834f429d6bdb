"""What the month will have cost at its end, and when a budget is used up; honest when history is short."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import fmean, median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from store import Store

HISTORY_DAYS: Final = 56
LEAST_DAYS: Final = 3
"""Fewer whole days with cost say nothing."""
SEASON_DAYS: Final = 14
"""From here on days of the week are told apart."""
TREND_DAYS: Final = 28
_DAMPING: Final = 0.9
"""A trend loses a tenth of its force a day: few last."""
_T_80: Final = {
    2: 1.886,
    3: 1.638,
    4: 1.533,
    5: 1.476,
    6: 1.440,
    7: 1.415,
    8: 1.397,
    9: 1.383,
    10: 1.372,
    14: 1.345,
}
"""Student's t, 90 % point, by degrees of freedom; the normal 1.282 beyond."""


@dataclass(frozen=True)
class Forecast:
    """Cost of a month at its end."""

    month: str
    spent_usd: float
    expected_usd: float | None
    """None: history is too short to say."""
    low_usd: float | None
    high_usd: float | None
    """80 % interval: one month in ten ends below, one above."""
    method: str
    """What it rests on, in words."""
    exceeds_on: date | None
    """Day on which the asked limit is expected to be reached; None: not this month, or no limit was asked."""
    unpriced_calls: int
    """More than 0: all figures are "at least"."""


def forecast_month(store: Store, now: datetime, *, limit_usd: float | None = None) -> Forecast:
    """Return what the present month (UTC) is expected to cost."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = today - timedelta(days=HISTORY_DAYS)
    rows = store.select(
        "economics/days", {"first": min(begin, today.replace(day=1)), "until": now}
    ).to_dicts()
    costs = {row["day_at"].date(): float(row["total_usd"] or 0) for row in rows}
    month = [row for row in rows if row["day_at"].date() >= today.date().replace(day=1)]
    return forecast_costs(costs, now, limit_usd, sum(int(row["unpriced_calls"]) for row in month))


def forecast_costs(
    costs: Mapping[date, float], now: datetime, limit_usd: float | None = None, unpriced_calls: int = 0
) -> Forecast:
    """Return the forecast from costs by day; the day of `now` is under way."""
    now = now.astimezone(UTC)
    today = now.date()
    first = today.replace(day=1)
    end = (first + timedelta(days=32)).replace(day=1)
    spent = sum(cost for day, cost in costs.items() if first <= day <= today)
    known = [day for day in costs if day < today]
    history = [
        costs.get(day, 0.0)
        for day in _days(max(min(known), today - timedelta(days=HISTORY_DAYS)), today)
    ] if known else []  # fmt: skip
    month = f"{first:%Y-%m}"
    if len(history) < LEAST_DAYS:
        why = f"history of {len(history)} whole days is too short; {LEAST_DAYS} are needed"
        return Forecast(month, spent, None, None, None, why, None, unpriced_calls)
    expected, sigma, method = _fit(history, today)
    rest = 1 - (now - datetime(today.year, today.month, today.day, tzinfo=UTC)) / timedelta(days=1)
    days = _days(today, end)
    shares = [rest, *([1.0] * (len(days) - 1))]
    daily = [expected[day] * share for day, share in zip(days, shares, strict=True)]
    total = spent + sum(daily)
    # Days vary by themselves, and the level they vary around is known from so many days only.
    level = sum(daily)
    variance = sigma**2 * sum(cost * cost for cost in daily) + (sigma * level) ** 2 / len(history)
    spread = _quantile(len(history) - 1) * math.sqrt(variance)
    return Forecast(
        month, spent, total, max(spent, total - spread), total + spread, method,
        _find_day(limit_usd, spent, days, daily), unpriced_calls,
    )  # fmt: skip


def _fit(history: Sequence[float], today: date) -> tuple[dict[date, float], float, str]:
    """Return the expected cost of the days to come, the relative spread of a day around it, and the method."""
    past = [today - timedelta(days=len(history) - number) for number in range(len(history))]
    mean = fmean(history)
    factors = dict.fromkeys(range(7), 1.0)
    method = f"mean of {len(history)} days"
    if len(history) >= SEASON_DAYS and mean > 0:
        factors = _find_season(history, past, mean)
        method = f"level, trend and weekdays of {len(history)} days"
    flat = [cost / factors[day.weekday()] for cost, day in zip(history, past, strict=True)]
    recent = flat[-TREND_DAYS:]
    slope = _find_slope(recent) if len(history) >= SEASON_DAYS else 0.0
    level = median(recent[-7:]) if len(history) >= SEASON_DAYS else mean
    expected: dict[date, float] = {}
    step = 0.0
    for ahead in range(32):
        day = today + timedelta(days=ahead)
        step += slope * _DAMPING**ahead
        expected[day] = max(0.0, level + step) * factors[day.weekday()]
    residuals = [cost - fmean(recent) for cost in recent]
    deviation = math.sqrt(sum(one * one for one in residuals) / max(1, len(recent) - 1))
    return expected, deviation / fmean(recent) if fmean(recent) > 0 else 0.0, method


def _find_season(history: Sequence[float], past: Sequence[date], mean: float) -> dict[int, float]:
    """Return what a weekday costs against the mean, drawn towards 1 where few such days were seen."""
    factors: dict[int, float] = {}
    for weekday in range(7):
        seen = [cost for cost, day in zip(history, past, strict=True) if day.weekday() == weekday]
        weight = len(seen) / (len(seen) + 1)
        factors[weekday] = max(0.05, weight * fmean(seen) / mean + 1 - weight) if seen else 1.0
    return factors


def _find_slope(costs: Sequence[float]) -> float:
    """Return the median slope between all pairs of days (Theil and Sen): one dear day does not tilt it."""
    slopes = [
        (later - earlier) / (right - left)
        for left, earlier in enumerate(costs)
        for right, later in enumerate(costs)
        if right > left
    ]
    return median(slopes) if slopes else 0.0


def _quantile(freedom: int) -> float:
    return next((t for known, t in _T_80.items() if freedom <= known), 1.282)


def _find_day(limit: float | None, spent: float, days: Sequence[date], daily: Sequence[float]) -> date | None:
    if limit is None:
        return None
    total = spent
    for day, cost in zip(days, daily, strict=True):
        total += cost
        if total >= limit:
            return day
    return None


def _days(first: date, until: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((until - first).days)]
