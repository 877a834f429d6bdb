"""How long an exporter waits for its acknowledgement at a steady rate: alone, and beside queries and checkpoints."""

from __future__ import annotations

import itertools
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.disk import Probe, probe_disk
from benchmarks.figures import Figure
from benchmarks.front import run_front
from benchmarks.history import write_history
from benchmarks.installations import Installation, run_installation
from benchmarks.traffic import Answers, Order, Traffic, run_traffic
from store.errors import SpanledgerError

RATE = 10_000
SECONDS = 25.0
HISTORY_SPANS = 10_000_000
_CONNECTIONS = {512: 8, 10: 64}
"""Connections by spans a request: small requests come from many exporters, each waiting for its answer."""
_OFTEN = "8MB"
"""Write-ahead log after which a checkpoint is forced in the disturbed phase: every few seconds."""

_DASHBOARD = (
    "SELECT outcome, count(*), p50(duration_ms), p95(duration_ms), sum(cost_usd) FROM runs "
    "WHERE started_at > now()::TIMESTAMP - INTERVAL 1 DAY GROUP BY outcome",
    "SELECT hour_at, subject, sum(events), sum(cost_usd) FROM hourly GROUP BY ALL ORDER BY 1",
    "SELECT tool, count(*), count(*) FILTER (status = 'error') FROM tool_calls GROUP BY tool",
    "SELECT response_model, sum(cost_usd), sum(input_tokens) FROM llm_calls GROUP BY 1",
    "SELECT run_id, outcome, cost_usd, duration_ms FROM runs ORDER BY started_at DESC LIMIT 50",
)
_ADHOC = (
    "SELECT user_id, name, count(*), sum(duration_ms) FROM spans GROUP BY ALL ORDER BY 3 DESC LIMIT 20",
    "SELECT date_trunc('hour', started_at) AS h, agent, count(*), p95(duration_ms) FROM spans "
    "GROUP BY ALL ORDER BY 1 LIMIT 100",
)


def measure_ack() -> list[Figure]:
    """Measure the front without a core, then an installation over ten million spans, quiet and disturbed."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="ack-") as scratch, run_traffic() as traffic:
        directory = Path(scratch)
        front = _measure_front(traffic, directory / "front")
        write_history(directory, HISTORY_SPANS)
        with run_installation(directory) as installation:
            alone = _measure_sizes(traffic, installation)
        often = {"SPANLEDGER_STORE_CHECKPOINT_THRESHOLD": _OFTEN}
        with run_installation(directory, settings=often) as installation, _disturb(installation) as counts:
            beside = _measure_sizes(traffic, installation)
        print(f"beside: {counts}")
    for size, f, a, b in zip(_CONNECTIONS, front, alone, beside, strict=True):
        figures += _compare(size, f, a, b)
    return figures


_Phase = tuple[Answers, Probe]


def _compare(size: int, front: _Phase, alone: _Phase, beside: _Phase) -> list[Figure]:
    name = f"ack at {RATE:,} spans/s, {size} a request"
    for phase, (answers, probe) in (("front", front), ("alone", alone), ("beside", beside)):
        print(
            f"{name}, {phase:6}: p50 {answers.quantile(0.5):.1f}, p99 {answers.quantile(0.99):.1f}, "
            f"max {answers.latencies_ms.max():.0f} ms; sent late p99 {_late(answers):.1f} ms; "
            f"fdatasync of 4 kB meanwhile p50 {probe.quantile(0.5):.2f}, p99 {probe.quantile(0.99):.2f} ms; "
            f"{len(answers.latencies_ms)} requests"
        )
    p99 = [answers.quantile(0.99) for answers, _ in (front, alone, beside)]
    return [
        Figure(f"{name}: p50", alone[0].quantile(0.5), "ms", "fdatasync p50", alone[1].quantile(0.5)),
        Figure(f"{name}: p99", p99[1], "ms", "fdatasync p99", alone[1].quantile(0.99)),
        Figure(f"{name}: p99", p99[1], "ms", "front without a core", p99[0]),
        Figure(f"{name}: p99 beside queries and checkpoints", p99[2], "ms", "p99 alone", p99[1], at_most=1.5),
    ]


def _late(answers: Answers) -> float:
    return float(sorted(answers.lateness_ms)[int(len(answers.lateness_ms) * 0.99)])


def _measure_front(traffic: Traffic, directory: Path) -> list[_Phase]:
    directory.mkdir()
    with run_front(directory / "log") as front:
        return [_measure_phase(traffic, front.http, directory, size) for size in _CONNECTIONS]


def _measure_sizes(traffic: Traffic, installation: Installation) -> list[_Phase]:
    directory = installation.data_dir.parent
    return [_measure_phase(traffic, installation.http, directory, size) for size in _CONNECTIONS]


def _measure_phase(traffic: Traffic, address: str, directory: Path, size: int) -> _Phase:
    traffic.prepare(size * 40, spans_per_request=size)
    traffic.send(Order(address))
    traffic.prepare(int(RATE * SECONDS), spans_per_request=size)
    with probe_disk(directory, size=4096, interval_s=0.1) as probe:
        answers = traffic.send(Order(address, size / RATE, _CONNECTIONS[size]))
    return answers, probe


@contextmanager
def _disturb(installation: Installation) -> Generator[dict[str, int]]:
    """Loop queries of a dashboard and of a person, one of each at a time, while the block runs."""
    counts = {"dashboard queries": 0, "ad-hoc queries": 0}
    problems: list[SpanledgerError] = []
    stop = threading.Event()

    def loop(name: str, queries: Sequence[str]) -> None:
        for query in itertools.cycle(queries):
            if stop.is_set():
                return
            try:
                installation.query(query)
                counts[name] += 1
            except SpanledgerError as error:
                problems.append(error)
                return

    threads = [
        threading.Thread(target=loop, args=("dashboard queries", _DASHBOARD)),
        threading.Thread(target=loop, args=("ad-hoc queries", _ADHOC)),
    ]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if problems:
        raise problems[0]
