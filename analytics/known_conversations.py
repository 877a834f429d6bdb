"""Which conversations were seen before, without asking the database about all of history each time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

if TYPE_CHECKING:
    from store import Store

BITS_PER_NAME = 12
PROBES = 4
LEAST_BITS = 1 << 20
READ_AT_ONCE = timedelta(days=7)

_SEED = 20_261_121


class KnownConversations:
    """A Bloom filter over conversation ids: "no" is certain, "yes" is wrong once in a hundred."""

    def __init__(self, capacity: int = 0) -> None:
        size = LEAST_BITS
        while size < capacity * BITS_PER_NAME:
            size *= 2
        self._bits: npt.NDArray[np.uint8] = np.zeros(size // 8, np.uint8)
        self._mask = np.uint64(size - 1)
        self._room = size // BITS_PER_NAME

    @property
    def is_full(self) -> bool:
        """Whether more names were added than it answers well for: read it again, it grows."""
        return self._room < 0

    def add(self, names: pl.Series) -> None:
        """Remember conversation ids."""
        self._room -= names.len()
        for places in self._places(names):
            np.bitwise_or.at(self._bits, places >> np.uint64(3), _bit_of(places))

    def may_contain(self, names: pl.Series) -> pl.Series:
        """Return for each name whether it may have been added."""
        found = np.ones(names.len(), dtype=np.bool_)
        for places in self._places(names):
            found &= (self._bits[places >> np.uint64(3)] & _bit_of(places)) != 0
        return pl.Series(found, dtype=pl.Boolean)

    def _places(self, names: pl.Series) -> list[npt.NDArray[np.uint64]]:
        first = names.hash(_SEED).to_numpy()
        step = names.hash(_SEED + 1).to_numpy() | np.uint64(1)
        return [(first + np.uint64(probe) * step) & self._mask for probe in range(PROBES)]


def read_known_conversations(store: Store) -> KnownConversations:
    """Return the conversations of all sessions in the store, read some days at a time."""
    extent = store.select("sessions/extent").row(0, named=True)
    known = KnownConversations(2 * int(extent["sessions"]))
    first = extent["first_at"]
    while first is not None and first <= extent["last_end_at"]:
        until = first + READ_AT_ONCE
        names = store.select("sessions/conversations", {"first": first, "until": until})
        known.add(names["conversation_id"].unique())
        first = until
    return known


def _bit_of(places: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (places & np.uint64(7)).astype(np.uint8))
