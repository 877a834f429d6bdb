"""Pricing history again: usage stays as it is, cost follows the present book."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from analytics.pricing.book import PriceBook
from analytics.pricing.costing import price_calls
from analytics.pricing.names import matches
from analytics.pricing.tools import price_tools
from analytics.pricing.versions import read_present, version_row
from analytics.touching import number_touch
from store.port import Replacement

if TYPE_CHECKING:
    from store import Store

ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2262, 1, 1, tzinfo=UTC))
DAY = timedelta(days=1)
MOST_CALLS = 150_000
"""Calls that are priced, and written, at once; a day of more is one stretch all the same."""
PRICE_COLUMNS = ("price_model", "cost_usd", "cost_status", "cost_version")

_CHANGES = {
    "day_at": pl.Datetime("us"),
    "model": pl.String,
    "calls": pl.Int64,
    "before_usd": pl.Decimal(38, 12),
    "after_usd": pl.Decimal(38, 12),
    "unpriced_before": pl.Int64,
    "unpriced_after": pl.Int64,
}


@dataclass(frozen=True)
class Order:
    """Which calls are priced again, and for whom."""

    first: datetime = ALWAYS[0]
    until: datetime = ALWAYS[1]
    model: str | None = None
    """Name, asterisks allowed, of the models asked for, answering or in the book; None: all, and tools too."""
    author: str = "spanledger"
    reason: str = "prices changed"


@dataclass(frozen=True)
class RepriceReport:
    """What pricing again changes or changed."""

    calls: int
    """Calls looked at."""
    changed_calls: int
    changes: pl.DataFrame
    """By day and model (tools by name), of the calls that change: day_at, model, calls, before_usd, after_usd,
    unpriced_before, unpriced_after."""
    cost_version: int | None = None
    """The version that was written; None when nothing changed, or on a dry run."""

    @property
    def before_usd(self) -> Decimal:
        """What the changed calls cost before."""
        return _add_up(self.changes["before_usd"])

    @property
    def after_usd(self) -> Decimal:
        """What they cost now."""
        return _add_up(self.changes["after_usd"])


def _add_up(amounts: pl.Series) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def reprice(
    store: Store, book: PriceBook, order: Order | None = None, *, dry_run: bool = False
) -> RepriceReport:
    """Price calls again by the present book; what changes is a new version of cost, some days a transaction.

    Runs take the new cost at once; sessions, cases and rollups follow when the data jobs run next.
    Hold the jobs off meanwhile (`Scheduler.paused`), so that none writes what is being replaced.
    """
    order = order or Order()
    looked_at, summaries = 0, list[pl.DataFrame]()
    version: int | None = None
    for begin, end in _list_stretches(store, order):
        usage = _pick(store.select("pricing/usage", {"first": begin, "until": end}), order)
        tools = _read_tools(store, order, begin, end)
        looked_at += usage.height + tools.height
        changed, changed_tools = _find_changed(_mark_answers(usage), book), _find_changed_tools(tools, book)
        if changed.is_empty() and changed_tools.is_empty():
            continue
        summary = pl.concat([_summarise(changed), _summarise(changed_tools)])
        summaries.append(summary)
        if not dry_run:
            version = version or _begin_version(store, order)
            _write(store, changed, changed_tools, summary, (begin, end), version)
    changes = pl.concat(summaries) if summaries else pl.DataFrame(schema=_CHANGES)
    report = RepriceReport(looked_at, int(changes["calls"].sum()), changes, version)
    if version is not None:
        _end_version(store, report, version)
    return report


def _list_stretches(store: Store, order: Order) -> Iterator[tuple[datetime, datetime]]:
    """Yield bounds of whole days within those of the order, together with few enough calls to hold in memory."""
    first: datetime | None = None
    last, held = order.first, 0
    days = store.select("pricing/days_of_calls", {"first": order.first, "until": order.until})
    for day, calls in days.select("day", "calls").iter_rows():
        begin = max(day.replace(tzinfo=UTC), order.first)
        if first is not None and held + calls > MOST_CALLS:
            yield first, last
            first, held = None, 0
        first = begin if first is None else first
        last, held = min(day.replace(tzinfo=UTC) + DAY, order.until), held + calls
    if first is not None:
        yield first, last


def _begin_version(store: Store, order: Order) -> int:
    """Write the row of a new version before anything refers to it, and return its number."""
    present = read_present(store)
    row = version_row(
        present.cost_version + 1,
        present.book_version,
        "reprice",
        present.fingerprint,
        author=order.author,
        reason=order.reason,
    )
    store.replace(appends={"cost_versions": row})
    return present.cost_version + 1


def _end_version(store: Store, report: RepriceReport, version: int) -> None:
    """Write into the row of the version what it changed."""
    key = pl.DataFrame({"cost_version": [version]})
    sums = key.with_columns(
        calls=pl.lit(report.changed_calls, pl.Int64),
        before_usd=pl.lit(report.before_usd).cast(pl.Decimal(38, 12)),
        after_usd=pl.lit(report.after_usd).cast(pl.Decimal(38, 12)),
    )
    store.replace(Replacement("cost_versions", key, sums, is_revision=True))


def _pick(calls: pl.DataFrame, order: Order) -> pl.DataFrame:
    """Return the calls whose model is asked for."""
    if order.model is None:
        return calls
    pattern = order.model.strip().lower()
    names = ("price_model", "request_model", "response_model")
    distinct = calls.select(names).unique()
    meant = [any(name and matches(pattern, name.lower()) for name in row) for row in distinct.iter_rows()]
    picked = distinct.filter(pl.Series(meant, dtype=pl.Boolean))
    return calls.join(picked, on=names, how="semi", nulls_equal=True, maintain_order="left")


def _read_tools(store: Store, order: Order, begin: datetime, end: datetime) -> pl.DataFrame:
    tools = store.select("pricing/tool_calls", {"first": begin, "until": end})
    return tools if order.model is None else tools.clear()


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


def _find_changed_tools(tools: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """Return the tool calls whose cost changes, newly priced, with what they cost before."""
    columns = ("cost_usd", "cost_status")
    before = tools.select(pl.col(name).alias(f"{name}_before") for name in columns)
    priced = pl.concat([price_tools(tools, book.tools), before], how="horizontal")
    return priced.filter(pl.any_horizontal(pl.col(n).ne_missing(pl.col(f"{n}_before")) for n in columns))


def _summarise(changed: pl.DataFrame) -> pl.DataFrame:
    is_tool = "tool" in changed.columns
    model = pl.col("tool") if is_tool else pl.coalesce("response_model", "request_model")

    def unpriced(status: str) -> pl.Expr:
        return pl.lit(0) if is_tool else (~pl.col(status).is_in(["priced", "free"])).sum()

    return (
        changed.group_by(day_at=pl.col("started_at").dt.truncate("1d"), model=model)
        .agg(
            calls=pl.len(),
            before_usd=pl.col("cost_usd_before").sum(),
            after_usd=pl.col("cost_usd").sum(),
            unpriced_before=unpriced("cost_status_before"),
            unpriced_after=unpriced("cost_status"),
        )
        .sort("day_at", "model")
        .cast(_CHANGES)  # pyright: ignore[reportArgumentType]
    )


def _write(
    store: Store,
    changed: pl.DataFrame,
    tools: pl.DataFrame,
    summary: pl.DataFrame,
    within: tuple[datetime, datetime],
    version: int,
) -> None:
    keys = ("trace_id", "span_id")
    numbered = changed.with_columns(cost_version=pl.lit(version, pl.Int64))
    calls = numbered.select(*keys, *PRICE_COLUMNS)
    executions = tools.select(*keys, "cost_usd", "cost_status")
    runs = _price_runs(store, changed, tools)
    touch = number_touch()
    sessions = runs.select(
        "started_at", load_seq=pl.lit(touch, pl.Int64), session_id=pl.coalesce("session_id", "run_id")
    )
    hours = pl.concat(
        [
            frame.select(hour_at=pl.col("started_at").dt.truncate("1h"))
            .unique()
            .with_columns(load_seq=pl.lit(touch, pl.Int64), subject=pl.lit(subject))
            for frame, subject in ((changed, "llm_call"), (tools, "tool_call"), (runs, "run"))
        ]
    )
    costs = runs.select("run_id", "cost_usd", "unpriced_calls")
    bounds = {"started_at": within}
    store.replace(
        Replacement("llm_calls", calls.select(keys), calls, bounds, is_revision=True),
        Replacement("tool_calls", executions.select(keys), executions, bounds, is_revision=True),
        Replacement("runs", costs.select("run_id"), costs, is_revision=True),
        appends={
            "touched_sessions": sessions.unique(),
            "touched_hours": hours,
            "cost_changes": summary.with_columns(cost_version=pl.lit(version)),
        },
    )


def _price_runs(store: Store, changed: pl.DataFrame, tools: pl.DataFrame) -> pl.DataFrame:
    """Return run_id, session_id, started_at, ended_at and cost of the changed calls' runs, added up again."""
    columns = ("run_id", "trace_id", "span_id", "started_at", "cost_usd", "cost_status")
    both = pl.concat([changed.select(columns), tools.select(columns)])
    asked = both.select("run_id").drop_nulls().unique()
    runs = store.select("pricing/runs", frames={"asked": asked})
    new = both.select("trace_id", "span_id", "cost_usd", "cost_status")
    parts = (
        store.select("pricing/run_costs", _reach(runs, both), {"asked": asked})
        .join(new, on=["trace_id", "span_id"], how="left", suffix="_new")
        # One engine answers a condition with a number.
        .with_columns(pl.col("is_tool").cast(pl.Boolean))
        .with_columns(
            cost_usd=pl.when(pl.col("cost_status").is_null())
            .then("cost_usd")
            .otherwise(pl.col("cost_usd_new").cast(pl.Decimal(38, 12))),
            unpriced=pl.when(pl.col("cost_status").is_null())
            .then("unpriced")
            .otherwise(
                (~pl.col("cost_status").is_in(["priced", "free"]) & ~pl.col("is_tool")).cast(pl.Int64)
            ),
        )
    )
    costs = parts.group_by("run_id").agg(
        pl.when(pl.col("cost_usd").is_not_null().any()).then(pl.col("cost_usd").sum()).alias("cost_usd"),
        pl.col("unpriced").sum().cast(pl.Int64).alias("unpriced_calls"),
    )
    return runs.join(costs, on="run_id", how="inner")


def _reach(runs: pl.DataFrame, changed: pl.DataFrame) -> dict[str, object]:
    """Return bounds of time in which all calls of the runs lie, with a day to spare."""
    moments = pl.concat([runs["started_at"], runs["ended_at"].drop_nulls(), changed["started_at"]])
    return (
        moments.to_frame("at")
        .select(first=pl.col("at").min() - DAY, until=pl.col("at").max() + DAY)
        .row(0, named=True)
    )
