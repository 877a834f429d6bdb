"""Unit economics: what so many users would cost, from how much measured users differ, not from a mean alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from analytics.metrics.intervals import Z_95
from analytics.pricing.own import Fee

if TYPE_CHECKING:
    from store import Store

MONTH_DAYS: Final = 30.4375
LEAST_USERS: Final = 10
"""Fewer users say nothing about others."""


@dataclass(frozen=True)
class Population:
    """What measured users cost in a month, each scaled from the window; unknown users are left out."""

    users: int
    days: float
    mean_usd: float
    deviation_usd: float
    p50_usd: float
    p90_usd: float
    p99_usd: float
    top_share: float
    """Share of all cost that the dearest hundredth of the users (at least one) makes."""
    runs_per_user: float
    sessions_per_user: float
    unpriced_calls: int


@dataclass(frozen=True)
class Projection:
    """What a number of monthly users would cost in a month."""

    users: int
    expected_usd: float
    low_usd: float
    high_usd: float
    """95 % interval: users differ, and their mean is known from the measured ones only."""
    fees_usd: float
    """Fees of the configuration, whatever the number of users."""

    @property
    def per_user_usd(self) -> float:
        """Expected cost of a user with its part of the fees."""
        return (self.expected_usd + self.fees_usd) / self.users


def measure_population(store: Store, first: datetime, until: datetime) -> Population | None:
    """Return how users differ in a window; None when there are too few of them to say."""
    rows = store.select("economics/users", {"first": first, "until": until}).to_dicts()
    days = (until - first) / timedelta(days=1)
    if len(rows) < LEAST_USERS or days <= 0:
        return None
    scale = MONTH_DAYS / days
    costs = sorted(float(row["total_usd"] or 0) * scale for row in rows)
    total = sum(costs)
    mean = total / len(costs)
    top = costs[-max(1, len(costs) // 100) :]
    return Population(
        len(costs),
        days,
        mean,
        math.sqrt(sum((cost - mean) ** 2 for cost in costs) / (len(costs) - 1)),
        quantile(costs, 0.5),
        quantile(costs, 0.9),
        quantile(costs, 0.99),
        sum(top) / total if total else 0.0,
        sum(int(row["runs"]) for row in rows) * scale / len(rows),
        sum(int(row["sessions"]) for row in rows) * scale / len(rows),
        sum(int(row["unpriced"]) for row in rows),
    )


def project(population: Population, users: Sequence[int], fees_usd: float = 0.0) -> list[Projection]:
    """Return what so many users would cost in a month."""
    found: list[Projection] = []
    for count in users:
        expected = count * population.mean_usd
        of_users = count * population.deviation_usd**2
        of_mean = (count * population.deviation_usd) ** 2 / population.users
        spread = Z_95 * math.sqrt(of_users + of_mean)
        found.append(Projection(count, expected, max(0.0, expected - spread), expected + spread, fees_usd))
    return found


def fees_between(fees: Sequence[Fee], first: datetime, until: datetime) -> float:
    """Return what the fees of the configuration come to in a stretch of time, by the length of each month.

    >>> month = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC))
    >>> from analytics.pricing.own import Span
    >>> fees_between([Fee("platform", 900.0, Span())], *month)
    450.0
    """
    total = 0.0
    begin = first.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while begin < until:
        end = (begin + timedelta(days=32)).replace(day=1)
        for fee in fees:
            since = (fee.span.valid_from or datetime(1, 1, 1)).replace(tzinfo=UTC)  # noqa: DTZ001
            last = (fee.span.valid_until or datetime(9999, 1, 1)).replace(tzinfo=UTC)  # noqa: DTZ001
            held = min(until, end, last) - max(first, begin, since)
            total += fee.usd_per_month * max(0.0, held / (end - begin))
        begin = end
    return total


def fees_of_last_month(fees: Sequence[Fee], until: datetime) -> float:
    """Return what the fees come to in the whole month of the last moment before `until`.

    >>> from analytics.pricing.own import Span
    >>> november = Fee("platform", 900.0, Span(valid_until=datetime(2026, 12, 1)))
    >>> fees_of_last_month([november], datetime(2026, 12, 1, tzinfo=UTC))
    900.0
    """
    last = until.astimezone(UTC) - timedelta(microseconds=1)
    month = last.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return fees_between(fees, month, (month + timedelta(days=32)).replace(day=1))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which a share of sorted numbers lies, interpolated."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
