"""Explore: any question, as SQL over the views, with its schema beside it; the answer as table or chart."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl
import streamlit as st

from dashboard import filters
from dashboard.acting import change, may_change, record
from dashboard.address import choose_option, take_over, write_back
from dashboard.answering import Form, fit_form, show_answer, write_csv, write_parquet
from dashboard.answers.queries import Answer, read_sql
from dashboard.charts.built import find_numbers
from dashboard.components import Column, Line, cell, show_notice, show_table
from dashboard.formats import format_count
from dashboard.reading import Reading
from dashboard.saved import CHARTS, SavedQuery, read_saved, write_saved
from dashboard.services import current
from dashboard.states import show_failure
from dashboard.theme import palette
from dashboard.view import page_head
from store.errors import ConfigError
from store.schema.catalogue import read_views

LONGEST_LINK: Final = 6_000
KEYWORDS: Final = (
    "SELECT", "DISTINCT", "FROM", "WHERE", "AND", "OR", "NOT", "BY", "ON", "JOIN", "HAVING", "AS", "IN",
    "LIKE", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE",
)  # fmt: skip
"""Words of SQL after which a name follows without a comma."""
_IN_RANGE: Final = "started_at >= :start AND started_at < :until"
EXAMPLES: Final = {
    "Dearest users": f"""SELECT user_id, count(*) AS runs, sum(cost_usd) AS cost_usd
FROM runs
WHERE {_IN_RANGE} AND user_id IS NOT NULL
GROUP BY user_id ORDER BY cost_usd DESC NULLS LAST LIMIT 20""",
    "Failures by class and hour": f"""SELECT date_trunc('hour', started_at) AS hour_at, failure_class, count(*) AS n
FROM runs
WHERE outcome = 'failure' AND {_IN_RANGE}
GROUP BY hour_at, failure_class ORDER BY hour_at""",
    "Tokens by model": f"""SELECT response_model AS model, sum(input_tokens) AS asked, sum(output_tokens) AS answered
FROM llm_calls
WHERE {_IN_RANGE}
GROUP BY model ORDER BY asked DESC NULLS LAST""",
    "Slowest tools": f"""SELECT tool, count(*) AS calls, p50(duration_ms) AS p50_ms, p95(duration_ms) AS p95_ms
FROM tool_calls
WHERE {_IN_RANGE}
GROUP BY tool ORDER BY p95_ms DESC NULLS LAST""",
    "An attribute of my own": f"""SELECT attr(attributes, 'http.response.status_code') AS status, count(*) AS spans
