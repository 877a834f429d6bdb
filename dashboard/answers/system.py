"""What the page of the system shows."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from analytics.backlog import Backlog
from dashboard.answers.measures import Figure, measure_all
from dashboard.filters import Filters, Window
from dashboard.reading import remembered, select
from dashboard.services import current
from store.port import StoreSize


@dataclass(frozen=True)
class Ingest:
    """What arrived in a window, as in `system/ingest`, what is held, and how large it is."""

    window: Window
    loads: pl.DataFrame
    dead_reasons: pl.DataFrame
    rows: dict[str, int]
    size: StoreSize


def _params(window: Window) -> dict[str, object]:
    return {"start": window.start, "until": window.until, "bin_s": window.bin_s}


def _between(window: Window) -> dict[str, object]:
    return {"start": window.start, "until": window.until}


@remembered(ttl_s=15)
def read_ingest(window: Window) -> Ingest:
    """Return what arrived and what is held."""
    rows = dict(select("operations/row_counts", {}).iter_rows())
    loads, reasons = select("system/ingest", _params(window)), select("system/dead_reasons", _between(window))
    return Ingest(window, loads, reasons, rows, current().store.size())


@dataclass(frozen=True)
class Jobs:
    """The jobs of a window, as in `system/jobs`, and what waits for them now."""

    turns: pl.DataFrame
    backlogs: list[Backlog]


@remembered(ttl_s=15)
def read_jobs(window: Window) -> Jobs:
    """Return how the jobs of a window fared, and what waits for them."""
    waiting = [backlog for backlog in current().backlogs() if backlog.waiting]
    return Jobs(select("system/jobs", _between(window)), waiting)


@dataclass(frozen=True)
class DeadLetters:
    """What could not be loaded, as in `system/dead_reasons` and `system/dead_latest`."""

    reasons: pl.DataFrame
    latest: pl.DataFrame


@remembered(ttl_s=15)
def read_dead_letters(window: Window) -> DeadLetters:
    """Return what could not be loaded in a window."""
    params = _between(window)
    return DeadLetters(select("system/dead_reasons", params), select("system/dead_latest", params))


@remembered()
def read_dialects(window: Window) -> pl.DataFrame:
    """Return which naming spans use, as in `system/dialects`."""
    return select("system/dialects", _between(window))


@dataclass(frozen=True)
class PriceBook:
    """Prices as in `operations/prices`, and how much of what was used has one."""

    prices: pl.DataFrame
    calls: Figure
    cost: Figure


@remembered()
def read_prices(window: Window, model: str) -> PriceBook:
    """Return the price book, or its models whose name contains `model`."""
    figures = measure_all(("llm_call_count", "cost_usd"), window, Filters(purpose="all"))
    prices = select(
        "operations/prices", {"model": model.lower(), "is_history": True, "now": current().clock()}
    )
    return PriceBook(prices, figures["llm_call_count"], figures["cost_usd"])
