"""CPU per span of ingest against its floor, in one run.

The floor is what nobody can leave out: a verdict by protobuf, protobuf to Arrow, and the same columns appended to
DuckDB in the same transactions, checkpoint included. Ours is that and everything else between the request body and
the row: decompression, the durable log, dialects, identity, bookkeeping. HTTP is measured by the front's own benchmark.

Each is measured in turns and the least of each step counts, because other work on the machine only adds.

`python -m benchmarks.ingest [--spans 65536] [--per-request 512] [--rounds 3] [--profile]`
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.payloads import Payload, make_payloads
from collector.decode.arrow import read_requests
from collector.front.verdict import check_body
from collector.loader import Loader
from collector.loading import intake as intake_module
from collector.loading.intake import Intake
from collector.log import Body, LogReader, LogWriter, body_sha256
from store import open_store
from store.port import Store

_MAX_BYTES = 1 << 28
_CONCURRENT = 16


@dataclass(frozen=True)
class Cost:
    """CPU (user and system, all threads) and wall time of a step."""

    cpu_s: float
    wall_s: float

    def per_span(self, spans: int) -> str:
        return f"{self.cpu_s / spans * 1e6:8.2f} µs CPU {self.wall_s / spans * 1e6:8.2f} µs wall"


def measure(step: Callable[[], object]) -> Cost:
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    step()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu_s, time.perf_counter() - began)


def total(costs: Sequence[Cost]) -> Cost:
    return Cost(sum(cost.cpu_s for cost in costs), sum(cost.wall_s for cost in costs))


def least(rounds: Sequence[dict[str, Cost]]) -> dict[str, Cost]:
    """Return the least cost of each step."""
    return {
        step: Cost(min(each[step].cpu_s for each in rounds), min(each[step].wall_s for each in rounds))
        for step in rounds[0]
    }


def make_body(payload: Payload) -> Body:
    data = payload.gzipped()
    digest = body_sha256("traces", "protobuf", "gzip", data)
    return Body("traces", "protobuf", "gzip", datetime.now(UTC), digest, data)


def accept(bodies: Sequence[Body], directory: Path) -> None:
    """Do what the front does with bodies, HTTP apart."""

    async def append_all() -> None:
        writer = LogWriter(directory)
        for start in range(0, len(bodies), _CONCURRENT):
            waiting: list[asyncio.Future[None]] = []
            for body in bodies[start : start + _CONCURRENT]:
                check_body(body.signal, body.encoding, body.compression, body.data, max_bytes=_MAX_BYTES)
                body_sha256(body.signal, body.encoding, body.compression, body.data)
                waiting.append(writer.append(body))
            await asyncio.gather(*waiting)
        writer.close()

    asyncio.run(append_all())


def load_all(store: Store, directory: Path) -> None:
    loader = Loader(Intake(store), LogReader(directory))
    while loader.load_once() is not None:
        pass


def record_tables(bodies: Sequence[Body], directory: Path) -> list[pa.Table]:
    """Return the rows of ledger.spans that ours writes, a table per transaction."""
    tables: list[pa.Table] = []
    number_rows = intake_module.number_rows

    def record(*arguments: object) -> dict[str, object]:
        numbered = number_rows(*arguments)  # type: ignore[arg-type]
        tables.append(numbered["spans"])
        return numbered

    intake_module.number_rows = record  # type: ignore[assignment]
    try:
        accept(bodies, directory / "log")
        store = open_store(directory / "data")
        load_all(store, directory / "log")
        store.close()
    finally:
        intake_module.number_rows = number_rows
    return tables


def append_tables(store: Store, tables: Sequence[pa.Table]) -> None:
    for number, table in enumerate(tables):
        store.append(f"floor:{number}", {"spans": table})


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU per span of ingest against its floor")
    parser.add_argument("--spans", type=int, default=65_536)
    parser.add_argument("--per-request", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="print where the loader's time goes")
    arguments = parser.parse_args()
    payloads = list(make_payloads(arguments.spans, spans_per_request=arguments.per_request))
    spans = sum(payload.spans for payload in payloads)
    bodies = [make_body(payload) for payload in payloads]
    plain, packed = (sum(len(each.data) for each in group) for group in (payloads, bodies))
    print(f"{spans:,} spans, {plain / spans:,.0f} B a span, {packed / spans:,.0f} B gzipped")
    with tempfile.TemporaryDirectory(prefix="ingest-") as scratch:
        directory = Path(scratch)
        tables = record_tables(bodies, directory / "recorded")
        floors: list[dict[str, Cost]] = []
        every: list[dict[str, Cost]] = []
        for number in range(arguments.rounds):
            floors.append(measure_floor(payloads, tables, directory / f"floor{number}"))
            every.append(measure_ours(bodies, directory / f"ours{number}", profile=arguments.profile))
        floor, ours = show("floor", least(floors), spans), show("ours", least(every), spans)
        size = sum(each.stat().st_size for each in (directory / "ours0" / "data").glob("spanledger.duckdb*"))
    print(f"ratio of CPU, ours to the floor: {ours.cpu_s / floor.cpu_s:.2f}")
    print(f"ratio of rates until queryable: {floor.wall_s / ours.wall_s:.2f}")
    print(f"bytes a span on disk: {size / spans:,.0f}, ratio to gzip: {size / packed:.2f}")


def measure_floor(
    payloads: Sequence[Payload], tables: Sequence[pa.Table], directory: Path
) -> dict[str, Cost]:
    store = open_store(directory)
    pieces = [payloads[start : start + 8] for start in range(0, len(payloads), 8)]
    costs = {
        "verdict": measure(lambda: [ExportTraceServiceRequest.FromString(each.data) for each in payloads]),
        "to Arrow": measure(lambda: [read_requests("traces", [p.data for p in piece]) for piece in pieces]),
        "append": measure(lambda: append_tables(store, tables)),
        "checkpoint": measure(store.checkpoint),
    }
    store.close()
    return costs


def measure_ours(bodies: Sequence[Body], directory: Path, *, profile: bool) -> dict[str, Cost]:
    store = open_store(directory / "data")
    profiler = cProfile.Profile()
    costs = {"front": measure(lambda: accept(bodies, directory / "log"))}
    if profile:
        profiler.enable()
    costs["loader"] = measure(lambda: load_all(store, directory / "log"))
    profiler.disable()
    costs["checkpoint"] = measure(store.checkpoint)
    store.close()
    if profile:
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)
    return costs


def show(name: str, costs: dict[str, Cost], spans: int) -> Cost:
    for step, cost in costs.items():
        print(f"{name:6} {step:11} {cost.per_span(spans)}")
    whole = total(list(costs.values()))
    print(f"{name:6} {'all':11} {whole.per_span(spans)}")
    return whole


if __name__ == "__main__":
    main()
