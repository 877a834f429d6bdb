"""A look around with sample data: offered where nothing has arrived, marked on every page while it is on."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NoReturn
from urllib.parse import urlencode

import streamlit as st

from dashboard.acting import find_person
from dashboard.components import show_notice
from dashboard.filters import Link
from dashboard.formats import format_instant
from dashboard.navigation import open_address, open_link
from dashboard.reading import forget_all
from dashboard.services import SAMPLE, ask_for_sample, asks_for_sample, current, installed
from dashboard.zone import carry

_STEP: Final = timedelta(seconds=1)
_NOT_MADE: Final = (
    "You are signed in as a viewer, who has nothing made. An admin can look around with it first."
)


def offer_tour() -> None:
    """Draw the button that opens the sample data; nothing where there is none and whoever looks can have none made."""
    sample, person = installed().sample, find_person()
    if sample is None or person is None:
        return
    if not person.may_change and not sample.ask(may_begin=False).is_begun:
        return
    if st.button("Look around with sample data", key="tour"):
        open_link(Link("", {SAMPLE: ["1"]}))


def show_tour() -> bool:
    """Mark the page as one of sample data where it is; return whether there is anything to read yet."""
    sample = installed().sample
    if sample is None or not asks_for_sample():
        return True
    if ask_for_sample(sample).services is None:
        st.title("Sample data", anchor=False)
        st.fragment(_show_progress, run_every=_STEP)()
        return False
    with st.container(horizontal=True, vertical_alignment="center", key="sample_mark"):
        st.markdown("**Sample data — not yours**", width="content")
        st.caption(
            f"Simulated agents up to {format_instant(current().clock(), with_zone=True)}. Nothing here can be changed.",
            width="stretch",
        )
        _show_ways_out()
    return True


def _show_ways_out() -> None:
    person = find_person()
    sample = installed().sample
    may_remove = person is not None and person.may_change
    if may_remove and st.button("Remove sample data", key="sample_remove", type="tertiary") and sample:
        sample.remove()
        forget_all()
        _leave()
    if st.button("Leave", key="sample_leave"):
        _leave()


def _show_progress() -> None:
    sample = installed().sample
    state = ask_for_sample(sample) if sample else None
    if state is None or state.services is not None:
        st.rerun()
    if not state.is_begun:
        show_notice(_NOT_MADE, title="There is no sample data.", key="sample_missing")
    elif state.failure:
        show_notice(
            state.failure, title="The sample data cannot be made.", tone="error", key="sample_failure"
        )
    else:
        st.progress(state.share, f"{state.step} …")
        st.caption("It is kept apart from your own data, and ready in less than a minute.")
    if st.button("Leave", key="sample_leave"):
        _leave()


def _leave() -> NoReturn:
    """Open the first page over the real data."""
    query = {name: values for name, values in carry({}).items() if name != SAMPLE}
    open_address(f"/?{urlencode(query, doseq=True)}" if query else "/")
