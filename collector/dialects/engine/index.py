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
    """A text column of the spans, tested once per distinct value."""

    def __init__(self, column: pl.Series) -> None:
        categories = pl.Categorical(pl.Categories.random())
        coded = column.fill_null("").cast(categories)
        codes = coded.to_physical().to_numpy()
        distinct = coded.unique()
        self.values: list[str] = distinct.cast(pl.String).to_list()
        slot = np.zeros(int(codes.max(initial=0)) + 1, dtype=np.int64)
        slot[distinct.to_physical().to_numpy()] = np.arange(len(self.values))
        self._codes = slot[codes]

    def where(self, test: Callable[[str], bool]) -> Mask | None:
        """Rows whose value passes the test; None when no value does."""
        hits = [test(value) for value in self.values]
        if not any(hits):
            return None
        return np.asarray(hits, dtype=np.bool_)[self._codes]


class AttributeIndex:
    """Positions of the known keys, and the conditions' questions about them.

    A key with a null or empty value counts as absent.
    """

    def __init__(self, batch: SpanBatch, vocabulary: Vocabulary) -> None:
        self.row_count = batch.spans.height
        self.spans = batch.spans
        self.values: pl.Series = batch.attributes["value"].cast(pl.String)
        self.rows: Positions = batch.attributes["row"].to_numpy().astype(np.int64)
        self.scopes = Labels(batch.spans["scope_name"])
        self.names = Labels(batch.spans["name"])
        self._events = batch.event_attributes
        self._event_masks: dict[str, Mask | None] = {}
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
        present = (self.values.str.len_bytes().fill_null(0).to_numpy() > 0) & (slots >= 0)
        places = np.flatnonzero(present)
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
        values = self.values.gather(places)
        distinct = values.unique()
        hits = [value for value in distinct.to_list() if test(value)]
        if not hits:
            return None
        mask = self.empty_mask()
        mask[self.rows[places[values.is_in(hits).to_numpy()]]] = True
        return mask

    def with_event(self, event_name: str) -> Mask | None:
        """Rows that have an event of that name."""
        if event_name not in self._event_masks:
            rows = self._events.filter(pl.col("event_name") == event_name)["row"].to_numpy()
            mask = self.empty_mask() if len(rows) else None
            if mask is not None:
                mask[rows] = True
            self._event_masks[event_name] = mask
        return self._event_masks[event_name]

    def event_values(self, event_name: str, key: str) -> tuple[Positions, pl.Series]:
        """Return rows and values of a key on each span's last event of a name."""
        found = self._events.filter(
            (pl.col("event_name") == event_name)
            & (pl.col("key").cast(pl.String) == key)
            & (pl.col("value") != "")
        ).unique("row", keep="last", maintain_order=True)
        return found["row"].to_numpy().astype(np.int64), found["value"].cast(pl.String)

    def mentions_event(self, event_name: str) -> Mask:
        """Rows whose events hold the name somewhere."""
        return self.spans["events"].str.contains(event_name, literal=True).fill_null(value=False).to_numpy()
