"""Where each key that some dialect knows stands in the long-form attributes of one batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

NOWHERE: Positions = np.empty(0, dtype=np.int64)


class SpanBatch(Protocol):
    """Decoded spans of many bodies: one row per span, attributes in long form beside them."""

    @property
    def spans(self) -> pl.DataFrame:
        """One row per span, `row` counting from 0."""
        ...

    @property
    def attributes(self) -> pl.DataFrame:
        """Every attribute: row, key, value as text; sorted by row."""
        ...

    @property
    def resources(self) -> pl.DataFrame:
        """Every resource attribute: resource_id, key, value as text."""
        ...

    @property
    def event_attributes(self) -> pl.DataFrame:
        """Every attribute of a span event: row, event, event_name, key, value as text."""
        ...


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The keys worth looking at: exact names and prefixes."""

    keys: frozenset[str]
    prefixes: tuple[str, ...]

    def knows(self, key: str) -> bool:
        """Whether some dialect reads the key."""
        return key in self.keys or key.startswith(self.prefixes)


class Labels:
    """A text column coded by its distinct values, so that a question is asked once per value."""

    def __init__(self, column: pl.Series) -> None:
        coded = column.to_arrow().dictionary_encode(null_encoding="encode")  # type: ignore[union-attr]
        self.values: list[str] = [text or "" for text in coded.dictionary.to_pylist()]
        self.codes: npt.NDArray[np.int32] = coded.indices.to_numpy(zero_copy_only=False)

    def where(self, test: Callable[[str], bool]) -> Mask | None:
        """Return where the value passes the test; None when no value does."""
        hits = [test(value) for value in self.values]
        if not any(hits):
            return None
        return np.asarray(hits, dtype=np.bool_)[self.codes]

    def translated(self, convert: Callable[[str], str | None]) -> pl.Series:
        """Return the column with every value converted; an empty text counts as no value."""
        texts = pl.Series([convert(text) if text else None for text in self.values], dtype=pl.String)
        return texts[self.codes]


class AttributeIndex:
    """Positions of the known keys, and the conditions' questions about them.

    A key with a null or empty value counts as absent.
    """

    def __init__(self, batch: SpanBatch, vocabulary: Vocabulary) -> None:
        self.row_count = batch.spans.height
        self.spans = batch.spans
        self.values: pl.Series = batch.attributes["value"].cast(pl.String).alias("")
        self.lengths: npt.NDArray[np.int64] = (
            self.values.str.len_bytes().cast(pl.Int64).fill_null(0).to_numpy()
        )
        self.rows: Positions = batch.attributes["row"].to_numpy().astype(np.int64)
        self.scopes = Labels(batch.spans["scope_name"])
        self.names = Labels(batch.spans["name"])
        self.events = EventIndex(batch.event_attributes, self.row_count)
        self._labels: dict[str, Labels] = {}
        self._places = self._group_positions(batch.attributes["key"], vocabulary)

    def _group_positions(self, keys: pl.Series, vocabulary: Vocabulary) -> dict[str, Positions]:
        if keys.is_empty():
            return {}
        coded = keys if keys.dtype == pl.Categorical else keys.cast(pl.Categorical(pl.Categories.random()))
        codes = coded.to_physical().to_numpy()
        distinct = coded.unique()
        known = [
            (code, key)
            for code, key in zip(
                distinct.to_physical().to_list(), distinct.cast(pl.String).to_list(), strict=True
            )
            if key is not None and vocabulary.knows(key)
        ]
        slot = np.full(int(codes.max(initial=0)) + 1, -1, dtype=np.int32)
        slot[[code for code, _ in known]] = np.arange(len(known), dtype=np.int32)
        slots = slot[codes]
        places = np.flatnonzero((slots >= 0) & (self.lengths > 0))
        slots = slots[places]
        if len(known) < 65536:
            slots = slots.astype(np.uint16)  # numpy sorts 16-bit integers by radix
        order = np.argsort(slots, kind="stable")
        ends = np.cumsum(np.bincount(slots, minlength=len(known)))
        pieces = np.split(places[order], ends[:-1]) if known else []
        return {key: piece for (_, key), piece in zip(known, pieces, strict=True) if len(piece)}

    def positions(self, key: str) -> Positions:
        """Positions in the attributes where the key has a value."""
        return self._places.get(key, NOWHERE)

    def texts_at(self, positions: Positions) -> pl.Series:
        """Return the values at positions."""
        return self.values[positions]

    def labels(self, key: str) -> Labels:
        """Return the values of a key coded, in the order of its positions."""
        if key not in self._labels:
            self._labels[key] = Labels(self.texts_at(self.positions(key)))
        return self._labels[key]

    def keys_under(self, prefixes: str | tuple[str, ...]) -> list[str]:
        """Present keys that begin with one of the prefixes."""
        return [key for key in self._places if key.startswith(prefixes)]

    def empty_mask(self) -> Mask:
        """A mask that holds nowhere."""
        return np.zeros(self.row_count, dtype=np.bool_)

    def having(self, keys: Iterable[str]) -> Mask | None:
        """Rows with a value under any of the keys."""
        found = [places for places in map(self.positions, keys) if len(places)]
        if not found:
            return None
        mask = self.empty_mask()
        for places in found:
            mask[self.rows[places]] = True
        return mask

    def equal(self, key: str, test: Callable[[str], bool]) -> Mask | None:
        """Rows whose value under the key passes the test."""
        places = self.positions(key)
        if not len(places):
            return None
        hits = self.labels(key).where(test)
        if hits is None:
            return None
        mask = self.empty_mask()
        mask[self.rows[places[hits]]] = True
        return mask


class EventIndex:
    """The attributes of span events, by the event's name; an event without attributes is not in it."""

    def __init__(self, events: pl.DataFrame, row_count: int) -> None:
        self.frame = events
        self._row_count = row_count
        self._names = Labels(events["event_name"]) if events.height else None
        self._rows: Positions = events["row"].to_numpy().astype(np.int64)

    def names(self) -> list[str]:
        """Return the names of events."""
        return self._names.values if self._names is not None else []

    def having(self, event_name: str) -> Mask | None:
        """Rows that have an event of that name."""
        found = self._where(event_name)
        if found is None:
            return None
        mask = np.zeros(self._row_count, dtype=np.bool_)
        mask[self._rows[found]] = True
        return mask

    def last_values(self, event_name: str, key: str) -> tuple[Positions, pl.Series]:
        """Return rows, and the key's value on each row's last event of that name that has one."""
        found = self._where(event_name)
        if found is None:
            return NOWHERE, pl.Series(dtype=pl.String)
        keys = self.frame["key"].cast(pl.String)
        places = np.flatnonzero(found & (keys == key).to_numpy())
        values = self.frame["value"][places].cast(pl.String)
        places = places[(values.str.len_bytes().fill_null(0) > 0).to_numpy()]
        rows = self._rows[places]
        # Events are in order: of equal neighbours the last one stays.
        is_last = np.append(rows[1:] != rows[:-1], True) if len(rows) else np.empty(0, np.bool_)
        return rows[is_last], self.frame["value"][places[is_last]].cast(pl.String)

    def _where(self, event_name: str) -> Mask | None:
        return None if self._names is None else self._names.where(lambda name: name == event_name)
