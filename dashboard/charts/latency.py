"""Latency of runs as percentiles over time."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from dashboard.bins import Bins
from dashboard.charts.lines import Series, draw_durations
from dashboard.filters import Window
from dashboard.theme import Palette


def draw_latency(percentiles: Mapping[float, Bins], window: Window, colours: Palette) -> go.Figure:
    """Return a line per percentile on a logarithmic axis. `percentiles` holds ms by quantile."""
    styles = {
        0.5: (colours.volume, 1.6, "dot"),
        0.95: (colours.volume, 2.6, "solid"),
        0.99: (colours.agent, 1.6, "dash"),
    }
    lines = [Series(f"p{q * 100:.0f}", values, *styles[q]) for q, values in percentiles.items()]
    return draw_durations(lines, window, colours)
