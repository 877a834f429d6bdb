"""Which of many keys were met before, and in which load: a hash table without a Python object per key."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from collector.decode.values import Hashes

Loads = npt.NDArray[np.uint32]

_FIRST_SLOTS: Final = 1 << 12


class SeenKeys:
    """The load of each of the last `capacity` to 2 x `capacity` keys.

    Two generations: when the young one is full the old one is forgotten, and with it everything up to load `floor`.
    About 24 bytes a key.
    """

    def __init__(self, capacity: int, floor: int = 0) -> None:
        self.floor = floor
        """Keys of loads up to this one are not known here."""
        self._capacity = capacity
        self._old = _Table()
        self._young = _Table()

    def add(self, keys: Hashes, load_seq: int) -> None:
        """Remember distinct keys as met in a load; loads come in ascending order."""
        if len(self._young) + len(keys) > self._capacity and len(self._young):
            self.floor = max(self.floor, self._old.last_load)
            self._old, self._young = self._young, _Table()
        self._young.add(keys, load_seq)

    def find(self, keys: Hashes) -> Loads:
        """Return the last load of each key; 0 for keys that are not known."""
        loads = self._young.find(keys)
        if len(self._old):
            loads = np.where(loads == 0, self._old.find(keys), loads)
        return loads


class _Table:
    """Open addressing with linear probing, at most half full; key 0 marks an empty slot."""

    def __init__(self) -> None:
        self.last_load = 0
        self._count = 0
        self._keys: Hashes = np.zeros(_FIRST_SLOTS, dtype=np.uint64)
        self._loads: Loads = np.zeros(_FIRST_SLOTS, dtype=np.uint32)

    def __len__(self) -> int:
        return self._count

    def add(self, keys: Hashes, load_seq: int) -> None:
        while 2 * (self._count + len(keys)) > len(self._keys):
            self._grow()
        self._put(np.maximum(keys, 1), np.uint32(load_seq))
        self.last_load = max(self.last_load, load_seq)

    def find(self, keys: Hashes) -> Loads:
        return self._loads[self._slots(np.maximum(keys, 1))]

    def _grow(self) -> None:
        keys, loads = self._keys, self._loads
        filled = keys != 0
        self._keys = np.zeros(2 * len(keys), dtype=np.uint64)
        self._loads = np.zeros(2 * len(keys), dtype=np.uint32)
        self._count = 0
        self._put(keys[filled], loads[filled])

    def _put(self, keys: Hashes, loads: np.uint32 | Loads) -> None:
        values = np.broadcast_to(np.asarray(loads, dtype=np.uint32), keys.shape)
        while len(keys):
            slots = self._slots(keys)
            self._count += len(np.unique(slots[self._keys[slots] == 0]))
            # Of several new keys for one slot the last one stays, the others try again behind it.
            self._keys[slots] = keys
            self._loads[slots] = values
            lost = self._keys[slots] != keys
            keys, values = keys[lost], values[lost]

    def _slots(self, keys: Hashes) -> npt.NDArray[np.int64]:
        """Return the slot of each key: the one that holds it, else the empty one where it belongs."""
        last = np.int64(len(self._keys) - 1)
        slots = (keys >> np.uint64(1)).astype(np.int64) & last
        pending = np.arange(len(keys))
        while len(pending):
            found = self._keys[slots[pending]]
            pending = pending[(found != 0) & (found != keys[pending])]
            slots[pending] = (slots[pending] + 1) & last
        return slots
