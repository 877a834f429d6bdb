"""Cost by model over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go
import polars as pl

from dashboard.charts.template import middles, new_figure, plain
from dashboard.filters import Window
from dashboard.formats import format_usd
from dashboard.theme import Palette

HEIGHT_PX: Final = 304  # as tall as the table of tools beside it
MODELS_SHOWN: Final = 6
OTHERS: Final = "other models"


def draw_cost(
    calls: pl.DataFrame, window: Window, colours: Palette, known_models: Sequence[str] = ()
) -> go.Figure:
    """Return stacked bars: cost per bin and model, the dearest models apart and the rest as one.

    `calls` has bin, model and cost_usd; models without a price have no bar, a page says so beside the chart.
    `known_models` gives a model the same colour in every window.
    """
    figure = new_figure(colours, window, height_px=HEIGHT_PX)
    at = middles(window)
    priced = calls.filter(pl.col("cost_usd") > 0).with_columns(
        pl.col("cost_usd").cast(pl.Float64), pl.col("model").fill_null("unnamed model")
    )
    ranked = (
        priced.group_by("model")
        .agg(pl.col("cost_usd").sum())
        .sort("cost_usd", "model", descending=[True, False])
    )
    models = ranked["model"].to_list()
    shown = models if len(models) <= MODELS_SHOWN + 1 else models[:MODELS_SHOWN]
    groups = [(model, priced.filter(pl.col("model") == model)) for model in shown]
    if len(shown) < len(models):
        groups.append((OTHERS, priced.filter(~pl.col("model").is_in(shown))))
    for i, (model, rows) in enumerate(groups):
        amounts = [0.0] * window.bins
        for row in rows.iter_rows(named=True):
            if 0 <= row["bin"] < window.bins:
                amounts[row["bin"]] += row["cost_usd"]
        figure.add_bar(
            x=at,
            y=amounts,
            name=plain(model, 28),
            marker={"color": _pick_colour(model, i, known_models, colours), "line": {"width": 0}},
            customdata=[[window.bin_range(n), model, format_usd(amount)] for n, amount in enumerate(amounts)],
            hovertemplate="%{customdata[2]}",
            unselected={"marker": {"opacity": 1}},
        )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(tickprefix="$", tickformat="~g")
    return figure


def _pick_colour(model: str, rank: int, known_models: Sequence[str], colours: Palette) -> str:
    if model == OTHERS:
        return colours.unknown
    place = known_models.index(model) if model in known_models else rank
    return colours.categories[place % len(colours.categories)]
