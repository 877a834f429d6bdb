"""Everything a span ever costs: front, loader, jobs, checkpoints and shutdown, until every view shows it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.installations import run_installation, wait_until_counted
from benchmarks.payloads import SPANS_PER_TRACE
from benchmarks.processes import read_cpu_s, read_tree_cpu_s, read_tree_rss_bytes
from benchmarks.traffic import Order, run_traffic

SPANS = 196_608
_TIMEOUT_S = 180.0


def expected_rows(spans: int) -> dict[str, int]:
    """Return how many rows the traces of the payload make in each view."""
    traces = spans // SPANS_PER_TRACE
    return {
        "spans": spans,
        "llm_calls": 10 * traces,
        "tool_calls": 5 * traces,
        "runs": traces,
        "sessions": traces,
        "hourly": 10 * traces,
    }


def measure_whole() -> list[Figure]:
    """Send as fast as it is acknowledged, wait for every view, stop."""
    with tempfile.TemporaryDirectory(prefix="whole-") as scratch, run_traffic() as traffic:
        with run_installation(Path(scratch)) as installation:
            traffic.prepare(SPANS)
            time.sleep(3)
            processes = installation.processes()
            before = {name: read_cpu_s(pid) for name, pid in processes.items()}
            cpu_before_s = read_tree_cpu_s(installation.process.pid)
            began = time.perf_counter()
            answers = traffic.send(Order(installation.http))
            reached = wait_until_counted(installation, expected_rows(answers.spans), _TIMEOUT_S)
            after = {name: read_cpu_s(pid) for name, pid in processes.items()}
            rss_bytes = read_tree_rss_bytes(installation.process.pid)
            jobs = {job["name"]: job["busy_s"] for job in installation.status()["jobs"]}
        size = sum(path.stat().st_size for path in (Path(scratch) / "data").glob("spanledger.duckdb*"))
    cpu_us = (installation.cpu_s - cpu_before_s) / answers.spans * 1e6
    parts = {name: (after[name] - before[name]) / answers.spans * 1e6 for name in processes}
    print(f"acknowledged after {answers.seconds:.1f} s, {answers.spans / answers.seconds:,.0f} spans/s")
    print("in the views after: " + ", ".join(f"{view} {at - began:.1f} s" for view, at in reached.items()))
    print("CPU a span: " + ", ".join(f"{name} {part:.1f} µs" for name, part in parts.items()), end="; ")
    print(f"at shutdown {cpu_us - sum(parts.values()):.1f} µs; {size / answers.spans:,.0f} B a span on disk")
    print("jobs, µs wall a span: " + ", ".join(f"{n} {s / answers.spans * 1e6:.1f}" for n, s in jobs.items()))
    rate = {view: answers.spans / (at - began) for view, at in reached.items()}
    return [
        Figure("CPU a span, everything included", cpu_us, "µs"),
        Figure("spans/s until in `spans`", rate["spans"], "spans/s"),
        Figure("spans/s until in every view", min(rate.values()), "spans/s"),
        Figure("RSS of all processes after full load", rss_bytes / 1e6, "MB"),
    ]
