"""What retention has taken from sessions that go on: their rows still know it, their runs are gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from store import Store


@dataclass(frozen=True)
class Expired:
    """Sessions, or parts of them, that cannot be derived again."""

    kept: pl.DataFrame
    """Closed sessions of which no run is left, before those that have some, as they were."""
    rests: pl.DataFrame
    """For each session that lost some of its runs, or is open and lost all, a row like a run that stands for those."""


def find_expired(store: Store, sessions: pl.DataFrame, runs: pl.DataFrame) -> Expired:
    """Return what of known sessions the runs that are left cannot tell.

    Only conversations go on: a run alone that is gone became part of another, or nothing will ask for it again.
    """
    conversations = sessions.filter("is_conversation")
    losing = conversations.join(_read_gone(store, conversations), on="session_id", maintain_order="left")
    if losing.is_empty():
        return Expired(losing.select(sessions.columns), runs.clear())
    beside = losing.join(_find_left(losing, runs), on="session_id", how="left", maintain_order="left")
    left = runs.group_by("conversation_id").agg(left_from=pl.col("started_at").min())
    before = beside.join(left, on="conversation_id", how="left", maintain_order="left").filter(
        pl.col("first_at").is_null(),
        pl.col("closed_at").is_not_null(),
        (pl.col("last_at") <= pl.col("left_from")).fill_null(True),
    )
    is_open = pl.col("closed_at").is_null()
    cut = beside.with_columns(first_at=pl.coalesce("first_at", pl.when(is_open).then("last_at")))
    return Expired(before.select(sessions.columns), _stand_in(cut.drop_nulls("first_at"), runs))


def _read_gone(store: Store, sessions: pl.DataFrame) -> pl.DataFrame:
    """Return what deleted runs came to by session_id: gone, gone_usd, gone_unpriced.

    Sessions may have been joined since: what was deleted belongs to the last one that had begun.
    """
    frames = {"asked": sessions.select(pl.col("conversation_id").unique())}
    begun = sessions.select("conversation_id", "started_at", "session_id").sort("started_at")
    placed = (
        store.select("sessions/expired_runs", frames=frames)
        .sort("started_at")
        .join_asof(begun, on="started_at", by="conversation_id", check_sortedness=False)
    )
    is_priced = pl.col("cost_usd").is_not_null().any()
    return (
        placed.drop_nulls("session_id")
        .group_by("session_id")
        .agg(
            gone=pl.col("runs").sum(),
            gone_usd=pl.when(is_priced).then(pl.col("cost_usd").sum()),
            gone_unpriced=pl.col("unpriced_calls").sum(),
        )
    )


def _find_left(sessions: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """Return when the first run that is left of each session began: session_id, first_at."""
    spans = sessions.select("session_id", "conversation_id", "last_at", begun_at="started_at")
    inside = runs.join(spans, on="conversation_id").filter(
        pl.col("started_at").is_between("begun_at", "last_at")
    )
    return inside.group_by("session_id").agg(first_at=pl.col("started_at").min())


def _stand_in(cut: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """A row lasts until the first run that is left, so that nothing parts it from its session.

    Where none is left of an open session, it lasts as long as that is known to: what comes may still belong to it.
    """
    told = cut.with_columns(
        is_alone=pl.lit(False),
        run_id=pl.format("{} (deleted)", "session_id"),
        ended_at="first_at",
        outcome=pl.when(pl.col("outcome") == "escalated").then("outcome"),
        run_count="gone",
        cost_usd="gone_usd",
        unpriced_calls="gone_unpriced",
        complete=pl.lit(True),
    )
    unknown = [
        pl.lit(None, dtype).alias(name) for name, dtype in runs.schema.items() if name not in told.columns
    ]
    return told.with_columns(unknown).select(pl.col(name).cast(dtype) for name, dtype in runs.schema.items())
