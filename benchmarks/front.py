"""The front alone: CPU per span and acknowledgement latency, clients in another process.

`python -m benchmarks.front` prints a table; `benchmarks.__main__` calls `measure_front`.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.payloads import Payload, make_payloads
from collector.front import front_arguments
from collector.settings import CollectorSettings

_CONNECTIONS = 8
_TICKS_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class FrontFigures:
    """What one run of clients cost and how long they waited."""

    spans: int
    cpu_us_per_span: float
    spans_per_s: float
    ack_p50_ms: float
    ack_p99_ms: float


@dataclass(frozen=True)
class RunningFront:
    """A started front process."""

    pid: int
    http: str
    grpc: str


@contextmanager
def run_front(directory: Path) -> Generator[RunningFront]:
    """Start a front on free ports and stop it afterwards."""
    settings = CollectorSettings(http="127.0.0.1:0", grpc="127.0.0.1:0", log_disk_reserve_bytes=0)
    arguments = front_arguments(settings, directory, log_format="json")
    command = [sys.executable, "-P", "-m", "collector.front", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        ready = json.loads(process.stderr.readline())
        yield RunningFront(process.pid, ready["http"], ready["grpc"])
    finally:
        process.terminate()
        process.communicate()


def measure_front(
    payloads: Sequence[Payload], *, compression: str, spans_per_s: float | None = None, directory: Path
) -> FrontFigures:
    """Send the payloads over 8 connections, as fast as they are acknowledged or at a steady rate."""
    bodies = [p.gzipped() if compression == "gzip" else p.data for p in payloads]
    spans = sum(p.spans for p in payloads)
    interval_s = spans / len(bodies) / spans_per_s if spans_per_s else 0.0
    with run_front(directory) as front, multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(drive_front, (front.http, bodies[:16], compression, 0.0))
        cpu_before_s = _read_cpu_s(front.pid)
        started_at = time.perf_counter()
        latencies_s = pool.apply(drive_front, (front.http, bodies, compression, interval_s))
        elapsed_s = time.perf_counter() - started_at
        cpu_s = _read_cpu_s(front.pid) - cpu_before_s
    quantiles = statistics.quantiles(latencies_s, n=100)
    return FrontFigures(
        spans, cpu_s / spans * 1e6, spans / elapsed_s, quantiles[49] * 1e3, quantiles[98] * 1e3
    )


def drive_front(address: str, bodies: Sequence[bytes], compression: str, interval_s: float) -> list[float]:
    """Send bodies from 8 threads with a connection each; return how long each waited for its answer."""
    latencies_s: list[float] = []
    numbers = iter(range(len(bodies)))
    lock = threading.Lock()
    first_at = time.perf_counter()

    def send() -> None:
        connection = http.client.HTTPConnection(address)
        headers = {"content-type": "application/x-protobuf", "content-encoding": compression}
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            time.sleep(max(0.0, first_at + number * interval_s - time.perf_counter()))
            sent_at = time.perf_counter()
            connection.request("POST", "/v1/traces", bodies[number], headers)
            response = connection.getresponse()
            response.read()
            assert response.status == 200, response.status
            latencies_s.append(time.perf_counter() - sent_at)

    threads = [threading.Thread(target=send) for _ in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies_s


def _read_cpu_s(pid: int) -> float:
    """Return user and system time of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICKS_S


def main() -> None:
    """Print the figures for large and small requests, plain and gzipped."""
    for spans_per_request, spans in ((512, 102_400), (10, 20_000)):
        payloads = list(make_payloads(spans, spans_per_request=spans_per_request))
        for compression, rate in (("identity", None), ("gzip", None), ("gzip", 10_000.0)):
            if rate and spans_per_request == 512:
                payloads = payloads[:100]
            with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as directory:
                figures = measure_front(
                    payloads, compression=compression, spans_per_s=rate, directory=Path(directory)
                )
            print(
                f"{spans_per_request:4} spans a request, {compression:8}, {rate or 'closed loop'}: {figures}"
            )


if __name__ == "__main__":
    main()
