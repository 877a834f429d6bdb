"""In which zone times are shown: UTC, or the reader's own; said wherever a time stands, and kept by the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from dashboard.services import SAMPLE, asks_for_sample

NAME: Final = "tz"
"""The key of the address."""
_KEPT: Final = "zone"


@cache
def _find(name: str) -> tzinfo:
    """Return a zone by its name in the IANA database; UTC for a name that is none."""
    try:
        return ZoneInfo(name) if name and name != "UTC" else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def zone() -> tzinfo:
    """Return the zone of whoever looks at the page."""
    return _find(st.session_state.get(_KEPT, "UTC"))


def zone_name() -> str:
    """Return the zone as it is said beside a time: `UTC`, or `Europe/Berlin`."""
    return "UTC" if zone() is UTC else str(zone())


def localise(at: datetime) -> datetime:
    """Return an instant in the reader's zone; one without a zone is UTC."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone())


def on_axis(at: datetime, bin_s: float) -> datetime:
    """Return an instant as charts take it, without zone; days are days of UTC, whoever looks at them."""
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (moment if bin_s >= 86_400 else moment.astimezone(zone())).replace(tzinfo=None)


def carry(query: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the query of a link with the zone of whoever follows it, and the sample where they look at that."""
    name = zone_name()
    return {
        **{key: list(values) for key, values in query.items()},
        **({NAME: [name]} if name != "UTC" else {}),
        **({SAMPLE: ["1"]} if asks_for_sample() else {}),
    }


def choose_zone() -> None:
    """Draw the switch between UTC and the zone of the browser, or of the address; nothing when they are the same."""
    asked = st.query_params.get(NAME, "")
    if asked and _find(asked) is not UTC:
        st.session_state[_KEPT] = asked
    own = st.context.timezone or ""
    options = list(
        dict.fromkeys(["UTC", *(name for name in (own, zone_name()) if name and _find(name) is not UTC)])
    )
    if len(options) == 1:
        st.caption("Times are in UTC.")
        return
    st.session_state["zone_choice"] = zone_name()
    st.selectbox("Times in", options, key="zone_choice", on_change=_take)


def _take() -> None:
    chosen: str = st.session_state["zone_choice"]
    st.session_state[_KEPT] = chosen
    if chosen == "UTC":
        st.query_params.pop(NAME, None)
    else:
        st.query_params[NAME] = chosen
