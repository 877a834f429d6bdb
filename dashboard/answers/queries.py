"""Answers to queries that people write, and to those they kept."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import polars as pl

from analytics.metrics import series
from dashboard.answers.measures import where_of
from dashboard.filters import Filters, Window
from dashboard.reading import Reading, remembered
from dashboard.saved import SavedQuery
from dashboard.services import current
from store.errors import ConfigError, NotFound, QueryRejected

ROWS_SHOWN: Final = 10_000
_PLACE: Final = re.compile(r"(?<![:\w]):(start|until)\b")


@dataclass(frozen=True)
class Answer:
    """The rows of a query, or why it was refused; `is_cut` when there are more than ROWS_SHOWN."""

    frame: pl.DataFrame
    refused: str = ""
    is_cut: bool = False
    took_s: float = 0.0
    is_partial: bool = False
    """Retention has deleted facts that a metric needs: it speaks of the rest."""


def fill_times(sql: str, window: Window) -> str:
    """Return the query with `:start` and `:until` as times of the window.

    >>> from datetime import datetime, UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> fill_times("x >= :start AND y::text = ':'", Window("", at, at, 60, at))
    "x >= TIMESTAMP '2026-01-01 00:00:00' AND y::text = ':'"
    """
    times = {"start": window.start, "until": window.until}
    return _PLACE.sub(lambda match: _write_time(times[match[1]]), sql)


def _write_time(at: datetime) -> str:
    return f"TIMESTAMP '{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"


@remembered(ttl_s=30, entries=32)
def read_sql(sql: str, window: Window) -> Answer:
    """Return the answer to a SELECT over the views; a refusal is an answer too."""
    began = time.perf_counter()
    try:
        table = current().store.query(fill_times(sql, window), max_rows=ROWS_SHOWN + 1)
    except QueryRejected as error:
        return Answer(pl.DataFrame(), str(error))
    frame = cast(pl.DataFrame, pl.from_arrow(table))
    took = time.perf_counter() - began
    return Answer(frame.head(ROWS_SHOWN), "", frame.height > ROWS_SHOWN, took)


@remembered(entries=64)
def _read_metric(metric: str, by: str, window: Window, filters: Filters) -> Answer:
    step = timedelta(seconds=window.bin_s)
    try:
        where = where_of(metric, filters)
        frame = series(
            current().store,
            metric,
            window.start,
            window.until,
            step,
            where=where,
            group_by=[by] if by else [],
        )
    except (ConfigError, NotFound, KeyError) as error:
        return Answer(pl.DataFrame(), str(error))
    columns = ["at", *([by] if by else []), "value"]
    rows = frame.select(columns).rename({"value": metric})
    return Answer(rows, is_partial=bool(frame["is_partial"].any()))


def read_saved_query(query: SavedQuery, window: Window, filters: Filters) -> Reading[Answer]:
    """Return the answer to a query that was kept; filters hold for metrics alone."""
    if query.metric:
        return _read_metric(query.metric, query.by, window, filters)
    return read_sql(query.sql, window)
