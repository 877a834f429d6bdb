"""The part of the page of cost that prices the calls of one model as another's."""

from __future__ import annotations

from typing import Final

import polars as pl
import streamlit as st

from dashboard.address import choose_option
from dashboard.answers.what_if import read_instead, read_priced_models
from dashboard.components import show_notice
from dashboard.filters import Window
from dashboard.formats import GAP, format_count, format_signed, format_usd
from dashboard.services import current
from dashboard.states import show_failure
from dashboard.view import card

_NOTE: Final = (
    "The same calls at another model's prices, whatever the filters say. Tokens are taken as they are: another model "
    "counts and answers otherwise."
)


def show_what_if(window: Window, usage: pl.DataFrame) -> None:
    """Draw the choice of two models and what the calls of the first would have cost on the second.

    `usage` is as in `models/usage`; its models are offered, the busiest first.
    """
    ranked = (
        usage.group_by("model").agg(pl.col("calls").sum()).sort("calls", "model", descending=[True, False])
    )
    models = ranked["model"].drop_nulls().to_list()
    if current().operate is None or not models:
        return
    with card("What if", "what_if", note=_NOTE):
        with st.container(horizontal=True, key="what_if_models"):
            model = choose_option("Calls of", ["", *models], "instead_of", default="", say="choose a model")
            if not model:
                return
            priced = read_priced_models()
            if not show_failure(priced, key="priced_failure"):
                return
            by_model = choose_option(
                "At the prices of", ["", *(priced.value or [])], "by_model", default="", say="choose a model"
            )
        if by_model:
            _show_answer(window, model, by_model)


def _show_answer(window: Window, model: str, by_model: str) -> None:
    with st.spinner("Pricing the calls …", show_time=True):
        reading = read_instead(window, model, by_model)
    if not show_failure(reading, key="what_if_failure") or reading.value is None:
        return
    found = reading.value
    note = f" {found.note}." if found.note else ""
    if not found.calls:
        show_notice(f"No call of {model[:80]} has a price on both.{note}", is_plain=True, key="what_if_none")
        return
    more = found.other_usd - found.usd
    share = f" ({format_signed(float(more / found.usd) * 100)}{GAP}%)" if found.usd else ""
    words = "more" if more > 0 else "less"
    show_notice(
        f"{format_count(found.calls)} calls cost {format_usd(found.usd)}, and would have cost "
        f"{format_usd(found.other_usd)}: {format_usd(abs(more))} {words}{share}.{note}",
        title=f"{model[:80]} → {by_model[:80]}",
        tone="agent",
        key="what_if_answer",
    )
