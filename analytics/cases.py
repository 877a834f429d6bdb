"""Sessions and cases as the contract defines them, computed from whole conversations.

A session ends by silence, at once by an explicit final outcome or feedback, and a run without a
conversation soon after its end. The same user back in the same conversation within the reopening
window continues the case, and the earlier session's resolution no longer counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from analytics.settings import AnalyticsSettings

FINAL_OUTCOMES = ("resolved", "escalated", "abandoned")
"""Explicit outcomes that end a session; success and failure speak of one run."""


STATED_OUTCOMES = ("success", "failure", "failed", "escalated", "resolved", "abandoned")
"""What a label may say."""

GOOD_SCORE = 0.5
"""A score named as a signal says resolved from here on."""

JUDGEMENTS = {
    "conversation_id": pl.String,
    "judged_run": pl.String,
    "score_name": pl.String,
    "judge": pl.String,
    "judged_value": pl.Float64,
    "judged_label": pl.String,
    "judged_at": pl.Datetime("us"),
}
"""Columns of judgements."""


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
    kept: pl.DataFrame | None = None,
) -> Derived:
    """Return the sessions and cases that whole conversations amount to at `now`.

    Args:
        runs: All runs of the conversations, or all since a new case began (columns of the query sessions/runs).
        judgements: What was said of sessions and runs (columns of the query sessions/judgements).
        now: Present time; what is due by then is closed.
        settings: Time-outs and the reopening window.
        earlier: conversation_id and `earlier`, the number of its last session before these runs; none: 0.
        kept: Closed sessions whose runs are gone, and which these continue (`analytics.expired_sessions`).
    """
    ordered = _judge_runs(
        runs.sort("conversation_id", "started_at", "run_id"), _cast(judgements), settings.outcome_signals
    )
    numbered = _number_sessions(ordered, settings)
    if earlier is not None:
        counts = earlier.cast({"conversation_id": pl.String, "earlier": pl.Int64})
        numbered = numbered.join(
            counts, on="conversation_id", how="left", maintain_order="left"
        ).with_columns(number=pl.col("number") + pl.col("earlier").fill_null(0))
    sessions = _summarise_sessions(numbered, settings)
    closed = _close_sessions(sessions, now.astimezone(UTC).replace(tzinfo=None))
    if kept is not None and not kept.is_empty():
        closed = pl.concat([closed, _as_derived(kept, closed)])
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


def _cast(judgements: pl.DataFrame) -> pl.DataFrame:
    return judgements.select(pl.col(name).cast(dtype) for name, dtype in JUDGEMENTS.items())


def _judge_runs(runs: pl.DataFrame, judgements: pl.DataFrame, signals: Sequence[str]) -> pl.DataFrame:
    """Give each run the feedback and the outcome that were said of it: the latest score counts before its own."""
    placed = _place(runs, read_signals(judgements, signals))
    last = placed.sort("judged_at").group_by("judged_run")
    said = last.agg(
        judgement=pl.col("feedback").drop_nulls().last(), stated=pl.col("outcome").drop_nulls().last()
    )
    judged = runs.join(said, left_on="run_id", right_on="judged_run", how="left", maintain_order="left")
    nothing = pl.lit(None)
    explicit = pl.col("explicit_outcome") if "outcome" in signals else nothing.cast(pl.String)
    feedback = pl.col("feedback") if "feedback" in signals else nothing.cast(pl.Float64)
    return judged.with_columns(
        feedback=pl.coalesce("judgement", feedback), explicit_outcome=pl.coalesce("stated", explicit)
    ).drop("judgement", "stated")


def read_signals(judgements: pl.DataFrame, signals: Sequence[str]) -> pl.DataFrame:
    """Return the judgements with `feedback` and `outcome`, where they are of the configured signals.

    A label `outcome` states one; feedback is what users and humans gave as a number; another score that is named as a
    signal states an outcome by its label, or by its number: 0.5 and more is resolved, less is a failure.
    """
    names = [signal for signal in signals if signal not in ("outcome", "feedback")]
    label = pl.col("judged_label").str.to_lowercase().str.strip_chars()
    known = pl.when(label.is_in(STATED_OUTCOMES)).then(label.replace({"failed": "failure"}))
    by_number = (
        pl.when(pl.col("judged_value") >= GOOD_SCORE).then(pl.lit("resolved")).otherwise(pl.lit("failure"))
    )
    is_named = pl.col("score_name").is_in(names)
    is_outcome = (pl.col("score_name") == "outcome") & ("outcome" in signals)
    is_feedback = pl.col("judge").is_in(["user", "human"]) & ~is_named & (pl.col("score_name") != "outcome")
    return judgements.with_columns(
        feedback=pl.when(is_feedback & ("feedback" in signals)).then("judged_value"),
        outcome=pl.when(is_outcome)
        .then(known)
        .when(is_named & label.is_not_null())
        .then(known)
        .when(is_named & pl.col("judged_value").is_not_null())
        .then(by_number),
    )


def _place(runs: pl.DataFrame, judgements: pl.DataFrame) -> pl.DataFrame:
    """Give each judgement on a session to the run it followed."""
    of_runs = judgements.filter(pl.col("judged_run").is_not_null())
    of_sessions = (
        judgements.filter(pl.col("judged_run").is_null())
        .drop("judged_run")
        .sort("judged_at")
        .join_asof(
            runs.select("conversation_id", "started_at", judged_run="run_id").sort("started_at"),
            left_on="judged_at",
            right_on="started_at",
            by="conversation_id",
            check_sortedness=False,
        )
    )
    columns = ("judged_run", "judged_at", "feedback", "outcome")
    return pl.concat([of_runs.select(columns), of_sessions.select(columns)])


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
        pl.col("run_count").sum().alias("runs"),
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
    is_failure = (pl.col("outcome").last() == "failure") | (explicit.last() == "failure")
    # A run that states it was abandoned has the outcome failure: runs know no other word for it.
    is_given_up = (explicit.last() == "abandoned").fill_null(False)
    is_unanswered = ~pl.col("has_answer").last().fill_null(pl.col("complete").last())
    return (
        pl.when((pl.col("outcome") == "escalated").any() | (explicit == "escalated").any())
        .then(pl.lit("escalated"))
        .when((is_failure & ~is_given_up) | (feedback < 0))
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


def _as_derived(kept: pl.DataFrame, derived: pl.DataFrame) -> pl.DataFrame:
    """Return sessions as they stand in the store like those that were derived."""
    told = kept.with_columns(is_alone=~pl.col("is_conversation"), is_final=False, is_complete=True)
    return told.select(pl.col(name).cast(dtype) for name, dtype in derived.schema.items())


def _group_cases(sessions: pl.DataFrame, settings: AnalyticsSettings) -> pl.DataFrame:
    """Put sessions of one user that follow within the reopening window into one case."""
    of = "conversation_id"
    away = pl.col("started_at") - pl.col("last_at").shift(1).over(of)
    is_near = (away <= settings.reopen_window).fill_null(False)
    # Who came long before says nothing of a session without a user: it is another case, and may not be read.
    near = sessions.sort(of, "number").with_columns(is_near=is_near, stretch=(~is_near).cum_sum().over(of))
    known_user = pl.col("user_id").forward_fill().shift(1).over(of, "stretch")
    is_same_user = (pl.col("user_id") == known_user).fill_null(True)
    numbered = near.with_columns(continues=pl.col("is_near") & is_same_user)
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
