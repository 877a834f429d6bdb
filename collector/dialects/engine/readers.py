"""How a field's value is read: from a key, from a factor of it, from JSON inside it, from the span's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import numpy as np
import polars as pl

from collector.dialects.engine.columns import Reading
from collector.dialects.engine.conditions import Condition
from collector.dialects.engine.documents import decode_json
from collector.dialects.engine.index import AttributeIndex, Mask
from collector.dialects.engine.parsing import parse_numbers


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
class NameReader:
    """The span's name, without a prefix and suffix it must have."""

    prefix: str = ""
    suffix: str = ""
    when: Condition | None = None

    @property
    def keys(self) -> frozenset[str]:
        """No attribute."""
        return frozenset()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """When it reads."""
        return () if self.when is None else (self.when,)

    def read(self, index: AttributeIndex, open_rows: Mask) -> Reading | None:
        """Return the rest of the name where the name has prefix and suffix."""
        fits = index.names.where(lambda name: name.startswith(self.prefix) and name.endswith(self.suffix))
        if fits is None:
            return None
        fits = fits & open_rows
        if self.when is not None:
            where = self.when.rows(index)
            if where is None:
                return None
            fits &= where
        rows = np.flatnonzero(fits)
        if not len(rows):
            return None
        names = index.spans["name"][rows]
        return Reading(rows, values=names.str.strip_prefix(self.prefix).str.strip_suffix(self.suffix))


@dataclass(frozen=True, slots=True)
class ConstantReader:
    """A fixed text wherever a condition holds."""

    text: str
    when: Condition

    @property
    def keys(self) -> frozenset[str]:
        """No attribute."""
        return frozenset()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """When it reads."""
        return (self.when,)

    def read(self, index: AttributeIndex, open_rows: Mask) -> Reading | None:
        """Return the text for every row where the condition holds."""
        where = self.when.rows(index)
        if where is None:
            return None
        rows = np.flatnonzero(where & open_rows)
        if not len(rows):
            return None
        return Reading(rows, values=pl.Series([self.text]).new_from_index(0, len(rows)))


@dataclass(frozen=True, slots=True)
class ClosingReader:
    """Closes the field wherever a condition holds: what other dialects would read there is not it."""

    when: Condition

    @property
    def keys(self) -> frozenset[str]:
        """No attribute."""
        return frozenset()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """When it reads."""
        return (self.when,)

    def read(self, index: AttributeIndex, open_rows: Mask) -> Reading | None:
        """Return the rows to close."""
        where = self.when.rows(index)
        rows = np.flatnonzero(where & open_rows) if where is not None else ()
        return Reading(np.asarray(rows, dtype=np.int64)) if len(rows) else None


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


@dataclass(frozen=True, slots=True)
class EventReader:
    """The value of a key on the last span event of a name."""

    event_name: str
    key: str

    @property
    def keys(self) -> frozenset[str]:
        """No attribute of the span."""
        return frozenset()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """None."""
        return ()

    def read(self, index: AttributeIndex, open_rows: Mask) -> Reading | None:
        """Return the events' values."""
        rows, values = index.events.last_values(self.event_name, self.key)
        wanted = open_rows[rows]
        if not wanted.any():
            return None
        return Reading(rows[wanted], values=values.filter(pl.Series(wanted)))


@dataclass(frozen=True, slots=True)
class EventTimeReader:
    """Milliseconds from the span's start to its first event of a name."""

    event_name: str
    when: Condition

    @property
    def keys(self) -> frozenset[str]:
        """No attribute."""
        return frozenset()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """When it reads."""
        return (self.when,)

    def read(self, index: AttributeIndex, open_rows: Mask) -> Reading | None:
        """Return the elapsed times of the spans that have such an event."""
        where = self.when.rows(index)
        events = index.spans["events"]
        if where is None or events.null_count() == len(events):
            return None
        rows = np.flatnonzero(where & open_rows)
        mentions = index.spans["events"][rows].str.contains(self.event_name, literal=True)
        rows = rows[mentions.fill_null(value=False).to_numpy()]
        if not len(rows):
            return None
        texts, starts = (index.spans[name][rows] for name in ("events", "started_at"))
        found = [_event_ms(text, self.event_name, at) for text, at in zip(texts, starts, strict=True)]
        return Reading(rows, values=pl.Series(found, dtype=pl.Float64))


def _event_ms(events: str, name: str, started_at: datetime) -> float | None:
    decoded = decode_json(events)
    for item in decoded if isinstance(decoded, list) else []:
        if isinstance(item, dict) and item.get("name") == name and isinstance(item.get("time"), str):
            try:
                at = datetime.fromisoformat(item["time"])
            except ValueError:
                return None
            return (at.replace(tzinfo=None) - started_at).total_seconds() * 1000.0
    return None


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
    holding: Sequence[str] = (),
) -> KeyReader:
    """Read the first group of a regular expression within a key's text.

    `holding`: every text that fits holds one of these; to look for them first is several times faster.
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


def _extract(texts: pl.Series, pattern: str, holding: Sequence[str]) -> pl.Series:
    if not holding:
        return texts.str.extract(pattern, 1)
    rows = np.flatnonzero(
        np.logical_or.reduce([texts.str.contains(part, literal=True).to_numpy() for part in holding])
    )
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
