"""Closing a month: its figures stay as they were reported, and later changes show as "restated by"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from analytics.pricing.versions import read_present
from store.errors import ConfigError

if TYPE_CHECKING:
    from store import Store

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class ClosedMonth:
    """What a month was closed with."""

    month: str
    cost_usd: Decimal | None
    calls: int
    unpriced_calls: int


def close_month(store: Store, month: str, now: datetime, *, author: str) -> ClosedMonth:
    """Keep what a month costs now as the figures that are reported.

    Raises:
        ConfigError: It is no month, has not ended, or was closed before.
    """
    found = _MONTH.fullmatch(month)
    if found is None:
        raise ConfigError(f"{month!r} is no month; write YEAR-MONTH, for example 2026-10")
    first = datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)
    until = (first + timedelta(days=32)).replace(day=1)
    if until > now:
        raise ConfigError(f"{month} has not ended; close it from {until:%Y-%m-%d} on (UTC)")
    closed = store.select("pricing/closed_months")
    if first.replace(tzinfo=None) in closed["month_at"].to_list():
        raise ConfigError(f"{month} is closed already; `spanledger prices closed` shows what changed since")
    rows = store.select("pricing/month", {"first": first, "until": until})
    store.replace(
        appends={
            "closed_months": rows.with_columns(
                month_at=pl.lit(first.replace(tzinfo=None)),
                closed_at=pl.lit(now.astimezone(UTC).replace(tzinfo=None)),
                author=pl.lit(author),
                cost_version=pl.lit(read_present(store).cost_version, pl.Int64),
            )
            if rows.height
            else _empty_month(first, now, author, read_present(store).cost_version)
        }
    )
    costs = [cost for cost in rows["cost_usd"] if cost is not None]
    return ClosedMonth(
        month,
        sum(costs, Decimal(0)) if costs else None,
        int(rows["calls"].sum()),
        int(rows["unpriced_calls"].sum()),
    )


def _empty_month(first: datetime, now: datetime, author: str, version: int) -> pl.DataFrame:
    row = {
        "month_at": first.replace(tzinfo=None),
        "closed_at": now.astimezone(UTC).replace(tzinfo=None),
        "author": author,
        "cost_version": version,
        "calls": 0,
        "unpriced_calls": 0,
    }
    return pl.DataFrame([row])
