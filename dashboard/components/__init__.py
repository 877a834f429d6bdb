"""Components of our own, registered once; each is a directory of static files and a typed function here.

Streamlit does not sandbox components, so their scripts write text from telemetry only through `textContent`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from dashboard.components.loading import register
from dashboard.filters import Link
from dashboard.zone import zone_name

_TILES: Final = register("tiles")
_TABLE: Final = register("table")
_NOTICE: Final = register("notice")
_HEADLINE: Final = register("headline")
_INSPECTOR: Final = register("inspector", "messages")
_CONVERSATION: Final = register("conversation", "messages")
_WATERFALL: Final = register("waterfall")
_SIDES: Final = register("sides")
_STEP: Final = register("step")


@dataclass(frozen=True)
class Change:
    """A change against the earlier window; `tone` is good, error or empty, never more than the data bears."""

    text: str
    basis: str = ""
    tone: str | None = None


@dataclass(frozen=True)
class Tile:
    """A key figure with what is behind it."""

    title: str
    value: str
    change: Change
    spark: Sequence[float | None]
    link: Link | None = None
    help: str = ""
    beside: Sequence[str] = ()
    spark_kind: str = "line"
    is_small: bool = False
    is_unknown: bool = False


def _address(link: Link | None) -> dict[str, object]:
    return {"href": None if link is None else link.href}


def show_tiles(tiles: Sequence[Tile], *, key: str) -> None:
    """Draw a strip of tiles, each leading to what is behind it."""
    data = [
        {
            **{k: v for k, v in asdict(tile).items() if k != "link"},
            "change": asdict(tile.change),
            **_address(tile.link),
        }
        for tile in tiles
    ]
    _TILES(data={"tiles": data}, key=key)


@dataclass(frozen=True)
class Column:
    """A column of a table: `kind` is text, prose (which wraps), number, time, badge, bar or spark."""

    title: str
    kind: str = "text"
    align: str = ""
    help: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a table; a cell is None or a mapping with `text` and what its kind needs."""

    key: str
    cells: Sequence[Mapping[str, object] | None]
    link: Link | None = None


def cell(text: str, **more: object) -> dict[str, object]:
    """Return a cell that shows `text`."""
    return {"text": text, **more}


def show_table(
    columns: Sequence[Column],
    rows: Sequence[Line],
    *,
    key: str,
    caption: str,
    nothing: str,
    is_bare: bool = False,
) -> None:
    """Draw a table, whose rows lead somewhere."""
    data = {
        "columns": [_head(column) for column in columns],
        "rows": [{"key": row.key, "cells": list(row.cells), **_address(row.link)} for row in rows],
        "caption": caption,
        "nothing": nothing,
        "is_bare": is_bare,
    }
    _TABLE(data=data, key=key)


def _head(column: Column) -> dict[str, object]:
    zone = f" ({zone_name()})" if column.kind == "time" else ""
    return {**asdict(column), "title": column.title + zone}


def show_notice(
    text: str, *, key: str, tone: str = "warning", title: str = "", link: Link | None = None, link_text: str = "",
    is_plain: bool = False,
) -> None:  # fmt: skip
    """Draw one sentence that matters, and maybe where it leads."""
    links = [(link_text, link)] if link else []
    return _show_notice(text, title, links, tone, "plain" if is_plain else "", key)


def show_heading(title: str, links: Sequence[tuple[str, Link]] = (), *, key: str, note: str = "") -> None:
    """Draw a heading that may come from telemetry, links at its end."""
    return _show_notice(note, title, links, None, "heading", key)


def _show_notice(
    text: str, title: str, links: Sequence[tuple[str, Link]], tone: str | None, form: str, key: str
) -> None:
    data = {
        "text": text,
        "tone": tone,
        "title": title,
        "form": form,
        "links": [{"text": words, **_address(link)} for words, link in links],
    }
    _NOTICE(data=data, key=key)


@dataclass(frozen=True)
class Badge:
    """A state in a word or two; `help` says what it means."""

    text: str
    tone: str = "agent"
    help: str = ""


@dataclass(frozen=True)
class Stat:
    """A figure with its label."""

    label: str
    value: str
    help: str = ""
    beside: str = ""
    is_unknown: bool = False


@dataclass(frozen=True)
class Fact:
    """Something known about the thing; an id can be copied."""

    text: str
    label: str = ""
    is_id: bool = False


@dataclass(frozen=True)
class Headline:
    """The head of a page about one thing."""

    title: str
    badges: Sequence[Badge] = ()
    facts: Sequence[Fact] = ()
    stats: Sequence[Stat] = field(default_factory=list[Stat])


def show_headline(headline: Headline, *, key: str) -> None:
    """Draw the head of a page."""
    _HEADLINE(data=asdict(headline), key=key)


def show_inspector(data: Mapping[str, object], *, key: str) -> None:
    """Draw one span in detail; `data` comes from `dashboard.span_detail`."""
    _INSPECTOR(data=data, key=key)


@dataclass(frozen=True)
class Turn:
    """One run of a conversation: what was said, and what it took; `pause` is the time since the turn before."""

    key: str
    at: str
    link: Link
    messages: Sequence[Mapping[str, object]]
    badge: Badge
    facts: Sequence[str] = ()
    pause: str = ""


def show_conversation(turns: Sequence[Turn], *, key: str) -> None:
    """Draw a conversation."""
    data = [
        {
            "key": turn.key,
            "at": turn.at,
            "messages": list(turn.messages),
            "badge": asdict(turn.badge),
            "facts": list(turn.facts),
            "pause": turn.pause,
            **_address(turn.link),
        }
        for turn in turns
    ]
    _CONVERSATION(data={"turns": data}, key=key)


@dataclass(frozen=True)
class Sides:
    """Two texts line by line: left, right, whether both are the same; None where only the other has a line."""

    title: str
    rows: Sequence[tuple[str | None, str | None, bool]]


def show_sides(title: str, parts: Sequence[Sides], *, key: str) -> None:
    """Draw pairs of texts side by side."""
    _SIDES(data={"title": title, "parts": [asdict(part) for part in parts]}, key=key)


def go_to(href: str, *, key: str) -> None:
    """Have the browser go to an address of the application; each step needs a key of its own."""
    _STEP(data={"href": href}, key=key)


def show_waterfall(data: Mapping[str, object], *, key: str) -> str | None:
    """Draw a trace as a waterfall; return the id of the span that was clicked last."""
    return _WATERFALL(data=data, key=key, on_selected_change=_nothing).selected


def _nothing() -> None:
    """A callback must exist for a component to report a value; the page reads the value itself."""
