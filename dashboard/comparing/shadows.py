"""Shadow runs beside the production runs they repeat: what they did differently, and what it would have cost."""

from __future__ import annotations

from typing import Any, Final

import polars as pl
import streamlit as st

from analytics.compare import ShadowReport
from dashboard.answers.compare import read_shadows
from dashboard.components import Column, Line, cell, show_notice, show_table
from dashboard.filters import Filters, Link, Window
from dashboard.formats import GAP, format_count, format_duration, format_rate, format_signed, format_usd
from dashboard.pages.traces import TONES
from dashboard.states import show_failure

PAIRS_SHOWN: Final = 100
_COLUMNS: Final = (
    Column("Tools", "badge"),
    Column("Where they part"),
    Column("Outcome", "badge"),
    Column("In the shadow", "badge"),
    Column("Cost", "number", "end"),
    Column("In the shadow", "number", "end"),
    Column("Duration", "number", "end"),
    Column("In the shadow", "number", "end"),
    Column("Paired by"),
)


def show_shadows(window: Window, filters: Filters) -> None:
    """Draw the pairs of a window, those that differ first; each leads to both runs side by side."""
    reading = read_shadows(window, filters)
    if not show_failure(reading, key="shadows_failure") or reading.value is None:
        return
    report = reading.value
    if report.pairs.is_empty():
        text = (
            f"{format_count(report.unpaired)} shadow runs in this window have no partner." if report.unpaired
            else "No run in this window is a shadow."
        )  # fmt: skip
        remedy = (
            "Mark them by spanledger.purpose = shadow, and name the run they repeat in spanledger.shadow_of."
        )
        show_notice(f"{text} {remedy}", is_plain=True, key="no_shadows")
        return
    with st.container(key="content"):
        title = f"{format_count(report.pairs.height)} shadow runs beside production"
        show_notice(_say_report(report), title=title, tone="agent", key="verdict")
        rows = report.pairs.sort("same_tools", pl.col("outcome").eq_missing(pl.col("shadow_outcome")))
        show_table(
            _COLUMNS,
            [_pair_line(row) for row in rows.head(PAIRS_SHOWN).iter_rows(named=True)],
            key="shadows",
            caption="Shadow runs and what they repeat",
            nothing="No pair.",
        )


def _say_report(report: ShadowReport) -> str:
    said: list[str] = []
    for share, words in (
        (report.same_tools, "used the same tools"),
        (report.same_outcome, "had the same outcome"),
    ):
        if share is not None:
            low, high = (f"{bound * 100:.1f}" for bound in share[1:])
            said.append(f"{format_rate(share[0])} {words} (95{GAP}%: {low} to {high}{GAP}%)")
    if report.total_usd is not None:
        did, would = map(format_usd, report.total_usd)
        relative = report.cost_usd.relative
        change = "" if relative is None else f" ({format_signed(relative * 100)}{GAP}% a run)"
        said.append(f"together they cost {did} and would have cost {would}{change}")
    if report.unpaired:
        said.append(f"{format_count(report.unpaired)} more have no partner")
    if report.is_partial:
        said.append("retention has deleted facts of this time, these figures speak of the rest")
    return f"{'; '.join(said)}."


def _pair_line(row: dict[str, Any]) -> Line:
    query = {"id": [_trace_of(row["run_id"])], "with": [_trace_of(row["shadow_run_id"])]}
    return Line(
        row["shadow_run_id"],
        [
            cell("same", tone="good") if row["same_tools"] else cell("different", tone="warning"),
            cell(_say_where(row)),
            *(
                cell(row[name] or "unknown", tone=TONES.get(row[name], "agent"))
                for name in ("outcome", "shadow_outcome")
            ),
            *(cell(format_usd(row[name])) for name in ("cost_usd", "shadow_cost_usd")),
            *(cell(format_duration(row[name])) for name in ("duration_ms", "shadow_duration_ms")),
            cell(row["paired_by"]),
        ],
        link=Link("trace", query),
    )


def _say_where(row: dict[str, Any]) -> str:
    """Return at which tool two runs part, and what each called there."""
    if row["same_tools"]:
        return ""
    place = row["differs_at"] - 1
    mine, other = ((row[name][place : place + 1] or ["nothing"])[0] for name in ("shadow_tools", "tools"))
    return f"tool {place + 1}: {mine} instead of {other}"


def _trace_of(run_id: str) -> str:
    return run_id.partition("-")[0]
