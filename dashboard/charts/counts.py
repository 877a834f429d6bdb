"""How often something happens within one run."""

from __future__ import annotations

from typing import Final

import plotly.graph_objects as go
import polars as pl

from dashboard.charts.template import styled_figure
from dashboard.formats import format_count
from dashboard.theme import Palette

MOST: Final = 10
"""Counts from here on share a bar."""


def draw_counts(rows: pl.DataFrame, colours: Palette, *, height_px: int) -> go.Figure:
    """Return a bar of runs for each number of calls; `rows` has calls and runs."""
    grouped = rows.group_by(pl.col("calls").clip(1, MOST)).agg(pl.col("runs").sum())
    runs = dict(grouped.iter_rows())
    last = max(runs, default=1)
    names = [f"{calls}" if calls < MOST else f"{MOST} or more" for calls in range(1, last + 1)]
    counts = [int(runs.get(calls, 0)) for calls in range(1, last + 1)]
    title = {"text": "calls in one run", "font": {"size": 12, "color": colours.muted}}
    figure = styled_figure(colours, height_px=height_px, x_axis={"type": "category", "title": title})
    figure.add_bar(
        x=names,
        y=counts,
        name="runs",
        marker={"color": colours.volume, "line": {"width": 0}},
        customdata=[format_count(count) for count in counts],
        hovertemplate="%{customdata} runs",
        showlegend=False,
    )
    return figure
