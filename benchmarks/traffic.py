"""Clients in a process of their own: a fixed schedule, whatever the server does, or as fast as it answers."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import uvloop
from isal import igzip
from numpy.typing import NDArray

from benchmarks.payloads import SPANS_PER_TRACE, Payload, make_payloads
from benchmarks.replicas import replicate

POOL_SPANS = 24_576
"""Spans that are really built; the others are copies of them."""
_POOL_NS = POOL_SPANS // SPANS_PER_TRACE * 50_000_000
_ANSWER_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Order:
    """What to send where; without an interval, as fast as it is answered."""

    address: str
    interval_s: float = 0.0
    connections: int = 8
    path: str = "/v1/traces"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    seconds: float = float("inf")
    """Stop after so long, whatever is left."""


@dataclass(frozen=True)
class Answers:
    """How the requests fared."""

    latencies_ms: NDArray[np.float64]
    """From the instant a request was due; from sending it where there was no schedule."""
    lateness_ms: NDArray[np.float64]
    """How late the requests were sent: queueing for a connection, and the client's own delays."""
    seconds: float
    statuses: Mapping[int, int]
    spans: int

    def quantile(self, q: float) -> float:
        """Return a latency."""
        return float(np.quantile(self.latencies_ms, q))


class Traffic:
    """The process of the clients, and what it was told to hold ready."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def prepare(self, spans: int, *, spans_per_request: int = 512) -> int:
        """Make bodies that were never sent before; return how many."""
        self._connection.send(("prepare", spans, spans_per_request))
        return self._connection.recv()

    def start(self, order: Order) -> None:
        """Begin to send what is prepared."""
        self._connection.send(("send", order))

    def wait(self) -> Answers:
        """Return when all is answered."""
        answers = self._connection.recv()
        if isinstance(answers, BaseException):
            raise answers
        assert set(answers.statuses) == {200}, answers.statuses
        return answers

    def send(self, order: Order) -> Answers:
        """Send what is prepared."""
        self.start(order)
        return self.wait()


@contextmanager
def run_traffic() -> Generator[Traffic]:
    """Start the clients' process and end it afterwards."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Traffic(ours)
    finally:
        ours.close()
        process.join(5)
        process.kill()


def _serve(connection: Connection) -> None:
    copies = itertools.count()
    bodies: list[tuple[bytes, int]] = []
    while True:
        try:
            command, *arguments = connection.recv()
        except EOFError:
            return
        if command == "prepare":
            bodies = list(_make_bodies(*arguments, next(copies)))
            connection.send(len(bodies))
            continue
        try:
            connection.send(uvloop.run(_send_all(arguments[0], bodies)))
        except (OSError, asyncio.IncompleteReadError) as error:
            connection.send(error)


def _make_bodies(spans: int, spans_per_request: int, turn: int) -> Iterator[tuple[bytes, int]]:
    """Yield gzipped bodies of traces that end about now."""
    span_of_time_ns = (spans // POOL_SPANS + 1) * _POOL_NS + 180_000_000_000
    pool = make_payloads(
        min(spans, POOL_SPANS), spans_per_request=spans_per_request, start_ns=time.time_ns() - span_of_time_ns
    )
    made = 0
    for payload in replicate(list(pool), first=turn * 1_000_000, step_ns=_POOL_NS):
        yield _pack(payload)
        made += payload.spans
        if made >= spans:
            return


def _pack(payload: Payload) -> tuple[bytes, int]:
    return igzip.compress(payload.data, 3), payload.spans


async def _send_all(order: Order, bodies: list[tuple[bytes, int]]) -> Answers:
    latencies, lateness = np.full(len(bodies), np.nan), np.full(len(bodies), np.nan)
    statuses: dict[int, int] = {}
    numbers = iter(range(len(bodies)))
    streams = [await _connect(order.address) for _ in range(order.connections)]
    began = time.perf_counter()

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        spans = 0
        for number in numbers:
            if time.perf_counter() - began > order.seconds:
                break
            due = began + number * order.interval_s if order.interval_s else time.perf_counter()
            if (wait_s := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait_s)
            lateness[number] = time.perf_counter() - due
            body, count = bodies[number]
            writer.write(_head(order, len(body)) + body)
            status = await asyncio.wait_for(_read_answer(reader), _ANSWER_TIMEOUT_S)
            latencies[number] = time.perf_counter() - due
            statuses[status] = statuses.get(status, 0) + 1
            spans += count
        writer.close()
        return spans

    spans = await asyncio.gather(*(work(*stream) for stream in streams))
    seconds = time.perf_counter() - began
    sent = ~np.isnan(latencies)
    return Answers(latencies[sent] * 1e3, lateness[sent] * 1e3, seconds, statuses, sum(spans))


async def _connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


def _head(order: Order, length: int) -> bytes:
    lines = [
        f"POST {order.path} HTTP/1.1",
        f"Host: {order.address}",
        "Content-Type: application/x-protobuf",
        "Content-Encoding: gzip",
        f"Content-Length: {length}",
        *(f"{name}: {value}" for name, value in order.headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def _read_answer(reader: asyncio.StreamReader) -> int:
    head: Any = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])
