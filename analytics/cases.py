"""Sessions and cases as the contract defines them, computed from whole conversations.

A session ends by silence, at once by an explicit final outcome or feedback, and a run without a
conversation soon after its end. The same user back in the same conversation within the reopening
window continues the case, and the earlier session's resolution no longer counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from analytics.settings import AnalyticsSettings

FINAL_OUTCOMES = ("resolved", "escalated", "abandoned")
"""Explicit outcomes that end a session; success and failure speak of one run."""


@dataclass(frozen=True)
class Derived:
    """Rows of ledger.sessions and ledger.cases."""

    sessions: pl.DataFrame
    cases: pl.DataFrame


def derive_sessions(
    runs: pl.DataFrame,
    judgements: pl.DataFrame,
    now: datetime,
    settings: AnalyticsSettings,
    earlier: pl.DataFrame | None = None,
) -> Derived:
    """Return the sessions and cases that whole conversations amount to at `now`.

    Args:
        runs: All runs of the conversations, or all since a new case began (columns of the query sessions/runs).
        judgements: Users' judgements on sessions: conversation_id, scored_at, value.
        now: Present time; what is due by then is closed.
        settings: Time-outs and the reopening window.
        earlier: conversation_id and `earlier`, the number of its sessions before these runs; none: 0.
    """
    ordered = _judge_runs(runs.sort("conversation_id", "started_at", "run_id"), judgements)
    numbered = _number_sessions(ordered, settings)
    if earlier is not None:
        counts = earlier.cast({"conversation_id": pl.String, "earlier": pl.Int64})
        numbered = numbered.join(
            counts, on="conversation_id", how="left", maintain_order="left"
        ).with_columns(number=pl.col("number") + pl.col("earlier").fill_null(0))
    sessions = _summarise_sessions(numbered, settings)
    closed = _close_sessions(sessions, now.astimezone(UTC).replace(tzinfo=None))
    grouped = _group_cases(closed, settings)
    return Derived(grouped.select(_SESSION_COLUMNS), _summarise_cases(grouped))


_SESSION_COLUMNS = (
    "session_id",
    "conversation_id",
    "is_conversation",
    "case_id",
    "case_opened_at",
    "user_id",
    "service",
    "environment",
    "tenant",
    "agent",
    "agent_version",
    "purpose",
    "prompt_name",
    "prompt_version",
    "started_at",
    "last_at",
    "closes_at",
    "closed_at",
    "outcome",
    "reopened",
    "runs",
    "cost_usd",
    "unpriced_calls",
)


def _judge_runs(runs: pl.DataFrame, judgements: pl.DataFrame) -> pl.DataFrame:
    """Give each judgement on a session to the run it followed; the last one counts."""
    placed = (
        judgements.cast({"conversation_id": pl.String, "scored_at": pl.Datetime("us"), "value": pl.Float64})
        .sort("scored_at")
        .join_asof(
            runs.select("conversation_id", "started_at", judged_run="run_id").sort("started_at"),
            left_on="scored_at",
            right_on="started_at",
            by="conversation_id",
            check_sortedness=False,
        )
        .group_by("judged_run")
        .agg(judgement=pl.col("value").last())
    )
    return runs.join(
        placed, left_on="run_id", right_on="judged_run", how="left", maintain_order="left"
    ).with_columns(feedback=pl.coalesce("judgement", "feedback"))


def _number_sessions(runs: pl.DataFrame, settings: AnalyticsSettings) -> pl.DataFrame:
    """Number the sessions of each conversation from 1.

    Runs that overlap in time belong together. Between such clusters a session ends by silence, or
    because something in the cluster before was final.
    """
    of = "conversation_id"
    timed = runs.with_columns(
        end=pl.max_horizontal("started_at", "ended_at"),
        is_final=pl.col("explicit_outcome").is_in(FINAL_OUTCOMES).fill_null(False)
        | pl.col("feedback").is_not_null(),
    ).with_columns(reach=pl.col("end").cum_max().over(of))
    before = timed.with_columns(reach_before=pl.col("reach").shift(1).over(of))
    clustered = before.with_columns(
        is_apart=(pl.col("started_at") >= pl.col("reach_before")).fill_null(True)
    ).with_columns(cluster=pl.col("is_apart").cast(pl.Int64).cum_sum().over(of))
    settled = clustered.with_columns(is_settled=pl.col("is_final").any().over(of, "cluster")).with_columns(
        was_settled=pl.col("is_settled").shift(1).over(of)
    )
    silence = pl.col("started_at") - pl.col("reach_before") > settings.session_timeout
    is_next = pl.col("reach_before").is_not_null() & pl.col("is_apart") & (silence | pl.col("was_settled"))
    return settled.with_columns(number=1 + is_next.cast(pl.Int64).cum_sum().over(of))


def _summarise_sessions(runs: pl.DataFrame, settings: AnalyticsSettings) -> pl.DataFrame:
    is_priced = pl.col("cost_usd").is_not_null().any()
    sessions = runs.group_by("conversation_id", "number", maintain_order=True).agg(
        pl.col("user_id", "tenant").drop_nulls().first(),
        pl.col("service", "environment", "agent", "purpose", "is_alone").first(),
        pl.col("agent_version", "prompt_name", "prompt_version").last(),
        pl.col("started_at").min(),
        pl.col("end").max().alias("last_at"),
        pl.len().cast(pl.Int64).alias("runs"),
        pl.when(is_priced).then(pl.col("cost_usd").sum()).cast(pl.Decimal(38, 12)).alias("cost_usd"),
        pl.col("unpriced_calls").sum().cast(pl.Int64),
        is_final=pl.col("is_final").any(),
        is_complete=pl.col("complete").last(),
        outcome=_outcome(),
    )
    closes_after = (
        pl.when("is_final")
        .then(pl.duration())
        .when(pl.col("is_alone") & pl.col("is_complete"))
        .then(pl.lit(settings.run_close))
        .otherwise(pl.lit(settings.session_timeout))
    )
    return sessions.with_columns(closes_at=pl.col("last_at") + closes_after)


def _outcome() -> pl.Expr:
    """Return the outcome of a session once it is closed, in the contract's order of precedence."""
    explicit, feedback = pl.col("explicit_outcome"), pl.col("feedback").drop_nulls().last()
    is_unanswered = ~pl.col("has_answer").last().fill_null(pl.col("complete").last())
    return (
        pl.when((pl.col("outcome") == "escalated").any() | (explicit == "escalated").any())
        .then(pl.lit("escalated"))
        .when((pl.col("outcome").last() == "failure") | (explicit.last() == "failure") | (feedback < 0))
        .then(pl.lit("failed"))
        .when((explicit.last() == "resolved") | (feedback > 0))
        .then(pl.lit("resolved_confirmed"))
        .when((explicit.last() == "abandoned") | is_unanswered)
        .then(pl.lit("abandoned"))
        .otherwise(pl.lit("resolved_assumed"))
    )


