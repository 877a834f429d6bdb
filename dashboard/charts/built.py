"""A chart of any answer: bars or lines of one column over another, maybe split by a third."""

from __future__ import annotations

from typing import Final

import plotly.graph_objects as go
import polars as pl

from dashboard.charts.template import HEIGHT_PX, TIME_TICKS, plain, styled_figure
from dashboard.theme import Palette

SERIES_SHOWN: Final = 12
POINTS_SHOWN: Final = 2_000
CATEGORIES_SHOWN: Final = 60
LABELS_SHOWN: Final = 24


def find_numbers(frame: pl.DataFrame) -> list[str]:
    """Return the columns that can be measured."""
    return [name for name, dtype in frame.schema.items() if dtype.is_numeric()]


def suggest_chart(frame: pl.DataFrame) -> tuple[str, str, str]:
    """Return the kind of chart, x and y that suit an answer: lines over time, bars over names, else a table."""
    numbers = find_numbers(frame)
    if frame.height == 1 and len(numbers) == 1 and frame.width == 1:
        return "number", "", numbers[0]
    times = [name for name, dtype in frame.schema.items() if dtype.is_temporal()]
    names = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    if times and numbers and frame.height > 1:
        return "lines", times[0], numbers[0]
    if names and numbers and 1 < frame.height <= CATEGORIES_SHOWN:
        return "bars", names[0], numbers[0]
    return "table", "", ""


def draw_built(
    frame: pl.DataFrame, kind: str, x: str, y: str, by: str, colours: Palette, *, height_px: int = HEIGHT_PX
) -> go.Figure:
    """Return bars or lines; text of the answer is written as it is."""
    is_time = frame.schema[x].is_temporal()
    kind_of_x = "date" if is_time else "linear" if frame.schema[x].is_numeric() else "category"
    x_axis: dict[str, object] = {"type": kind_of_x, "tickformatstops": TIME_TICKS}
    if kind_of_x == "category":
        x_axis["nticks"] = LABELS_SHOWN
    figure = styled_figure(colours, height_px=height_px, x_axis=x_axis)
    shown = frame.head(POINTS_SHOWN).with_columns(pl.col(y).cast(pl.Float64, strict=False))
    groups = (
        [(str(key[0]), own) for key, own in shown.group_by([by], maintain_order=True)] if by else [(y, shown)]
    )
    for rank, (name, own) in enumerate(groups[:SERIES_SHOWN]):
        colour = colours.categories[rank % len(colours.categories)]
        xs = (
            own[x].to_list()
            if is_time or frame.schema[x].is_numeric()
            else [plain(str(v), 24) for v in own[x]]
        )
        if kind == "lines":
            figure.add_scatter(
                x=xs,
                y=own[y].to_list(),
                name=plain(name, 28),
                mode="lines+markers",
                line={"color": colour, "width": 2},
                marker={"size": 4, "color": colour},
            )
        else:
            figure.add_bar(x=xs, y=own[y].to_list(), name=plain(name, 28), marker={"color": colour})
    figure.update_layout(showlegend=bool(by))
    figure.update_yaxes(_write_numbers(y))
    return figure


def _write_numbers(column: str) -> dict[str, str]:
    """Return how an axis writes the values of a column, told by the unit that ends its name."""
    if column.endswith("usd"):
        return {"tickprefix": "$", "tickformat": "~g"}
    return {"tickformat": ".0%"} if column.endswith("_rate") else {}
