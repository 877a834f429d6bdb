"""Own dashboards: boards of saved queries, defined in a file that can be edited and versioned."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard import filters
from dashboard.address import choose_one, choose_toggle
from dashboard.answering import Form, show_answer
from dashboard.answers.queries import read_saved_query
from dashboard.components import show_heading, show_notice
from dashboard.filters import Link, Window
from dashboard.navigation import active_filters
from dashboard.saved import FILE_NAME, Board, Saved, SavedQuery, read_saved
from dashboard.services import current
from dashboard.states import show_failure
from dashboard.theme import palette
from dashboard.view import LIVE_STEP, hold_steady, page_head
from store.errors import ConfigError

EXAMPLE: Final = """[[query]]
name = "success by agent"
metric = "success_rate"
by = "agent"
chart = "lines"

[[query]]
name = "dearest users"
sql = '''
SELECT user_id, sum(cost_usd) AS cost_usd FROM runs WHERE started_at >= :start AND started_at < :until
GROUP BY user_id ORDER BY cost_usd DESC NULLS LAST LIMIT 10'''
chart = "bars"

[[board]]
name = "support"
queries = ["success by agent", "dearest users"]
"""


def render() -> None:
    """Draw the page."""
    with page_head("Dashboards"):
        range_name = filters.choose_range()
        is_live = choose_toggle("Live", "live", help="Read again every 10 seconds.")
    if is_live:
        hold_steady()
    saved = _read()
    if saved is None:
        return
    if not saved.boards:
        _show_first_steps()
        return
    names = [board.name for board in saved.boards]
    name = choose_one("Board", names, "board", default=names[0])
    board = next(board for board in saved.boards if board.name == name)
    st.fragment(_show_board, run_every=LIVE_STEP if is_live else None)(board, saved, range_name)


def _read() -> Saved | None:
    path = current().saved_file
    if path is None:
        return Saved()
    try:
        return read_saved(path)
    except ConfigError as error:
        show_notice(str(error), tone="error", title="The boards cannot be shown.", key="saved_broken")
        return None


def _show_first_steps() -> None:
    with st.container(border=True, key="empty"):
        st.subheader("No board yet", anchor=False)
        st.text(
            "Ask something on Explore and save it on a board, or write the file yourself: "
            f"{FILE_NAME} in the data directory. It is read anew each time."
        )
        st.code(EXAMPLE, language="toml")
        show_heading("", [("Open Explore", Link("explore", {}))], key="open_explore")


def _show_board(board: Board, saved: Saved, range_name: str) -> None:
    window = filters.open_window(range_name, current().clock())
    with st.container(key="content"):
        queries = [query for name in board.queries if (query := saved.find_query(name))]
        for at in range(0, len(queries), 2):
            for place, query in zip(st.columns(2, gap="small"), queries[at : at + 2], strict=False):
                with place.container(border=True, height="stretch", key=f"query_{at}_{query.name}"):
                    _show_query(query, window)


def _show_query(query: SavedQuery, window: Window) -> None:
    link = {"sql": [query.sql], "chart": [query.chart], "x": [query.x], "y": [query.y], "by": [query.by]}
    links = [("Open", Link("explore", {"range": [window.name], **{k: v for k, v in link.items() if v[0]}}))]
    show_heading(query.name, links if query.sql else [], key=f"head_{query.name}")
    reading = read_saved_query(query, window, active_filters())
    if not show_failure(reading, key=f"failure_{query.name}") or reading.value is None:
        return
    form = Form(
        "lines" if query.metric and query.chart == "table" else query.chart, query.x, query.y, query.by
    )
    show_answer(reading.value, form, palette(st.context.theme.type), key=f"answer_{query.name}")
