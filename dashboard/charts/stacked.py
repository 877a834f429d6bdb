"""Stacked bars over time: an additive figure, split by what it is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from dashboard.bins import Parts
from dashboard.charts.template import HEIGHT_PX, draw_bars, middles, new_figure, plain
from dashboard.filters import Window
from dashboard.theme import Palette

SHOWN: Final = 6
OTHERS: Final = "all others"


def draw_stacked(
    parts: Parts,
    window: Window,
    colours: Palette,
    *,
    say: Callable[[float], str],
    known: Sequence[str] = (),
    tones: dict[str, str] | None = None,
    unnamed: str = "unnamed",
    height_px: int = HEIGHT_PX,
    y_axis: Mapping[str, Any] | None = None,
) -> go.Figure:
    """Return bars per bin: the largest parts apart, the rest as one.

    `parts` has an amount per bin; `known` gives a part the same colour in every window, `tones` a fixed one.
    A clicked bar has customdata (interval, part, text).
    """
    at = middles(window)
    intervals = [window.bin_range(n) for n in range(window.bins)]
    traces: list[dict[str, Any]] = []
    for rank, (part, amounts) in enumerate(_pick_largest(parts, unnamed)):
        colour = (tones or {}).get(part) or pick_colour(part, rank, known, colours)
        said = [[interval, part, say(amount)] for interval, amount in zip(intervals, amounts, strict=True)]
        traces.append(draw_bars(at, amounts, plain(part, 28), colour, said))
    return new_figure(colours, window, traces, height_px=height_px, y_axis=y_axis)


def _pick_largest(parts: Parts, unnamed: str) -> list[tuple[str, list[float]]]:
    """Return the parts above zero, the largest first, those beyond SHOWN as one."""
    amounts = [
        (unnamed if part is None else part, [max(0.0, amount or 0.0) for amount in of_part])
        for part, of_part in parts.items()
    ]
    ranked = sorted((item for item in amounts if any(item[1])), key=lambda item: (-sum(item[1]), item[0]))
    if len(ranked) <= SHOWN + 1:
        return ranked
    rest = [sum(column, 0.0) for column in zip(*(amounts for _, amounts in ranked[SHOWN:]), strict=True)]
    return [*ranked[:SHOWN], (OTHERS, rest)]


def pick_colour(part: str, rank: int, known: Sequence[str], colours: Palette) -> str:
    """Return the colour of a part: by its place among those `known`, so the same everywhere; others come after them."""
    if part == OTHERS:
        return colours.unknown
    place = known.index(part) if part in known else len(known) + rank
    return colours.categories[place % len(colours.categories)]
