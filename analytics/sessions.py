"""The job that derives sessions and cases from runs, and closes them when their time has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from analytics.cases import Derived, derive_sessions
from analytics.expired_sessions import find_expired
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from analytics.known_conversations import read_known_conversations
from analytics.known_names import KnownNames
from analytics.settings import AnalyticsSettings
from analytics.touching import find_last_load, number_touch
from store.port import Replacement, lie_within

if TYPE_CHECKING:
    from store import Store

MAX_ROWS = 20_000
"""Rows of the work list taken in one run, so that a large import does not hold memory or others."""
MAX_SHARE = 0.25
"""Share of the time the job may take: one conversation id used for everything makes each turn read all of it."""
BEGINNING = datetime(1970, 1, 1)  # noqa: DTZ001 - times inside frames have no zone


def sessions_job(settings: AnalyticsSettings) -> Job:
    """Return the session job: after each load for touched sessions, by the clock for closings."""
    update = SessionsState().update
    return Job("sessions", update, every=settings.session_tick, wakes_on_load=True, max_share=MAX_SHARE)


@dataclass(frozen=True)
class Affected:
    """What of the store a run of the job may change."""

    asked: pl.DataFrame
    """conversation_id; runs_from: since when its runs are read; earlier: its sessions before that."""
    sessions: pl.DataFrame
    """The sessions to be replaced: session_id, case_id, case_opened_at, started_at …"""
    closings: pl.DataFrame
    """case_id and closed_at of their cases."""


@dataclass
class SessionsState:
    """What the job keeps between runs; it can be read again from the store."""

    known: KnownNames | None = None
    store: Store | None = None

    def update(self, context: JobContext) -> JobReport:
        """Derive again the conversations that were touched, and those whose time to close has come."""
        now = context.clock()
        touched = context.store.select("sessions/touched", {"max_rows": MAX_ROWS})
        overdue = context.store.select("sessions/overdue", {"now": now, "max_rows": MAX_ROWS})
        changes = pl.concat(
            [touched.select("started_at", conversation_id="session_id"), overdue], how="diagonal"
        )
        if changes.is_empty():
            return NOTHING_TO_DO
        settings = context.settings
        affected = find_affected(
            context.store, changes, max(settings.reopen_window, settings.session_timeout)
        )
        runs = _read_runs(context.store, affected)
        expired = find_expired(context.store, affected.sessions, runs)
        runs = pl.concat([runs, expired.rests])
        earlier = self._count_earlier(context.store, affected, runs, expired.kept)
        asked = {
            "names": ["outcome", *settings.outcome_signals],
            "since": affected.asked["runs_from"].min(),
        }
        judgements = context.store.select("sessions/judgements", asked, {"asked": affected.asked})
        derived = derive_sessions(runs, judgements, now, settings, earlier, expired.kept)
        _write(context.store, affected, derived, touched)
        self._remember(derived)
        return JobReport(
            changed=max(1, derived.sessions.height + derived.cases.height),
            load_seq=find_last_load(touched),
            has_more=max(touched.height, overdue.height) == MAX_ROWS,
        )

    def _count_earlier(
        self, store: Store, affected: Affected, runs: pl.DataFrame, kept: pl.DataFrame
    ) -> pl.DataFrame:
        """Return conversation_id and the number of its last session before the ones derived again."""
        if self.known is None or self.known.is_full or self.store is not store:
            self.known, self.store = read_known_conversations(store), store
        unseen = (
            runs.filter(~pl.col("is_alone"))
            .select(pl.col("conversation_id").unique())
            .join(affected.sessions, on="conversation_id", how="anti")
        )
        old = unseen.filter(self.known.may_contain(unseen["conversation_id"]))
        again = affected.sessions.join(kept, on="session_id", how="anti")
        counts = pl.concat(
            [
                again.group_by("conversation_id").agg(earlier=pl.col("number").min() - 1),
                kept.group_by("conversation_id").agg(earlier=pl.col("number").max()),
            ]
        )
        counts = counts.group_by("conversation_id").agg(pl.col("earlier").max())
        if not old.is_empty():
            # Their first ones may be gone: what was given out tells, not how many are left.
            found = store.select("sessions/last_sessions", frames={"asked": old})
            last = found.select("conversation_id", earlier=_read_number("last_session_id"))
            counts = pl.concat([counts, last])
        return counts

    def _remember(self, derived: Derived) -> None:
        if self.known is not None:
            names = derived.sessions.filter("is_conversation")["conversation_id"]
            self.known.add(names.unique())


def find_affected(store: Store, changes: pl.DataFrame, reach: timedelta) -> Affected:
    """Return the cases that changed runs may belong to, and since when runs must be read to derive them.

    A session that ended more than `reach` before everything that changed is neither extended nor
    reopened, nor are the ones before it; its case stays as it is. All later ones are derived again.
    """
    since = changes.group_by("conversation_id").agg(
        since=pl.when(pl.col("started_at").is_not_null().all()).then(pl.col("started_at").min())
    )
    asked = since.with_columns(reach_from=(pl.col("since") - reach).fill_null(BEGINNING))
    cases = store.select("sessions/recent_cases", {"since": asked["reach_from"].min()}, {"asked": asked})
    opened = {"since": cases["case_opened_at"].min() or BEGINNING}
    frames = {"known_cases": cases.select("case_id")}
    sessions = store.select("sessions/sessions_of_cases", opened, frames)
    begun = sessions.group_by("conversation_id").agg(begun=pl.col("started_at").min())
    bounded = asked.join(begun, on="conversation_id", how="left").select(
        "conversation_id", runs_from=pl.min_horizontal(pl.col("since").fill_null(BEGINNING), "begun")
    )
    return Affected(
        bounded,
        sessions.with_columns(number=_read_number("session_id")),
        store.select("sessions/closings", opened, frames),
    )


def _read_number(session_id: str) -> pl.Expr:
    """Return the number of a session within its conversation, which its id tells."""
    suffix = pl.col(session_id).str.slice(pl.col("conversation_id").str.len_chars() + 1)
    return suffix.cast(pl.Int64, strict=False).fill_null(1)


def _read_runs(store: Store, affected: Affected) -> pl.DataFrame:
    return store.select(
        "sessions/runs", {"since": affected.asked["runs_from"].min()}, {"asked": affected.asked}
    )


def _write(store: Store, affected: Affected, derived: Derived, touched: pl.DataFrame) -> None:
    """Replace the affected sessions and cases; the hours their cases closed in are rolled up again."""
    old = affected.sessions
    started = lie_within("started_at", old["started_at"])
    opened = lie_within("opened_at", old["case_opened_at"])
    store.replace(
        Replacement("sessions", keys=old.select("session_id"), rows=derived.sessions, within=started),
        Replacement("cases", keys=old.select("case_id").unique(), rows=derived.cases, within=opened),
        Replacement("touched_sessions", keys=touched, rows=touched.clear()),
        appends={"touched_hours": _touched_hours(affected, derived)},
    )


def _touched_hours(affected: Affected, derived: Derived) -> pl.DataFrame:
    """Return the hours in which cases closed before or close now, and in which sessions began or begin."""
    moments = [
        frame.select(subject=pl.lit(subject), hour_at=pl.col(column).dt.truncate("1h"))
        for subject, column, frames in (
            ("case", "closed_at", (affected.closings, derived.cases)),
            ("session", "started_at", (affected.sessions, derived.sessions)),
        )
        for frame in frames
    ]
    hours = pl.concat(moments, how="vertical_relaxed").drop_nulls().unique()
    return hours.with_columns(load_seq=pl.lit(number_touch(), pl.Int64)).select(
        "load_seq", "subject", "hour_at"
    )
