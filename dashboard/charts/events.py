"""Marks on a chart over time: what is known to have happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import plotly.graph_objects as go

from dashboard.answers.events import Event
from dashboard.charts.template import plain
from dashboard.formats import format_instant
from dashboard.theme import Palette
from dashboard.zone import on_axis

MOST: Final = 12
TEXTS: Final = 4


def mark_events(figure: go.Figure, events: Sequence[Event], colours: Palette) -> None:
    """Draw a line for each moment at which something happened; the pointer on its mark says what."""
    moments: dict[datetime, list[str]] = {}
    for event in events:
        at = event.at.replace(second=0, microsecond=0)
        moments.setdefault(at, []).append(event.text)
    for at, texts in list(moments.items())[:MOST]:
        more = [f"and {len(texts) - TEXTS} more"] if len(texts) > TEXTS else []
        words = [format_instant(at, with_zone=True), *(plain(text, 80) for text in texts[:TEXTS]), *more]
        figure.add_shape(
            type="line", x0=on_axis(at, 0), x1=on_axis(at, 0), y0=0, y1=1, yref="paper",
            line={"color": colours.muted, "width": 1, "dash": "dot"},
        )  # fmt: skip
        figure.add_annotation(
            x=on_axis(at, 0), y=1, yref="paper", yanchor="top", showarrow=False, text="◆",
            hovertext="<br>".join(words),
            font={"size": 11, "color": colours.muted}, captureevents=True,
            hoverlabel={"bgcolor": colours.raised, "bordercolor": colours.line, "font": {"color": colours.text}},
        )  # fmt: skip
