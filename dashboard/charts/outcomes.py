"""Runs by outcome."""

from __future__ import annotations

from typing import Any, Final

import plotly.graph_objects as go

from dashboard.bins import Parts, add_up
from dashboard.charts.template import HEIGHT_PX, draw_bars, middles, new_figure
from dashboard.filters import Window
from dashboard.formats import format_count
from dashboard.theme import Palette

OUTCOMES: Final = ("success", "escalated", "unfinished", "failure")
WORDS: Final = {
    "success": "succeeded",
    "escalated": "escalated",
    "unfinished": "unfinished",
    "failure": "failed",
}


def outcome_colour(outcome: str, colours: Palette) -> str:
    """Return the colour that stands for an outcome on every page."""
    return {
        "success": colours.volume,
        "escalated": colours.escalated,
        "unfinished": colours.unknown,
        "failure": colours.error,
    }[outcome]


def draw_outcomes(runs: Parts, window: Window, colours: Palette, *, height_px: int = HEIGHT_PX) -> go.Figure:
    """Return stacked bars: runs per bin by outcome, failures on top."""
    at = middles(window)
    intervals = [window.bin_range(n) for n in range(window.bins)]
    traces: list[dict[str, Any]] = []
    for outcome in OUTCOMES:
        counts = runs.get(None if outcome == "unfinished" else outcome, ())
        if not any(counts):
            continue
        said = [[interval, outcome, format_count(n)] for interval, n in zip(intervals, counts, strict=True)]
        traces.append(draw_bars(at, counts, WORDS[outcome], outcome_colour(outcome, colours), said))
    is_low = max((n or 0 for n in add_up(runs)), default=0) < 5
    return new_figure(colours, window, traces, height_px=height_px, y_axis={"dtick": 1} if is_low else None)
