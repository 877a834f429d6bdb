"""What every chart has in common: colours, axes, how text from telemetry is written."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import plotly.graph_objects as go
import plotly.io
import streamlit as st

from dashboard.bins import Bins
from dashboard.filters import Window
from dashboard.formats import shorten
from dashboard.theme import Palette
from dashboard.zone import on_axis, zone_name

HEIGHT_PX: Final = 270
TIME_TICKS: Final = [
    {"dtickrange": [None, 86_399_999], "value": "%H:%M\n%-d %b"},
    {"dtickrange": [86_400_000, None], "value": "%-d %b"},
]
plotly.io.templates.default = None
"""Plotly's own template is nine tenths of a small figure, and everything in it is said here."""
_FONT: Final = '"Source Sans", "Source Sans 3", system-ui, sans-serif'


def new_figure(
    colours: Palette,
    window: Window,
    traces: Sequence[Mapping[str, Any]] = (),
    *,
    height_px: int = HEIGHT_PX,
    y_axis: Mapping[str, Any] | None = None,
) -> go.Figure:
    """Return a figure whose x axis is `window` in the reader's zone; bars of one bin stand on each other."""
    return styled_figure(
        colours,
        traces,
        height_px=height_px,
        y_axis=y_axis,
        x_axis={
            "type": "date",
            "range": [on_axis(at, window.bin_s) for at in (window.start, window.bin_start(window.bins))],
            "hoverformat": f"%-d %b %H:%M {zone_name()}"
            if window.bin_s < 86_400
            else "%-d %b, whole day UTC",
            "tickformatstops": TIME_TICKS,
        },
    )


def styled_figure(
    colours: Palette,
    traces: Sequence[Mapping[str, Any]] = (),
    *,
    height_px: int,
    x_axis: Mapping[str, Any],
    y_axis: Mapping[str, Any] | None = None,
) -> go.Figure:
    """Return a figure with the colours, axes and manners that all charts share.

    It is made in one go: Plotly checks what is added or changed afterwards twice.
    """
    axis = {
        "gridcolor": colours.line,
        "linecolor": colours.line,
        "zeroline": False,
        "tickfont": {"color": colours.muted, "size": 12},
        "fixedrange": True,
        "automargin": True,
    }
    layout: dict[str, Any] = {
        "height": height_px,
        "margin": {"l": 8, "r": 10, "t": 34, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": _FONT, "size": 13, "color": colours.text},
        "colorway": list(colours.categories),
        "hovermode": "x unified",
        "hoverlabel": {
            "bgcolor": colours.raised,
            "bordercolor": colours.line,
            "font": {"color": colours.text, "family": _FONT, "size": 13},
        },
        "legend": {
            "orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom",
            "traceorder": "normal", "font": {"size": 12.5, "color": colours.muted}, "itemclick": False,
            "itemdoubleclick": False, "itemwidth": 30,
        },
        "showlegend": True,
        "barmode": "stack",
        "bargap": 0.22,
        "barcornerradius": 2,
        "dragmode": False,
        "clickmode": "event+select",
        "xaxis": {**axis, "showgrid": False, "nticks": 8, **x_axis},
        "yaxis": {**axis, "rangemode": "tozero", "nticks": 5, "separatethousands": True, **(y_axis or {})},
    }  # fmt: skip
    return go.Figure({"data": traces, "layout": layout})


def draw_bars(
    at: Sequence[datetime], amounts: Bins, name: str, colour: str, said: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Return bars, one a bin; the third of what is `said` of each is written beside the pointer."""
    return {
        "type": "bar",
        "x": at,
        "y": amounts,
        "name": name,
        "marker": {"color": colour, "line": {"width": 0}},
        "customdata": said,
        "hovertemplate": "%{customdata[2]}",
        "unselected": {"marker": {"opacity": 1}},
    }


def middles(window: Window) -> list[datetime]:
    """Return the middle of every bin, where bars and points stand."""
    half = window.bin_s / 2
    return [
        on_axis(datetime.fromtimestamp(window.bin_start(i).timestamp() + half, tz=UTC), window.bin_s)
        for i in range(window.bins)
    ]


def plain(text: str, limit: int = 36) -> str:
    """Return text from telemetry so that Plotly, which reads a subset of HTML, shows it as it is."""
    return html.escape(shorten(text, limit))


def show(figure: go.Figure, *, key: str, alt: str, is_clickable: bool = False) -> Mapping[str, Any] | None:
    """Draw the figure and return the point that was clicked, with its `customdata`; None without one."""
    config = {"displayModeBar": False, "displaylogo": False, "scrollZoom": False, "doubleClick": False}
    if not is_clickable:
        st.plotly_chart(figure, theme=None, key=key, config=config, alt=alt)
        return None
    state = st.plotly_chart(
        figure, theme=None, key=key, config=config, alt=alt, on_select="rerun", selection_mode="points"
    )
    points: Sequence[Mapping[str, Any]] = state["selection"]["points"]
    return points[0] if points else None


def show_to_cut(figure: go.Figure, *, key: str, alt: str) -> Sequence[Mapping[str, Any]]:
    """Draw the figure and return the points that were clicked, or lie in the time that was dragged over."""
    figure.layout["dragmode"], figure.layout["selectdirection"] = "select", "h"
    config = {"displayModeBar": False, "displaylogo": False, "scrollZoom": False, "doubleClick": False}
    state = st.plotly_chart(
        figure,
        theme=None,
        key=key,
        config=config,
        alt=alt,
        on_select="rerun",
        selection_mode=("points", "box"),
    )
    points: Sequence[Mapping[str, Any]] = state["selection"]["points"]
    return points
