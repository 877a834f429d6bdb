"""Pricing history again: usage stays as it is, cost follows the present book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from analytics.pricing.book import PriceBook
from analytics.pricing.costing import price_calls
from store.port import Replacement

if TYPE_CHECKING:
    from store import Store

ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2262, 1, 1, tzinfo=UTC))
DAY = timedelta(days=1)
PRICE_COLUMNS = ("price_model", "cost_usd", "cost_status", "cost_version")

_CHANGES = {
    "day": pl.Datetime("us"),
    "model": pl.String,
    "calls": pl.Int64,
    "before_usd": pl.Decimal(38, 12),
    "after_usd": pl.Decimal(38, 12),
    "unpriced_before": pl.Int64,
    "unpriced_after": pl.Int64,
}


@dataclass(frozen=True)
class RepriceReport:
    """What pricing again changes or changed."""

    calls: int
    """Calls looked at."""
    changed_calls: int
    changes: pl.DataFrame
    """By day and model, of the calls that change: calls, before_usd, after_usd, unpriced_before, unpriced_after."""


def reprice(
    store: Store,
    book: PriceBook,
    *,
    first: datetime = ALWAYS[0],
    until: datetime = ALWAYS[1],
    dry_run: bool = False,
) -> RepriceReport:
    """Price the calls that started in a stretch of time again; a day is written in one transaction.

    Runs take the new cost at once; sessions, cases and rollups follow when the data jobs run next.
    Hold the jobs off meanwhile (`Scheduler.paused`), so that none writes what is being replaced.
    """
    looked_at = 0
    changes: list[pl.DataFrame] = []
    days = store.select("pricing/days_of_calls", {"first": first, "until": until})
    for day in days["day"]:
        begin = max(day.replace(tzinfo=UTC), first)
        end = min(day.replace(tzinfo=UTC) + DAY, until)
        usage = store.select("pricing/usage", {"first": begin, "until": end})
        looked_at += usage.height
        changed = _find_changed(_mark_answers(usage), book)
        if changed.is_empty():
            continue
        changes.append(_summarise(changed))
        if not dry_run:
            calls = store.select("pricing/calls", {"first": begin, "until": end})
            _write(store, _find_changed(calls, book), (begin, end))
    summary = pl.concat(changes) if changes else pl.DataFrame(schema=_CHANGES)
    return RepriceReport(looked_at, int(summary["calls"].sum()), summary)


def _mark_answers(usage: pl.DataFrame) -> pl.DataFrame:
    """Return the usage with a finish_reason wherever anything says that an answer began: pricing asks no more."""
    began = pl.when("has_answer").then(pl.lit("answered"))
    return usage.with_columns(finish_reason=began).drop("has_answer")


def _find_changed(calls: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """Return the calls whose cost changes, newly priced, with what they cost before."""
    before = calls.select(pl.col(name).alias(f"{name}_before") for name in PRICE_COLUMNS)
    priced = pl.concat([price_calls(calls, book), before], how="horizontal")
    compared = ("price_model", "cost_usd", "cost_status")
    return priced.filter(pl.any_horizontal(pl.col(n).ne_missing(pl.col(f"{n}_before")) for n in compared))


def _summarise(changed: pl.DataFrame) -> pl.DataFrame:
    def unpriced(status: str) -> pl.Expr:
        return (~pl.col(status).is_in(["priced", "free"])).sum()

    return (
        changed.group_by(
            day=pl.col("started_at").dt.truncate("1d"), model=pl.coalesce("response_model", "request_model")
        )
        .agg(
            calls=pl.len(),
            before_usd=pl.col("cost_usd_before").sum(),
            after_usd=pl.col("cost_usd").sum(),
            unpriced_before=unpriced("cost_status_before"),
            unpriced_after=unpriced("cost_status"),
        )
        .sort("day", "model")
        .cast(_CHANGES)  # pyright: ignore[reportArgumentType]
    )


def _write(store: Store, changed: pl.DataFrame, within: tuple[datetime, datetime]) -> None:
    rows = changed.drop(f"{name}_before" for name in PRICE_COLUMNS)
    runs = _price_runs(store, changed)
    touch = int(datetime.now(UTC).timestamp() * 1e6)
    sessions = runs.select(
        "started_at", load_seq=pl.lit(touch, pl.Int64), session_id=pl.coalesce("session_id", "run_id")
    )
    hours = pl.concat(
        [
            frame.select(
                load_seq=pl.lit(touch, pl.Int64),
                subject=pl.lit(subject),
                hour_at=pl.col("started_at").dt.truncate("1h"),
            )
            for frame, subject in ((rows, "llm_call"), (runs, "run"))
        ]
    )
    store.replace(
        Replacement("llm_calls", rows.select("trace_id", "span_id"), rows, within={"started_at": within}),
        Replacement("runs", runs.select("run_id"), runs),
        appends={"touched_sessions": sessions.unique(), "touched_hours": hours.unique()},
    )


def _price_runs(store: Store, changed: pl.DataFrame) -> pl.DataFrame:
    """Return the runs of the changed calls with their cost added up again."""
    asked = changed.select("run_id").drop_nulls().unique()
    runs = store.select("pricing/runs", frames={"asked": asked})
    new = changed.select("trace_id", "span_id", "cost_usd", "cost_status")
    parts = (
        store.select("pricing/run_costs", _reach(runs, changed), {"asked": asked})
        .join(new, on=["trace_id", "span_id"], how="left", suffix="_new")
        .with_columns(
            cost_usd=pl.when(pl.col("cost_status").is_null())
            .then("cost_usd")
            .otherwise(pl.col("cost_usd_new").cast(pl.Decimal(38, 12))),
            unpriced=pl.when(pl.col("cost_status").is_null())
            .then("unpriced")
            .otherwise((~pl.col("cost_status").is_in(["priced", "free"])).cast(pl.Int64)),
        )
    )
    costs = parts.group_by("run_id").agg(
        pl.when(pl.col("cost_usd").is_not_null().any()).then(pl.col("cost_usd").sum()).alias("cost_usd"),
        pl.col("unpriced").sum().cast(pl.Int64).alias("unpriced_calls"),
    )
    return runs.drop("cost_usd", "unpriced_calls").join(costs, on="run_id", how="inner")


def _reach(runs: pl.DataFrame, changed: pl.DataFrame) -> dict[str, object]:
    """Return bounds of time in which all calls of the runs lie, with a day to spare."""
    moments = pl.concat([runs["started_at"], runs["ended_at"].drop_nulls(), changed["started_at"]])
    return (
        moments.to_frame("at")
        .select(first=pl.col("at").min() - DAY, until=pl.col("at").max() + DAY)
        .row(0, named=True)
    )
