"""Waste on the page of cost: what bought nothing, and the whole report of the command line when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, cast

import polars as pl
import streamlit as st

from dashboard.answers.cost import read_waste
from dashboard.components import Column, Line, cell, show_notice, show_table
from dashboard.filters import Filters, Window, link_traces
from dashboard.formats import format_rate, format_usd
from dashboard.metric_tiles import count_cell
from dashboard.services import current
from dashboard.view import card
from store.errors import SpanledgerError

_MONEY: Final = (Column("Kind"), Column("Cost", "number", "end"), Column("How many", "number", "end"))
_MACHINES: Final = (
    Column("Machine of your own"),
    Column("Paid", "number", "end"),
    Column("Used", "number", "end"),
    Column("Idle", "number", "end"),
    Column("Busy", "number", "end"),
)


def show_waste(window: Window, chosen: Filters) -> None:
    """Say what bought nothing; kinds overlap, so there is no sum."""
    waste = read_waste(window).value
    if waste is None or not waste["events"].sum():
        return
    lines = [
        Line(
            row["kind"],
            [cell(row["kind"]), _usd_cell(row["total_usd"], row["unpriced"]), count_cell(row["events"])],
            link_traces(window.name, chosen, outcome="failure") if "failed" in row["kind"] else None,
        )
        for row in waste.filter(pl.col("events") > 0).iter_rows(named=True)
    ]
    note = "Money of the window that bought nothing, whatever the filters say. Kinds overlap: never add them."
    with card("Waste", "waste", note=note):
        show_table(_MONEY, lines, key="waste", caption="Waste", nothing="", is_bare=True)
        _show_report(window)


def _show_report(window: Window) -> None:
    """Offer what every call has to be read for: repeated calls, caches, long contexts, batches, idle machines."""
    operate = current().operate
    if operate is None or not st.toggle(
        "Look at every call: repeated calls, caches, batches, idle machines", key="waste_report"
    ):
        return
    bounds = {"first": window.start.isoformat(), "until": window.until.isoformat()}
    try:
        report = cast("Mapping[str, Any]", operate("report-waste", bounds))
    except SpanledgerError as error:
        show_notice(str(error), key="waste_failure", tone="error")
        return
    for title, key in (("Waste, every kind", "waste"), ("Saved, and could be", "savings")):
        show_table(_MONEY, _list_amounts(report[key]), key=f"report_{key}", caption=title, nothing="Nothing.")
    machines = _list_machines(report["hosted"])
    if machines:
        show_table(_MACHINES, machines, key="report_hosted", caption="Machines of your own", nothing="")


def _list_amounts(amounts: Sequence[Mapping[str, Any]]) -> list[Line]:
    return [
        Line(
            one["kind"],
            [
                cell(f"{one['kind']}: {one['note']}" if one["note"] else one["kind"]),
                _usd_cell(one["usd"], one["unpriced"]),
                count_cell(one["events"]),
            ],
        )
        for one in amounts
        if one["events"]
    ]


def _list_machines(machines: Sequence[Mapping[str, Any]]) -> list[Line]:
    return [
        Line(
            one["model"],
            [
                cell(one["model"]),
                _usd_cell(one["paid_usd"]),
                _usd_cell(one["allocated_usd"]),
                _usd_cell(one["idle_usd"]),
                cell("—" if one["busy_share"] is None else format_rate(one["busy_share"])),
            ],
        )
        for one in machines
    ]


def _usd_cell(amount: str | Decimal | None, unpriced: int = 0) -> Any:
    known = None if amount is None else Decimal(amount)
    return cell(format_usd(known, at_least=unpriced > 0), order=None if known is None else float(known))
