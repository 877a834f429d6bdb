"""How a field's value is read: from a key, from a part of its text, from the span's name or events."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import polars as pl

from collector.dialects.engine.columns import Reading
from collector.dialects.engine.conditions import Condition
from collector.dialects.engine.documents import decode_json
from collector.dialects.engine.index import AttributeIndex, Mask
from collector.dialects.engine.parsing import parse_numbers
from collector.dialects.engine.span_readers import (
    ClosingReader,
    ConstantReader,
    EventReader,
    EventTimeReader,
    NameReader,
)


class Reader(Protocol):
    """Finds values of one field for rows that are still open."""

    @property
    def keys(self) -> frozenset[str]:
        """Exact keys it looks at."""
        ...

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Conditions it asks."""
        ...

    def read(self, index: AttributeIndex, open_rows: Mask) -> Reading | None:
        """Return what was found, rows outside `open_rows` left out; None when nothing was."""
        ...


@dataclass(frozen=True, slots=True)
class KeyReader:
    """The value of a key as it stands, or converted."""

    key: str
    when: Condition | None = None
    convert: Callable[[pl.Series], pl.Series] | None = None
    exclusive: Condition | bool = False
    repeats: bool = False
    """Few values occur on many spans: convert each once."""

    @property
    def keys(self) -> frozenset[str]:
        """The key."""
        return frozenset((self.key,))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """When it reads, and when the number is exclusive."""
        return tuple(c for c in (self.when, self.exclusive) if isinstance(c, Condition))

    def read(self, index: AttributeIndex, open_rows: Mask) -> Reading | None:
        """Return the positions of the key's values, or the converted values."""
        places = index.positions(self.key)
        if not len(places):
            return None
        rows = index.rows[places]
        wanted = open_rows[rows]
        if self.when is not None:
            where = self.when.rows(index)
            if where is None:
                return None
            wanted &= where[rows]
        if not wanted.any():
            return None
        if not wanted.all():
            places, rows = places[wanted], rows[wanted]
        exclusive: Mask | bool
        if isinstance(self.exclusive, Condition):
            found = self.exclusive.rows(index)
            exclusive = False if found is None else found
        else:
            exclusive = self.exclusive
        if self.convert is None:
            return Reading(rows, positions=places, exclusive=exclusive)
        if self.repeats:
            labels = index.labels(self.key)
            values = self.convert(pl.Series(labels.values, dtype=pl.String))[labels.codes[wanted]]
        else:
            values = self.convert(index.texts_at(places))
        return Reading(rows, values=values, exclusive=exclusive)


@dataclass(frozen=True, slots=True)
class ElapsedReader:
    """Milliseconds from the span's start to the instant that a key holds as ISO 8601 text."""

    key: str

    @property
    def keys(self) -> frozenset[str]:
        """The key."""
        return frozenset((self.key,))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """None."""
        return ()

    def read(self, index: AttributeIndex, open_rows: Mask) -> Reading | None:
        """Return the elapsed times."""
        places = index.positions(self.key)
        places = places[open_rows[index.rows[places]]]
        if not len(places):
            return None
        rows = index.rows[places]
        texts = (
            index.texts_at(places)
            .str.strip_chars('"')
            .str.strip_suffix("Z")
            .str.replace("+00:00", "", literal=True)
        )
        instants = texts.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
        started = index.spans["started_at"][rows]
        # NumPy divides; Polars multiplies by the reciprocal wherever there is more than one row.
        elapsed_ms = (instants - started).dt.total_microseconds().cast(pl.Float64).to_numpy() / 1e3
        return Reading(rows, values=pl.Series(elapsed_ms, nan_to_null=True))


def key(name: str, *, when: Condition | None = None, exclusive: Condition | bool = False) -> KeyReader:
    """Read a key; `exclusive`: cached input (or reasoning output) is not in the number."""
    return KeyReader(name, when, None, exclusive)


def seconds(name: str, *, when: Condition | None = None) -> KeyReader:
    """Read a number of seconds as milliseconds."""
    return KeyReader(name, when, lambda texts: pl.Series(parse_numbers(texts) * 1000.0))


