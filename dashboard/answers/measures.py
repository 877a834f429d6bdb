"""Metrics of a window for the pages: in total, by a dimension, and over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isnan
from typing import Any

import polars as pl

from analytics.metrics import METRICS, evaluate_twice, series
from dashboard.bins import Bins, Parts, add_up, divide
from dashboard.filters import DIMENSIONS, Filters, Window
from dashboard.services import current


@dataclass(frozen=True)
class Figure:
    """A metric's value in a window and in the earlier one, with what each rests on."""

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
    """The same of the earlier window."""

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
    """Return the figures of every value of the dimension `by`, with those of the earlier window beside them."""
    return _measure(metrics, window, filters, [[by]], where or {})[0]


def measure_all(
    metrics: Sequence[str], window: Window, filters: Filters, *, where: dict[str, str] | None = None
) -> dict[str, Figure]:
    """Return the figures over everything that the filters let through."""
    return _measure(metrics, window, filters, [[]], where or {})[0][None]


def measure_parts_and_all(
    metrics: Sequence[str], window: Window, filters: Filters, *, by: str
) -> tuple[dict[str | None, dict[str, Figure]], dict[str, Figure]]:
    """Return what `measure` and `measure_all` do, read once; for a dimension that the rollups have."""
    parts, whole = _measure(metrics, window, filters, [[by], []], {})
    return parts, whole[None]


_Measured = dict[str | None, dict[str, Figure]]


def _measure(
    metrics: Sequence[str],
    window: Window,
    filters: Filters,
    groupings: Sequence[Sequence[str]],
    where: dict[str, str],
) -> list[_Measured]:
    """Return the figures for each of `groupings`, by group; metrics that are asked alike are asked at once."""
    alike: dict[tuple[tuple[str, object], ...], list[str]] = {}
    for metric in metrics:
        asked = {**where_of(metric, filters), **where}
        key = tuple(
            (name, tuple(value) if isinstance(value, list) else value) for name, value in asked.items()
        )
        alike.setdefault(key, []).append(metric)
    before = window.start - window.earlier().start
    found: list[_Measured] = [{} for _ in groupings]
    for names in alike.values():
        frames = evaluate_twice(
            current().store, names, window.start, window.until, before,
            where={**where_of(names[0], filters), **where}, groupings=groupings,
        )  # fmt: skip
        for measured, frame, by in zip(found, frames, groupings, strict=True):
            _take_rows(measured, frame, *by)
    for measured in found:
        for figures in measured.values():
            for metric in metrics:
                figures.setdefault(metric, Figure(metric))
    return found


def _take_rows(measured: _Measured, frame: pl.DataFrame, by: str | None = None) -> None:
    rows = {(row["bin"], row["metric"], row[by] if by else None): row for row in frame.iter_rows(named=True)}
    for (number, metric, part), row in sorted(
        rows.items(), key=lambda item: (item[0][2] is None, item[0][2])
    ):
        if number == 0:
            measured.setdefault(part, {})[metric] = _figure(row, rows.get((-1, metric, part), {}))


def _figure(now: Mapping[str, Any], then: Mapping[str, Any]) -> Figure:
    return Figure(
        now["metric"],
        now["value"],
        now["n"],
        now["numerator"],
        now["unpriced_calls"],
        then.get("value"),
        then.get("n", 0),
        then.get("numerator"),
        now["is_partial"],
        then.get("is_partial", False),
    )


@dataclass(frozen=True)
class OverTime:
    """A metric per bin of a window, for every part that had events.

    Attributes:
        values: the metric.
        counts: the events it rests on.
        numerators: of a rate, how many.
        is_partial: whether retention has deleted facts of it.
    """

    values: Parts
    counts: Parts
    numerators: Parts
    is_partial: bool = False

    @property
    def all_counts(self) -> Bins:
        """The events of all parts."""
        return add_up(self.counts)

    @property
    def all_rates(self) -> Bins:
        """Of a rate, that of all parts together."""
        return divide(add_up(self.numerators), self.all_counts)


_Lists = dict[str | None, list[float | None]]


def trace_over_time(
    metric: str, window: Window, filters: Filters, *, by: str = "", where: dict[str, str] | None = None
) -> OverTime:
    """Return a metric over time, for every part of the dimension `by`; without one the part is None."""
    asked = {**where_of(metric, filters), **(where or {})}
    step = timedelta(seconds=window.bin_s)
    group_by = [by] if by else []
    frame = series(current().store, metric, window.start, window.until, step, where=asked, group_by=group_by)
    values, counts, numerators = _Lists(), _Lists(), _Lists()
    parts = frame[by].to_list() if by else [None] * frame.height
    columns = (frame[name].to_list() for name in ("value", "n", "numerator"))
    for part, value, n, numerator in zip(parts, *columns, strict=True):
        values.setdefault(part, []).append(None if value is None or isnan(value) else value)
        counts.setdefault(part, []).append(n)
        numerators.setdefault(part, []).append(numerator)
    return OverTime(values, counts, numerators, bool(frame["is_partial"].any()))
