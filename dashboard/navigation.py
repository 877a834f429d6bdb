"""Where a click leads: pages by path, without a reload."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.components import Target
from dashboard.filters import Filters, Link
from dashboard.zone import carry


def active_filters() -> Filters:
    """Return the filters that the frame has drawn for this run of the script."""
    chosen = st.session_state.get("filters")
    return chosen if isinstance(chosen, Filters) else Filters()


def follow(target: Target | None) -> None:
    """Open the page that a component's link named; a target of unknown shape is ignored."""
    if target is None:
        return
    path, query = target.get("path"), target.get("query")
    if isinstance(path, str) and isinstance(query, dict):
        open_link(Link(path, {str(key): _texts(value) for key, value in query.items()}))


def open_link(link: Link) -> None:
    """Open a page of the application with a query."""
    page = st.session_state["pages"].get(link.path)
    if page is not None:
        st.switch_page(page, query_params=carry(link.query))


def click_key(name: str) -> str:
    """Return a key that is new after each click, so that coming back does not repeat the click."""
    return f"{name}_{st.session_state.get('visits', 0)}"


def leave(link: Link) -> None:
    """Open a page because a chart was clicked."""
    st.session_state["visits"] = st.session_state.get("visits", 0) + 1
    open_link(link)


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
