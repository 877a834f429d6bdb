"""What the page of sessions shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from dashboard.data import window_params
from dashboard.filters import Filters, Window
from dashboard.reading import remembered, select

PAGE_ROWS: Final = 100


@dataclass(frozen=True)
class SessionSearch:
    """Which sessions the list shows, and in which order."""

    outcome: tuple[str, ...] = ()
    text: str = ""
    only_long: bool = False
    sort: str = "last"
    page: int = 1


@dataclass(frozen=True)
class Sessions:
    """A page of sessions, and sums over all pages by outcome."""

    window: Window
    sessions: pl.DataFrame
    totals: pl.DataFrame


@remembered()
def read_sessions(window: Window, filters: Filters, search: SessionSearch) -> Sessions:
    """Return a page of the sessions that were active in the window."""
    params = {
        **window_params(window, filters),
        "outcomes": list(search.outcome) or ["*"],
        "text": search.text,
        "only_long": search.only_long,
        "sort": search.sort,
        "page_rows": PAGE_ROWS,
        "skipped_rows": (search.page - 1) * PAGE_ROWS,
    }
    return Sessions(window, select("sessions/list", params), select("sessions/totals", params))


@dataclass(frozen=True)
class Conversation:
    """One session with what was said in its runs, as in `sessions/one` and `sessions/turns`."""

    session: dict[str, Any]
    turns: pl.DataFrame


@remembered(ttl_s=10, entries=32)
def read_conversation(session_id: str) -> Conversation | None:
    """Return one session; None when nobody knows it."""
    found = select("sessions/one", {"session_id": session_id})
    if found.is_empty():
        return None
    session = found.row(0, named=True)
    turns = select(
        "sessions/turns",
        {
            "conversation_id": session["conversation_id"],
            "since": session["started_at"],
            "until": session["last_at"],
        },
    )
    return Conversation(session, turns)
