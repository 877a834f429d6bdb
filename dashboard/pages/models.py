"""Models: how fast they answer, how often they fail, how they end, and what they cost."""

from __future__ import annotations

from typing import Final

import polars as pl

from analytics.metrics import METRICS
from dashboard.answers.events import find_events
from dashboard.answers.measures import Figure
from dashboard.answers.models import Models, read_models
from dashboard.bins import spread_by
from dashboard.charts.events import mark_events
from dashboard.charts.lines import Series, draw_durations
from dashboard.charts.stacked import draw_stacked, pick_colour
from dashboard.charts.template import show
from dashboard.components import Column, Line, cell, show_notice, show_table, show_tiles
from dashboard.data import read_choices
from dashboard.filters import link_traces
from dashboard.formats import format_count, format_duration, format_window
from dashboard.metric_tiles import (
    change_cell,
    find_longest,
    metric_tile,
    rate_cell,
    show_partial,
    value_cell,
)
from dashboard.navigation import click_key, leave
from dashboard.theme import Palette
from dashboard.view import Screen, View, card, show_screen, two_cards

FULL_BAR: Final = 0.05
LINES_SHOWN: Final = 5
UNNAMED: Final = "unnamed model"
FAILED: Final = "failed: "
UNKNOWN: Final = "unknown"
_COLUMNS: Final = (
    Column("Model"),
    Column("Calls", "number", "end"),
    Column("Failed", "bar", help="share of calls that failed, those tried again included"),
    Column("p50", "number", "end", "half of the calls took at most this long"),
    Column("p95", "number", "end", "95 of 100 calls took at most this long"),
    Column("Change", "number", "end", "change of p95 against the earlier time"),
    Column("First token", "number", "end", "half of the answers began after at most this long"),
    Column("Tokens/s", "number", "end", METRICS["tokens_per_second"].help),
    Column("Input", "number", "end", METRICS["input_tokens"].help),
    Column("From cache", "number", "end", METRICS["cache_hit_share"].help),
    Column("Output", "number", "end", METRICS["output_tokens"].help),
    Column("Cost", "number", "end"),
)  # fmt: skip


def render() -> None:
    """Draw the page."""
    show_screen(
        Screen(
            "Models",
            "models",
            read_models,
            _draw,
            is_empty=lambda found: not found.models,
            what="model calls",
            qualify=lambda found: show_partial(found.totals, found.latency, found.errors),
        )
    )


def _draw(models: Models, view: View) -> None:
    window = models.window
    show_notice(format_window(window.start, window.until), is_plain=True, key="window")
    _show_totals(models, view)
    with card("All models", "all_models", note="A model leads to the runs that called it."):
        show_table(
            _COLUMNS, model_lines(models, view), key="models", caption="Models by number of calls",
            nothing="No model was called.", is_bare=True,
        )  # fmt: skip
    left, right = two_cards()
    with left, card("Latency p95", "model_latency", note="95 of 100 calls took at most this long."):
        figure = draw_durations(_latency(models, view.colours), window, view.colours)
        mark_events(figure, find_events(window, view.filters), view.colours)
        show(figure, key="model_latency", alt="Lines of the 95th percentile of latency per model")
    with right, card("How calls ended", "endings", note="Reasons to finish; failed calls by their error."):
        _show_endings(models, view)


def _show_totals(models: Models, view: View) -> None:
    window, totals = models.window, models.totals
    failed = totals["llm_error_rate"].hits[0]
    link = link_traces(window.name, view.filters)
    tiles = [
        metric_tile(totals["llm_call_count"], window, spark=models.errors.all_counts, link=link,
                    beside=[f"{len(models.models)} models"]),
        metric_tile(totals["llm_error_rate"], window, spark=models.errors.all_rates, link=link,
                    beside=[f"{format_count(failed)} failed"]),
        metric_tile(totals["llm_p95_ms"], window, beside=[f"p50 {format_duration(totals['llm_p50_ms'].value)}"]),
        metric_tile(totals["ttft_p50_ms"], window),
        metric_tile(totals["cost_usd"], window, link=link_traces(window.name, view.filters, sort="dearest")),
    ]  # fmt: skip
    show_tiles(tiles, key="tiles")


def _ranked(models: Models) -> list[tuple[str | None, dict[str, Figure]]]:
    return sorted(models.models.items(), key=lambda item: (-item[1]["llm_call_count"].n, item[0] or ""))


def model_lines(models: Models, view: View) -> list[Line]:
    """Return a row per model, the most called first; each leads to the runs that called it."""
    ranked = _ranked(models)
    longest = find_longest((figures["llm_error_rate"] for _, figures in ranked), FULL_BAR)
    return [
        Line(
            key=model or "",
            cells=[
                cell(model or UNNAMED, title=model or ""),
                value_cell(figures["llm_call_count"]),
                rate_cell(figures["llm_error_rate"], longest),
                value_cell(figures["llm_p50_ms"]),
                value_cell(figures["llm_p95_ms"]),
                change_cell(figures["llm_p95_ms"]),
                value_cell(figures["ttft_p50_ms"]),
                value_cell(figures["tokens_per_second"]),
                value_cell(figures["input_tokens"]),
                value_cell(figures["cache_hit_share"]),
                value_cell(figures["output_tokens"]),
                value_cell(figures["cost_usd"]),
            ],
            link=link_traces(models.window.name, view.filters.only(model=model)) if model else None,
        )
        for model, figures in ranked
    ]


def _latency(models: Models, colours: Palette) -> list[Series]:
    busiest = [model for model, _ in _ranked(models)[:LINES_SHOWN]]
    known = (read_choices().value or {}).get("model", ())
    return [
        Series(
            model or UNNAMED,
            models.latency.values.get(model, ()),
            pick_colour(model or UNNAMED, rank, known, colours),
            1.9,
        )
        for rank, model in enumerate(busiest)
    ]


def _show_endings(models: Models, view: View) -> None:
    ended = models.endings.with_columns(
        part=pl.when(pl.col("status") == "error")
        .then(pl.format(FAILED + "{}", pl.col("ending").fill_null(UNKNOWN)))
        .otherwise(pl.col("ending").fill_null("not said"))
    )
    parts = spread_by(ended, "part", "calls", models.window.bins)
    failures = sorted(part for part in parts if part and part.startswith(FAILED))
    reds = dict.fromkeys(failures[:1], view.colours.error) | dict.fromkeys(failures[1:], view.colours.warning)
    figure = draw_stacked(
        parts, models.window, view.colours, say=format_count,
        tones={**reds, "not said": view.colours.unknown},
    )  # fmt: skip
    point = show(
        figure, key=click_key("endings"), alt="Bars of model calls by how they ended", is_clickable=True
    )
    if point:
        interval, ending, _ = (str(value) for value in point["customdata"][:3])
        error = ending.removeprefix(FAILED) if ending.startswith(FAILED) else ""
        leave(link_traces(interval, view.filters, **({"error": error} if error not in ("", UNKNOWN) else {})))
