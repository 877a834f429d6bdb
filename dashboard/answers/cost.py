"""What the page of cost shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import polars as pl

from analytics.economics.forecast import Forecast, forecast_month
from analytics.metrics import part, totals
from dashboard.answers.measures import Figure, OverTime, measure, measure_all, trace_over_time
from dashboard.data import Search, window_params
from dashboard.filters import Filters, Window, floor_time
from dashboard.reading import ask_together, remembered, select
from dashboard.services import current
from dashboard.standouts import LEAST_DAYS, DearDay, find_dear_day

MOMENT: Final = timedelta(microseconds=1)
TOTALS: Final = (
    "cost_usd",
    "cost_per_run_usd",
    "cost_per_resolution_usd",
    "resolution_rate",
    "llm_call_count",
    "tokens",
)
"""Cases have no model, so the figures of resolutions are left out while models are chosen."""
BY: Final = {
    "model": "model",
    "agent": "agent",
    "user": "user_id",
    "tenant": "tenant",
    "service": "service",
    "environment": "environment",
    "version": "agent_version",
    "tool": "tool",
}


@dataclass(frozen=True)
class Cost:
    """What a window cost, split by one dimension."""

    window: Window
    by: str
    totals: dict[str, Figure]
    parts: dict[str | None, Figure]
    over_time: OverTime
    """USD, by part."""
    usage: pl.DataFrame
    """As in `models/usage`."""
    unpriced: pl.DataFrame
    """As in `cost/unpriced`."""
    dearest: pl.DataFrame
    """The dearest runs, as in `traces/runs`."""
    budgets: pl.DataFrame
    """As in `cost/budgets`."""


@remembered()
def read_cost(window: Window, filters: Filters, by: str) -> Cost:
    """Return the cost of a window by one of BY."""
    params = window_params(window, filters)
    dimension = BY[by]
    totals, parts, *others = ask_together(
        lambda: measure_all(TOTALS, window, filters),
        lambda: measure(["cost_usd"], window, filters, by=dimension),
        lambda: trace_over_time("cost_usd", window, filters, by=dimension),
        lambda: select("models/usage", params),
        lambda: select("cost/unpriced", params),
        lambda: select("traces/runs", {**params, **Search(sort="cost").params(), "page_rows": 8}),
        lambda: select("cost/budgets", {}),
    )
    spent = {part: figures["cost_usd"] for part, figures in parts.items()}
    return Cost(window, by, totals, spent, *others)


@remembered()
def read_dear_day(window: Window, filters: Filters) -> DearDay | None:
    """Return the whole day of the window, UTC, that cost more than such days do, and what that is due to."""
    day = timedelta(days=1)
    start, until = floor_time(window.start - MOMENT, day) + day, floor_time(window.until, day)
    if until - start < LEAST_DAYS * day:
        return None
    sums = {"calls": part("llm_call"), "cost_usd": part("llm_call", "cost_usd")}
    frame = totals(
        current().store, sums, start, until, day, where=filters.where(), group_by=["model", "agent"]
    ).rows
    first = pl.lit(start.date())
    days = frame.with_columns(day=first + pl.duration(days=pl.col("bin")))
    return find_dear_day(days, ["model", "agent"])


@remembered(ttl_s=300, entries=2)
def read_forecast() -> Forecast:
    """Return what the present month is expected to cost, everything included."""
    return forecast_month(current().store, current().clock())


@remembered(entries=16)
def read_waste(window: Window) -> pl.DataFrame:
    """Return what bought nothing, as in `economics/waste`; kinds overlap, so they are never added."""
    return select("economics/waste", {"first": window.start, "until": window.until})
