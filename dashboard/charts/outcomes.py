"""Runs by outcome."""

from __future__ import annotations

from typing import Final

import plotly.graph_objects as go
import polars as pl

from dashboard.charts.template import HEIGHT_PX, middles, new_figure
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


def draw_outcomes(
    runs: pl.DataFrame, window: Window, colours: Palette, *, height_px: int = HEIGHT_PX
) -> go.Figure:
    """Return stacked bars: runs per bin and outcome, failures on top. `runs` has bin, outcome and runs."""
    figure = new_figure(colours, window, height_px=height_px)
    at = middles(window)
    for outcome in OUTCOMES:
        counts = [0] * window.bins
        for row in runs.filter(pl.col("outcome").fill_null("unfinished") == outcome).iter_rows(named=True):
            if 0 <= row["bin"] < window.bins:
                counts[row["bin"]] += row["runs"]
        if not any(counts):
            continue
        figure.add_bar(
            x=at,
            y=counts,
            name=WORDS[outcome],
            marker={"color": outcome_colour(outcome, colours), "line": {"width": 0}},
            customdata=[[window.bin_range(i), outcome, format_count(n)] for i, n in enumerate(counts)],
            hovertemplate="%{customdata[2]}",
            unselected={"marker": {"opacity": 1}},
        )
    most = runs.group_by("bin").agg(pl.col("runs").sum())["runs"].max()
    if isinstance(most, int) and most < 5:
        figure.update_yaxes(dtick=1)
    return figure
