"""The job that keeps the daily rollups: a day that is over is added up from its hours, once none of them waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from analytics.density import find_length
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from analytics.rollups import stack_rows
from store.figures import compose_day_buckets, compose_days
from store.port import Replacement, lie_within

DAY = timedelta(days=1)
PAUSE = timedelta(minutes=1)
"""Readers take the hours of a day that waits: nothing is in a hurry, and what trickles in late is added together."""
EVERY = timedelta(minutes=10)
"""How often it looks whether another day is over."""
MAX_SHARE = 0.05
MAX_DAYS = 100
"""Days in one run, each subject's counted apart."""
MAX_ROWS = 2_000_000
"""Rows of hours that are added up at once: as many days as hold them, one at least."""


def days_job() -> Job:
    """Return the job of the daily rollups, which may take a small share of the time."""
    return Job("days", update_days, every=EVERY, wakes_on_load=True, pause=PAUSE, max_share=MAX_SHARE)


def update_days(context: JobContext) -> JobReport:
    """Add up the touched days that are over and replace their rows."""
    today = context.clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    waiting = context.store.select("rollups/touched_days", {"before": today, "max_rows": MAX_DAYS})
    if waiting.is_empty():
        return NOTHING_TO_DO
    totals: list[pl.DataFrame] = []
    buckets: list[pl.DataFrame] = []
    length = max(DAY, find_length(context.store, "buckets", MAX_ROWS))
    for (subject,), of_subject in waiting.group_by("subject", maintain_order=True):
        for days in split_days(of_subject["day_at"], length):
            bounds = {"first": days[0], "until": days[-1] + DAY}
            frames = {"days": days.to_frame("day_at")}
            totals.append(context.store.select(compose_days(str(subject)), bounds, frames))
            per_bucket = compose_day_buckets(str(subject))
            if per_bucket is not None:
                buckets.append(context.store.select(per_bucket, bounds, frames))
    within = lie_within("day_at", waiting["day_at"])
    context.store.replace(
        Replacement("daily", keys=waiting, rows=stack_rows(totals), within=within),
        Replacement("daily_buckets", keys=waiting, rows=stack_rows(buckets), within=within),
        Replacement("touched_days", keys=waiting, rows=waiting.clear()),
    )
    return JobReport(
        changed=sum(frame.height for frame in (*totals, *buckets)) or waiting.height,
        has_more=waiting.height == MAX_DAYS,
    )


def split_days(days: pl.Series, longest: timedelta) -> list[pl.Series]:
    """Return the sorted days in parts of which none is longer than `longest`, but for a single day."""
    parts: list[list[datetime]] = []
    for day in days:
        if parts and day + DAY - parts[-1][0] <= longest:
            parts[-1].append(day)
        else:
            parts.append([day])
    return [pl.Series("day_at", part, pl.Datetime("us")) for part in parts]
