"""Sentences about what stands out of a window, each leading to the runs that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import polars as pl

from dashboard.components import show_notice
from dashboard.filters import Filters, Window, link_traces, write_interval
from dashboard.formats import format_instant, format_rate, format_usd
from dashboard.standouts import Burst, DearDay, find_burst

BURSTS_SHOWN = 2
_ABOUT_USUAL = 0.15


@dataclass(frozen=True)
class Trouble:
    """A tool that failed much more in one stretch of a window than in the rest of it."""

    tool: str
    burst: Burst
    error: str
    """The most frequent type of error in it; empty where none was given."""


def find_troubles(
    tools: Mapping[str, tuple[Sequence[float | None], Sequence[float | None]]], errors: pl.DataFrame
) -> list[Trouble]:
    """Return tools with a burst of failures, the clearest first.

    `tools` holds failures and calls per bin by tool; `errors` tool, error_type, failures and, where known, bin.
    """
    found = [(tool, burst) for tool, (hits, calls) in tools.items() if (burst := find_burst(hits, calls))]
    ranked = sorted(found, key=lambda item: -item[1].evidence)[:BURSTS_SHOWN]
    return [Trouble(tool, burst, _top_error(errors, tool, burst)) for tool, burst in ranked]


def _top_error(errors: pl.DataFrame, tool: str, burst: Burst) -> str:
    own = errors.filter(pl.col("tool") == tool)
    if "bin" in own.columns:
        own = own.filter(pl.col("bin").is_between(burst.first, burst.last))
    sums = (
        own.group_by("error_type")
        .agg(pl.col("failures").sum())
        .sort("failures", "error_type", descending=True)
    )
    return str(sums["error_type"][0] or "") if sums.height else ""


def show_troubles(troubles: Sequence[Trouble], window: Window, filters: Filters) -> None:
    """Say which tools broke, when, how much, and with what."""
    for place, trouble in enumerate(troubles):
        burst = trouble.burst
        start, until = window.bin_start(burst.first), min(window.bin_start(burst.last + 1), window.until)
        lasts = burst.last == window.bins - 1
        when = (
            f"since {format_instant(start)}"
            if lasts
            else f"{format_instant(start)} – {format_instant(until)}"
        )
        mostly = f", mostly {trouble.error[:60]}" if trouble.error else ""
        show_notice(
            f"{format_rate(burst.rate)} of its calls failed {when} UTC{mostly}; {format_rate(burst.rate_outside)} "
            "in the rest of the time.",
            title=f"{trouble.tool[:80]} {'fails' if lasts else 'broke'}",
            tone="error" if lasts else "warning",
            link=link_traces(_interval(start, until), filters, tool=trouble.tool, failed_tools="true"),
            link_text="Show these runs",
            key=f"trouble_{place}",
        )  # fmt: skip


def _interval(start: datetime, until: datetime) -> str:
    minute = until.replace(second=0, microsecond=0)
    return write_interval(start, minute if minute == until else minute + timedelta(minutes=1))


def show_dear_day(found: DearDay, filters: Filters) -> None:
    """Say which day cost more than such days do, and what that is due to."""
    midnight = datetime.combine(found.day, time(), UTC)
    part = " of ".join(str(value or "no name")[:60] for value in found.part.values())
    more = found.cost_usd - found.usual_usd
    is_usual = abs(found.calls_ratio - 1) < _ABOUT_USUAL
    calls = (
        "as many model calls as usual"
        if is_usual
        else f"{found.calls_ratio:.1f}× as many model calls as usual"
    )
    named = {name: value for name, value in found.part.items() if value}
    show_notice(
        f"Of the {format_usd(more)} more, {format_usd(min(found.part_usd, more))} went to {part}; {calls}.",
        title=f"{midnight:%A} {found.day.day} {found.day:%b} cost {format_usd(found.cost_usd)}, "
        f"{found.ratio:.1f}× a usual {'weekend day' if found.day.weekday() >= 5 else 'weekday'}.",
        link=link_traces(
            write_interval(midnight, midnight + timedelta(days=1)), filters.only(**named), sort="dearest"
        ),
        link_text="Show its dearest runs",
        key="dear_day",
    )
