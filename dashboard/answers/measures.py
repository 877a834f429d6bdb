"""Metrics of a window for the pages: in total, by a dimension, and over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

import polars as pl

from analytics.metrics import METRICS, evaluate, series
from dashboard.filters import DIMENSIONS, Filters, Window
from dashboard.reading import ask_together
from dashboard.services import current

PART: Final = "part"


@dataclass(frozen=True)
class Figure:
    """A metric's value in a window and in the one before, with what each rests on."""

    metric: str
    value: float | None = None
    n: int = 0
    numerator: float | None = None
    unpriced_calls: int = 0
    before: float | None = None
    n_before: int = 0
    numerator_before: float | None = None
    is_partial: bool = False
    """Retention has deleted facts that it needs: it speaks of the rest."""
    was_partial: bool = False
    """The same of the window before."""

    @property
    def hits(self) -> tuple[int, int]:
        """Of a rate: how many, now and before."""
        return int(self.numerator or 0), int(self.numerator_before or 0)


def where_of(metric: str, filters: Filters) -> dict[str, str | list[str]]:
    """Return the filters as `analytics.metrics` takes them; those a metric's subject does not have are left out."""
    where: dict[str, str | list[str]] = {
        name: list(getattr(filters, name))
        for name in DIMENSIONS
        if getattr(filters, name) and name in METRICS[metric].dimensions
    }
    return where | {"purpose": "*" if filters.purpose == "all" else filters.purpose}


def measure(
    metrics: Sequence[str], window: Window, filters: Filters, *, by: str, where: dict[str, str] | None = None
) -> dict[str | None, dict[str, Figure]]:
    """Return the figures of every value of the dimension `by`, with those of the window before beside them."""
    found: dict[str | None, dict[str, Figure]] = {}
    for row in _beside(metrics, window, filters, [by], where or {}):
        found.setdefault(row[by], {})[row["metric"]] = _figure(row)
    for figures in found.values():
        for metric in metrics:
            figures.setdefault(metric, Figure(metric))
    return found


def measure_all(
    metrics: Sequence[str], window: Window, filters: Filters, *, where: dict[str, str] | None = None
) -> dict[str, Figure]:
    """Return the figures over everything that the filters let through."""
    return {row["metric"]: _figure(row) for row in _beside(metrics, window, filters, [], where or {})}


def _beside(
    metrics: Sequence[str], window: Window, filters: Filters, by: list[str], where: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield a row for each metric and group of the window, the window before beside it; metrics asked alike at once."""
    alike: dict[tuple[tuple[str, object], ...], list[str]] = {}
    for metric in metrics:
        asked = {**where_of(metric, filters), **where}
        key = tuple(
            (name, tuple(value) if isinstance(value, list) else value) for name, value in asked.items()
        )
        alike.setdefault(key, []).append(metric)
    store, before, keys = current().store, window.previous(), ["metric", *by]
    for names in alike.values():
        asked = {**where_of(names[0], filters), **where}
        now, then = ask_together(
            partial(evaluate, store, names, window.start, window.until, where=asked, group_by=by),
            partial(evaluate, store, names, before.start, before.until, where=asked, group_by=by),
        )
        joined = now.join(
            then, on=keys, how="left", nulls_equal=True, suffix="_before", maintain_order="left"
        )
        yield from joined.iter_rows(named=True)


def _figure(row: dict[str, Any]) -> Figure:
    return Figure(
        row["metric"],
        row["value"],
        int(row["n"] or 0),
        row["numerator"],
        int(row["unpriced_calls"] or 0),
        row["value_before"],
        int(row["n_before"] or 0),
        row["numerator_before"],
        bool(row["is_partial"]),
        bool(row["is_partial_before"]),
    )


def trace_over_time(
    metric: str, window: Window, filters: Filters, *, by: str = "", where: dict[str, str] | None = None
) -> pl.DataFrame:
    """Return bin, part (of the dimension `by`), value, n, numerator, … of every bin for every part."""
    asked = {**where_of(metric, filters), **(where or {})}
    step = timedelta(seconds=window.bin_s)
    group_by = [by] if by else []
    frame = series(current().store, metric, window.start, window.until, step, where=asked, group_by=group_by)
    first = pl.lit(window.start.replace(tzinfo=None))
    return frame.select(
        bin=(pl.col("at") - first).dt.total_seconds() // window.bin_s,
        part=pl.col(by) if by else pl.lit("", pl.String),
        value=pl.col("value"),
        n=pl.col("n"),
        numerator=pl.col("numerator"),
        unpriced_calls=pl.col("unpriced_calls"),
        is_partial=pl.col("is_partial"),
    )


def values_of(
    over_time: pl.DataFrame, part: str | None, window: Window, column: str = "value"
) -> list[float | None]:
    """Return a value per bin of one part; None where there is none, or none that is a number."""
    values: list[float | None] = [None] * window.bins
    own = over_time.filter(pl.col(PART).eq_missing(part)).select(
        "bin", pl.col(column).cast(pl.Float64).fill_nan(None)
    )
    for index, value in own.iter_rows():
        if 0 <= index < window.bins:
            values[index] = value
    return values
