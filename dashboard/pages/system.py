"""System: what arrives and how late, jobs, disk, what could not be loaded, prices, dialects, configuration."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import polars as pl
import streamlit as st

from analytics.backlog import Backlog
from dashboard import filters
from dashboard.address import choose_one
from dashboard.answers.system import (
    DeadLetters,
    Ingest,
    read_dead_letters,
    read_dialects,
    read_ingest,
    read_jobs,
)
from dashboard.bins import spread, spread_by
from dashboard.charts.lines import Series, draw_lines
from dashboard.charts.stacked import draw_stacked
from dashboard.charts.template import show
from dashboard.components import Change, Column, Line, Tile, cell, show_notice, show_table, show_tiles
from dashboard.data import read_arrivals
from dashboard.filters import Window
from dashboard.formats import (
    NO_DATA,
    format_age,
    format_bytes,
    format_count,
    format_duration,
    format_instant,
    format_rate,
    format_window,
)
from dashboard.metric_tiles import count_cell
from dashboard.price_table import show_prices
from dashboard.services import current
from dashboard.states import show_failure
from dashboard.theme import Palette, palette
from dashboard.view import card, hold_steady, page_head, two_cards

STORED: Final = {"llm_calls": "model calls"}
VIEWS: Final = ("ingest", "jobs", "dead letters", "dialects", "prices", "configuration")
STEP: Final = timedelta(seconds=15)


def render() -> None:
    """Draw the page."""
    with page_head("System"):
        range_name = filters.choose_range()
    view = choose_one("Show", VIEWS, "show", default=VIEWS[0])
    hold_steady()
    st.fragment(_show_body, run_every=None if view == "prices" else STEP)(view, range_name)


def _show_body(view: str, range_name: str) -> None:
    window = filters.open_window(range_name, current().clock())
    draw = {
        "ingest": _show_ingest,
        "jobs": _show_jobs,
        "dead letters": _show_dead_letters,
        "dialects": _show_dialects,
        "prices": show_prices,
        "configuration": _show_configuration,
    }[view]
    with st.container(key="content"):
        draw(window)


def _show_ingest(window: Window) -> None:
    reading = read_ingest(window)
    if not show_failure(reading, key="failure") or reading.value is None:
        return
    ingest, colours = reading.value, palette(st.context.theme.type)
    show_notice(format_window(ingest.window.start, ingest.window.until), is_plain=True, key="window")
    show_tiles(_ingest_tiles(ingest), key="tiles")
    left, right = two_cards()
    with left, card("Records loaded", "loaded"):
        parts = spread_by(ingest.loads, "signal", "records", ingest.window.bins)
        figure = draw_stacked(
            parts, ingest.window, colours, say=format_count, known=("traces", "logs", "metrics")
        )
        show(figure, key="loaded", alt="Bars of records loaded per signal")
    with (
        right,
        card(
            "From acknowledged to queryable", "lag", note="The longest wait of a body; imports are left out."
        ),
    ):
        if ingest.loads["lag_s"].drop_nulls().is_empty():
            show_notice("No body was measured in this window.", is_plain=True, key="no_lag")
        else:
            show(_draw_lag(ingest, colours), key="lag", alt="Line of the longest wait of a body")
    left, right = two_cards()
    with left, card("What is stored", "held"):
        lines = [
            Line(
                name, [cell(STORED.get(name) or name.replace("_", " ")), cell(format_count(rows), order=rows)]
            )
            for name, rows in sorted(ingest.rows.items(), key=lambda item: -item[1])
        ]
        columns = [Column("What"), Column("Rows", "number", "end")]
        show_table(columns, lines, key="held", caption="Rows held", nothing="Nothing yet.", is_bare=True)
    with right, card("Disk", "disk"):
        _show_disk(ingest)


def _draw_lag(ingest: Ingest, colours: Palette) -> Any:
    window = ingest.window
    worst = ingest.loads.group_by("bin").agg(pl.col("lag_s").max())
    values: list[float | None] = [None] * window.bins
    for index, lag in worst.iter_rows():
        if 0 <= index < window.bins:
            values[index] = lag
    series = [Series("longest wait", values, colours.volume)]
    figure = draw_lines(
        series, window, colours, say=lambda s: NO_DATA if s is None else format_duration(s * 1e3)
    )
    figure.update_layout(showlegend=False)
    figure.update_yaxes(ticksuffix=" s")
    return figure


def _ingest_tiles(ingest: Ingest) -> list[Tile]:
    loads, window = ingest.loads, ingest.window
    traces = loads.filter(pl.col("signal") == "traces")
    spans, rejected = int(traces["records"].sum()), int(loads["rejected"].sum())
    seconds = (window.until - window.start).total_seconds()
    arrivals = read_arrivals().value
    last = arrivals.last_at if arrivals else None
    lag = loads["lag_s"].max()
    return [
        Tile(
            title="Spans loaded",
            value=format_count(spans),
            beside=[f"{spans / seconds:,.1f} a second"],
            change=Change(""),
            spark=spread(traces, "records", window.bins),
            spark_kind="bar",
        ),
        Tile(
            title="Last load",
            value=format_age(current().clock() - last) if last else NO_DATA,
            beside=[format_instant(last, with_zone=True)] if last else [],
            change=Change(""),
            spark=[],
            is_unknown=last is None,
            help="When the last batch of bodies was committed.",
        ),
        Tile(
            title="Longest wait",
            value=format_duration(float(lag) * 1e3) if isinstance(lag, int | float) else NO_DATA,
            beside=[],
            change=Change(""),
            spark=[],
            is_unknown=lag is None,
            help="From the acknowledgement of a body to its rows being queryable, the longest of the window.",
        ),
        Tile(
            title="Rejected records",
            value=format_count(rejected),
            beside=[f"{format_count(int(loads['duplicates'].sum()))} duplicates dropped"],
            change=Change(""),
            spark=spread(loads, "rejected", window.bins),
            spark_kind="bar",
            help="Records with ids or times that cannot be; each is among the dead letters with its reason.",
        ),
        Tile(
            title="Database",
            value=format_bytes(ingest.size.file_bytes),
            beside=[f"{format_bytes(ingest.size.used_bytes)} in use"],
            change=Change(""),
            spark=[],
        ),
    ]


def _show_disk(ingest: Ingest) -> None:
    size = ingest.size
    spans = ingest.rows.get("spans", 0)
    each = (
        f"{size.used_bytes / spans:,.0f} bytes a span, content and everything derived included"
        if spans
        else ""
    )
    lines = [
        Line("used", [cell("In use"), cell(format_bytes(size.used_bytes))]),
        Line(
            "free",
            [cell("Free inside the file"), cell(format_bytes(max(0, size.file_bytes - size.used_bytes)))],
        ),
        Line("wal", [cell("Write-ahead log"), cell(format_bytes(size.wal_bytes))]),
    ]
    columns = [Column("Part"), Column("Size", "number", "end")]
    show_table(columns, lines, key="disk", caption="Disk", nothing="", is_bare=True)
    show_notice(each, is_plain=True, key="bytes_a_span")


def _show_jobs(window: Window) -> None:
    reading = read_jobs(window)
    if not show_failure(reading, key="failure") or reading.value is None:
        return
    _show_backlogs(reading.value.backlogs)
    show_notice("Turns of jobs that had something to do or failed.", is_plain=True, key="jobs_hint")
    columns = [
        Column("Job"),
        Column("State", "badge"),
        Column("Turns", "number", "end"),
        Column("Failed", "number", "end"),
        Column("Half took at most", "number", "end"),
        Column("Longest", "number", "end"),
        Column("Rows written", "number", "end"),
        Column("Last", "time"),
        Column("Error"),
    ]
    lines = [
        Line(
            key=row["job"],
            cells=[
                cell(row["job"]),
                cell(
                    "fails" if row["last_failed_at"] == row["last_at"] else "works",
                    tone="error" if row["last_failed_at"] == row["last_at"] else "good",
                ),
                count_cell(row["turns"]),
                count_cell(row["failures"]),
                cell(format_duration(row["p50_ms"]), order=row["p50_ms"]),
                cell(format_duration(row["longest_ms"]), order=row["longest_ms"]),
                count_cell(row["changed"]),
                cell(format_instant(row["last_at"], with_seconds=True)),
                None if not row["an_error"] else cell(row["an_error"], title=row["an_error"]),
            ],
        )
        for row in reading.value.turns.iter_rows(named=True)
    ]
    show_table(
        columns, lines, key="jobs", caption="Jobs", nothing="No job had anything to do in this window."
    )


def _show_backlogs(backlogs: list[Backlog]) -> None:
    """Say what waits for which job; figures lack it until then."""
    if not backlogs:
        return
    columns = [
        Column("Waits for"),
        Column("How much", "number", "end"),
        Column("Of what"),
        Column("Done", "number", "end"),
        Column("Oldest loaded", "time"),
        Column("All done by about", "time"),
    ]
    lines = [
        Line(
            f"{backlog.job} {backlog.unit}",
            [
                cell(backlog.job),
                count_cell(backlog.waiting),
                cell(backlog.unit),
                count_cell(backlog.done),
                None if backlog.since is None else cell(format_instant(backlog.since, with_seconds=True)),
                None if backlog.ends_at is None else cell(format_instant(backlog.ends_at, with_seconds=True)),
            ],
        )
        for backlog in backlogs
    ]
    show_table(columns, lines, key="backlogs", caption="What waits for jobs", nothing="")


def _show_dead_letters(window: Window) -> None:
    reading = read_dead_letters(window)
    if not show_failure(reading, key="failure") or reading.value is None:
        return
    letters: DeadLetters = reading.value
    if letters.reasons.is_empty():
        show_notice(
            "Everything that was acknowledged in this window could be loaded.",
            is_plain=True,
            key="no_letters",
        )
        return
    columns = [
        Column("Signal"),
        Column("Reason"),
        Column("Records", "number", "end"),
        Column("Last", "time"),
    ]
    lines = [
        Line(
            f"{row['signal']}{row['reason']}",
            [
                cell(row["signal"]),
                cell(row["reason"].replace("_", " ")),
                count_cell(row["records"]),
                cell(format_instant(row["last_at"])),
            ],
        )
        for row in letters.reasons.iter_rows(named=True)
    ]
    show_table(columns, lines, key="reasons", caption="Reasons", nothing="")
    st.subheader("Latest", anchor=False)
    columns = [
        Column("Received", "time"),
        Column("Reason"),
        Column("What was wrong"),
        Column("Trace id as sent"),
        Column("Record"),
    ]
    lines = [
        Line(
            f"{i}",
            [
                cell(format_instant(row["received_at"], with_seconds=True)),
                cell(row["reason"].replace("_", " ")),
                None if not row["detail"] else cell(row["detail"], title=row["detail"]),
                None if not row["trace_id"] else cell(row["trace_id"], is_mono=True),
                None if not row["record"] else cell(row["record"], title=row["record"], is_mono=True),
            ],
        )
        for i, row in enumerate(letters.latest.iter_rows(named=True))
    ]
    show_table(columns, lines, key="letters", caption="Latest records that could not be loaded", nothing="")


def _show_dialects(window: Window) -> None:
    reading = read_dialects(window)
    if not show_failure(reading, key="failure") or reading.value is None:
        return
    show_notice(
        "Which naming each instrumentation uses. Model spans without usage have no cost, because nobody said what they "
        "used; spans of no known kind are kept, but counted nowhere.",
        is_plain=True,
        key="dialects_hint",
    )
    columns = [
        Column("Dialect"),
        Column("Instrumentation"),
        Column("Service"),
        Column("Spans", "number", "end"),
        Column("Model spans", "number", "end"),
        Column("With usage", "bar"),
        Column("Tool spans", "number", "end"),
        Column("No known kind", "bar"),
        Column("Last", "time"),
    ]
    lines = [_dialect_line(row, i) for i, row in enumerate(reading.value.iter_rows(named=True))]
    show_table(columns, lines, key="dialects", caption="Dialects", nothing="No span in this window.")


def _dialect_line(row: dict[str, Any], i: int) -> Line:
    used = row["with_usage"] / row["model_spans"] if row["model_spans"] else None
    other = row["other_spans"] / row["spans"]
    return Line(
        f"{i}",
        [
            cell(row["dialect"] or "none", is_quiet=row["dialect"] is None),
            None if not row["scope_name"] else cell(row["scope_name"], title=row["scope_name"]),
            None if not row["service"] else cell(row["service"], title=row["service"]),
            count_cell(row["spans"]),
            count_cell(row["model_spans"]),
            None
            if used is None
            else cell(format_rate(used), share=used, order=used, tone="warning" if used < 0.9 else "good"),
            count_cell(row["tool_spans"]),
            cell(format_rate(other), share=other, order=other, tone="agent"),
            cell(format_instant(row["last_at"])),
        ],
    )


def _show_configuration(_: Window) -> None:
    services = current()
    if services.version:
        since = format_instant(services.started_at, with_zone=True)
        show_notice(f"Spanledger {services.version}, running since {since}.", is_plain=True, key="version")
    if services.describe_settings is None:
        show_notice(
            "This process was started without a configuration to show.", is_plain=True, key="no_settings"
        )
        return
    st.code(services.describe_settings(), language="toml")
