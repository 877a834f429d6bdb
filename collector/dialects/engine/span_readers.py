"""Readers of what a span says beside its attributes: its name, its events, or that a condition holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from collector.dialects.engine.columns import Reading
from collector.dialects.engine.conditions import Condition
from collector.dialects.engine.documents import decode_json
from collector.dialects.engine.index import AttributeIndex, Mask


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
