"""One series over time beside its baseline, for a chart: value, normal value, band, alarms and known events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sinh
from typing import Any

import numpy as np
import polars as pl

from analytics.drift.bank import TRAINING_HOURS, Events
from analytics.drift.catalogue import FALLS_WITH_FAILURES, LINEAR, Catalogue, code_of
from analytics.drift.rates import learn_rates
from analytics.drift.seasons import Floats, Ints, add_up, group_of, hour_number, hour_start
from analytics.drift.values import BUCKET_LOG, CELLS, ZERO_BUCKET, learn_offsets
from analytics.drift.volumes import learn_volumes
from store import Store
from store.errors import NotFound

_Z = 1.96


@dataclass(frozen=True)
class Chart:
    """What a chart of one series shows."""

    series: str
    kind: str
    metric: str
    hours: pl.DataFrame
    """hour_at, events, value, normal, low, high: the band holds 95 % of the hours when nothing changed."""
    alarms: pl.DataFrame
    """Rows of drift_alarms of this series, oldest first."""
    markers: pl.DataFrame
    """Known events, oldest first."""


def read_series(store: Store) -> pl.DataFrame:
    """Return the series that are watched: series, kind, metric, labels, closeness, is_learning, hour_at."""
    hours = store.select("drift/state_hours")["hour_at"]
    if hours.is_empty():
        return store.select("drift/state", {"hour_at": datetime(1970, 1, 1, tzinfo=UTC)})
    return store.select("drift/state", {"hour_at": hours[-1]}).drop("statistics", "doubtful")


def read_chart(
    store: Store, series: str, since: datetime, until: datetime, *, category: str | None = None
) -> Chart:
    """Return the chart of a series; of categories, of the share of one (default: of the latest alarm's).

    The baseline is that of the 28 days before `since`.

    Raises:
        NotFound: No such series is watched.
    """
    known = read_series(store).filter(pl.col("series") == series)
    if known.is_empty():
        raise NotFound(f"no series is called {series!r}; the view drift_series lists them")
    kind, metric = str(known["kind"][0]), str(known["metric"][0])
    window = {"since": since, "until": until}
    alarms = store.select("drift/alarms", {"since": since}).filter(pl.col("series") == series)
    first, middle, last = hour_number(since) - TRAINING_HOURS, hour_number(since), hour_number(until)
    catalogue = Catalogue()
    events = catalogue.read(
        store, kind, hour_start(first).replace(tzinfo=UTC), hour_start(last).replace(tzinfo=UTC)
    )
    row = catalogue.find_row(kind, series)
    own = events.take(events.series == row) if row is not None else Events.none()
    if category is None and not alarms.is_empty():
        category = alarms["category"][-1]
    figures = _measure(kind, metric, own, middle, last, category)
    frame = pl.DataFrame(
        {"hour_at": [hour_start(hour) for hour in range(middle, last)], **figures},
        schema_overrides={"hour_at": pl.Datetime("us")},
    )
    labels = {entry["key"]: entry["value"] for entry in known["labels"][0]}
    markers = store.select("drift/markers", window)
    for key in ("service", "environment", "agent"):
        markers = markers.filter(pl.col(key).is_null() | (pl.col(key) == pl.lit(labels.get(key))))
    return Chart(series, kind, metric, frame, alarms, markers)


def _measure(
    kind: str, metric: str, own: Events, middle: int, last: int, category: str | None
) -> Mapping[str, Any]:
    if kind == "category":
        hit = own.symbols == code_of(category) if category is not None else np.zeros(own.symbols.size, bool)
        own = Events(own.series, own.hours, hit.astype(np.int64), own.counts)
    hours = np.arange(middle, last)
    old = own.take(own.hours < middle)
    new = own.take(own.hours >= middle)
    events = add_up(new.hours - middle, new.counts, hours.size)
    groups = group_of(hours)
    if not old.hours.size:
        normal = spread = np.full(hours.size, np.nan)
    elif kind == "volume":
        first = int(old.hours.min())
        seen = add_up(old.hours - first, old.counts, middle - first)
        level = learn_volumes(np.arange(first, middle), seen)
        residual = seen - level[group_of(np.arange(first, middle))]
        normal = level[groups]
        spread = np.full(hours.size, float(residual.std()))
    elif kind == "value":
        normal, spread = _learn_value(old, groups, events)
    else:
        normal, spread = _learn_rate(old, groups, events)
    if kind == "volume":
        value = events
    else:
        total = add_up(new.hours - middle, new.counts * _numbers(kind, new), hours.size)
        value = np.divide(total, events, out=np.full(hours.size, np.nan), where=events > 0)
    sign = -1 if metric in FALLS_WITH_FAILURES else 1
    ends = normal - sign * _Z * spread, normal + sign * _Z * spread
    lines = {"value": value, "normal": normal, "low": ends[0], "high": ends[1]}
    return {
        "events": events.astype(np.int64),
        **{name: _present(kind, metric, line) for name, line in lines.items()},
    }


def _numbers(kind: str, events: Events) -> Floats:
    symbols = events.symbols.astype(np.float64)
    return np.where(events.symbols == ZERO_BUCKET, 0.0, symbols) if kind == "value" else symbols


def _learn_rate(old: Events, groups: Ints, events: Floats) -> tuple[Floats, Floats]:
    place = old.hours - int(old.hours.min())
    seen, failed = add_up(place, old.counts), add_up(place, old.counts * old.symbols)
    hours = np.flatnonzero(seen) + int(old.hours.min())
    rates, _ = learn_rates(hours, seen[seen > 0], failed[seen > 0])
    normal = rates[groups]
    return normal, np.sqrt(normal * (1 - normal) / np.maximum(events, 1))


def _learn_value(old: Events, groups: Ints, events: Floats) -> tuple[Floats, Floats]:
    """Return the normal mean bucket of each hour and its spread, from the scatter of hours."""
    offsets = learn_offsets(old, group_of(old.hours)).astype(np.float64) + CELLS // 2
    numbers = _numbers("value", old)
    residual = numbers - offsets[group_of(old.hours)]
    level = float(np.average(residual, weights=old.counts))
    own = float(np.sqrt(np.average((residual - level) ** 2, weights=old.counts)))
    return offsets[groups] + level, own / np.sqrt(np.maximum(events, 1))


def _present(kind: str, metric: str, line: Floats) -> list[float | None]:
    """Return a line in the metric's own terms: of values the typical (geometric mean) one."""
    if kind == "value":
        line = np.array([sinh(x / 50) for x in line]) if metric in LINEAR else np.exp(line * BUCKET_LOG)
    elif kind != "volume":
        line = np.clip(line, 0.0, 1.0)
        line = 1 - line if metric in FALLS_WITH_FAILURES else line
    else:
        line = np.maximum(line, 0.0)
    return [None if np.isnan(number) else float(number) for number in line]
