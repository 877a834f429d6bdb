"""The course of a metric against a limit or a band, with the moment at which something was said."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import plotly.graph_objects as go

from dashboard.charts.lines import Series, draw_lines
from dashboard.charts.template import middles
from dashboard.filters import Window
from dashboard.theme import Palette
from dashboard.zone import on_axis

LATE: Final = 0.8
"""From this part of the window on there is no room for words to the right of a mark."""


def draw_signal(
    values: Sequence[float | None],
    window: Window,
    colours: Palette,
    *,
    name: str,
    say: Callable[[float | None], str],
    limit: float | None = None,
    band: tuple[Sequence[float | None], Sequence[float | None]] | None = None,
    marks: Sequence[tuple[datetime, str]] = (),
    is_share: bool = False,
    height_px: int = 190,
) -> go.Figure:
    """Return the line of a metric; `band` is where it is normal, `limit` what a rule holds it against."""
    figure = draw_lines(
        [Series(name, values, colours.volume, 2.2)], window, colours, say=say, height_px=height_px
    )
    at = middles(window)
    if band:
        low, high = band
        for edge, fill in ((high, None), (low, "tonexty")):
            figure.add_scatter(
                x=at, y=edge, mode="lines", line={"width": 0}, fill=fill, hoverinfo="skip", showlegend=False,
                fillcolor=_fade(colours.unknown, 0.25),
            )  # fmt: skip
    known = [value for value in values if value is not None]
    if limit is not None and known:
        figure.add_hline(
            y=limit,
            line={"color": colours.error, "width": 1.4, "dash": "dash"},
            annotation_position="top left",
            annotation={"text": say(limit), "font": {"color": colours.error, "size": 11.5}},
        )
    shown = [*known, *([limit] if limit is not None else [])]
    shown += [edge for edges in band or () for edge in edges if edge is not None]
    if known:
        figure.update_yaxes(range=_frame(shown, most=1.0 if is_share else math.inf))
    late = window.start + (window.until - window.start) * LATE
    for rank, (moment, words) in enumerate(marks):
        is_late = moment.replace(tzinfo=UTC) > late
        figure.add_vline(
            x=on_axis(moment, window.bin_s),
            line={"color": colours.text, "width": 1.2, "dash": "dot"},
            annotation={
                "text": words,
                "font": {"color": colours.muted, "size": 11.5},
                "yanchor": "bottom",
                "yshift": 13 * rank if is_late else 0,
                "xanchor": "right" if is_late or rank + 1 < len(marks) else "center" if rank == 0 else "left",
            },
        )
    figure.update_layout(showlegend=False, margin={"t": 34 if len(marks) > 1 else 20})
    if is_share:
        figure.update_yaxes(tickformat=".0%")
    return figure


def _frame(shown: Sequence[float], *, most: float) -> list[float]:
    """Return an axis that shows all values with some room, neither below zero nor above `most` without need."""
    top, bottom = max(shown), min(shown)
    room = (top - bottom or abs(top) or 1) * 0.12
    return [max(0.0, bottom - room) if bottom >= 0 else bottom - room, max(top, min(most, top + room))]


def _fade(colour: str, share: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"