FROM spans
WHERE {_IN_RANGE}
GROUP BY status ORDER BY spans DESC""",
}


def render() -> None:
    """Draw the page."""
    with page_head("Explore"):
        range_name = filters.choose_range()
    window = filters.open_window(range_name, current().clock())
    left, right = st.columns([2.6, 1], gap="medium")
    with right:
        _show_schema()
    with left:
        sql = _write_query()
        if not sql:
            _show_examples()
            return
        with st.spinner("Asking the store …", show_time=True):
            reading = read_sql(sql, window)
        with st.container(key="content"):
            _show(reading, sql)


def _write_query() -> str:
    """Draw the editor; the address holds the query, so that a link asks it again."""
    take_over("sql", lambda values: values[0] if values else "", longest=LONGEST_LINK)
    _take_saved()
    with st.form("query", border=False):
        st.text_area(
            "SQL",
            key="sql",
            height=170,
            max_chars=20_000,
            placeholder="SELECT … FROM runs WHERE started_at >= :start AND started_at < :until",
            help="One SELECT over the views. :start and :until stand for the range above.",
        )
        st.form_submit_button("Run", type="primary")
    sql = str(st.session_state["sql"]).strip()
    if len(sql) <= LONGEST_LINK:
        write_back("sql", [sql] if sql else [], longest=LONGEST_LINK)
    else:
        show_notice(
            "This query is too long for an address; save it to share it.", is_plain=True, key="too_long"
        )
    return sql


def _take_saved() -> None:
    """Put a kept query or an example into the editor when one was chosen."""
    chosen = st.session_state.pop("wanted_sql", None)
    if chosen is not None:
        st.session_state["sql"] = chosen


def _want(sql: str, form: Form | None = None) -> None:
    st.session_state["wanted_sql"] = sql
    for name in ("chart", "x", "y", "by"):
        value = getattr(form, name) if form else ""
        if value:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]


def _show_examples() -> None:
    st.caption("Begin with one of these, or write your own.")
    with st.container(horizontal=True, key="examples"):
        for name, sql in EXAMPLES.items():
            st.button(name, key=f"example_{name}", on_click=_want, args=(sql,))


def _show_schema() -> None:
    """Draw what there is to ask: views, and the columns of one with what they mean."""
    with st.container(border=True, key="schema"):
        _show_kept()
        views = read_views()
        name = choose_option("View", list(views), "view", default="runs")
        view = views[name]
        st.caption(view.comment)
        names = [name, *(column.name for column in view.columns)]
        st.selectbox(
            "Insert into the query", names, index=None, key="insert", placeholder="Type to find a column",
            on_change=_insert,
        )  # fmt: skip
        lines = [
            Line(
                column.name,
                [
                    cell(column.name, title=column.comment, is_mono=True),
                    cell(column.comment, title=column.comment),
                ],
            )
            for column in view.columns
        ]
        with st.container(height=420, border=False):
            columns = [Column("Column"), Column("Meaning", "prose")]
            show_table(columns, lines, key="columns", caption=f"Columns of {name}", nothing="", is_bare=True)


def _insert() -> None:
    """Add the chosen name at the end of the query, as a list where the query ends with a name."""
    name, sql = st.session_state["insert"], str(st.session_state.get("sql", ""))
    st.session_state["insert"] = None
    if not name:
        return
    words = sql.split()
    if not words:
        st.session_state["sql"] = f"SELECT {name} "
        return
    follows_name = words[-1].strip('"').isidentifier() and words[-1].upper() not in KEYWORDS
    st.session_state["sql"] = sql.rstrip() + (", " if follows_name else " ") + name


def _show_kept() -> None:
    path = current().saved_file
    if path is None:
        return
    try:
        saved = read_saved(path)
    except ConfigError as error:
        show_notice(str(error), tone="error", key="saved_broken")
        return
    names = [query.name for query in saved.queries if query.sql]
    if not names:
        return
    name = st.selectbox("Saved queries", names, index=None, key="saved_query", placeholder="Choose one")
    query = saved.find_query(name) if name else None
    if query and st.session_state.get("opened_query") != name:
        st.session_state["opened_query"] = name
        _want(query.sql, Form(query.chart, query.x, query.y, query.by))
        st.rerun()


def _show(reading: Reading[Answer], sql: str) -> None:
    if not show_failure(reading, key="failure") or reading.value is None:
        return
    answer = reading.value
    form = Form() if answer.refused or answer.frame.is_empty() else _choose_form(answer.frame)
    if not answer.refused:
        rows = answer.frame.height
        words = f"{format_count(rows)} {'row' if rows == 1 else 'rows'} in {answer.took_s:.2f} s"
        show_notice(words, is_plain=True, key="rows")
    show_answer(answer, form, palette(st.context.theme.type), key="answer", height_px=380)
    if answer.refused or answer.frame.is_empty():
        return
    with st.container(horizontal=True, key="export"):
        st.download_button("CSV", write_csv(answer.frame), "answer.csv", "text/csv", key="csv")
        parquet = write_parquet(answer.frame)
        st.download_button(
            "Parquet", parquet, "answer.parquet", "application/vnd.apache.parquet", key="parquet"
        )
        _show_save(sql, fit_form(form, answer.frame))


def _choose_form(frame: pl.DataFrame) -> Form:
    """Draw the controls of the chart; the address holds them."""
    numbers = find_numbers(frame)
    with st.container(horizontal=True, vertical_alignment="bottom", key="form"):
        chart = choose_option("Show as", ["", *CHARTS], "chart", default="", say="what suits")
        if not numbers or chart in ("", "table"):
            return Form(chart)
        y = choose_option("Value", numbers, "y", default=numbers[0])
        if chart == "number":
            return Form(chart, y=y)
        others = [name for name in frame.columns if name != y]
        if not others:
            return Form(chart, y=y)
        x = choose_option("Over", others, "x", default=others[0])
        by = choose_option(
            "Split by", ["", *(name for name in others if name != x)], "by", default="", say="nothing"
        )
    return Form(chart, x, y, by)


def _show_save(sql: str, form: Form) -> None:
    path = current().saved_file
    if path is None:
        return
    with st.popover("Save…", disabled=not may_change()), st.form("save", border=False):
        name = st.text_input("Name", max_chars=80)
        board = st.text_input(
            "On which board?", max_chars=80, placeholder="none", help="A board of the page Dashboards."
        )
        if st.form_submit_button("Save", type="primary"):
            _save(
                path,
                SavedQuery(name.strip(), sql, "", form.chart, form.x, form.y, form.by),
                board.strip(),
            )


def _save(path: Path, query: SavedQuery, board: str) -> None:
    if not query.name:
        show_notice("A query needs a name to be found again.", tone="error", key="save_failed")
        return

    def keep(author: str) -> None:
        write_saved(path, read_saved(path).with_query(query, board))
        record("query.save", query.name, author, board=board)

    if not change(keep, key="save"):
        return
    where = f" It is on the board {board}." if board else ""
    show_notice(f"Saved in {path.name}.{where}", tone="good", key="save_done")
