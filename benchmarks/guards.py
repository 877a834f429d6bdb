"""Guards: how long an agent waits for an answer, alone and while ingest is at a steady rate and at its maximum."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.front import drive_front, run_front
from benchmarks.payloads import make_payloads

_TOOLS = 1_000
_QUESTIONS = 2_000
_PHASES = (("alone", None), ("at 10,000 spans/s", 10_000.0), ("at the maximum of ingest", 0.0))


def measure_guards() -> list[Figure]:
    """Ask from one connection, as an agent does, while other connections send spans; no core runs."""
    payloads = list(make_payloads(60_000, spans_per_request=100))
    bodies = [payload.data for payload in payloads]
    spans = sum(payload.spans for payload in payloads)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        tools = {f"tool-{n}": {"state": "open" if n % 10 == 0 else "closed"} for n in range(_TOOLS)}
        (directory / "guards.json").write_text(json.dumps({"written_at": time.time(), "tools": tools}))
        with run_front(directory / "log") as front, multiprocessing.get_context("spawn").Pool(1) as pool:
            _ask(front.http, 200, threading.Event())
            for name, rate in _PHASES:
                ended = threading.Event()
                traffic = None
                if rate is not None:
                    interval_s = spans / len(bodies) / rate if rate else 0.0
                    traffic = pool.apply_async(
                        drive_front,
                        (front.http, bodies * 5, "identity", interval_s),
                        callback=lambda _, ended=ended: ended.set(),
                    )
                    time.sleep(0.5)
                waits_ms, probe_ms = _ask(front.http, _QUESTIONS, ended)
                if traffic is not None:
                    traffic.get()
                quantiles, probe = (statistics.quantiles(found, n=100) for found in (waits_ms, probe_ms))
                print(
                    f"guards {name}: p50 {quantiles[49]:.2f}, p99 {quantiles[98]:.2f} ms, {len(waits_ms)} asked"
                )
                figures.append(Figure(f"guards {name}: p99", quantiles[98], "ms", at_most=2.0))
                yardstick = "/healthz p99 meanwhile"
                figures.append(
                    Figure(f"guards {name}: p99", quantiles[98], "ms", yardstick, probe[98], at_most=1.25)
                )
    return figures


def _ask(address: str, count: int, ended: threading.Event) -> tuple[list[float], list[float]]:
    """Ask again and again until enough was asked or the traffic ended; a page of two bytes in turn, for comparison."""
    connection = http.client.HTTPConnection(address)
    waits_ms: list[float] = []
    probe_ms: list[float] = []
    for number in range(count):
        if ended.is_set():
            break
        asked = [(f"/guards/tools/tool-{number % _TOOLS}", waits_ms), ("/healthz", probe_ms)]
        # The first after a pause also waits for the processes to wake: in turn it is the one and the other.
        for path, waits in asked if number % 2 else reversed(asked):
            started = time.perf_counter()
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            waits.append((time.perf_counter() - started) * 1_000)
        time.sleep(0.005)
    connection.close()
    return waits_ms, probe_ms
