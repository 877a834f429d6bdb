"""CPU per span of ingest, request to checkpoint, against the floor that nobody can leave out."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.front import measure_front
from benchmarks.ingest import least, make_body, measure_floor, measure_ours, record_tables, show
from benchmarks.payloads import make_payloads

_SPANS = 98_304
_ROUNDS = 3
"""In turns with the floor's; the least of each step counts, because other work on the machine only adds."""


def measure_ingest() -> list[Figure]:
    """Add up the front as a process with its HTTP, the loader and the checkpoint, over the floor of the same run."""
    payloads = list(make_payloads(_SPANS))
    bodies = [make_body(payload) for payload in payloads]
    with tempfile.TemporaryDirectory(prefix="ingest-") as scratch:
        directory = Path(scratch)
        tables = record_tables(bodies, directory / "recorded")
        floors, every, fronts = [], [], []
        for turn in range(_ROUNDS):
            floors.append(measure_floor(payloads, tables, directory / f"floor{turn}"))
            every.append(measure_ours(bodies, directory / f"ours{turn}", profile=False))
            fronts.append(measure_front(payloads, compression="gzip", directory=directory / f"front{turn}"))
        size = sum(path.stat().st_size for path in (directory / "ours0" / "data").glob("spanledger.duckdb*"))
    floor, ours = show("floor", least(floors), _SPANS), least(every)
    del ours["front"]  # the process is measured, its HTTP included
    loading = show("ours", ours, _SPANS)
    front_us = min(front.cpu_us_per_span for front in fronts)
    print(f"ours   front with HTTP {front_us:.2f} µs CPU, {max(f.spans_per_s for f in fronts):,.0f} spans/s")
    packed = sum(len(body.data) for body in bodies)
    return [
        Figure(
            "ingest CPU a span",
            loading.cpu_s / _SPANS * 1e6 + front_us,
            "µs",
            "floor",
            floor.cpu_s / _SPANS * 1e6,
            at_most=2.0,
        ),
        Figure(
            "spans/s until queryable, loader",
            _SPANS / loading.wall_s,
            "spans/s",
            "floor",
            _SPANS / floor.wall_s,
            at_least=0.6,
        ),
        Figure("bytes a span on disk", size / _SPANS, "B", "gzip-6 payload", packed / _SPANS, at_most=1.3),
    ]
