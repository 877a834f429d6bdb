"""Stacked bars over time: an additive figure, split by what it is of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import plotly.graph_objects as go
import polars as pl

from dashboard.charts.template import HEIGHT_PX, middles, new_figure, plain
from dashboard.filters import Window
from dashboard.theme import Palette

SHOWN: Final = 6
OTHERS: Final = "all others"


def draw_stacked(
    rows: pl.DataFrame,
    window: Window,
    colours: Palette,
    *,
    say: Callable[[float], str],
    known: Sequence[str] = (),
    tones: dict[str, str] | None = None,
    unnamed: str = "unnamed",
    height_px: int = HEIGHT_PX,
) -> go.Figure:
    """Return bars per bin: the largest parts apart, the rest as one.

    `rows` has bin, part and value; `known` gives a part the same colour in every window, `tones` a fixed one.
    A clicked bar has customdata (interval, part, text).
    """
    figure = new_figure(colours, window, height_px=height_px)
    at = middles(window)
    valued = rows.filter(pl.col("value") > 0).with_columns(
        pl.col("value").cast(pl.Float64), pl.col("part").fill_null(unnamed)
    )
    ranked = (
        valued.group_by("part").agg(pl.col("value").sum()).sort("value", "part", descending=[True, False])
    )
    parts = ranked["part"].to_list()
    shown = parts if len(parts) <= SHOWN + 1 else parts[:SHOWN]
    groups = [(part, valued.filter(pl.col("part") == part)) for part in shown]
    if len(shown) < len(parts):
        groups.append((OTHERS, valued.filter(~pl.col("part").is_in(shown))))
    for rank, (part, own) in enumerate(groups):
        amounts = [0.0] * window.bins
        for index, value in own.select("bin", "value").iter_rows():
            if 0 <= index < window.bins:
                amounts[index] += value
        colour = (tones or {}).get(part) or pick_colour(part, rank, known, colours)
        figure.add_bar(
            x=at,
            y=amounts,
            name=plain(part, 28),
            marker={"color": colour, "line": {"width": 0}},
            customdata=[[window.bin_range(n), part, say(amount)] for n, amount in enumerate(amounts)],
            hovertemplate="%{customdata[2]}",
            unselected={"marker": {"opacity": 1}},
        )
    return figure


def pick_colour(part: str, rank: int, known: Sequence[str], colours: Palette) -> str:
    """Return the colour of a part: by its place among those `known`, so that it is the same everywhere."""
    if part == OTHERS:
        return colours.unknown
    place = known.index(part) if part in known else rank
    return colours.categories[place % len(colours.categories)]
