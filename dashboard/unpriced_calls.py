"""Calls without a complete price, by model, with the lines of configuration that give them one."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
import streamlit as st

from analytics.pricing.suggestion import suggest_prices
from dashboard.components import Column, Line, cell, show_table
from dashboard.filters import Filters, Window, link_traces
from dashboard.formats import format_instant
from dashboard.metric_tiles import count_cell
from dashboard.view import card

STATUS_WORDS: Final = {
    "unpriced_model": "no price for this model",
    "no_usage": "the call reported no tokens",
    "partial": "some units have no price",
    "inconsistent": "the reported tokens contradict each other",
}
NO_PRICE_NOTE: Final = (
    "Their cost is not in the sums above. Give a model a price of its own in spanledger.toml, "
    "then run `spanledger reprice`."
)
_COLUMNS: Final = (
    Column("Model"),
    Column("Provider"),
    Column("Why"),
    Column("Calls", "number", "end"),
    Column("Input tokens", "number", "end"),
    Column("Output tokens", "number", "end"),
    Column("Last", "time"),
)


def show_unpriced_calls(unpriced: pl.DataFrame, window: Window, chosen: Filters) -> None:
    """Show which models lack a price and why, and what to paste; nothing where all have one."""
    if unpriced.is_empty():
        return
    with card("Calls without a complete price", "unpriced_card", note=NO_PRICE_NOTE):
        lines = [_line(row, window, chosen) for row in unpriced.iter_rows(named=True)]
        show_table(_COLUMNS, lines, key="unpriced", caption="Calls without a price", nothing="", is_bare=True)
        unknown = unpriced.filter(pl.col("cost_status") == "unpriced_model").select("provider", "model")
        if suggestion := suggest_prices(unknown.iter_rows()):
            st.code(suggestion, language="toml")


def _line(row: dict[str, Any], window: Window, chosen: Filters) -> Line:
    return Line(
        key=f"{row['provider']}/{row['model']}/{row['cost_status']}",
        cells=[
            cell(row["model"] or "unnamed model", title=row["model"] or ""),
            None if not row["provider"] else cell(row["provider"]),
            cell(STATUS_WORDS.get(row["cost_status"]) or str(row["cost_status"])),
            count_cell(row["calls"]),
            count_cell(row["input_tokens"]),
            count_cell(row["output_tokens"]),
            cell(format_instant(row["last_at"])),
        ],
        link=link_traces(window.name, chosen.only(model=row["model"]), unpriced="true"),
    )
