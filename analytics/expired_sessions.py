"""What retention has taken from sessions that go on: their rows still know it, their runs are gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from analytics.metrics.pieces import HOUR, Span, read_standing

if TYPE_CHECKING:
    from store import Store


@dataclass(frozen=True)
class Expired:
    """Sessions, or parts of them, that cannot be derived again."""

    kept: pl.DataFrame
    """Closed sessions of which no run is left, before those that have some, as they were."""
    rests: pl.DataFrame
    """For each session that lost some of its runs a row like a run, which stands for those."""


def find_expired(store: Store, sessions: pl.DataFrame, runs: pl.DataFrame) -> Expired:
    """Return what of known sessions the runs that are left cannot tell.

    Only conversations go on: a run alone that is gone became part of another, or nothing will ask for it again.
    """
    conversations = sessions.filter("is_conversation")
    hours = _read_expired_hours(store, conversations)
    losing = conversations.filter(
        pl.any_horizontal(
            pl.col(name).dt.truncate("1h").is_in(hours.implode()) for name in ("started_at", "last_at")
        )
    )
    if losing.is_empty():
        return Expired(losing, runs.clear())
    beside = losing.join(_count_found(losing, runs), on="session_id", how="left", maintain_order="left")
    missing = beside.with_columns(run_count=pl.col("runs") - pl.col("found").fill_null(0))
    left = runs.group_by("conversation_id").agg(left_from=pl.col("started_at").min())
    before = missing.join(left, on="conversation_id", how="left", maintain_order="left").filter(
        pl.col("found").is_null(),
        pl.col("closed_at").is_not_null(),
        (pl.col("last_at") <= pl.col("left_from")).fill_null(True),
    )
    return Expired(
        before.select(sessions.columns),
        _stand_in(missing.filter((pl.col("found") > 0) & (pl.col("run_count") > 0)), runs),
    )


def _read_expired_hours(store: Store, sessions: pl.DataFrame) -> pl.Series:
    """Return the hours of sessions of which runs were deleted."""
    first, until = sessions["started_at"].min(), sessions["last_at"].max()
    hours: list[datetime] = []
    if isinstance(first, datetime) and isinstance(until, datetime):
        first, until = (moment.replace(tzinfo=UTC) for moment in (first, until + HOUR))
        expired = read_standing(store, Span(first, until, until - first)).find_expired("run")
        hours = [hour.replace(tzinfo=None) for hour in expired]
    return pl.Series(hours, dtype=pl.Datetime("us"))


def _count_found(sessions: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """Return what is left of each session: session_id, first_at, found, found_usd, found_unpriced."""
    spans = sessions.select("session_id", "conversation_id", "last_at", begun_at="started_at")
    inside = runs.join(spans, on="conversation_id").filter(
        pl.col("started_at").is_between("begun_at", "last_at")
    )
    return inside.group_by("session_id").agg(
        first_at=pl.col("started_at").min(),
        found=pl.col("run_count").sum(),
        found_usd=pl.col("cost_usd").sum(),
        found_unpriced=pl.col("unpriced_calls").sum(),
    )


def _stand_in(cut: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """A row lasts until the first run that is left, so that nothing parts it from its session."""
    told = cut.with_columns(
        is_alone=pl.lit(False),
        run_id=pl.format("{} (deleted)", "session_id"),
        ended_at="first_at",
        outcome=pl.when(pl.col("outcome") == "escalated").then("outcome"),
        cost_usd=pl.col("cost_usd") - pl.col("found_usd").fill_null(0),
        unpriced_calls=(pl.col("unpriced_calls") - pl.col("found_unpriced")).clip(0),
        complete=pl.lit(True),
    )
    unknown = [
        pl.lit(None, dtype).alias(name) for name, dtype in runs.schema.items() if name not in told.columns
    ]
    return told.with_columns(unknown).select(pl.col(name).cast(dtype) for name, dtype in runs.schema.items())
