"""The key figures of overview, from the frames of `dashboard.data` to tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from analytics.metrics import METRICS, say_meaning
from analytics.metrics.definitions import RESOLVED
from analytics.metrics.percentiles import percentile_by_group
from dashboard.changes import compare_amounts, compare_counts, compare_rates
from dashboard.components import Tile
from dashboard.data import Overview, Period
from dashboard.filters import Filters, link_traces
from dashboard.formats import NO_DATA, NO_PRICE, format_count, format_duration, format_rate, format_usd

SMALL: Final = 30


@dataclass(frozen=True)
class Money:
    """A sum of money and how many calls are missing in it; `usd` of None: nothing is priced."""

    usd: Decimal | None
    calls: int
    unpriced_calls: int

    def say(self) -> str:
        """Return the sum in words, with “at least” where calls have no price."""
        if self.usd is None:
            return NO_PRICE if self.calls else NO_DATA
        return format_usd(self.usd, at_least=self.unpriced_calls > 0)


def find_percentiles(latency: pl.DataFrame, bins: int, qs: Sequence[float]) -> list[list[float | None]]:
    """Return for each q a value in ms per bin, None where a bin has no run; `latency` has bin, bucket, events."""
    found: list[list[float | None]] = []
    for q in qs:
        values: list[float | None] = [None] * bins
        for index, value in percentile_by_group(latency, ["bin"], q).select("bin", "value").iter_rows():
            if 0 <= index < bins:
                values[index] = value
        found.append(values)
    return found


def percentiles_of(latency: pl.DataFrame, qs: Sequence[float]) -> list[float | None]:
    """Return percentiles in ms over all bins; None without a run."""
    found = [percentile_by_group(latency, [], q)["value"] for q in qs]
    return [values[0] if len(values) else None for values in found]


def sum_money(frames: Sequence[pl.DataFrame]) -> Money:
    """Return the cost of calls over frames with cost_usd and maybe calls and unpriced_calls."""
    known = [frame["cost_usd"].drop_nulls() for frame in frames]
    parts = [series.sum() for series in known if len(series)]
    first = frames[0]
    return Money(
        usd=sum((Decimal(str(part)) for part in parts), Decimal(0)) if parts else None,
        calls=int(first["calls"].sum()),
        unpriced_calls=int(first["unpriced_calls"].sum()),
    )


def spread(frame: pl.DataFrame, column: str, bins: int) -> list[float]:
    """Return the sum of a column per bin, 0 for a bin without rows."""
    sums = [0.0] * bins
    for index, value in frame.select("bin", pl.col(column).cast(pl.Float64)).iter_rows():
        if 0 <= index < bins and value is not None:
            sums[index] += value
    return sums


def divide(parts: Sequence[float], wholes: Sequence[float]) -> list[float | None]:
    """Return quotients, None where the divisor is 0."""
    return [part / whole if whole else None for part, whole in zip(parts, wholes, strict=True)]


def count_of(frame: pl.DataFrame, column: str, *outcomes: str) -> int:
    """Return a sum of counts, of all rows or of those with one of `outcomes`."""
    chosen = frame.filter(pl.col("outcome").is_in(outcomes)) if outcomes else frame
    return int(chosen[column].sum())


def build_tiles(overview: Overview, filters: Filters) -> list[Tile]:
    """Return the six key figures of a window."""
    return [
        _runs_tile(overview, filters),
        _success_tile(overview, filters),
        _latency_tile(overview, filters),
        _cost_tile(overview, filters),
        _resolution_tile(overview, filters),
        _tools_tile(overview, filters),
    ]


def _runs_tile(overview: Overview, filters: Filters) -> Tile:
    now, before = overview.now, overview.before
    count, earlier = count_of(now.runs, "runs"), count_of(before.runs, "runs")
    unfinished = count - count_of(now.runs, "runs", "success", "failure", "escalated")
    return Tile(
        title=METRICS["run_count"].title,
        value=format_count(count),
        beside=[f"{format_count(unfinished)} unfinished"] if unfinished else [],
        change=compare_counts(count, earlier, words=now.window.words),
        spark=spread(now.runs, "runs", now.window.bins),
        spark_kind="bar",
        link=link_traces(now.window.name, filters),
        help=say_meaning(METRICS["run_count"]),
    )


def _ended(period: Period) -> pl.DataFrame:
    return period.runs.filter(pl.col("outcome").is_not_null())


def _success_tile(overview: Overview, filters: Filters) -> Tile:
    now, before = overview.now, overview.before
    hits = (count_of(now.runs, "runs", "success"), count_of(before.runs, "runs", "success"))
    totals = (count_of(_ended(now), "runs"), count_of(_ended(before), "runs"))
    failures, escalations = count_of(now.runs, "runs", "failure"), count_of(now.runs, "runs", "escalated")
    bins = now.window.bins
    good = spread(now.runs.filter(pl.col("outcome") == "success"), "runs", bins)
    return Tile(
        title=METRICS["success_rate"].title,
        value=format_rate(hits[0] / totals[0]) if totals[0] else NO_DATA,
        beside=[f"{format_count(failures)} failed", f"{format_count(escalations)} escalated"],
        change=compare_rates(hits, totals, words=now.window.words, is_rise_bad=False),
        spark=divide(good, spread(_ended(now), "runs", bins)),
        link=link_traces(now.window.name, filters, outcome="failure"),
        help=say_meaning(METRICS["success_rate"]),
        is_small=totals[0] < SMALL,
        is_unknown=not totals[0],
    )


def _latency_tile(overview: Overview, filters: Filters) -> Tile:
    now, before = overview.now, overview.before
    qs = (0.5, 0.95, 0.99)
    p50, p95, p99 = percentiles_of(now.latency, qs)
    earlier = percentiles_of(before.latency, qs)[1]
    counts = (int(now.latency["events"].sum()), int(before.latency["events"].sum()))
    more = {"sort": "slowest"} if p95 is None else {"sort": "slowest", "slower": f"{p95 / 1e3:.3g}"}
    return Tile(
        title=METRICS["run_p95_ms"].title,
        value=format_duration(p95),
        beside=[] if p50 is None else [f"p50 {format_duration(p50)}", f"p99 {format_duration(p99)}"],
        change=compare_amounts(p95, earlier, events=counts, words=now.window.words, is_rise_bad=True),
        spark=find_percentiles(now.latency, now.window.bins, [0.95])[0],
        link=link_traces(now.window.name, filters, **more),
        help=say_meaning(METRICS["run_p95_ms"]),
        is_small=counts[0] < SMALL,
        is_unknown=p95 is None,
    )


def _cost_tile(overview: Overview, filters: Filters) -> Tile:
    now, before = overview.now, overview.before
    money, earlier = sum_money([now.calls, now.tools]), sum_money([before.calls, before.tools])
    runs = count_of(now.runs, "runs")
    per_run = (
        format_usd(money.usd / runs, at_least=money.unpriced_calls > 0)
        if money.usd is not None and runs
        else ""
    )
    bins = now.window.bins
    both = zip(spread(now.calls, "cost_usd", bins), spread(now.tools, "cost_usd", bins), strict=True)
    return Tile(
        title=METRICS["cost_usd"].title,
        value=money.say(),
        beside=[f"{per_run} a run"] if per_run else [],
        change=compare_amounts(
            None if money.usd is None else float(money.usd),
            None if earlier.usd is None else float(earlier.usd),
            events=(money.calls, earlier.calls),
            words=now.window.words,
            is_rise_bad=True,
        ),
        spark=[left + right for left, right in both],
        link=link_traces(now.window.name, filters, sort="dearest"),
        help=say_meaning(METRICS["cost_usd"]),
        is_unknown=money.usd is None,
    )


def _resolution_tile(overview: Overview, filters: Filters) -> Tile:
    now, before = overview.now, overview.before
    (value, resolved, closed, unpriced), (earlier, *_) = cost_per_resolution(now), cost_per_resolution(before)
    before_resolved = count_of(before.cases, "cases", *RESOLVED)
    bins = now.window.bins
    done = spread(now.cases.filter(pl.col("outcome").is_in(RESOLVED)), "cases", bins)
    is_hidden = bool(filters.model)
    return Tile(
        title=METRICS["cost_per_resolution_usd"].title,
        value=NO_DATA if value is None or is_hidden else format_usd(value, at_least=unpriced > 0),
        beside=["cases span models"]
        if is_hidden
        else [f"{format_count(resolved)} of {format_count(closed)} cases"],
        change=compare_amounts(
            None if is_hidden else value,
            earlier,
            events=(resolved, before_resolved),
            words=now.window.words,
            is_rise_bad=True,
        ),
        spark=[] if is_hidden else divide(spread(now.cases, "cost_usd", bins), done),
        link=link_traces(now.window.name, filters, sort="dearest", outcome="failure"),
        help=say_meaning(METRICS["cost_per_resolution_usd"]),
        is_small=resolved < SMALL,
        is_unknown=value is None or is_hidden,
    )


def cost_per_resolution(period: Period) -> tuple[float | None, int, int, int]:
    """Return cost of all closed cases ÷ resolved ones (None without one), resolved, closed, unpriced calls."""
    cost = period.cases["cost_usd"].drop_nulls()
    resolved, closed = count_of(period.cases, "cases", *RESOLVED), count_of(period.cases, "cases")
    value = float(cost.sum()) / resolved if resolved and len(cost) else None
    return value, resolved, closed, int(period.cases["unpriced_calls"].sum())


def _tools_tile(overview: Overview, filters: Filters) -> Tile:
    now, before = overview.now, overview.before
    hits = (int(now.tools["failures"].sum()), int(before.tools["failures"].sum()))
    totals = (int(now.tools["calls"].sum()), int(before.tools["calls"].sum()))
    bins = now.window.bins
    return Tile(
        title=METRICS["tool_failure_rate"].title,
        value=format_rate(hits[0] / totals[0]) if totals[0] else NO_DATA,
        beside=[f"{format_count(hits[0])} of {format_count(totals[0])} calls"]
        if totals[0]
        else ["no tool calls"],
        change=compare_rates(hits, totals, words=now.window.words, is_rise_bad=True),
        spark=divide(spread(now.tools, "failures", bins), spread(now.tools, "calls", bins)),
        link=link_traces(now.window.name, filters, failed_tools="true"),
        help=say_meaning(METRICS["tool_failure_rate"]),
        is_small=totals[0] < SMALL,
        is_unknown=not totals[0],
    )


@dataclass(frozen=True)
class Unpriced:
    """Calls whose cost is unknown or only partly known."""

    calls: int
    unpriced_calls: int
    models: tuple[str, ...]


def find_unpriced(calls: pl.DataFrame) -> Unpriced:
    """Return how many of the model calls lack a price and of which models, the most frequent first."""
    lacking = (
        calls.filter(pl.col("unpriced_calls") > 0)
        .with_columns(pl.col("model").fill_null("unnamed model"))
        .group_by("model")
        .agg(pl.col("unpriced_calls").sum())
        .sort("unpriced_calls", "model", descending=[True, False])
    )
    return Unpriced(int(calls["calls"].sum()), int(lacking["unpriced_calls"].sum()), tuple(lacking["model"]))
