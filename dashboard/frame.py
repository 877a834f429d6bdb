"""The frame of every page: navigation, filters, what the store says about itself."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import filters
from dashboard.data import read_arrivals, read_choices
from dashboard.formats import format_age, format_count
from dashboard.pages import overview, trace, traces
from dashboard.services import current

ASSETS: Final = Path(__file__).parent / "assets"
_STYLE: Final = (ASSETS / "frame.css").read_text(encoding="utf-8")


PAGES: Final = {
    "": (overview, "Overview", ":material/space_dashboard:"),
    "traces": (traces, "Traces", ":material/account_tree:"),
    "trace": (trace, "Trace", None),
}


def show(first: str = "") -> None:
    """Draw the page that the address names; `first` is the path of the page at `/`."""
    st.set_page_config(
        page_title="Spanledger",
        page_icon=str(ASSETS / "favicon.png"),
        layout="wide",
        initial_sidebar_state="auto",
    )
    st.html(f"<style>{_STYLE}</style>")
    st.logo(str(ASSETS / "logo.svg"), size="large")
    pages = {
        path: st.Page(
            module.render,
            title=title,
            icon=icon,
            url_path=path or "overview",
            default=path == first,
            visibility="visible" if icon else "hidden",
        )
        for path, (module, title, icon) in PAGES.items()
    }
    st.session_state["pages"] = pages
    page = st.navigation({"Monitor": list(pages.values())})
    with st.sidebar:
        st.session_state["filters"] = filters.choose_filters(read_choices().value or {})
        _show_arrivals()
    page.run()


def _show_arrivals() -> None:
    reading = read_arrivals()
    if reading.value is None or reading.value.last_at is None:
        st.caption("Nothing has arrived yet.")
        return
    age = current().clock() - reading.value.last_at
    st.caption(f"{format_count(reading.value.spans)} spans · last one {format_age(age)}")
