"""What the disk alone takes to make bytes durable: the yardstick of every acknowledgement."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Probe:
    """Latencies of writes that were synced one by one; filled when the probe has ended."""

    latencies_ms: list[float] = field(default_factory=list[float])

    def quantile(self, q: float) -> float:
        """Return a latency."""
        return float(np.quantile(self.latencies_ms, q))


@contextmanager
def probe_disk(directory: Path, *, size: int, interval_s: float) -> Generator[Probe]:
    """Append and fdatasync in another process, on a fixed schedule, for as long as the block runs."""
    context = multiprocessing.get_context("spawn")
    results, stop, ready = context.SimpleQueue(), context.Event(), context.Event()
    process = context.Process(
        target=_append_until, args=(directory, size, interval_s, ready, stop, results), daemon=True
    )
    process.start()
    ready.wait()
    probe = Probe()
    try:
        yield probe
        stop.set()
        probe.latencies_ms.extend(results.get())
    finally:
        stop.set()
        process.join(5)
        process.kill()


def _append_until(
    directory: Path, size: int, interval_s: float, ready: Event, stop: Event, results: Any
) -> None:
    latencies_ms: list[float] = []
    path = directory / f"probe-{os.getpid()}"
    data = os.urandom(size)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    ready.set()
    due = time.perf_counter()
    while not stop.is_set():
        time.sleep(max(0.0, due - time.perf_counter()))
        began = time.perf_counter()
        os.write(descriptor, data)
        os.fdatasync(descriptor)
        latencies_ms.append((time.perf_counter() - began) * 1e3)
        due += interval_s
    os.close(descriptor)
    path.unlink()
    results.put(latencies_ms)


def describe(probes: Sequence[tuple[str, Probe]]) -> str:
    """Say how the disk fared in each phase."""
    return "; ".join(
        f"{name} p50 {probe.quantile(0.5):.2f} ms, p99 {probe.quantile(0.99):.2f} ms"
        for name, probe in probes
    )
