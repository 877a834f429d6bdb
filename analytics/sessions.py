"""The job that derives sessions and cases from runs, and closes them when their time has come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from analytics.cases import Derived, derive_sessions
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from analytics.settings import AnalyticsSettings

if TYPE_CHECKING:
    from store import Store

MAX_ROWS = 20_000
"""Rows of the work list taken in one run, so that a large import does not hold memory or others."""


def sessions_job(settings: AnalyticsSettings) -> Job:
    """Return the session job: after each load for touched sessions, by the clock for closings."""
    return Job("sessions", update_sessions, every=settings.session_tick, wakes_on_load=True)


def update_sessions(context: JobContext) -> JobReport:
    """Derive again the conversations that were touched, and those whose time to close has come."""
    now = context.clock()
    touched = context.store.select("sessions/touched", {"max_rows": MAX_ROWS})
    overdue = context.store.select("sessions/overdue", {"now": now, "max_rows": MAX_ROWS})
    asked = pl.concat(
        [touched.select(conversation_id="session_id"), overdue.select("conversation_id")]
    ).unique()
    if asked.is_empty():
        return NOTHING_TO_DO
    changed = _derive_again(context.store, asked, touched, now, context.settings)
    load_seq = touched["load_seq"].max()
    return JobReport(
        changed=changed,
        load_seq=load_seq if isinstance(load_seq, int) else None,
        has_more=max(touched.height, overdue.height) == MAX_ROWS,
    )


def _derive_again(
    store: Store, asked: pl.DataFrame, touched: pl.DataFrame, now: datetime, settings: AnalyticsSettings
) -> int:
    """Replace the sessions and cases of the asked conversations; return how many rows were written."""
    from store import Replacement

    frames = {"asked": asked}
    present = store.select("sessions/present", frames=frames)
    derived = derive_sessions(
        store.select("sessions/runs", frames=frames),
        store.select("sessions/judgements", frames=frames),
        now,
        settings,
    )
    store.replace(
        Replacement("sessions", keys=asked, rows=derived.sessions),
        Replacement("cases", keys=present.select("case_id").unique(), rows=derived.cases),
        Replacement("touched_sessions", keys=touched, rows=touched.clear()),
        appends={"touched_hours": _touched_hours(present, derived, now)},
    )
    return derived.sessions.height + derived.cases.height


def _touched_hours(present: pl.DataFrame, derived: Derived, now: datetime) -> pl.DataFrame:
    """Return the hours in which cases closed before or close now: their rollups are made again."""
    closings = pl.concat(
        [
            present.select(hour_at=pl.col("case_closed_at").cast(pl.Datetime("us"))),
            derived.cases.select(hour_at="closed_at"),
        ]
    )
    touch = int(now.astimezone(UTC).timestamp() * 1e6)
    return (
        closings.drop_nulls()
        .select(
            load_seq=pl.lit(touch, pl.Int64),
            subject=pl.lit("case"),
            hour_at=pl.col("hour_at").dt.truncate("1h"),
        )
        .unique()
    )
