"""What the page of comparison shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics.compare import Comparison, Side, compare
from analytics.metrics import evaluate
from dashboard.answers.measures import where_of
from dashboard.filters import Filters, Window
from dashboard.reading import remembered
from dashboard.services import current
from store.errors import ConfigError

DIMENSIONS: Final = {
    "agent version": "agent_version",
    "prompt version": "prompt_version",
    "model": "model",
    "agent": "agent",
    "environment": "environment",
    "service": "service",
}
VALUES_SHOWN: Final = 200


@remembered()
def read_values_of(window: Window, filters: Filters, dimension: str) -> list[tuple[str, int]]:
    """Return the values of a dimension in a window with their runs (or calls), the busiest first."""
    metric = "llm_call_count" if dimension == "model" else "run_count"
    where = {name: value for name, value in where_of(metric, filters).items() if name != dimension}
    frame = evaluate(current().store, metric, window.start, window.until, where=where, group_by=[dimension])
    ranked = frame.drop_nulls(dimension).sort("n", dimension, descending=[True, False]).head(VALUES_SHOWN)
    return [(str(name), int(n)) for name, n in ranked.select(dimension, pl.col("n")).iter_rows()]


@dataclass(frozen=True)
class Compared:
    """Metrics of side b beside side a, or why they cannot be compared."""

    window: Window
    rows: Sequence[Comparison]
    refused: str = ""


@remembered(entries=32)
def read_comparison(window: Window, filters: Filters, dimension: str, a: str, b: str) -> Compared:
    """Compare two values of a dimension in one window; a dimension of "" compares the window with the one before."""
    before = window.previous()
    shared = {
        name: values[0]
        for name in ("agent", "environment", "service", "model")
        if len(values := getattr(filters, name)) == 1 and name != dimension
    } | {"purpose": "*" if filters.purpose == "all" else filters.purpose}
    if dimension:
        sides = (
            Side(a, window.start, window.until, {**shared, dimension: a}),
            Side(b, window.start, window.until, {**shared, dimension: b}),
        )
    else:
        sides = (
            Side(a, before.start, before.until, dict(shared)),
            Side(b, window.start, window.until, dict(shared)),
        )
    try:
        return Compared(window, compare(current().store, *sides))
    except ConfigError as error:
        return Compared(window, (), str(error))
