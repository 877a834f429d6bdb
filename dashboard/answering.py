"""An answer as people chose to see it: a table, bars, lines, or one number."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import polars as pl
import streamlit as st

from dashboard.answers.queries import ROWS_SHOWN, Answer
from dashboard.charts.built import draw_built, find_numbers, suggest_chart
from dashboard.charts.template import show
from dashboard.components import show_heading, show_notice
from dashboard.formats import format_count
from dashboard.metric_tiles import PARTIAL
from dashboard.theme import Palette


@dataclass(frozen=True)
class Form:
    """How an answer is shown: a kind of chart, and the columns it is made of."""

    chart: str = ""
    x: str = ""
    y: str = ""
    by: str = ""


def fit_form(form: Form, frame: pl.DataFrame) -> Form:
    """Return a form that the answer can take: what is missing or unknown is chosen for it."""
    kind, x, y = suggest_chart(frame)
    kind = form.chart or kind
    numbers = find_numbers(frame)
    if kind == "table" or not numbers or frame.is_empty():
        return Form("table")
    y = form.y if form.y in numbers else y or numbers[0]
    if kind == "number":
        return Form("number", y=y)
    others = [name for name in frame.columns if name != y]
    x = form.x if form.x in frame.columns else x or (others[0] if others else "")
    if not x:
        return Form("number", y=y)
    by = form.by if form.by in frame.columns and form.by not in (x, y) else ""
    return Form(kind, x, y, by)


def show_answer(answer: Answer, form: Form, colours: Palette, *, key: str, height_px: int = 300) -> None:
    """Draw an answer; everything in it is text."""
    frame = answer.frame
    if answer.refused:
        show_notice(answer.refused, tone="error", title="This query was refused.", key=f"{key}_refused")
        return
    if answer.is_partial:
        st.caption(PARTIAL.capitalize())
    if frame.is_empty():
        show_notice("The answer has no rows.", is_plain=True, key=f"{key}_none")
        return
    fitted = fit_form(form, frame)
    if fitted.chart == "number":
        value = frame[fitted.y][0]
        show_heading("no data" if value is None else format_count(value), key=f"{key}_number", note=fitted.y)
    elif fitted.chart == "table":
        st.dataframe(
            readable(frame),
            hide_index=True,
            key=f"{key}_table",
            height=min(height_px, 40 + 35 * frame.height),
        )
    else:
        figure = draw_built(frame, fitted.chart, fitted.x, fitted.y, fitted.by, colours, height_px=height_px)
        show(figure, key=f"{key}_chart", alt=f"{fitted.y} by {fitted.x}")
    if answer.is_cut:
        show_notice(f"The first {format_count(ROWS_SHOWN)} rows.", is_plain=True, key=f"{key}_cut")


def readable(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the answer with nested values as JSON text and exact numbers as numbers, as a table shows them."""
    exact = [
        pl.col(name).cast(pl.Float64) for name, dtype in frame.schema.items() if isinstance(dtype, pl.Decimal)
    ]
    return frame.with_columns(*exact, *_nested_as_text(frame))


def _nested_as_text(frame: pl.DataFrame) -> list[pl.Series]:
    return [
        pl.Series(name, [_as_text(value) for value in frame[name].to_list()], pl.String)
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.List | pl.Struct | pl.Array)
    ]


def write_csv(frame: pl.DataFrame) -> bytes:
    """Return the answer as CSV, its digits exact; cells that a spreadsheet would run are made text."""
    texts = [
        pl.when(pl.col(name).str.contains(r"^[=+\-@\t\r]"))
        .then(pl.concat_str(pl.lit("'"), pl.col(name)))
        .otherwise(pl.col(name))
        .alias(name)
        for name, dtype in frame.schema.items()
        if dtype == pl.String
    ]
    target = io.BytesIO()
    frame.with_columns(*texts, *_nested_as_text(frame)).write_csv(target)
    return target.getvalue()


def write_parquet(frame: pl.DataFrame) -> bytes:
    """Return the answer as Parquet, types and digits exact."""
    target = io.BytesIO()
    frame.write_parquet(target)
    return target.getvalue()


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    return pl.DataFrame({"value": [value]}).write_json().removeprefix('[{"value":').removesuffix("}]")
