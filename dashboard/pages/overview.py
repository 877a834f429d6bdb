"""Overview: does it work, how fast, what does it cost, which tool fails, and who must be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

from dashboard.bins import Bins, Parts, divide
from dashboard.changes import compare_rates
from dashboard.charts.cost import OTHERS, draw_cost
from dashboard.charts.latency import draw_latency
from dashboard.charts.outcomes import draw_outcomes
from dashboard.charts.template import show
from dashboard.components import Column, Line, cell, show_notice, show_table, show_tiles
from dashboard.data import Overview, read_choices, read_firing_alerts, read_overview
from dashboard.figures import SMALL, build_tiles, find_unpriced
from dashboard.filters import Filters, Link, link_page, link_traces
from dashboard.formats import (
    GAP,
    format_count,
    format_instant,
    format_rate,
    format_signed,
    format_window,
    shorten,
)
from dashboard.navigation import click_key, leave
from dashboard.standout_notices import find_troubles, show_troubles
from dashboard.theme import Palette
from dashboard.view import Screen, View, card, show_screen, two_cards

TOOLS_SHOWN: Final = 8
FULL_BAR: Final = 0.2


def render() -> None:
    """Draw the page."""
    show_screen(
        Screen("Overview", "", read_overview, _show_figures, is_empty=_is_empty, announce=_show_alerts)
    )


def _is_empty(overview: Overview) -> bool:
    return not overview.now.runs and not overview.now.calls["calls"]


def _show_alerts() -> None:
    alerts = read_firing_alerts().value
    if not alerts:
        return
    count = len(alerts)
    worst = alerts[0]
    more = f" · and {count - 1} more" if count > 1 else ""
    reason = str(worst["reason"] or "no reason given")
    since = format_instant(cast("datetime | None", worst["fired_at"]), with_zone=True)
    show_notice(
        f"{worst['alert']}: {reason.rstrip('.')} · since {since}{more}",
        title=f"{count} {'alert' if count == 1 else 'alerts'} firing",
        tone="error",
        link=Link("alerts", {}),
        link_text="Show them",
        key="alerts",
    )


def _show_figures(overview: Overview, view: View) -> None:
    chosen, colours = view.filters, view.colours
    window = overview.now.window
    before = overview.before.window
    notes = [
        format_window(window.start, window.until),
        f"compared with {format_window(before.start, before.until)}",
    ]
    if chosen.model:
        notes.append("runs that called the chosen models")
    show_notice(" · ".join(notes), is_plain=True, key="window")
    show_tiles(build_tiles(overview, chosen), key="tiles")
    _show_deleted(overview)
    show_troubles(find_troubles(_per_bin(overview), overview.tool_errors), window, chosen)
    _show_partial_cost(overview, chosen)
    left, right = two_cards()
    with left, card("Runs by outcome", "outcomes"):
        _show_outcomes(overview, chosen, colours)
    with right, card("Run latency", "latency"):
        _show_latency(overview, colours)
    left, right = two_cards()
    with left, card("Cost by model", "cost"):
        _show_cost(overview, chosen, colours)
    with right, card("Tool failures", "tools"):
        _show_tools(overview, chosen)


def _show_deleted(overview: Overview) -> None:
    gone = [
        words
        for words, period in (("this window", overview.now), ("the earlier one", overview.before))
        if period.is_partial
    ]
    if gone:
        show_notice(
            f"Retention has deleted facts of {' and '.join(gone)}; figures speak of what is left.",
            title="Figures are partial.",
            key="partial_figures",
        )


def _show_partial_cost(overview: Overview, chosen: Filters) -> None:
    unpriced = find_unpriced(overview.now)
    if not unpriced.unpriced_calls:
        return
    more = f" and {len(unpriced.models) - 3} more" if len(unpriced.models) > 3 else ""
    names = ", ".join(shorten(model, 48) for model in unpriced.models[:3]) + more
    share = format_rate(unpriced.unpriced_calls / unpriced.calls)
    show_notice(
        f"{format_count(unpriced.unpriced_calls)} of {format_count(unpriced.calls)} model calls ({share}) have no "
        f"complete price: {names}.",
        title="Cost is partial.",
        tone="warning",
        link=link_traces(overview.now.window.name, chosen, unpriced="true"),
        link_text="Show the runs",
        key="partial_cost",
    )


def _show_outcomes(overview: Overview, chosen: Filters, colours: Palette) -> None:
    window = overview.now.window
    figure = draw_outcomes(overview.now.runs, window, colours)
    point = show(
        figure, key=click_key("outcomes"), is_clickable=True, alt="Bars of runs per outcome over the window"
    )
    if point:
        interval, outcome, _ = _custom(point)
        leave(link_traces(interval, chosen, outcome=outcome))


def _show_latency(overview: Overview, colours: Palette) -> None:
    window = overview.now.window
    show(
        draw_latency(overview.now.percentiles_by_bin, window, colours),
        key="latency",
        alt="Lines of the 50th, 95th and 99th percentile of run latency on a logarithmic axis",
    )


def _show_cost(overview: Overview, chosen: Filters, colours: Palette) -> None:
    window = overview.now.window
    known = (read_choices().value or {}).get("model", ())
    figure = draw_cost(overview.now.calls["cost_usd"], window, colours, known)
    point = show(
        figure, key=click_key("cost"), is_clickable=True, alt="Bars of cost per model over the window"
    )
    if point:
        interval, model, _ = _custom(point)
        named = chosen if model == OTHERS else replace(chosen, model=(model,))
        leave(link_traces(interval, named, sort="dearest"))


def _show_tools(overview: Overview, chosen: Filters) -> None:
    columns = [
        Column("Tool"),
        Column("Failed", "bar"),
        Column("Change", "number", "end", "in percentage points, against the earlier time"),
        Column("Trend", "spark", help="share of calls that failed, over the window"),
        Column("Calls", "number", "end"),
        Column("Top error"),
    ]
    lines = tool_lines(overview, chosen)
    show_table(
        columns,
        lines[:TOOLS_SHOWN],
        key="tools",
        caption="Tools by failure rate",
        nothing="No tool was called in this window.",
        is_bare=True,
    )
    if len(lines) > TOOLS_SHOWN:
        rest = len(lines) - TOOLS_SHOWN
        show_notice(
            f"{rest} more {'tool' if rest == 1 else 'tools'}, failing less", is_plain=True, key="more_tools"
        )


def _per_bin(overview: Overview) -> dict[str, tuple[Bins, Bins]]:
    """Return failures and calls per bin of every tool that has a name."""
    tools = overview.now.tools
    return {tool: (_failures(tools, tool), calls) for tool, calls in tools["calls"].items() if tool}


def _failures(tools: Mapping[str, Parts], tool: str | None) -> Bins:
    return tools["failures"].get(tool) or [0.0] * len(tools["calls"][tool])


@dataclass(frozen=True)
class _Counted:
    """How often a tool was called and failed, now and before."""

    tool: str | None
    calls: int
    failures: int
    calls_before: int
    failures_before: int

    @property
    def rate(self) -> float:
        return self.failures / self.calls

    @property
    def is_small(self) -> bool:
        return self.calls < SMALL


def _count(tool: str | None, overview: Overview) -> _Counted:
    def count(tools: Mapping[str, Parts], column: str) -> int:
        return int(sum(value or 0 for value in tools[column].get(tool, ())))

    now, before = overview.now.tools, overview.before.tools
    return _Counted(
        tool,
        count(now, "calls"),
        count(now, "failures"),
        count(before, "calls"),
        count(before, "failures"),
    )


def tool_lines(overview: Overview, chosen: Filters) -> list[Line]:
    """Return a row per tool, the one with the most failures for its calls first; small numbers are greyed."""
    counted = [_count(tool, overview) for tool in overview.now.tools["calls"]]
    ranked = sorted(
        (one for one in counted if one.calls),
        key=lambda one: (one.is_small, -one.rate, -one.calls, one.tool or ""),
    )
    top = {
        row["tool"]: row["error_type"] for row in reversed(list(overview.tool_errors.iter_rows(named=True)))
    }
    longest = max([FULL_BAR, *(one.rate for one in ranked if not one.is_small)])
    return [_tool_line(one, top, overview, chosen, longest) for one in ranked]


def _tool_line(
    counted: _Counted,
    top: Mapping[str | None, str | None],
    overview: Overview,
    chosen: Filters,
    longest: float,
) -> Line:
    tool, is_small = counted.tool, counted.is_small
    tools, window = overview.now.tools, overview.now.window
    tone = "error" if counted.failures and not is_small else "agent"
    return Line(
        key=tool or "",
        cells=[
            cell(tool or "unnamed tool", title=tool or ""),
            cell(
                format_rate(counted.rate),
                share=min(1.0, counted.rate / longest),
                is_quiet=is_small,
                tone=tone,
            ),
            _change_cell(counted),
            cell(
                "share that failed over the window",
                values=divide(_failures(tools, tool), tools["calls"][tool]),
            ),
            cell(format_count(counted.calls), is_quiet=is_small),
            cell(top[tool] or "unknown", title=top[tool] or "") if tool in top else None,
        ],
        link=link_page("tools", window.name, chosen, tool=tool) if tool else None,
    )


def _change_cell(counted: _Counted) -> dict[str, object] | None:
    if not counted.calls_before:
        return None
    difference = (counted.rate - counted.failures_before / counted.calls_before) * 100
    tone = compare_rates(
        (counted.failures, counted.failures_before),
        (counted.calls, counted.calls_before),
        words="",
        is_rise_bad=True,
    ).tone
    return cell(f"{format_signed(difference)}{GAP}pp", tone=tone, is_quiet=tone is None)


def _custom(point: Mapping[str, Any]) -> tuple[str, str, str]:
    first, second, third = (str(value) for value in point["customdata"][:3])
    return first, second, third
