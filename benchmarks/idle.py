"""What an empty installation that nobody uses costs."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.installations import run_installation
from benchmarks.processes import read_cpu_s, read_pss_bytes

_SETTLE_S = 20.0
SECONDS = 60.0


def measure_idle() -> list[Figure]:
    """Start, wait until it has settled, then look at its processes for a while."""
    with (
        tempfile.TemporaryDirectory(prefix="idle-") as scratch,
        run_installation(Path(scratch)) as installation,
    ):
        time.sleep(_SETTLE_S)
        processes = installation.processes()
        before = {name: read_cpu_s(pid) for name, pid in processes.items()}
        time.sleep(SECONDS)
        shares = {n: (read_cpu_s(pid) - before[n]) / SECONDS * 100 for n, pid in processes.items()}
        # Front and desk share what was there before the fork: each is counted for its share.
        memory_mb = {name: read_pss_bytes(pid) / 1e6 for name, pid in processes.items()}
    print("idle CPU: " + ", ".join(f"{name} {share:.2f} %" for name, share in shares.items()))
    print("idle memory: " + ", ".join(f"{name} {size:.0f} MB" for name, size in memory_mb.items()))
    return [
        Figure("idle CPU of an empty install", sum(shares.values()), "% of a core", at_most=1.0),
        Figure("idle memory of an empty install", sum(memory_mb.values()), "MB"),
    ]
