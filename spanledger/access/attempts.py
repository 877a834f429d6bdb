"""Bounds how often a password may be tried: per name and address, and per address."""

from __future__ import annotations

import math
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from store.clock import Clock

FREE: Final = 5
"""Wrong passwords of one name from one address that cost nothing."""
FREE_OF_ADDRESS: Final = 30
LONGEST: Final = timedelta(minutes=15)
_REMEMBERED: Final = 10_000

Key = tuple[str, str]


class Attempts:
    """Counts wrong passwords; after the free ones each makes the next wait twice as long, up to LONGEST."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures: OrderedDict[Key, tuple[int, datetime]] = OrderedDict()

    def wait_s(self, name: str, address: str) -> int:
        """Return how long an attempt has to wait, 0 when it may be made now."""
        now = self._clock()
        with self._lock:
            ends = [self._end(key, free) for key, free in _keys(name, address)]
        return max(0, *(math.ceil((end - now).total_seconds()) for end in ends if end is not None), 0)

    def fail(self, name: str, address: str) -> None:
        """Count a wrong password."""
        now = self._clock()
        with self._lock:
            for key, _ in _keys(name, address):
                count, at = self._failures.get(key, (0, now))
                count = count + 1 if now - at < LONGEST else 1
                self._failures[key] = (count, now)
                self._failures.move_to_end(key)
            while len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)

    def succeed(self, name: str, address: str) -> None:
        """Forget the wrong passwords of a name from an address."""
        with self._lock:
            self._failures.pop((name, address), None)

    def _end(self, key: Key, free: int) -> datetime | None:
        count, at = self._failures.get(key, (0, None))
        if at is None or count < free:
            return None
        return at + min(LONGEST, timedelta(seconds=2.0 ** min(count - free, 20)))


def _keys(name: str, address: str) -> tuple[tuple[Key, int], tuple[Key, int]]:
    return ((name[:100], address), FREE), (("", address), FREE_OF_ADDRESS)
