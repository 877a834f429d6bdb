"""What overview, traces, the trace and the frame ask of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import polars as pl

from analytics.metrics import distribution, part, totals
from analytics.metrics.definitions import Part
from analytics.metrics.percentiles import percentile_by_group
from analytics.metrics.reading import REACH
from analytics.metrics.reading import Reading as Answer
from dashboard.bins import Bins, Parts, spread_by
from dashboard.filters import Filters, Window
from dashboard.reading import Reading, ask_together, cache_answers, read, select
from dashboard.services import current

PAGE_ROWS: Final = 100
QUANTILES: Final = (0.5, 0.95, 0.99)
SPAN_LIMIT: Final = 20_000


@dataclass(frozen=True)
class Period:
    """What overview shows of one window, per bin of it.

    Attributes:
        runs: runs by outcome.
        calls: calls, cost_usd and unpriced_calls by model.
        tools: calls, failures and cost_usd by tool.
        cases: cases, cost_usd and unpriced_calls by outcome.
        timed_runs: the runs that percentiles rest on.
        percentiles: of the duration of runs in ms, for each of QUANTILES.
        percentiles_by_bin: the same, per bin.
    """

    window: Window
    runs: Parts
    calls: Mapping[str, Parts]
    tools: Mapping[str, Parts]
    cases: Mapping[str, Parts]
    timed_runs: int
    percentiles: Mapping[float, float | None]
    percentiles_by_bin: Mapping[float, Bins]
    is_partial: bool = False
    """Retention has deleted facts that it needs: it speaks of the rest."""


@dataclass(frozen=True)
class Overview:
    """A window, the equal one before it, and what is said beside them."""

    now: Period
    before: Period
    tool_errors: pl.DataFrame


@dataclass(frozen=True)
class Arrivals:
    """What has arrived at all: number of spans, and when the last load was committed (UTC; None: never)."""

    spans: int
    last_at: datetime | None


def window_params(window: Window, filters: Filters) -> dict[str, object]:
    """Return the parameters of the queries that look at a window."""
    return {
        "start": window.start,
        "until": window.until,
        "reach": window.until + REACH,
        "bin_s": window.bin_s,
        "fresh_from": window.fresh_from,
        **filters.params(),
    }


_SUMS: Final[dict[str, dict[str, Part]]] = {
    "runs": {"runs": part("run")},
    "calls": {
        "calls": part("llm_call"),
        "cost_usd": part("llm_call", "cost_usd"),
        "unpriced_calls": part("llm_call", "unpriced_calls"),
    },
    "tools": {
        "calls": part("tool_call"),
        "failures": part("tool_call", outcome="error"),
        "cost_usd": part("tool_call", "cost_usd"),
    },
    "cases": {
        "cases": part("case"),
        "cost_usd": part("case", "cost_usd"),
        "unpriced_calls": part("case", "unpriced_calls"),
    },
}
"""Sums that overview shows, by frame and column."""
_SPLIT_BY: Final = {"runs": "outcome", "calls": "model", "tools": "tool", "cases": "outcome"}


def _build_period(window: Window, first: int, found: Mapping[str, Answer], latency: Answer) -> Period:
    """Return one of the two windows that were read: its bins begin with number `first`."""
    numbers = range(first, first + window.bins)
    sums = {
        name: {
            column: spread_by(answer.rows, _SPLIT_BY[name], column, window.bins, first=first)
            for column in _SUMS[name]
        }
        for name, answer in found.items()
    }
    own = latency.rows.filter(pl.col("bin").is_between(numbers[0], numbers[-1]))
    percentiles: dict[float, float | None] = {}
    by_bin: dict[float, Bins] = {}
    for q in QUANTILES:
        whole = percentile_by_group(own, [], q)["value"]
        percentiles[q] = whole[0] if len(whole) else None
        values = dict(percentile_by_group(own, ["bin"], q).select("bin", "value").iter_rows())
        by_bin[q] = [values.get(number) for number in numbers]
    return Period(
        window=window,
        runs=sums["runs"]["runs"],
        calls=sums["calls"],
        tools=sums["tools"],
        cases=sums["cases"],
        timed_runs=int(own["events"].sum()),
        percentiles=percentiles,
        percentiles_by_bin=by_bin,
        is_partial=any(not answer.gaps.isdisjoint(numbers) for answer in (latency, *found.values())),
    )


@cache_answers(ttl=60, max_entries=64)
def _load_overview(window: Window, filters: Filters) -> Overview:
    everywhere, before = filters.where(), window.earlier()
    of_cases = {name: values for name, values in everywhere.items() if name != "model"}
    step, back = timedelta(seconds=window.bin_s), window.start - before.start
    store, both = (
        current().store,
        {"start": window.start, "end": window.until, "step": step, "before": back},
    )
    errors, latency, *sums = ask_together(
        partial(select, "overview/tool_errors", window_params(window, filters)),
        partial(distribution, store, part("run"), "duration_ms", **both, where=everywhere),
        *(
            partial(totals, store, sums, **both, where=of_cases if name == "cases" else everywhere,
                    group_by=[_SPLIT_BY[name]])
            for name, sums in _SUMS.items()
        ),
    )  # fmt: skip
    found = dict(zip(_SUMS, sums, strict=True))
    return Overview(
        _build_period(window, 0, found, latency),
        _build_period(before, -(back // step), found, latency),
        errors,
    )


def read_overview(window: Window, filters: Filters) -> Reading[Overview]:
    """Return the figures of a window."""
    return read(("overview", window.name, filters), lambda: _load_overview(window, filters))


@cache_answers(ttl=60, max_entries=2)
def _load_choices(since: datetime) -> dict[str, list[str]]:
    choices: dict[str, list[str]] = {}
    for row in select("overview/choices", {"since": since}).iter_rows(named=True):
        choices.setdefault(row["dimension"], []).append(row["choice"])
    return choices


def read_choices() -> Reading[dict[str, list[str]]]:
    """Return what there is to filter by, per dimension, the busiest first."""
    day = current().clock().replace(hour=0, minute=0, second=0, microsecond=0)
    return read("choices", lambda: _load_choices(day - timedelta(days=90)))


@cache_answers(ttl=10, max_entries=1)
def _load_arrivals() -> Arrivals:
    row = select("overview/freshness", {}).row(0, named=True)
    last_at = row["last_loaded_at"]
    return Arrivals(row["spans"] or 0, None if last_at is None else last_at.replace(tzinfo=UTC))


def read_arrivals() -> Reading[Arrivals]:
    """Return how much has arrived and when the last of it did."""
    return read("arrivals", _load_arrivals)


@cache_answers(ttl=10, max_entries=1)
def _load_alerts() -> list[dict[str, object]]:
    return select("overview/firing_alerts", {}).to_dicts()


def read_firing_alerts() -> Reading[list[dict[str, object]]]:
    """Return the alerts that fire, the worst first; at most 50."""
    return read("alerts", _load_alerts)


@dataclass(frozen=True, slots=True)
class Search:
    """Which runs the list shows beside window and filters, and in which order."""

    outcome: tuple[str, ...] = ()
    tool: str = ""
    text: str = ""
    said: str = ""
    version: str = ""
    tenant: str = ""
    prompt: str = ""
    failure_class: str = ""
    error: str = ""
    min_duration_ms: float = 0.0
    min_cost_usd: float = 0.0
    only_unpriced: bool = False
    only_tool_failures: bool = False
    marked: tuple[str, ...] | None = None
    """Ids of runs that people marked; None lets all through."""
    sort: str = "started"
    page: int = 1

    def params(self) -> dict[str, object]:
        """Return the parameters of `traces/runs` and `traces/outcomes`."""
        return {
            "outcomes": list(self.outcome) or ["*"],
            "tools": [self.tool] if self.tool else ["*"],
            "text": self.text,
            "said": self.said,
            "versions": [self.version or "*"],
            "tenants": [self.tenant or "*"],
            "prompts": [self.prompt or "*"],
            "classes": [self.failure_class or "*"],
            "marked": ["*"] if self.marked is None else list(self.marked) or [""],
            "errors": [self.error or "*"],
            "min_duration_ms": self.min_duration_ms,
            "min_cost_usd": self.min_cost_usd,
            "only_unpriced": self.only_unpriced,
            "only_tool_failures": self.only_tool_failures,
            "sort": self.sort,
            "page_rows": PAGE_ROWS,
            "skipped_rows": (max(1, self.page) - 1) * PAGE_ROWS,
        }


@dataclass(frozen=True)
class RunList:
    """A page of runs, and how all that match ended."""

    runs: pl.DataFrame
    outcomes: pl.DataFrame
    """bin, outcome, runs, cost_usd, unpriced_calls."""

    @property
    def count(self) -> int:
        """How many match, on all pages."""
        return int(self.outcomes["runs"].sum())


@cache_answers(ttl=60, max_entries=64)
def _load_runs(window: Window, filters: Filters, search: Search) -> RunList:
    params = {**window_params(window, filters), **search.params()}
    return RunList(
        *ask_together(lambda: select("traces/runs", params), lambda: select("traces/outcomes", params))
    )


def read_runs(window: Window, filters: Filters, search: Search) -> Reading[RunList]:
    """Return a page of the runs that match."""
    return read(("runs", window.name, filters, search), lambda: _load_runs(window, filters, search))


@dataclass(frozen=True)
class Trace:
    """A trace: its spans (at most SPAN_LIMIT, the earliest), its runs, and what of its input was cached."""

    trace_id: str
    spans: pl.DataFrame
    span_count: int
    runs: pl.DataFrame
    cached_tokens: dict[str, int | None]


@cache_answers(ttl=10, max_entries=16, max_size="256MB")
def _load_trace(trace_id: str) -> Trace | None:
    params = {"trace_id": trace_id, "span_limit": SPAN_LIMIT}
    spans = select("traces/spans", params)
    if spans.is_empty():
        return None
    count = spans.height
    if count == SPAN_LIMIT:
        count = int(select("traces/span_count", params).item())
    runs = select("traces/trace_runs", params)
    cached = select("traces/cached_tokens", params).row(0, named=True)
    return Trace(trace_id, spans, count, runs, cached)


def read_trace(trace_id: str) -> Reading[Trace]:
    """Return a trace; a value of None without failure means that no span of it is known."""
    return read(("trace", trace_id), lambda: _load_trace(trace_id))  # pyright: ignore[reportReturnType]


@cache_answers(ttl=60, max_entries=16, max_size="32MB")
def _load_arguments(trace_id: str) -> dict[str, dict[str, str | None]]:
    rows = select("traces/arguments", {"trace_id": trace_id}).iter_rows(named=True)
    return {row["span_id"]: row for row in rows}


def read_arguments(trace_id: str) -> Reading[dict[str, dict[str, str | None]]]:
    """Return the beginnings of arguments and results of a trace's tool calls, by span."""
    return read(("arguments", trace_id), lambda: _load_arguments(trace_id))


@cache_answers(ttl=60, max_entries=128, max_size="128MB")
def _load_span(trace_id: str, span_id: str) -> dict[str, object] | None:
    frame = select("traces/span", {"trace_id": trace_id, "span_id": span_id})
    return None if frame.is_empty() else frame.row(0, named=True)


def read_span(trace_id: str, span_id: str) -> Reading[dict[str, object]]:
    """Return one span with its content; a value of None without failure means that it is not known."""
    return read(("span", trace_id, span_id), lambda: _load_span(trace_id, span_id))  # pyright: ignore[reportReturnType]
