"""Ends queries that take too long or too much."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from threading import Event, Thread

import duckdb

_POLL_S = 0.05


class Watch:
    """Interrupts a connection that takes too long, or makes the process grow too much, until it stops."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, timeout_s: float, max_growth: int) -> None:
        self.went_over = ""
        self._connection = connection
        self._deadline = time.monotonic() + timeout_s
        self._max_resident = measure_resident() + max_growth
        self._done = Event()
        self._thread = Thread(target=self._run, name="adhoc-watch", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(_POLL_S):
            if not self.went_over and time.monotonic() > self._deadline:
                self.went_over = "time"
            if not self.went_over and measure_resident() > self._max_resident:
                self.went_over = "memory"
            if self.went_over:
                # Again and again: an interrupt between two steps of the engine is lost.
                self._connection.interrupt()


def measure_resident() -> int:
    """Return the bytes of memory that the process has."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