def first_item(name: str, *, when: Condition | None = None) -> KeyReader:
    """Read the first item of a JSON array of scalars; any other text as it stands."""
    return KeyReader(name, when, first_items)


def quoted(name: str, *, when: Condition | None = None) -> KeyReader:
    """Read a JSON string or other scalar without its quotes."""
    return KeyReader(name, when, _unquote)


def span_name(*, prefix: str = "", suffix: str = "", when: Condition | None = None) -> NameReader:
    """Read the span's name, less a prefix and suffix it must have."""
    return NameReader(prefix, suffix, when)


def constant(text: str, when: Condition) -> ConstantReader:
    """Give a fixed text where a condition holds."""
    return ConstantReader(text, when)


def positive(name: str, *, when: Condition | None = None) -> KeyReader:
    """Read a number above zero: zero stands for "not known" with this emitter."""
    return KeyReader(name, when, _positive)


def extract(
    name: str,
    pattern: str,
    *,
    when: Condition | None = None,
    repeats: bool = False,
    holding: str = "",
) -> KeyReader:
    """Read the first group of a regular expression within a key's text.

    `holding`: a pattern of plain words of which every text that fits holds one; to look for them first is several times
    faster. So is a pattern whose repetitions have no upper bound.
    """
    return KeyReader(name, when, lambda texts: _extract(texts, pattern, holding), repeats=repeats)


def member(name: str, *members: str, when: Condition | None = None, repeats: bool = False) -> KeyReader:
    """Read the first of some members of a key's JSON object, a text or a whole number, without decoding it all."""
    names = "|".join(re.escape(name) for name in members)
    pattern = rf'"(?:{names})"\s*:\s*("(?:[^"\\]|\\.){{1,{MAX_MEMBER_CHARS}}}"|\d{{1,18}}\b)'
    return KeyReader(name, when, lambda texts: _unquote(texts.str.extract(pattern, 1)), repeats=repeats)


def absent(when: Condition) -> ClosingReader:
    """Give nothing, and let no later dialect give something, where a condition holds."""
    return ClosingReader(when)


def elapsed_until(name: str) -> ElapsedReader:
    """Read an instant as the milliseconds since the span's start."""
    return ElapsedReader(name)


def event_value(event_name: str, name: str) -> EventReader:
    """Read a key of the last span event of a name."""
    return EventReader(event_name, name)


def event_time(event_name: str, when: Condition) -> EventTimeReader:
    """Read the first event of a name as the milliseconds since the span's start."""
    return EventTimeReader(event_name, when)


MAX_MEMBER_CHARS: Final = 512
"""A longer text is no id."""


def _extract(texts: pl.Series, pattern: str, holding: str) -> pl.Series:
    if not holding:
        return texts.str.extract(pattern, 1)
    rows = texts.str.contains(holding).arg_true()
    found = pl.Series([None], dtype=pl.String).new_from_index(0, len(texts))
    return found.scatter(rows, texts.gather(rows).str.extract(pattern, 1)) if len(rows) else found


def _positive(texts: pl.Series) -> pl.Series:
    numbers = parse_numbers(texts)
    return pl.Series(np.where(numbers > 0, numbers, np.nan))


def first_items(texts: pl.Series) -> pl.Series:
    """Return the first item of each JSON array of scalars, other texts unchanged."""
    return convert_distinct(texts, _first_item)


def _unquote(texts: pl.Series) -> pl.Series:
    return convert_distinct(texts, _scalar)


def convert_distinct(texts: pl.Series, convert: Callable[[str], str | None]) -> pl.Series:
    """Return the texts converted, each distinct one once."""
    distinct = [text for text in texts.unique().to_list() if text is not None]
    return texts.replace_strict(
        distinct, [convert(text) for text in distinct], default=None, return_dtype=pl.String
    )


def _first_item(text: str) -> str | None:
    if not text.startswith("["):
        return text
    items = decode_json(text)
    first: object = items[0] if isinstance(items, list) and items else None
    return str(first) if isinstance(first, str | int | float) else None


def _scalar(text: str) -> str | None:
    if text[:1] != '"':
        return text
    decoded = decode_json(text)
    return decoded if isinstance(decoded, str) else text
