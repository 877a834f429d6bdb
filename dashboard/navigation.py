"""Where a click leads: pages by path, without a reload."""

from __future__ import annotations

import time
from typing import Final, NoReturn

import streamlit as st

from dashboard.components import go_to
from dashboard.filters import Filters, Link

_PATIENCE_S: Final = 0.15
"""Longer than a browser near by takes to draw the step and to ask for the page."""


def active_filters() -> Filters:
    """Return the filters that the frame has drawn for this run of the script."""
    chosen = st.session_state.get("filters")
    return chosen if isinstance(chosen, Filters) else Filters()


def open_link(link: Link) -> NoReturn:
    """Open a page of the application with a query, and draw nothing more of this one."""
    open_address(link.href)


def open_address(href: str) -> NoReturn:
    """Open an address of the application, and draw nothing more of this page.

    The browser goes there as it follows a link. It is given a moment to ask for the other page, so that this one is
    not seen falling apart.
    """
    st.session_state["steps"] = st.session_state.get("steps", 0) + 1
    go_to(href, key=f"step_{st.session_state['steps']}")
    time.sleep(_PATIENCE_S)
    st.stop()


def click_key(name: str) -> str:
    """Return a key that is new after each click, so that coming back does not repeat the click."""
    return f"{name}_{st.session_state.get('visits', 0)}"


def leave(link: Link) -> NoReturn:
    """Open a page because a chart was clicked."""
    st.session_state["visits"] = st.session_state.get("visits", 0) + 1
    open_link(link)
