"""Guards: how long an agent waits for an answer, alone and while ingest is at a steady rate and at its maximum.

Asked in turn with a bare page of two bytes of a process that does nothing else: what that waits is due to the machine.
Where it is allowed, the one who asks and the two who answer are scheduled before all else: what foreign programs take
of the machine is left out then, while the front and its ingest compete as always.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import multiprocessing
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.front import drive_front, run_front
from benchmarks.payloads import make_payloads

_TOOLS = 1_000
_QUESTIONS = 1_000
_PHASES = (
    ("alone", 100, None),
    ("at 10,000 spans/s", 100, 10_000.0),
    ("at the maximum of ingest", 100, 0.0),
    ("at the maximum of ingest, 512 spans a request", 512, 0.0),
)
_BARE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def measure_guards() -> list[Figure]:
    """Ask from one connection, as an agent does, while other connections send spans; no core runs."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        tools = {f"tool-{n}": {"state": "open" if n % 10 == 0 else "closed"} for n in range(_TOOLS)}
        (directory / "guards.json").write_text(json.dumps({"written_at": time.time(), "tools": tools}))
        context = multiprocessing.get_context("spawn")
        with run_front(directory / "log") as front, context.Pool(1) as pool, _bare_server() as bare:
            _put_first(*_find_children(front.pid))
            _ask(front.http, bare, 200, threading.Event())
            for name, spans_per_request, rate in _PHASES:
                payloads = list(make_payloads(60_000, spans_per_request=spans_per_request))
                bodies = [payload.data for payload in payloads]
                ended = threading.Event()
                traffic = None
                if rate is not None:
                    interval_s = spans_per_request / rate if rate else 0.0
                    traffic = pool.apply_async(
                        drive_front,
                        (front.http, bodies * 5, "identity", interval_s),
                        callback=lambda _, ended=ended: ended.set(),
                    )
                    time.sleep(0.5)
                _put_first(0)
                waits = _ask(front.http, bare, _QUESTIONS, ended)
                _put_first(0, back=True)
                if traffic is not None:
                    traffic.get()
                figures += _compare(name, *waits)
    return figures


def _compare(name: str, kept_ms: list[float], new_ms: list[float], bare_ms: list[float]) -> list[Figure]:
    kept, new, bare = (statistics.quantiles(found, n=100) for found in (kept_ms, new_ms, bare_ms))
    print(
        f"guards {name}: p50 {kept[49]:.2f}, p99 {kept[98]:.2f} ms; on a new connection p50 {new[49]:.2f}, "
        f"p99 {new[98]:.2f} ms; a bare page p50 {bare[49]:.2f}, p99 {bare[98]:.2f} ms; {len(kept_ms)} asked"
    )
    yardstick = "p99 of a bare page meanwhile"
    return [
        Figure(f"guards {name}: p99", kept[98], "ms", at_most=2.0),
        Figure(f"guards {name}: p99 on a new connection", new[98], "ms", at_most=2.0),
        Figure(f"guards {name}: p99", kept[98], "ms", yardstick, bare[98], at_most=1.25),
    ]


def _ask(
    address: str, bare_address: str, count: int, ended: threading.Event
) -> tuple[list[float], list[float], list[float]]:
    """Ask until enough was asked or the traffic ended: on a kept and on a new connection, and the bare page."""
    kept, bare = http.client.HTTPConnection(address), http.client.HTTPConnection(bare_address)
    waits_ms: tuple[list[float], list[float], list[float]] = ([], [], [])
    for number in range(count):
        if ended.is_set():
            break
        asked = list(enumerate((kept, http.client.HTTPConnection(address), bare)))
        # The first after a pause also waits for the processes to wake: each is it in turn.
        for place, connection in asked[number % 3 :] + asked[: number % 3]:
            started = time.perf_counter()
            connection.request("GET", f"/guards/tools/tool-{number % _TOOLS}")
            answer = connection.getresponse()
            answer.read()
            waits_ms[place].append((time.perf_counter() - started) * 1_000)
            if place == 1:
                connection.close()
        time.sleep(0.002)
    kept.close()
    bare.close()
    return waits_ms


def _put_first(*processes: int, back: bool = False) -> None:
    """Schedule processes before all others (Linux, the privileged), or this thread as the others again."""
    policy, priority = (os.SCHED_OTHER, 0) if back else (os.SCHED_FIFO, 1)
    with contextlib.suppress(OSError):
        for process in processes:
            os.sched_setscheduler(process, policy, os.sched_param(priority))


def _find_children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@contextmanager
def _bare_server() -> Generator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = multiprocessing.get_context("fork").Process(
            target=_serve_bare, args=(listener,), daemon=True
        )
        server.start()
        _put_first(server.pid or 0)
        host, port = listener.getsockname()
        try:
            yield f"{host}:{port}"
        finally:
            server.kill()
            server.join()


def _serve_bare(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while connection.recv(65_536):
            connection.sendall(_BARE)
