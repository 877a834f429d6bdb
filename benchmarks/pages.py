"""How long pages take in the server over ten million spans, what a viewer costs, and what twenty do to ingest."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.disk import Probe, probe_disk
from benchmarks.figures import Figure
from benchmarks.history import write_history
from benchmarks.installations import Installation, find_free_ports, run_installation
from benchmarks.processes import read_cpu_s, read_rss_bytes
from benchmarks.queries import END, SPANS, SPANS_A_RUN, fill_month
from benchmarks.traffic import Answers, Order, Traffic, run_traffic
from benchmarks.viewers import Seen, View, look_alone, watch

PAGES: Final = ("", "traces", "sessions", "cost", "tools", "models", "users", "quality", "drift")
RANGES: Final = ("24h", "7d", "30d")
PEOPLE: Final = 20
EVERY_S: Final = 3.0
RATE: Final = 5_000
ROUNDS: Final = 4
SECONDS: Final = 10.0
SPANS_A_REQUEST: Final = 64
_CONNECTIONS: Final = 16
_READY_WITHIN_S: Final = 120.0


def measure_pages() -> list[Figure]:
    """Measure pages and viewers on a dashboard alone, then ingest beside twenty viewers."""
    with tempfile.TemporaryDirectory(prefix="pages-") as scratch:
        path = Path(scratch)
        fill_month(path, SPANS // SPANS_A_RUN)
        figures = measure_dashboard(path)
    with tempfile.TemporaryDirectory(prefix="pages-") as scratch, run_traffic() as traffic:
        figures += _measure_ingest(traffic, Path(scratch))
    return figures


def measure_dashboard(path: Path) -> list[Figure]:
    """Measure every page with a new filter and again, and the memory that viewers take."""
    with serve(path) as (address, pid):
        look_alone(address, [View(page, (("range", "24h"),)) for page in PAGES])
        views = [
            View(page, (("range", name), ("agent", f"agent-{n}")))
            for n, name in enumerate(RANGES)
            for page in PAGES
        ]
        cpu_s = read_cpu_s(pid)
        new = look_alone(address, views)
        cpu_new_s = read_cpu_s(pid) - cpu_s
        again = look_alone(address, views)
        before = read_rss_bytes(pid)
        with watch(address, PEOPLE, PAGES, EVERY_S, View("", (("range", "7d"),))):
            time.sleep(3 * EVERY_S)
            after = read_rss_bytes(pid)
    for seen in sorted(new, key=lambda one: -one.ms):
        print(f"{seen.view.page or 'overview':9} {seen.view.query[0][1]:4} new filter {seen.ms:6.0f} ms, "
              f"{seen.sent_bytes / 1e3:5.0f} kB")  # fmt: skip
    print(f"CPU of all new filters: {cpu_new_s / len(new) * 1e3:.0f} ms a page")
    return [
        Figure("page with a new filter, 10 M spans: p95", _quantile(new, 95), "ms", at_most=300),
        Figure("page with a new filter, 10 M spans: median", _quantile(new, 50), "ms"),
        Figure("page seen before, 10 M spans: p95", _quantile(again, 95), "ms", at_most=300),
        Figure("CPU of the server for a page with a new filter", cpu_new_s / len(new) * 1e3, "ms"),
        Figure("sent for a page: median", statistics.median(one.sent_bytes for one in new) / 1e3, "kB"),
        Figure("memory a viewer", (after - before) / PEOPLE / 1e6, "MB", at_most=10),
    ]


def _quantile(seen: list[Seen], percent: int) -> float:
    return statistics.quantiles([one.ms for one in seen], n=100)[percent - 1]


def _measure_ingest(traffic: Traffic, directory: Path) -> list[Figure]:
    """Send alone and beside viewers in turn: what the disk does meanwhile changes from minute to minute."""
    write_history(directory, SPANS)
    alone: list[Phase] = []
    beside: list[Phase] = []
    seen: list[Seen] = []
    with run_installation(directory) as installation:
        _send(traffic, installation, 2.0)
        for _ in range(ROUNDS):
            alone.append(_send(traffic, installation, SECONDS))
            query = View("", (("range", "7d"),))
            with watch(installation.dashboard, PEOPLE, PAGES, EVERY_S, query) as looked:
                beside.append(_send(traffic, installation, SECONDS))
            seen += looked
    for name, phases in (("alone", alone), ("beside", beside)):
        for answers, probe in phases:
            print(
                f"ack {name:6}: p50 {answers.quantile(0.5):.1f}, p99 {answers.quantile(0.99):.1f} ms; "
                f"fdatasync of 4 kB meanwhile p99 {probe.quantile(0.99):.1f} ms; {len(answers.latencies_ms)} requests"
            )
    print(
        f"{PEOPLE} people saw {len(seen)} pages, median {_quantile(seen, 50):.0f} ms, p95 {_quantile(seen, 95):.0f} ms"
    )
    name = f"ack p99 at {RATE:,} spans/s beside {PEOPLE} viewers"
    return [
        Figure(name, _pooled(beside, 0.99), "ms", "p99 alone", _pooled(alone, 0.99), at_most=1.5),
        Figure(name.replace("p99", "p50"), _pooled(beside, 0.5), "ms", "p50 alone", _pooled(alone, 0.5)),
    ]


Phase = tuple[Answers, Probe]


def _pooled(phases: list[Phase], q: float) -> float:
    return float(np.quantile(np.concatenate([answers.latencies_ms for answers, _ in phases]), q))


def _send(traffic: Traffic, installation: Installation, seconds: float) -> Phase:
    traffic.prepare(int(RATE * seconds), spans_per_request=SPANS_A_REQUEST)
    with probe_disk(installation.data_dir.parent, size=4096, interval_s=0.1) as probe:
        answers = traffic.send(Order(installation.http, SPANS_A_REQUEST / RATE, _CONNECTIONS))
    return answers, probe


@contextmanager
def serve(path: Path) -> Generator[tuple[str, int]]:
    """Serve the dashboard over a directory from a process of its own, its clock at the end of the data."""
    address = f"127.0.0.1:{find_free_ports(1)[0]}"
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.dashboard_server", str(path), address, END.isoformat()]
    )
    try:
        until = time.monotonic() + _READY_WITHIN_S
        while not _is_up(address):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the dashboard did not get ready")
            time.sleep(0.2)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def _is_up(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/_stcore/health", timeout=2):
            return True
    except OSError:
        return False
