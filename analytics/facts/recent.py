"""What was seen lately, in a few bytes each, so that new spans are not searched for in all of history."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
_Values = NDArray[np.int64]


def hash_texts(texts: pl.Series) -> Keys:
    """Return a hash of each text, equal within this process only."""
    return texts.hash(seed=20_261_121).to_numpy()


class RecentKeys:
    """Hashes seen lately, each with a number; forgets the oldest beyond its bound.

    Two texts of one hash make somebody search in vain; they cannot hide anything.
    """

    def __init__(self, max_entries: int, generation_entries: int = 65_536) -> None:
        self.max_entries = max_entries
        self.has_forgotten = False
        self._generation_entries = generation_entries
        self._sorted: list[tuple[Keys, _Values]] = []
        self._fresh: list[tuple[Keys, _Values]] = []

    def add(self, keys: Keys, values: _Values) -> None:
        """Remember keys with their numbers; an older entry of the same key stays beside the new one."""
        if len(keys):
            self._fresh.append((keys, values))
        if sum(len(keys) for keys, _ in self._fresh) >= self._generation_entries:
            self._sorted.append(_sort(self._fresh))
            self._fresh = []
            self._forget()

    def find(self, wanted: Keys) -> tuple[NDArray[np.intp], _Values]:
        """Return every match as a position in `wanted` and the number remembered with it."""
        generations = [*self._sorted, _sort(self._fresh)] if self._fresh else self._sorted
        positions: list[NDArray[np.intp]] = []
        values: list[_Values] = []
        for keys, numbers in generations:
            low = np.searchsorted(keys, wanted, side="left")
            high = np.searchsorted(keys, wanted, side="right")
            counts = high - low
            hit = np.flatnonzero(counts)
            if not len(hit):
                continue
            positions.append(np.repeat(hit, counts[hit]))
            offsets = np.arange(counts[hit].sum()) - np.repeat(
                np.cumsum(counts[hit]) - counts[hit], counts[hit]
            )
            values.append(numbers[np.repeat(low[hit], counts[hit]) + offsets])
        if not positions:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.int64)
        return np.concatenate(positions), np.concatenate(values)

    def _forget(self) -> None:
        while len(self._sorted) > 1 and sum(len(keys) for keys, _ in self._sorted) > self.max_entries:
            self._sorted.pop(0)
            self.has_forgotten = True


def _sort(parts: list[tuple[Keys, _Values]]) -> tuple[Keys, _Values]:
    keys = np.concatenate([keys for keys, _ in parts])
    values = np.concatenate([values for _, values in parts])
    order = np.argsort(keys, kind="stable")
    return keys[order], values[order]
