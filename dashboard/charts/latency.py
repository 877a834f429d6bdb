"""Latency of runs as percentiles over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from dashboard.charts.template import middles, new_figure
from dashboard.filters import Window
from dashboard.formats import format_duration
from dashboard.theme import Palette

_STEPS_MS: Final = (
    1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000,
    4 * 3_600_000, 86_400_000, 7 * 86_400_000,
)  # fmt: skip


def draw_latency(
    percentiles: Sequence[tuple[float, Sequence[float | None]]], window: Window, colours: Palette
) -> go.Figure:
    """Return a line per percentile on a logarithmic axis. `percentiles` holds (q, a value in ms per bin)."""
    figure = new_figure(colours, window)
    at = middles(window)
    styles = {
        0.5: {"color": colours.volume, "width": 1.6, "dash": "dot"},
        0.95: {"color": colours.volume, "width": 2.6},
        0.99: {"color": colours.agent, "width": 1.6, "dash": "dash"},
    }
    known: list[float] = []
    for q, values in percentiles:
        shown = [None if value is None or value <= 0 else value for value in values]
        known += [value for value in shown if value is not None]
        lonely = [
            value is not None
            and (i == 0 or shown[i - 1] is None)
            and (i + 1 == len(shown) or shown[i + 1] is None)
            for i, value in enumerate(shown)
        ]
        figure.add_scatter(
            x=at,
            y=shown,
            name=f"p{q * 100:.0f}",
            mode="lines+markers",
            line={**styles[q], "shape": "linear"},
            marker={
                "size": [6 if alone else 0 for alone in lonely],
                "color": styles[q]["color"],
                "opacity": 1,
            },
            connectgaps=False,
            customdata=[[format_duration(value)] for value in shown],
            hovertemplate="%{customdata[0]}",
        )
    _scale_axis(figure, known)
    return figure


def _scale_axis(figure: go.Figure, known: Sequence[float]) -> None:
    if not known:
        return
    low, high = min(known) / 1.4, max(known) * 1.4
    ticks = [step for step in _STEPS_MS if low <= step <= high]
    if len(ticks) < 2:
        ticks = sorted(
            {_round_nicely(low * 1.4), _round_nicely(math.sqrt(low * high)), _round_nicely(high / 1.4)}
        )
    figure.update_yaxes(
        type="log",
        range=[math.log10(low), math.log10(high)],
        tickvals=ticks,
        ticktext=[
            format_duration(tick).replace(".0", "").removesuffix(" 0\u202fs").removesuffix(" 0\u202fmin")
            for tick in ticks
        ],
    )


def _round_nicely(value: float) -> float:
    power = 10 ** math.floor(math.log10(value))
    return round(value / power, 1) * power
