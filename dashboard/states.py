"""What a page says when it has nothing to show, or only something old."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.components import show_notice
from dashboard.data import read_arrivals
from dashboard.filters import PRESETS, Filters, Link, Window, link_traces
from dashboard.formats import format_age, format_instant, format_window
from dashboard.navigation import open_link
from dashboard.reading import Reading
from dashboard.services import current
from dashboard.snippets import list_snippets
from dashboard.tour import offer_tour


def show_failure(reading: Reading[Any], *, key: str) -> bool:
    """Say why the store did not answer and grey the page; return whether there is anything old to show."""
    if reading.failure is None:
        return True
    if reading.value is None:
        show_notice(f"{reading.failure}. Nothing was read before, so there is nothing to show. This page tries "
                    "again by itself.", title="The store does not answer.", tone="error", key=key)  # fmt: skip
        return False
    age = format_age(current().clock() - reading.read_at)
    when = format_instant(reading.read_at, with_seconds=True, with_zone=True)
    text = f"{reading.failure}. What you see was read at {when}, {age}."
    show_notice(text, title="The store does not answer.", tone="error", key=key)
    st.html("<style>.st-key-content { opacity: 0.5; filter: grayscale(1); }</style>")
    return True


def show_nothing_found(window: Window, filters: Filters, *, what: str, path: str) -> None:
    """Say what was searched and offer ways out; on a store that never had data, say how to send some."""
    arrivals = read_arrivals().value
    if arrivals is not None and arrivals.spans == 0:
        _show_first_steps()
        return
    with st.container(border=True, key="empty"):
        st.subheader(f"No {what} in this window", anchor=False)
        st.text(f"Searched {format_window(window.start, window.until)}.")
        if filters.named():
            st.text("With " + "; ".join(filters.named()) + ".")
        with st.container(horizontal=True):
            for name in ("24h", "7d", "30d"):
                if name != window.name and st.button(f"Show {PRESETS[name].words}", key=f"widen_{name}"):
                    _open(path, name, filters)
            if filters.named() and st.button("Clear filters", key="clear_filters"):
                _open(path, window.name, Filters())
        if arrivals is not None and arrivals.last_at is not None:
            st.caption(f"The last data arrived {format_instant(arrivals.last_at, with_zone=True)}.")
        with st.expander("Send data here"):
            _show_snippets()


def _open(path: str, range_name: str, filters: Filters) -> None:
    open_link(Link(path, link_traces(range_name, filters).query))


def _show_first_steps() -> None:
    with st.container(border=True, key="empty"):
        st.subheader("Waiting for the first span", anchor=False)
        st.text(
            "Spanledger listens for OpenTelemetry. Connect your agent in one of these ways; this page turns live by "
            "itself when something arrives."
        )
        _show_snippets()
        offer_tour()
        st.caption("`spanledger demo` runs simulated agents live, with a month of history.")


def _show_snippets() -> None:
    services = current()
    snippets = list_snippets(services.otlp_http, services.otlp_grpc)
    for place, snippet in zip(st.tabs([snippet.name for snippet in snippets]), snippets, strict=True):
        with place:
            st.code(snippet.text, language=snippet.language)
            if snippet.note:
                show_notice(snippet.note, is_plain=True, key=f"note_{snippet.name}")


def show_unknown(title: str, asked: str) -> None:
    """Say that nothing is known by an id, and why that may be."""
    with st.container(border=True, key="empty"):
        st.subheader(title, anchor=False)
        st.code(asked[:200], language=None)
        st.text(
            "It may have been deleted by retention, may belong to another installation, or may not have arrived "
            "yet: spans are here about three seconds after the collector has acknowledged them."
        )
        if st.button("Look again", key="again"):
            st.rerun()
