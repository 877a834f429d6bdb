"""Cost: where the money goes, what a resolution costs, and what is not known about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl
import streamlit as st

from dashboard.address import choose_one, read_values
from dashboard.answers.cost import BY, Cost, read_cost, read_dear_day, read_forecast
from dashboard.answers.events import find_events
from dashboard.answers.measures import Figure
from dashboard.bins import Parts, add_up, divide, spread
from dashboard.budget_lines import COLUMNS, budget_line
from dashboard.changes import compare_amounts
from dashboard.charts.cost import OTHERS, draw_cost
from dashboard.charts.events import mark_events
from dashboard.charts.stacked import draw_stacked
from dashboard.charts.template import show
from dashboard.components import Change, Column, Line, Tile, cell, show_notice, show_table, show_tiles
from dashboard.data import read_choices
from dashboard.figures import SMALL
from dashboard.filters import Filters, Link, link_page, link_traces
from dashboard.formats import NO_DATA, format_count, format_rate, format_usd, format_window
from dashboard.metric_tiles import (
    PARTIAL,
    change_cell,
    lacks_price,
    metric_tile,
    show_partial,
    value_cell,
)
from dashboard.navigation import click_key, leave
from dashboard.pages.traces import run_line
from dashboard.reading import Reading
from dashboard.standout_notices import show_dear_day
from dashboard.unpriced_calls import show_unpriced_calls
from dashboard.view import Screen, View, card, show_screen, two_cards
from dashboard.waste_report import show_waste
from dashboard.what_if import show_what_if

PARTS_SHOWN: Final = 8
BUDGETS_SHOWN: Final = 6
TOKEN_KINDS: Final = ("fresh input", "read from cache", "written to cache", "answer", "reasoning")


def render() -> None:
    """Draw the page."""

    def read(window: Any, filters: Filters) -> Reading[Cost]:
        by = next(iter(read_values("by")), "model")
        return read_cost(window, filters, by if by in BY else "model")

    show_screen(
        Screen(
            "Cost",
            "cost",
            read,
            _draw,
            is_empty=_is_empty,
            what="model calls",
            choose=_choose,
            qualify=lambda cost: show_partial(cost.totals, cost.over_time),
        )
    )


def _choose() -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="by_row", gap="small"):
        st.text("By", width="content")
        choose_one("By", list(BY), "by", default="model")


def _is_empty(cost: Cost) -> bool:
    return not cost.parts and not cost.totals["llm_call_count"].n


def _draw(cost: Cost, view: View) -> None:
    window = cost.window
    show_notice(format_window(window.start, window.until), is_plain=True, key="window")
    _show_totals(cost, view)
    dear_day = read_dear_day(window, view.filters).value
    if dear_day:
        show_dear_day(dear_day, view.filters)
    _show_unknown(cost, view)
    left, right = two_cards()
    with left, card(f"Cost by {cost.by}", "cost_by"):
        _show_over_time(cost, view)
    with right, card("Where it goes", "parts"):
        _show_parts(cost, view)
    left, right = two_cards()
    with (
        left,
        card(
            "Tokens",
            "tokens",
            note="Cached input is cheaper than fresh input; reasoning is billed as output.",
        ),
    ):
        parts = token_parts(cost.usage, window.bins)
        show(draw_stacked(parts, window, view.colours, say=format_count, known=TOKEN_KINDS),
             key="tokens", alt="Bars of tokens by kind over the window")  # fmt: skip
    with right, card("Forecast and budgets", "budgets"):
        _show_forecast()
        _show_budgets(cost.budgets)
    show_waste(window, view.filters)
    show_what_if(window, cost.usage)
    with card("Dearest runs", "dearest"):
        show_table(
            DEAREST_COLUMNS, [dear_line(row) for row in cost.dearest.iter_rows(named=True)], key="dearest",
            caption="Dearest runs", nothing="No run of this window has a price.", is_bare=True,
        )  # fmt: skip
    show_unpriced_calls(cost.unpriced, window, view.filters)


def _show_totals(cost: Cost, view: View) -> None:
    window, totals, chosen = cost.window, cost.totals, view.filters
    spent = add_up(cost.over_time.values)
    dearest = link_traces(window.name, chosen, sort="dearest")
    tiles = [
        metric_tile(totals["cost_usd"], window, spark=spent, link=dearest),
        metric_tile(totals["cost_per_run_usd"], window, link=dearest,
                    beside=[f"{format_count(totals['cost_per_run_usd'].n)} runs"]),
        metric_tile(totals["cost_per_resolution_usd"], window, link=link_page("sessions", window.name, chosen),
                    beside=_say_cases(totals["resolution_rate"])),
        _per_tokens(cost),
        _cached(cost),
    ]  # fmt: skip
    show_tiles(tiles, key="tiles")


def _say_cases(resolution: Figure) -> list[str]:
    return (
        [f"{format_count(resolution.hits[0])} of {format_count(resolution.n)} cases"] if resolution.n else []
    )


def _per_tokens(cost: Cost) -> Tile:
    money, tokens = cost.totals["cost_usd"], cost.totals["tokens"]

    def divide(usd: float | None, count: float | None) -> float | None:
        return usd / count * 1e6 if usd is not None and count else None

    now, before = divide(money.value, tokens.value), divide(money.before, tokens.before)
    is_partial = money.is_partial or tokens.is_partial
    return Tile(
        title="Cost per 1 M tokens",
        value=format_usd(now, at_least=money.unpriced_calls > 0) if now is not None else NO_DATA,
        beside=[f"{format_count(tokens.value)} tokens", *([PARTIAL] if is_partial else [])],
        change=Change("")
        if is_partial or money.was_partial or tokens.was_partial
        else compare_amounts(
            now, before, events=(money.n, money.n_before), words=cost.window.words, is_rise_bad=True
        ),
        spark=[],
        help="Cost of the window ÷ its input and output tokens: what the mix of models and caches makes of a token.",
        is_unknown=now is None,
        is_small=money.n < SMALL,
    )


def _cached(cost: Cost) -> Tile:
    bins = cost.window.bins
    read, given = spread(cost.usage, "cache_read_tokens", bins), spread(cost.usage, "input_tokens", bins)
    is_known = any(given) and cost.usage["cache_read_tokens"].null_count() < cost.usage.height
    return Tile(
        title="Input from cache",
        value=format_rate(sum(read) / sum(given)) if is_known else "not reported",
        change=Change(""),
        spark=divide(read, given),
        help="Input tokens read from a provider's cache ÷ all input tokens, of the calls that said.",
        is_unknown=not is_known,
    )


def _show_unknown(cost: Cost, view: View) -> None:
    unpriced, calls = cost.totals["cost_usd"].unpriced_calls, cost.totals["llm_call_count"].n
    if not unpriced:
        return
    share = format_rate(unpriced / calls) if calls else ""
    show_notice(
        f"{format_count(unpriced)} of {format_count(calls)} model calls ({share}) have no complete price, so sums "
        "are “at least”.",
        title="Cost is partial.",
        link=link_traces(cost.window.name, view.filters, unpriced="true"),
        link_text="Show the runs",
        key="partial_cost",
    )


def _show_over_time(cost: Cost, view: View) -> None:
    known = (read_choices().value or {}).get(cost.by, ())
    figure = draw_cost(cost.over_time.values, cost.window, view.colours, known, unnamed=unnamed(cost.by))
    mark_events(figure, find_events(cost.window, view.filters), view.colours)
    point = show(
        figure, key=click_key("cost_by"), alt=f"Bars of cost by {cost.by} over the window", is_clickable=True
    )
    if point:
        interval, part, _ = (str(value) for value in point["customdata"][:3])
        leave(
            link_part(interval, cost.by, None if part in (OTHERS, unnamed(cost.by)) else part, view.filters)
        )


def unnamed(by: str) -> str:
    """Return what the part without a name is: what tools cost has no model, and the other way round."""
    return {"model": "tools", "tool": "models"}.get(by, f"no {by}")


def link_part(range_name: str, by: str, part: str | None, chosen: Filters) -> Link:
    """Return the link to the dearest runs of one part of the cost."""
    if part is None:
        return link_traces(range_name, chosen, sort="dearest")
    if by in ("user", "tool"):
        return link_traces(range_name, chosen, sort="dearest", **{"q" if by == "user" else "tool": part})
    if by in ("agent", "model", "service", "environment"):
        return link_traces(range_name, chosen.only(**{by: part}), sort="dearest")
    return link_traces(range_name, chosen, sort="dearest", **{by: part})


def _show_parts(cost: Cost, view: View) -> None:
    spent = [item for item in cost.parts.items() if item[0] is not None or item[1].value]
    ranked = sorted(spent, key=lambda item: -(item[1].value or 0.0))
    total = sum(figure.value or 0.0 for _, figure in ranked)
    lines = [_part_line(part, figure, total, cost, view) for part, figure in ranked[:PARTS_SHOWN]]
    columns = [Column(cost.by.capitalize()), Column("Share", "bar"), Column("Cost", "number", "end"),
               Column("Change", "number", "end", "against the earlier time")]  # fmt: skip
    show_table(
        columns,
        lines,
        key="parts",
        caption=f"Cost by {cost.by}",
        nothing="Nothing has a price.",
        is_bare=True,
    )
    if len(ranked) > PARTS_SHOWN:
        rest = sum(figure.value or 0.0 for _, figure in ranked[PARTS_SHOWN:])
        text = f"{format_count(len(ranked) - PARTS_SHOWN)} more, together {format_usd(rest)}"
        show_notice(text, is_plain=True, key="more_parts")


def _part_line(part: str | None, figure: Figure, total: float, cost: Cost, view: View) -> Line:
    is_known = figure.value is not None and total and not lacks_price(figure)
    share = (figure.value or 0.0) / total if is_known else None
    return Line(
        key=part or "",
        cells=[
            cell(part or unnamed(cost.by), title=part or "", is_quiet=part is None),
            None if share is None else cell(format_rate(share), share=share, order=share, tone="volume"),
            value_cell(figure),
            change_cell(figure),
        ],
        link=link_part(cost.window.name, cost.by, part, view.filters) if part else None,
    )  # fmt: skip


def token_parts(usage: pl.DataFrame, bins: int) -> Parts:
    """Return tokens per bin of each of TOKEN_KINDS, which are disjoint."""
    parts: dict[str | None, list[float]] = {kind: [0.0] * bins for kind in TOKEN_KINDS}
    for row in usage.iter_rows(named=True):
        given, read, written, said, reasoned = (
            row[f"{name}_tokens"] or 0
            for name in ("input", "cache_read", "cache_write", "output", "reasoning")
        )
        amounts = (given - read - written, read, written, said - reasoned, reasoned)
        if 0 <= row["bin"] < bins:
            for kind, amount in zip(TOKEN_KINDS, amounts, strict=True):
                parts[kind][row["bin"]] += max(0, amount)
    return parts


def _show_forecast() -> None:
    forecast = read_forecast().value
    if forecast is None:
        return
    at_least = forecast.unpriced_calls > 0
    spent = f"{format_usd(forecast.spent_usd, at_least=at_least)} so far"
    if forecast.expected_usd is None:
        text = f"{spent}; history is too short to say more."
        show_notice(text, is_plain=True, title=say_month(forecast.month), key="forecast")
        return
    low, high = format_usd(forecast.low_usd), format_usd(forecast.high_usd)
    text = f"{spent}, about {format_usd(forecast.expected_usd, at_least=at_least)} by its end"
    show_notice(
        f"{text}; in 8 of 10 such months between {low} and {high}. From {forecast.method}.",
        is_plain=True,
        title=say_month(forecast.month),
        key="forecast",
    )


def say_month(month: str) -> str:
    """Return a month as people say it.

    >>> say_month("2026-11")
    'November 2026'
    """
    return f"{datetime.strptime(month, '%Y-%m').replace(tzinfo=UTC):%B %Y}"


def _show_budgets(budgets: pl.DataFrame) -> None:
    if budgets.is_empty():
        show_notice("No budget is set. Add a [[budget]] to spanledger.toml to be told before money is gone.",
                    is_plain=True, key="no_budgets")  # fmt: skip
        return
    lines = [budget_line(row) for row in budgets.head(BUDGETS_SHOWN).iter_rows(named=True)]
    show_table(COLUMNS, lines, key="budgets", caption="Budgets", nothing="", is_bare=True)
    if budgets.height > BUDGETS_SHOWN:
        show_notice("Those that are fuller than all others.", is_plain=True, key="more_budgets")


DEAREST_COLUMNS: Final[Sequence[Column]] = (
    Column("Started", "time"), Column("Agent"), Column("Outcome", "badge"), Column("Duration", "number", "end"),
    Column("Model calls", "number", "end"), Column("Tokens", "number", "end"), Column("Cost", "number", "end"),
    Column("User"),
)  # fmt: skip


def dear_line(row: dict[str, Any]) -> Line:
    """Return the row of a dear run, fewer columns than the list of runs has."""
    line = run_line(row)
    return Line(line.key, [line.cells[i] for i in (0, 1, 2, 4, 5, 7, 8, 9)], line.link)