def _close_sessions(sessions: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Close the sessions whose time has come; one that another follows is due before that begins."""
    is_closed = pl.col("closes_at") <= now
    return sessions.with_columns(
        closed_at=pl.when(is_closed).then("closes_at"),
        outcome=pl.when(is_closed).then("outcome"),
        session_id=pl.when(pl.col("number") == 1)
        .then("conversation_id")
        .otherwise(pl.format("{}#{}", "conversation_id", "number")),
    )


def _group_cases(sessions: pl.DataFrame, settings: AnalyticsSettings) -> pl.DataFrame:
    """Put sessions of one user that follow within the reopening window into one case."""
    of = "conversation_id"
    away = pl.col("started_at") - pl.col("last_at").shift(1).over(of)
    known_user = pl.col("user_id").forward_fill().over(of).shift(1).over(of)
    is_same_user = (pl.col("user_id") == known_user).fill_null(True)
    continues = ((away <= settings.reopen_window) & is_same_user).fill_null(False)
    numbered = sessions.sort(of, "number").with_columns(continues=continues)
    return numbered.with_columns(
        case_number=(~pl.col("continues")).cast(pl.Int64).cum_sum().over(of)
    ).with_columns(
        case_id=pl.col("session_id").first().over(of, "case_number"),
        case_opened_at=pl.col("started_at").min().over(of, "case_number"),
        is_conversation=~pl.col("is_alone"),
        reopened=pl.col("continues").shift(-1).over(of).fill_null(False),
    )


def _summarise_cases(sessions: pl.DataFrame) -> pl.DataFrame:
    is_priced = pl.col("cost_usd").is_not_null().any()
    return sessions.group_by("case_id", maintain_order=True).agg(
        pl.col("user_id", "tenant").drop_nulls().first(),
        pl.col("service", "environment", "agent", "purpose").first(),
        pl.col("agent_version", "prompt_name", "prompt_version").last(),
        pl.col("started_at").min().alias("opened_at"),
        pl.col("closed_at").last(),
        pl.col("outcome").last(),
        pl.len().cast(pl.Int64).alias("sessions"),
        pl.col("runs").sum(),
        pl.when(is_priced).then(pl.col("cost_usd").sum()).cast(pl.Decimal(38, 12)).alias("cost_usd"),
        pl.col("unpriced_calls").sum(),
    )
