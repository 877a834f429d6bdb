"""CPU per span of ingest, request to checkpoint, against the floor that nobody can leave out."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.front import measure_front
from benchmarks.ingest import accept, load_all, make_body, measure, measure_floor, record_tables, show
from benchmarks.payloads import make_payloads
from store import open_store

_SPANS = 98_304


def measure_ingest() -> list[Figure]:
    """Add up the front as a process with its HTTP, and the loader and checkpoint, over the floor of the same run."""
    payloads = list(make_payloads(_SPANS))
    bodies = [make_body(payload) for payload in payloads]
    with tempfile.TemporaryDirectory(prefix="ingest-") as scratch:
        directory = Path(scratch)
        tables = record_tables(bodies, directory / "recorded")
        floor = measure_floor(payloads, tables, directory / "floor", _SPANS)
        accept(bodies, directory / "log")
        store = open_store(directory / "data")
        loader = measure(lambda: load_all(store, directory / "log"))
        checkpoint = measure(store.checkpoint)
        store.close()
        ours = show("ours", {"loader": loader, "checkpoint": checkpoint}, _SPANS)
        size = sum(path.stat().st_size for path in (directory / "data").glob("spanledger.duckdb*"))
        front = measure_front(payloads, compression="gzip", directory=directory / "front")
    print(
        f"front, HTTP included: {front.cpu_us_per_span:.2f} µs CPU a span, {front.spans_per_s:,.0f} spans/s"
    )
    cpu_us = ours.cpu_s / _SPANS * 1e6 + front.cpu_us_per_span
    floor_us = floor.cpu_s / _SPANS * 1e6
    packed = sum(len(body.data) for body in bodies)
    return [
        Figure("ingest CPU a span", cpu_us, "µs", "floor", floor_us, at_most=2.0),
        Figure(
            "spans/s until queryable, loader",
            _SPANS / ours.wall_s,
            "spans/s",
            "floor",
            _SPANS / floor.wall_s,
            at_least=0.6,
        ),
        Figure("bytes a span on disk", size / _SPANS, "B", "gzip-6 payload", packed / _SPANS, at_most=1.3),
    ]
