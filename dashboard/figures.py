"""The key figures of overview, from the frames of `dashboard.data` to tiles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from analytics.metrics import METRICS, say_meaning
from analytics.metrics.definitions import RESOLVED, RUN_OUTCOMES
from dashboard.bins import Parts, add_up, divide, total
from dashboard.changes import compare_amounts, compare_counts, compare_rates
from dashboard.components import Tile
from dashboard.data import QUANTILES, Overview, Period
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


def sum_money(period: Period) -> Money:
    """Return the cost of the model and tool calls of a window."""
    known = [costs for costs in (period.calls["cost_usd"], period.tools["cost_usd"]) if costs]
    return Money(
        usd=sum((Decimal(str(total(costs))) for costs in known), Decimal(0)) if known else None,
        calls=int(total(period.calls["calls"])),
        unpriced_calls=int(total(period.calls["unpriced_calls"])),
    )


def count_of(parts: Parts, *names: str) -> int:
    """Return a sum of counts, of all parts or of some."""
    return int(total(parts, *names))


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
    count, earlier = count_of(now.runs), count_of(before.runs)
    unfinished = count - count_of(now.runs, *RUN_OUTCOMES)
    return Tile(
        title=METRICS["run_count"].title,
        value=format_count(count),
        beside=[f"{format_count(unfinished)} unfinished"] if unfinished else [],
        change=compare_counts(count, earlier, words=now.window.words),
        spark=add_up(now.runs),
        spark_kind="bar",
        link=link_traces(now.window.name, filters),
        help=say_meaning(METRICS["run_count"]),
    )


def _success_tile(overview: Overview, filters: Filters) -> Tile:
    now, before = overview.now, overview.before
    hits = (count_of(now.runs, "success"), count_of(before.runs, "success"))
    totals = (count_of(now.runs, *RUN_OUTCOMES), count_of(before.runs, *RUN_OUTCOMES))
    failures, escalations = count_of(now.runs, "failure"), count_of(now.runs, "escalated")
    ended = add_up({outcome: bins for outcome, bins in now.runs.items() if outcome is not None})
    good = now.runs.get("success") or [0.0] * len(ended)
    return Tile(
        title=METRICS["success_rate"].title,
        value=format_rate(hits[0] / totals[0]) if totals[0] else NO_DATA,
        beside=[f"{format_count(failures)} failed", f"{format_count(escalations)} escalated"],
        change=compare_rates(hits, totals, words=now.window.words, is_rise_bad=False),
        spark=divide(good, ended),
        link=link_traces(now.window.name, filters, outcome="failure"),
        help=say_meaning(METRICS["success_rate"]),
        is_small=totals[0] < SMALL,
        is_unknown=not totals[0],
    )


def _latency_tile(overview: Overview, filters: Filters) -> Tile:
    now, before = overview.now, overview.before
    p50, p95, p99 = (now.percentiles[q] for q in QUANTILES)
    counts = (now.timed_runs, before.timed_runs)
    more = {"sort": "slowest"} if p95 is None else {"sort": "slowest", "slower": f"{p95 / 1e3:.3g}"}
    return Tile(
        title=METRICS["run_p95_ms"].title,
        value=format_duration(p95),
        beside=[] if p50 is None else [f"p50 {format_duration(p50)}", f"p99 {format_duration(p99)}"],
        change=compare_amounts(
            p95, before.percentiles[0.95], events=counts, words=now.window.words, is_rise_bad=True
        ),
        spark=now.percentiles_by_bin[0.95],
        link=link_traces(now.window.name, filters, **more),
        help=say_meaning(METRICS["run_p95_ms"]),
        is_small=counts[0] < SMALL,
        is_unknown=p95 is None,
    )


def _cost_tile(overview: Overview, filters: Filters) -> Tile:
    now, before = overview.now, overview.before
    money, earlier = sum_money(now), sum_money(before)
    runs = count_of(now.runs)
    per_run = (
        format_usd(money.usd / runs, at_least=money.unpriced_calls > 0)
        if money.usd is not None and runs
        else ""
    )
    spent = [*now.calls["cost_usd"].values(), *now.tools["cost_usd"].values()]
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
        spark=[sum(value or 0.0 for value in column) for column in zip(*spent, strict=True)],
        link=link_traces(now.window.name, filters, sort="dearest"),
        help=say_meaning(METRICS["cost_usd"]),
        is_unknown=money.usd is None,
    )


def _resolution_tile(overview: Overview, filters: Filters) -> Tile:
    now, before = overview.now, overview.before
    (value, resolved, closed, unpriced), (earlier, *_) = cost_per_resolution(now), cost_per_resolution(before)
    before_resolved = count_of(before.cases["cases"], *RESOLVED)
    done = add_up({name: now.cases["cases"][name] for name in RESOLVED if name in now.cases["cases"]})
    cost = add_up(now.cases["cost_usd"]) if done else []
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
        spark=[] if is_hidden else divide(cost or [None] * len(done), done),
        link=link_traces(now.window.name, filters, sort="dearest", outcome="failure"),
        help=say_meaning(METRICS["cost_per_resolution_usd"]),
        is_small=resolved < SMALL,
        is_unknown=value is None or is_hidden,
    )


def cost_per_resolution(period: Period) -> tuple[float | None, int, int, int]:
    """Return cost of all closed cases ÷ resolved ones (None without one), resolved, closed, unpriced calls."""
    cost, cases = period.cases["cost_usd"], period.cases["cases"]
    resolved, closed = count_of(cases, *RESOLVED), count_of(cases)
    value = total(cost) / resolved if resolved and cost else None
    return value, resolved, closed, count_of(period.cases["unpriced_calls"])


def _tools_tile(overview: Overview, filters: Filters) -> Tile:
    now, before = overview.now, overview.before
    hits = (count_of(now.tools["failures"]), count_of(before.tools["failures"]))
    totals = (count_of(now.tools["calls"]), count_of(before.tools["calls"]))
    calls = add_up(now.tools["calls"])
    failures = add_up(now.tools["failures"]) or [None] * len(calls)
    return Tile(
        title=METRICS["tool_failure_rate"].title,
        value=format_rate(hits[0] / totals[0]) if totals[0] else NO_DATA,
        beside=[f"{format_count(hits[0])} of {format_count(totals[0])} calls"]
        if totals[0]
        else ["no tool calls"],
        change=compare_rates(hits, totals, words=now.window.words, is_rise_bad=True),
        spark=divide(failures, calls),
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


def find_unpriced(period: Period) -> Unpriced:
    """Return how many of the model calls lack a price and of which models, the most frequent first."""
    lacking: Counter[str] = Counter()
    for model, counts in period.calls["unpriced_calls"].items():
        lacking[model or "unnamed model"] += int(sum(count or 0 for count in counts))
    ranked = sorted((-count, model) for model, count in lacking.items() if count)
    return Unpriced(
        count_of(period.calls["calls"]), sum(lacking.values()), tuple(model for _, model in ranked)
    )
