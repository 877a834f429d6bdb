"""The frame of every page: navigation, filters, what the store says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from dashboard import filters
from dashboard.acting import find_person
from dashboard.address import enter_page, read_values
from dashboard.data import read_arrivals, read_choices
from dashboard.formats import format_age, format_count
from dashboard.menu import PAGES
from dashboard.services import SAMPLE, asks_for_sample, current
from dashboard.theme import palette
from dashboard.tour import show_tour
from dashboard.zone import carry, choose_zone
from store.control.access import Person

ASSETS: Final = Path(__file__).parent / "assets"
_STYLE: Final = (ASSETS / "frame.css").read_text(encoding="utf-8")


def show(first: str = "") -> None:
    """Draw the page that the address names; `first` is the path of the page at `/`."""
    st.set_page_config(
        page_title="Spanledger",
        page_icon=str(ASSETS / "favicon.png"),
        layout="wide",
        initial_sidebar_state="auto",
    )
    colours = palette(st.context.theme.type)
    named = ("ground", "raised", "muted", "accent", "warning", "good")
    names = " ".join(f"--sl-{name}: {getattr(colours, name)};" for name in named)
    st.html(f"<style>:root {{ {names} }} {_STYLE}</style>")
    st.logo(str(ASSETS / "logo.svg"), size="large")
    person = find_person()
    if person is None:
        _show_signed_out()
        return
    pages = {
        entry.path: st.Page(
            entry.render,
            title=entry.title,
            icon=f":material/{entry.icon}:" if entry.icon else None,
            url_path=entry.path or "overview",
            default=entry.path == first,
            visibility="visible" if entry.section else "hidden",
        )
        for entry in PAGES
    }
    st.session_state["pages"] = pages
    page = st.navigation(list(pages.values()), position="hidden")
    if not show_tour():
        return
    enter_page(f"{page.url_path}?{SAMPLE}" if asks_for_sample() else page.url_path)
    entry = next(entry for entry in PAGES if pages[entry.path] is page)
    with st.sidebar:
        menu = st.container(key="menu", gap="xxsmall")
        if entry.is_filtered:
            chosen = filters.choose_filters(read_choices().value or {})
            range_name = next(iter(read_values("range")), filters.DEFAULT_RANGE)
            st.session_state["filters"] = chosen
            st.session_state["kept_query"] = filters.link_traces(range_name, chosen).query
        with menu:
            _show_menu(pages)
        _show_arrivals()
        choose_zone()
        if person.name:
            _show_person(person)
    page.run()


def _show_signed_out() -> None:
    """Say that a sign-in has ended while its page was open."""
    st.title("You are signed out", anchor=False)
    st.html('<p>Your sign-in has ended. <a href="/sign-in">Sign in again</a></p>')


def _show_person(person: Person) -> None:
    """Say who is signed in and as what, with the way out."""
    st.text(f"{person.name}, {person.role}")
    st.html('<a href="/sign-out">Sign out</a>')


def _show_menu(pages: Mapping[str, StreamlitPage]) -> None:
    """Draw links to the pages; unlike Streamlit's own menu they keep range and filters."""
    kept = st.session_state.get("kept_query", {})
    query = carry(kept)
    for section in dict.fromkeys(entry.section for entry in PAGES if entry.section):
        st.caption(section)
        for entry in PAGES:
            if entry.section == section:
                st.page_link(pages[entry.path], query_params=query, width="stretch")


def _show_arrivals() -> None:
    reading = read_arrivals()
    if reading.value is None or reading.value.last_at is None:
        st.caption("Nothing has arrived yet.")
        return
    age = current().clock() - reading.value.last_at
    st.caption(f"{format_count(reading.value.spans)} spans · last one {format_age(age)}")
