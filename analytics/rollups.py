"""The job that keeps the hourly rollups: every touched hour is added up again from the facts and replaced."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import polars as pl

from analytics.density import find_length
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from analytics.settings import AnalyticsSettings
from analytics.touching import find_last_load
from store.figures import SUBJECTS, compose_rollup, compose_rollup_buckets
from store.port import Replacement, lie_within

ROLLED_UP = tuple(subject.name for subject in SUBJECTS.values() if subject.is_rolled_up)
BUCKETED = tuple(name for name in ROLLED_UP if compose_rollup_buckets(name) is not None)

PAUSE = timedelta(seconds=5)
"""An hour costs as much again for each run that is added to it: those that trickle in are added together."""
MAX_ROWS = 20_000
"""Rows of the work list looked at in one run."""
MAX_HOURS = 400
"""Hours added up in one run; a year that is imported takes some runs, and others get their turn between."""
MAX_SPANS = 16
"""Stretches of hours in one run: each is a query of its own, so that scattered hours do not scan all between."""
JOINED_WITHIN = timedelta(hours=6)
"""Hours this close are read in one stretch, whatever lies between."""
READ_THROUGH = 500_000
"""Facts between two hours up to which these are one stretch: to read them costs what another query does."""


def rollups_job(settings: AnalyticsSettings) -> Job:
    """Return the rollup job, which may take a bounded share of the time."""
    return Job("rollups", update_rollups, wakes_on_load=True, pause=PAUSE, max_share=settings.rollup_share)


def update_rollups(context: JobContext) -> JobReport:
    """Add up the touched hours again, the latest first, and replace their rows."""
    waiting = context.store.select("rollups/touched", {"max_rows": MAX_ROWS})
    if waiting.is_empty():
        return NOTHING_TO_DO
    stretches = _find_stretches(context, waiting["hour_at"].unique().sort())[-MAX_SPANS:]
    hours = pl.concat(stretches).tail(MAX_HOURS)
    touched = waiting.filter(pl.col("hour_at").is_in(hours.implode()))
    totals: list[pl.DataFrame] = []
    buckets: list[pl.DataFrame] = []
    for stretch in stretches:
        _add_up(context, touched.filter(pl.col("hour_at").is_in(stretch.implode())), totals, buckets)
    # Rows whose facts were deleted stay: they are all that is left of them.
    keys = touched.select("subject", "hour_at", expired_load=pl.lit(None, pl.Int64)).unique()
    days = keys.select("subject", day_at=pl.col("hour_at").dt.truncate("1d")).unique()
    bucket_keys = keys.filter(pl.col("subject").is_in(BUCKETED))
    within = lie_within("hour_at", hours)
    context.store.replace(
        Replacement("touched_days", keys=days, rows=days),
        Replacement("hourly", keys=keys, rows=stack_rows(totals), within=within),
        Replacement("hourly_buckets", keys=bucket_keys, rows=stack_rows(buckets), within=within),
        Replacement("touched_hours", keys=touched, rows=touched.clear()),
    )
    return JobReport(
        changed=sum(frame.height for frame in (*totals, *buckets)) or touched.height,
        load_seq=find_last_load(touched),
        has_more=touched.height < waiting.height or waiting.height == MAX_ROWS,
    )


def _find_stretches(context: JobContext, hours: pl.Series) -> list[pl.Series]:
    close = split_hours(hours, JOINED_WITHIN)
    if len(close) == 1:
        return close
    return split_hours(hours, max(JOINED_WITHIN, find_length(context.store, "facts", READ_THROUGH)))


def split_hours(hours: pl.Series, longest: timedelta) -> list[pl.Series]:
    """Return the sorted hours as stretches without gaps longer than `longest`."""
    gaps = (hours.diff() > longest).fill_null(False)
    edges = [0, *gaps.arg_true().to_list(), hours.len()]
    return [hours.slice(start, end - start) for start, end in pairwise(edges) if end > start]


def _add_up(
    context: JobContext, touched: pl.DataFrame, totals: list[pl.DataFrame], buckets: list[pl.DataFrame]
) -> None:
    for subject in ROLLED_UP:
        hours = touched.filter(pl.col("subject") == subject).select("hour_at").unique()
        if hours.is_empty():
            continue
        first, last = hours["hour_at"].min(), hours["hour_at"].max()
        params = {"first": first, "until": last + timedelta(hours=1)}  # type: ignore[operator]
        frames = {"hours": hours}
        totals.append(context.store.select(compose_rollup(subject), params, frames))
        per_bucket = compose_rollup_buckets(subject)
        if per_bucket is not None:
            buckets.append(context.store.select(per_bucket, params, frames))


def stack_rows(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the rows of all frames; a column that one lacks is unknown in it."""
    return pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame()
