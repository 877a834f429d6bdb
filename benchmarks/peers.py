"""Other servers on the same payload, machine and run: how long an exporter waits, and what a span costs.

They are no dependencies: PHOENIX_PYTHON and MLFLOW_PYTHON name the Python of an environment that has them;
a peer that is not named is left out.
"""

from __future__ import annotations

import http.client
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.installations import find_free_ports, run_installation, wait_until_counted
from benchmarks.processes import list_tree, read_tree_cpu_s, read_tree_rss_bytes
from benchmarks.traffic import Answers, Order, Traffic, run_traffic
from benchmarks.whole import expected_rows

_RATES = (10_000, 5_000, 2_500, 1_000, 500, 250, 100)
_SECONDS = 10.0
_SPANS_A_REQUEST = 512
_READY_TIMEOUT_S = 180.0
_STORED_TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Peer:
    """How to start a server; `{host}`, `{port}`, `{grpc}` and `{directory}` are filled in."""

    name: str
    variable: str
    arguments: Sequence[str]
    database: str
    spans: int
    """Enough for its CPU time to be measured."""
    at_most: float
    """Target of our CPU a span over its."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


PEERS = (
    Peer(
        "Phoenix",
        "PHOENIX_PYTHON",
        ["-m", "phoenix.server.main", "serve"],
        "phoenix.db",
        spans=4_096,
        at_most=1 / 120,
        environment={
            "PHOENIX_HOST": "127.0.0.1",
            "PHOENIX_PORT": "{port}",
            "PHOENIX_GRPC_PORT": "{grpc}",
            "PHOENIX_WORKING_DIR": "{directory}",
            "PHOENIX_TELEMETRY_ENABLED": "false",
            "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
        },
    ),
    Peer(
        "MLflow",
        "MLFLOW_PYTHON",
        [
            *("-m", "mlflow", "server", "--host", "127.0.0.1", "--port", "{port}"),
            *("--backend-store-uri", "sqlite:///{directory}/mlflow.db"),
            *("--artifacts-destination", "{directory}/artifacts"),
        ],
        "mlflow.db",
        spans=16_384,
        at_most=1 / 20,
        environment={"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
        headers={"x-mlflow-experiment-id": "0"},
    ),
)


@dataclass(frozen=True)
class RunningPeer:
    """A started server."""

    peer: Peer
    pid: int
    address: str
    directory: Path

    def order(self, interval_s: float = 0.0) -> Order:
        """Return how to send to it."""
        return Order(self.address, interval_s, headers=self.peer.headers)

    def count_spans(self) -> int:
        """Return how many spans its database holds."""
        with closing(
            sqlite3.connect(f"file:{self.directory}/{self.peer.database}?mode=ro", uri=True)
        ) as database:
            return database.execute("SELECT count(*) FROM spans").fetchone()[0]


def measure_peers() -> list[Figure]:
    """Measure every peer that is named, and ours at the same rate."""
    figures: list[Figure] = []
    with run_traffic() as traffic:
        for peer in PEERS:
            if python := os.environ.get(peer.variable):
                figures += _measure_peer(traffic, peer, python)
            else:
                print(f"{peer.name} is left out; name the Python of its environment in {peer.variable}")
    return figures


def _measure_peer(traffic: Traffic, peer: Peer, python: str) -> list[Figure]:
    their_cpu_us = _measure_cost(traffic, peer, python)
    rate, theirs = _find_steady_rate(traffic, peer, python)
    our_cpu_us, ours = _measure_ours(traffic, rate)
    name = f"ack p99 at {rate:,} spans/s"
    print(
        f"{peer.name} at {rate:,} spans/s: p50 {theirs.quantile(0.5):.1f} ms, p99 {theirs.quantile(0.99):.1f}; "
        f"ours p50 {ours.quantile(0.5):.1f} ms, p99 {ours.quantile(0.99):.1f}"
    )
    return [
        Figure(name, ours.quantile(0.99), "ms", peer.name, theirs.quantile(0.99), at_most=1.0),
        Figure("CPU a span, everything included", our_cpu_us, "µs", peer.name, their_cpu_us, at_most=peer.at_most),
    ]  # fmt: skip


def _measure_cost(traffic: Traffic, peer: Peer, python: str) -> float:
    """Return the CPU of a span in µs: from the first request until the last span is in its database."""
    with _run_peer(peer, python) as running:
        traffic.prepare(peer.spans)
        stored_before = running.count_spans()
        began, cpu_s = time.perf_counter(), read_tree_cpu_s(running.pid)
        spans = traffic.send(running.order()).spans
        until = time.monotonic() + _STORED_TIMEOUT_S
        while (stored := running.count_spans() - stored_before) < spans and time.monotonic() < until:
            time.sleep(0.2)
        seconds = time.perf_counter() - began
        cpu_us = (read_tree_cpu_s(running.pid) - cpu_s) / spans * 1e6
        rss_mb = read_tree_rss_bytes(running.pid) / 1e6
    print(f"{peer.name}: {stored} of {spans} spans stored, {spans / seconds:,.0f} spans/s, {rss_mb:.0f} MB")
    assert stored >= spans
    return cpu_us


def _find_steady_rate(traffic: Traffic, peer: Peer, python: str) -> tuple[int, Answers]:
    """Return the greatest rate that it acknowledges in time, and how."""
    for rate in _RATES:
        with _run_peer(peer, python) as running:
            traffic.prepare(_SPANS_A_REQUEST * 4)
            traffic.send(running.order())
            traffic.prepare(max(int(rate * _SECONDS), _SPANS_A_REQUEST * 20))
            try:
                answers = traffic.send(running.order(_SPANS_A_REQUEST / rate))
            except (AssertionError, OSError, TimeoutError) as error:
                print(f"{peer.name} at {rate:,} spans/s: refused, {error}")
                continue
        due_s = answers.spans / rate
        print(f"{peer.name} at {rate:,} spans/s: {answers.seconds:.0f} s for {due_s:.0f} s of requests")
        if answers.seconds < 1.2 * due_s + 1:
            return rate, answers
    raise TimeoutError(f"{peer.name} holds none of the rates {_RATES}")


def _measure_ours(traffic: Traffic, rate: int) -> tuple[float, Answers]:
    with tempfile.TemporaryDirectory(prefix="ours-") as scratch:
        with run_installation(Path(scratch)) as installation:
            traffic.prepare(_SPANS_A_REQUEST * 4)
            warm = traffic.send(Order(installation.http))
            traffic.prepare(max(int(rate * _SECONDS), _SPANS_A_REQUEST * 20))
            cpu_before_s = read_tree_cpu_s(installation.process.pid)
            answers = traffic.send(Order(installation.http, _SPANS_A_REQUEST / rate))
            wait_until_counted(installation, expected_rows(answers.spans + warm.spans), 180.0)
        return (installation.cpu_s - cpu_before_s) / answers.spans * 1e6, answers


@contextmanager
def _run_peer(peer: Peer, python: str) -> Generator[RunningPeer]:
    port, grpc = find_free_ports(2)
    with tempfile.TemporaryDirectory(prefix="peer-") as scratch, Path(scratch, "log").open("w") as log:
        values = {"port": str(port), "grpc": str(grpc), "directory": scratch}
        environment = {name: value.format(**values) for name, value in peer.environment.items()}
        process = subprocess.Popen(
            [python, *(argument.format(**values) for argument in peer.arguments)],
            stdout=log,
            stderr=log,
            cwd=scratch,
            env={**os.environ, **environment},
        )
        try:
            _await_answer(process, port, Path(scratch, "log"))
            yield RunningPeer(peer, process.pid, f"127.0.0.1:{port}", Path(scratch))
        finally:
            for pid in list_tree(process.pid):
                os.kill(pid, signal.SIGKILL)
            process.wait()


def _await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _READY_TIMEOUT_S
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            if connection.getresponse().status < 500:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    raise RuntimeError(f"the peer did not get ready:\n{log.read_text()[-4000:]}")
