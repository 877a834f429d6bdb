"""A metric as a tile or as the cells of a table: title, help, unit and direction come from its definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from analytics.metrics import METRICS, say_meaning
from dashboard.answers.measures import Figure, OverTime
from dashboard.changes import compare_amounts, compare_rates
from dashboard.components import Change, Tile, cell, show_notice
from dashboard.figures import SMALL
from dashboard.filters import Link, Window
from dashboard.formats import (
    NO_DATA,
    NO_PRICE,
    format_count,
    format_duration,
    format_interval,
    format_number,
    format_rate,
    format_usd,
)

PARTIAL: Final = "partial: older facts were deleted"
"""Caption of a figure that needs facts which retention has deleted; it speaks of the rest."""
_COUNTED: Final = ("runs", "calls", "cases", "users", "sessions", "scores", "tokens")


def say_value(metric: str, value: float | None, *, at_least: bool = False) -> str:
    """Return a value of a metric as people read it."""
    unit = METRICS[metric].unit
    if unit == "ratio":
        return format_rate(value)
    if unit == "ms":
        return format_duration(value)
    if unit == "USD":
        return format_usd(value, at_least=at_least)
    if value is None:
        return NO_DATA
    return format_count(value) if unit in _COUNTED or value >= 1_000 else format_number(value)


def is_rise_bad(metric: str) -> bool | None:
    """Return whether more of it is worse; None where it is neither."""
    return METRICS[metric].is_rise_bad


def compare(figure: Figure, words: str) -> Change:
    """Return the change of a figure against the earlier window; none where either is not whole."""
    if figure.is_partial or figure.was_partial:
        return Change("")
    definition = METRICS[figure.metric]
    if definition.kind == "proportion" and definition.is_rise_bad is not None:
        return compare_rates(
            figure.hits, (figure.n, figure.n_before), words=words, is_rise_bad=definition.is_rise_bad
        )
    return compare_amounts(
        figure.value,
        figure.before,
        events=(figure.n, figure.n_before),
        words=words,
        is_rise_bad=is_rise_bad(figure.metric),
    )


def metric_tile(
    figure: Figure,
    window: Window,
    *,
    spark: Sequence[float | None] = (),
    link: Link | None = None,
    title: str = "",
    beside: Sequence[str] = (),
) -> Tile:
    """Return the tile of a metric; numbers too small to mean much are grey."""
    definition = METRICS[figure.metric]
    return Tile(
        title=title or definition.title,
        value=say_value(figure.metric, figure.value, at_least=figure.unpriced_calls > 0),
        beside=[*beside, *([PARTIAL] if figure.is_partial else [])],
        change=compare(figure, window.words),
        spark=spark,
        spark_kind="bar" if definition.kind in ("count", "sum") else "line",
        link=link,
        help=say_meaning(definition),
        is_small=definition.kind not in ("count", "sum") and figure.n < SMALL,
        is_unknown=figure.value is None,
    )


def show_partial(figures: Mapping[str, Figure], *over_time: OverTime) -> None:
    """Say which figures and charts speak of what retention has left alone, where there are any."""
    names = [METRICS[name].title.lower() for name, figure in figures.items() if figure.is_partial]
    if any(traced.is_partial for traced in over_time):
        names.append("what is drawn over time")
    if names:
        text = f"Retention has deleted facts of this window; these speak of the rest of them: {', '.join(names)}."
        show_notice(text, title="Figures are partial.", key="partial_figures")


def value_cell(figure: Figure) -> dict[str, object] | None:
    """Return the cell of a figure; unknown ones say so and stand last when sorted."""
    if figure.value is None and figure.n == 0:
        return cell(NO_DATA, is_quiet=True, title=PARTIAL) if figure.is_partial else None
    if lacks_price(figure):
        return cell(NO_PRICE, is_quiet=True)
    text = say_value(figure.metric, figure.value, at_least=figure.unpriced_calls > 0)
    is_counted = METRICS[figure.metric].kind in ("count", "sum")
    is_quiet = figure.value is None or (not is_counted and figure.n < SMALL)
    return cell(text, order=figure.value, is_quiet=is_quiet, title=PARTIAL if figure.is_partial else "")


def lacks_price(figure: Figure) -> bool:
    """Say whether nothing of an amount is known: calls without a price and not a cent beside them."""
    return METRICS[figure.metric].unit == "USD" and not figure.value and figure.unpriced_calls > 0


def count_cell(value: float | None) -> dict[str, object] | None:
    """Return the cell of a count."""
    return None if value is None else cell(format_count(value), order=value)


def find_longest(figures: Iterable[Figure], least: float) -> float:
    """Return the rate that a full bar stands for: the highest one that rests on enough, `least` at least."""
    return max([least, *(figure.value or 0.0 for figure in figures if figure.n >= SMALL)])


def rate_cell(figure: Figure, longest: float, *, tone: str = "error") -> dict[str, object] | None:
    """Return the cell of a rate: a bar, the rate, and the interval that it is in with 95 % certainty."""
    if figure.value is None:
        return None
    is_small = figure.n < SMALL
    return cell(
        say_value(figure.metric, figure.value),
        order=figure.value,
        share=min(1.0, figure.value / longest) if longest else 0.0,
        is_quiet=is_small,
        tone=tone if figure.value > 0 and not is_small else "agent",
        title=f"{format_interval(figure.hits[0], figure.n)} with 95 % certainty, of {format_count(figure.n)}"
        + (f"; {PARTIAL}" if figure.is_partial else ""),
    )


def change_cell(figure: Figure) -> dict[str, object] | None:
    """Return the cell of a change against the earlier window, coloured only when it is large and sure."""
    change = compare(figure, "")
    if not change.text or not figure.n:
        return None
    order = (figure.value or 0) - (figure.before or 0)
    if METRICS[figure.metric].unit != "ratio" and figure.before:
        order = order / figure.before
    text = change.text.removeprefix("▲ ").removeprefix("▼ ")
    return cell(text, tone=change.tone, is_quiet=change.tone is None, order=order)
