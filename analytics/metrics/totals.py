"""Sums and distributions of one subject over time, for charts that show more than one number of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from analytics.metrics.definitions import Metric, Part
from analytics.metrics.pieces import read_standing
from analytics.metrics.reading import (
    Question,
    Reading,
    Where,
    check_question,
    find_view,
    read_buckets,
    read_totals,
)

if TYPE_CHECKING:
    from store import Store


def totals(
    store: Store,
    sums: Mapping[str, Part],
    start: datetime,
    end: datetime,
    step: timedelta,
    *,
    where: Where | None = None,
    group_by: Sequence[str] = (),
    before: timedelta | None = None,
) -> Reading:
    """Return bin, groups and the named sums of one subject, with a row for each bin and group that has events.

    A sum is NULL where no event has the value. The equal window that began `before` earlier, where that is given,
    has the bins below zero.
    """
    parts = list(sums.values())
    metric = _stand_in(parts)
    question = Question(start, end, step, where or {}, tuple(group_by), before=before)
    check_question([metric], question)
    standing = read_standing(store, question)
    found = read_totals(store, find_view(metric, parts[0].subject, question), parts, question, standing)
    added = found.rows.group_by("bin", *group_by).agg(
        pl.when(pl.col(part.key).is_not_null().any()).then(pl.col(part.key).sum()).alias(name)
        for name, part in sums.items()
    )
    return Reading(added.sort("bin", *group_by, nulls_last=True), found.gaps)


def distribution(
    store: Store,
    part: Part,
    measure: str,
    start: datetime,
    end: datetime,
    step: timedelta,
    *,
    where: Where | None = None,
    before: timedelta | None = None,
) -> Reading:
    """Return bin, bucket and events: how often each logarithmic bucket of a measure was met; as in `totals`."""
    metric = _stand_in([part])
    question = Question(start, end, step, where or {}, (), before=before)
    check_question([metric], question)
    standing = read_standing(store, question)
    found = read_buckets(store, find_view(metric, part.subject, question), measure, question, standing)
    counted = found.rows.group_by("bin", "bucket").agg(pl.col("events").sum())
    return Reading(counted.sort("bin", "bucket"), found.gaps)


def _stand_in(parts: Sequence[Part]) -> Metric:
    """A metric over the parts, so that dimensions mean here what they mean there."""
    return Metric(
        name=parts[0].subject, title="", unit="", kind="sum", help="", population="", null_means="never",
        numerator=tuple(parts),
    )  # fmt: skip
