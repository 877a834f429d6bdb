"""A window beside the one before it and the same window a week earlier."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from analytics.metrics.evaluation import evaluate
from analytics.metrics.reading import Where

if TYPE_CHECKING:
    from store import Store

WEEK = timedelta(days=7)


def evaluate_beside(
    store: Store,
    metrics: Sequence[str],
    start: datetime,
    end: datetime,
    *,
    where: Where | None = None,
    group_by: Sequence[str] = (),
    previous: tuple[datetime, datetime] | None = None,
) -> pl.DataFrame:
    """Return metrics as `evaluate` does, with `previous_…` and `week_…` beside them.

    `previous_value`, `previous_n`, … are of the equally long window before (or the one given), `week_value`,
    `week_n`, … of the same window a week earlier. Groups that have events in any of the three have a row.
    """
    before = previous or (start - (end - start), start)
    windows = {"": (start, end), "previous_": before, "week_": (start - WEEK, end - WEEK)}
    keys = ["metric", *group_by]
    joined: pl.DataFrame | None = None
    with ThreadPoolExecutor(len(windows)) as pool:
        # Most of a short query is waiting for the engine: three windows take little longer than one.
        asked = {
            prefix: pool.submit(evaluate, store, list(metrics), *window, where=where, group_by=group_by)
            for prefix, window in windows.items()
        }
    for prefix, answer in asked.items():
        values = answer.result()
        named = values.rename({name: f"{prefix}{name}" for name in values.columns if name not in keys})
        joined = (
            named
            if joined is None
            else joined.join(
                named, on=keys, how="full", coalesce=True, nulls_equal=True, maintain_order="left"
            )
        )
    assert joined is not None
    return joined
