"""Lines over time: figures that do not add up, such as rates and percentiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from dashboard.charts.template import HEIGHT_PX, middles, new_figure, plain
from dashboard.filters import Window
from dashboard.formats import format_duration
from dashboard.theme import Palette

_STEPS_MS: Final = (
    1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000,
    4 * 3_600_000, 86_400_000, 7 * 86_400_000,
)  # fmt: skip


@dataclass(frozen=True)
class Series:
    """A line: its name, a value per bin (None leaves a gap), and how it is drawn."""

    name: str
    values: Sequence[float | None]
    colour: str = ""
    width: float = 2.2
    dash: str = "solid"


def draw_lines(
    series: Sequence[Series],
    window: Window,
    colours: Palette,
    *,
    say: Callable[[float | None], str],
    height_px: int = HEIGHT_PX,
    y_axis: Mapping[str, Any] | None = None,
) -> go.Figure:
    """Return a line per series; `say` writes a value. A bin without neighbours is a point."""
    at = middles(window)
    intervals = [window.bin_range(n) for n in range(window.bins)]
    traces: list[dict[str, Any]] = []
    for rank, line in enumerate(series):
        colour = line.colour or colours.categories[rank % len(colours.categories)]
        said = [
            [interval, line.name, say(value)] for interval, value in zip(intervals, line.values, strict=False)
        ]
        sizes = [6 if is_alone else 0 for is_alone in _alone(line.values)]
        traces.append(
            {
                "type": "scatter",
                "x": at,
                "y": line.values,
                "name": plain(line.name, 28),
                "mode": "lines+markers",
                "line": {"color": colour, "width": line.width, "dash": line.dash, "shape": "linear"},
                "marker": {"size": sizes, "color": colour, "opacity": 1},
                "connectgaps": False,
                "customdata": said,
                "hovertemplate": "%{customdata[2]}",
            }
        )
    return new_figure(colours, window, traces, height_px=height_px, y_axis=y_axis)


def draw_durations(
    series: Sequence[Series], window: Window, colours: Palette, *, height_px: int = HEIGHT_PX
) -> go.Figure:
    """Return lines of durations in ms on a logarithmic axis: one slow run must not flatten the rest."""
    shown = [
        Series(
            line.name,
            [None if value is None or value <= 0 else value for value in line.values],
            line.colour,
            line.width,
            line.dash,
        )
        for line in series
    ]
    axis = _scale_axis([value for line in shown for value in line.values if value is not None])
    return draw_lines(shown, window, colours, say=format_duration, height_px=height_px, y_axis=axis)


def _alone(values: Sequence[float | None]) -> list[bool]:
    return [
        value is not None
        and (i == 0 or values[i - 1] is None)
        and (i + 1 == len(values) or values[i + 1] is None)
        for i, value in enumerate(values)
    ]


def _scale_axis(known: Sequence[float]) -> dict[str, Any] | None:
    if not known:
        return None
    low, high = min(known) / 1.4, max(known) * 1.4
    ticks = [step for step in _STEPS_MS if low <= step <= high]
    if len(ticks) < 2:
        ticks = sorted(
            {_round_nicely(low * 1.4), _round_nicely(math.sqrt(low * high)), _round_nicely(high / 1.4)}
        )
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickvals": ticks,
        "ticktext": [
            format_duration(tick).replace(".0", "").removesuffix(" 0\u202fs").removesuffix(" 0\u202fmin")
            for tick in ticks
        ],
    }


def _round_nicely(value: float) -> float:
    power = 10 ** math.floor(math.log10(value))
    return round(value / power, 1) * power
