"""Search over what was said: inputs and outputs of spans, in a bounded time, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from store.errors import ConfigError

if TYPE_CHECKING:
    from store import Store

LONGEST: Final = timedelta(days=31)
SLICE: Final = timedelta(hours=6)
"""Read from the newest back, so that a frequent text is found without reading everything."""
EXCERPT_CHARS: Final = 200
MOST_ROWS: Final = 1_000


def search_messages(
    store: Store,
    text: str,
    start: datetime,
    end: datetime,
    *,
    agents: Sequence[str] = (),
    services: Sequence[str] = (),
    max_rows: int = 100,
) -> pl.DataFrame:
    """Return the spans whose input or output contains a text: ids, where it stands, and an excerpt around it.

    Raises:
        ConfigError: The text is empty, or the time longer than a month.
    """
    if not text.strip():
        raise ConfigError("there is no text to search for; name one")
    if end - start > LONGEST:
        raise ConfigError(f"{end - start} is too long to search through; search at most {LONGEST.days} days")
    asked = {"text": text, "agents": list(agents) or ["*"], "services": list(services) or ["*"]}
    wanted = min(max_rows, MOST_ROWS)
    frames: list[pl.DataFrame] = []
    until = end
    while until > start and sum(frame.height for frame in frames) < wanted:
        begin = max(start, until - SLICE)
        left = wanted - sum(frame.height for frame in frames)
        frames.append(
            store.select("search/messages", asked | {"start": begin, "until": until, "max_rows": left})
        )
        until = begin
    if not frames:
        raise ConfigError("the time to search through is empty; let it end after it starts")
    found = pl.concat(frames)
    excerpts = [_cut_out(whole or "", text) for whole in found["whole_text"]]
    return found.drop("whole_text").with_columns(excerpt=pl.Series(excerpts, dtype=pl.String))


def _cut_out(whole: str, text: str) -> str:
    """Return what stands around the first place of a text.

    >>> _cut_out("where is my parcel?", "Parcel")
    'where is my parcel?'
    """
    place = max(0, whole.lower().find(text.lower()))
    begin = max(0, place - (EXCERPT_CHARS - len(text)) // 2)
    cut = whole[begin : begin + EXCERPT_CHARS]
    return f"{'…' if begin else ''}{cut}{'…' if begin + EXCERPT_CHARS < len(whole) else ''}"
