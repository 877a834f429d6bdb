"""Names that were seen before, in a few bits each, so that the database is not asked about each new one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

BITS_PER_NAME = 12
PROBES = 4
LEAST_BITS = 1 << 20

_SEED = 20_261_121


class KnownNames:
    """A Bloom filter over names: "no" is certain, "yes" is wrong once in a hundred."""

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
        """Remember names."""
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


def _bit_of(places: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (places & np.uint64(7)).astype(np.uint8))
