"""Laying one price over others: rows of a price book hold in a box of time, hours and tokens, which may be cut."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

Row = dict[str, Any]
"""A row of ledger.prices, as `catalogue.PRICE_SCHEMA` says."""

_LAST_DAY: Final = 8
_LAST_MINUTE: Final = 24 * 60
_EVER: Final = datetime(9999, 1, 1)  # noqa: DTZ001 - times of rows have no zone
_NEVER: Final = datetime(1, 1, 1)  # noqa: DTZ001


class Box(NamedTuple):
    """Where a price holds: half-open stretches of time, of weekdays, of the day's minutes and of input tokens."""

    time: tuple[datetime, datetime] = (_NEVER, _EVER)
    days: tuple[int, int] = (1, _LAST_DAY)
    minutes: tuple[int, int] = (0, _LAST_MINUTE)
    tokens: tuple[float, float] = (0, float("inf"))


def box_of(row: Row) -> Box:
    """Return where a row holds."""
    until = row.get("tier_until_tokens")
    return Box(
        (row.get("valid_from") or _NEVER, row.get("valid_until") or _EVER),
        (row.get("window_from_day") or 1, row.get("window_until_day") or _LAST_DAY),
        (row.get("window_from_minute") or 0, row.get("window_until_minute") or _LAST_MINUTE),
        (row.get("tier_from_tokens") or 0, float("inf") if until is None else until),
    )


def in_box(row: Row, box: Box) -> Row:
    """Return the row as it holds in a box."""
    is_all_week, is_all_day = box.days == (1, _LAST_DAY), box.minutes == (0, _LAST_MINUTE)
    return {
        **row,
        "valid_from": None if box.time[0] == _NEVER else box.time[0],
        "valid_until": None if box.time[1] == _EVER else box.time[1],
        "window_from_day": None if is_all_week else box.days[0],
        "window_until_day": None if is_all_week else box.days[1],
        "window_from_minute": None if is_all_day else box.minutes[0],
        "window_until_minute": None if is_all_day else box.minutes[1],
        "tier_from_tokens": int(box.tokens[0]),
        "tier_until_tokens": None if box.tokens[1] == float("inf") else int(box.tokens[1]),
    }


def cut(row: Row, box: Box) -> tuple[Row | None, list[Row]]:
    """Return the part of a row inside a box, None when there is none, and the parts outside.

    >>> inside, outside = cut({"tier_from_tokens": 0}, Box(tokens=(200, float("inf"))))
    >>> inside["tier_from_tokens"], [part["tier_until_tokens"] for part in outside]
    (200, [200])
    """
    whole: list[Any] = list(box_of(row))
    limits: list[Any] = list(box)
    shared = [(max(a, c), min(b, d)) for (a, b), (c, d) in zip(whole, limits, strict=True)]
    if any(low >= high for low, high in shared):
        return None, [row]
    outside: list[Row] = []
    for axis, (low, high) in enumerate(shared):
        first, last = whole[axis]
        for side in ((first, low), (high, last)):
            if side[0] < side[1]:
                part: list[Any] = [*whole[:axis], side, *whole[axis + 1 :]]
                outside.append(in_box(row, Box(*part)))
        whole[axis] = (low, high)
    return in_box(row, Box(*whole)), outside


def change_rows(
    rows: Iterable[Row], box: Box, is_meant: Callable[[Row], bool], change: Callable[[Row], Row | None]
) -> Iterator[Row]:
    """Yield the rows with those that are meant changed inside a box, or left out where `change` returns None."""
    for row in rows:
        inside, outside = cut(row, box) if is_meant(row) else (None, [row])
        yield from outside
        if inside is not None and (changed := change(inside)) is not None:
            yield changed


def scale_prices(
    row: Row, factor: float, source: str, columns: Iterable[str], but: Container[str] = ()
) -> Row:
    """Return the row with every price multiplied, but those of some units."""
    others = row.get("other_units")
    return {
        **row,
        **{name: row[name] * factor for name in columns if row.get(name) is not None},
        "other_units": others
        and [
            {"key": pair["key"], "value": pair["value"] * (1.0 if pair["key"] in but else factor)}
            for pair in others
        ],
        "source": f"{row['source']}; {source}",
    }


def set_prices(row: Row, prices: Mapping[str, float], units: Mapping[str, float], source: str) -> Row:
    """Return the row with some prices set: `prices` by column, `units` by the name of the unit."""
    others = {pair["key"]: pair["value"] for pair in row.get("other_units") or []} | dict(units)
    return {
        **row,
        **prices,
        "other_units": [{"key": key, "value": value} for key, value in others.items()] or None,
        "source": source,
    }


def join_neighbours(rows: Iterable[Row]) -> list[Row]:
    """Return the rows with those joined that differ only in following each other in time."""
    joined: dict[tuple[Any, ...], Row] = {}
    ordered = sorted(rows, key=lambda row: row.get("valid_from") or _NEVER)
    for row in ordered:
        key = tuple(sorted((k, str(v)) for k, v in row.items() if k not in ("valid_from", "valid_until")))
        before = joined.get(key)
        if before is not None and before.get("valid_until") == row.get("valid_from"):
            before["valid_until"] = row.get("valid_until")
        else:
            if before is not None:
                joined[(*key, before.get("valid_from"))] = before
            joined[key] = dict(row)
    return list(joined.values())
