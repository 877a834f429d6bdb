"""What every page about a window of time is made of: head, live reading, failure, emptiness; a page adds its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

import streamlit as st

from dashboard import filters
from dashboard.address import choose_toggle
from dashboard.data import read_arrivals
from dashboard.filters import Filters, Window
from dashboard.navigation import active_filters
from dashboard.reading import Reading, forget_all, read_afresh
from dashboard.services import current
from dashboard.states import show_failure, show_nothing_found
from dashboard.theme import Palette, palette

T = TypeVar("T")

LIVE_STEP: Final = timedelta(seconds=10)
WAITING_STEP: Final = timedelta(seconds=3)
FRESH: Final = timedelta(minutes=2)
_STEADY: Final = "<style>[data-stale] { opacity: 1 !important; transition: none !important; }</style>"


@dataclass(frozen=True)
class View:
    """What a page is drawn for: a window, what rows must have, and the colours of the viewer's mode."""

    window: Window
    filters: Filters
    colours: Palette


@dataclass(frozen=True)
class Screen:
    """A page about a window of time.

    Attributes:
        title: its name.
        path: its address.
        read: asks for all it shows.
        draw: draws what was read.
        is_empty: whether there is nothing to draw, so that the ways out of it are shown.
        what: what is missing then, in the plural.
        announce: what stands above everything, whatever was read.
        qualify: says above what was read, empty or not, what is missing in it.
        choose: draws controls of its own, which the address holds, before anything is read.
    """

    title: str
    path: str
    read: Callable[[Window, Filters], Reading[Any]]
    draw: Callable[[Any, View], None]
    is_empty: Callable[[Any], bool]
    what: str = "runs"
    announce: Callable[[], None] | None = None
    choose: Callable[[], None] | None = None
    qualify: Callable[[Any], None] | None = None


def show_screen(screen: Screen) -> None:
    """Draw a page about a window of time; live, it is drawn again by itself, and until the first data are there."""
    with page_head(screen.title):
        range_name = filters.choose_range()
        is_live = choose_toggle("Live", "live", help="Read again every 10 seconds.")
    if screen.choose:
        screen.choose()
    if is_live:
        hold_steady()
    is_waiting = _is_unsettled(screen, range_name)
    step = LIVE_STEP if is_live else WAITING_STEP if is_waiting else None
    st.fragment(_show_body, run_every=step)(screen, range_name, is_live, is_waiting)


def hold_steady() -> None:
    """Keep what is read again by itself from fading each time, as Streamlit has what is about to change fade."""
    st.html(_STEADY)


@contextmanager
def page_head(title: str) -> Generator[None]:
    """Draw a page's title with the controls that the block draws beside it."""
    with st.container(horizontal=True, key="page_head", horizontal_alignment="distribute"):
        st.title(title, anchor=False, width="content")
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            yield


def _is_unsettled(screen: Screen, range_name: str) -> bool:
    """Whether the page should look again by itself: the store fails, or the first data are on their way."""
    reading = screen.read(_open_window(range_name, filters.STEP), active_filters())
    if reading.failure is not None or reading.value is None:
        return True
    arrivals = read_arrivals().value
    if arrivals is None or not screen.is_empty(reading.value):
        return False
    return arrivals.last_at is None or current().clock() - arrivals.last_at < FRESH


def _open_window(range_name: str, step: timedelta) -> Window:
    return filters.open_window(range_name, current().clock(), step=step, beside=active_filters().beside)


def _show_body(screen: Screen, range_name: str, is_live: bool, is_waiting: bool) -> None:
    chosen = active_filters()
    window = _open_window(range_name, LIVE_STEP if is_live else filters.STEP)
    reading = read_afresh(lambda: screen.read(window, chosen)) if is_waiting else screen.read(window, chosen)
    if (
        is_waiting
        and reading.failure is None
        and reading.value is not None
        and not screen.is_empty(reading.value)
    ):
        forget_all()
        st.rerun()
    with st.container(key="notices"):
        if screen.announce:
            screen.announce()
        if not show_failure(reading, key="failure"):
            return
    with st.container(key="content"):
        if screen.qualify:
            screen.qualify(reading.value)
        if screen.is_empty(reading.value):
            show_nothing_found(window, chosen, what=screen.what, path=screen.path)
            return
        screen.draw(reading.value, View(window, chosen, palette(st.context.theme.type)))


@contextmanager
def card(title: str, key: str, *, note: str = "") -> Generator[None]:
    """Draw a framed part of a page with its title, and under it what it is about in a sentence."""
    with st.container(border=True, height="stretch", key=f"{key}_card"):
        st.subheader(title, anchor=False)
        if note:
            st.caption(note)
        yield


def two_cards() -> list[Any]:
    """Return two places side by side, one under the other where it is narrow."""
    return list(st.columns(2, gap="small"))
