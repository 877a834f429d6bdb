"""Known events that charts mark: a version, model or prompt seen for the first time, a price change, a deployment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dashboard.data import window_params
from dashboard.filters import Filters, Window
from dashboard.reading import remembered, select

_WORDS: Final = {
    "agent_version": "first seen: version",
    "model": "first seen: model",
    "prompt_version": "first seen: prompt",
    "configuration": "first seen:",
    "price": "price of",
    "deploy": "deployed",
}


@dataclass(frozen=True)
class Event:
    """Something known that happened, UTC without zone, and what it was in words."""

    at: datetime
    text: str


@remembered()
def _read_events(window: Window, filters: Filters) -> list[Event]:
    rows = select("markers/window", window_params(window, filters)).iter_rows(named=True)
    return [
        Event(
            row["marked_at"],
            f"{_WORDS.get(row['kind'], row['kind'])} {row['label']}" + (f" of {row['agent']}" if row["agent"] else ""),
        )
        for row in rows
    ]  # fmt: skip


def find_events(window: Window, filters: Filters) -> Sequence[Event]:
    """Return the events of a window; none when they cannot be read, which no page fails for."""
    return _read_events(window, filters).value or []
