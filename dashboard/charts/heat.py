"""A heat map over time: where and when a rate is high."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from dashboard.charts.template import HEIGHT_PX, middles, new_figure, plain
from dashboard.filters import Window
from dashboard.theme import Palette

MOST_ROWS: Final = 14
ROW_PX: Final = 24
LEAST_TOP: Final = 0.1


def draw_heat(
    rows: Sequence[tuple[str, Sequence[float | None], Sequence[str]]], window: Window, colours: Palette
) -> go.Figure:
    """Return a row of cells per name: its rate per bin (None: nothing happened) and what the pointer says of it."""
    shown = list(rows[:MOST_ROWS])[::-1]
    figure = new_figure(colours, window, height_px=max(HEIGHT_PX, 60 + ROW_PX * len(shown)))
    known = [value for _, values, _ in shown for value in values if value is not None]
    figure.add_heatmap(
        x=middles(window),
        y=[plain(name, 24) for name, _, _ in shown],
        z=[list(values) for _, values, _ in shown],
        text=[list(texts) for _, _, texts in shown],
        hovertemplate="%{y}<br>%{text}<extra></extra>",
        colorscale=[[0, colours.raised], [0.12, _mix(colours.error, colours.ground, 0.28)], [1, colours.error]],
        zmin=0,
        zmax=max([LEAST_TOP, *known]),
        xgap=1,
        ygap=2,
        colorbar={
            "thickness": 8, "outlinewidth": 0, "tickformat": ".0%", "nticks": 4, "len": 0.9,
            "tickfont": {"color": colours.muted, "size": 11},
        },
    )  # fmt: skip
    figure.update_layout(hovermode="closest", margin={"t": 8})
    figure.update_yaxes(type="category", showgrid=False, ticks="", rangemode="normal", nticks=0, dtick=1)
    return figure


def _mix(colour: str, ground: str, share: float) -> str:
    def parts(text: str) -> list[int]:
        return [int(text[i : i + 2], 16) for i in (1, 3, 5)]

    mixed = [round(a * share + b * (1 - share)) for a, b in zip(parts(colour), parts(ground), strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)
