"""Cost by what it was spent on, over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from dashboard.bins import Parts
from dashboard.charts.stacked import OTHERS, draw_stacked
from dashboard.filters import Window
from dashboard.formats import format_usd
from dashboard.theme import Palette

__all__ = ["OTHERS", "draw_cost"]

HEIGHT_PX: Final = 304  # as tall as the table of tools beside it


def draw_cost(
    parts: Parts,
    window: Window,
    colours: Palette,
    known: Sequence[str] = (),
    *,
    unnamed: str = "unnamed model",
) -> go.Figure:
    """Return stacked bars of money. `parts` has USD per bin.

    What has no price has no bar; a page says so beside the chart.
    """
    return draw_stacked(
        parts, window, colours, say=format_usd, known=known, unnamed=unnamed, height_px=HEIGHT_PX,
        y_axis={"tickprefix": "$", "tickformat": "~g"},
    )  # fmt: skip
