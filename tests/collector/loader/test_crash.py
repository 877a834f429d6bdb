"""kill -9 of the loader at any instant: every body is in the store exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from store import open_store
from tests.collector.building import a_body, a_log_request, a_span, a_trace_body, a_value, ask
from tests.collector.loader.test_loader import write_log

KILLS = 6
BODIES = 300


def test_every_record_is_loaded_once_whenever_the_loader_is_killed(tmp_path: Path) -> None:
    log, data = tmp_path / "log", tmp_path / "data"
    bodies = [
        a_trace_body(*(a_span(number * 10 + k, attributes={"n": number}) for k in range(1, 6)))
        if number % 2
        else a_body(a_log_request(LogRecord(body=a_value(str(number)))), signal="logs")
        for number in range(BODIES)
    ]
    write_log(log, bodies)
    kills = random.Random(7)
    for _ in range(KILLS):
        if load_and_kill(data, log, after_s=kills.uniform(0.0, 0.5)):
            break
    assert load_and_kill(data, log, after_s=60)
    store = open_store(data)
    counts = "count(*), count(DISTINCT (trace_id, span_id)) FROM spans"
    assert ask(store, f"SELECT {counts}") == [(BODIES // 2 * 5, BODIES // 2 * 5)]
    assert ask(store, "SELECT count(*), count(DISTINCT body) FROM logs") == [(BODIES // 2, BODIES // 2)]
    assert ask(store, "SELECT sum(bodies) FROM ingest_stats") == [(BODIES,)]
    assert ask(store, "SELECT count(*) FROM dead_letters") == [(0,)]
    store.close()


def load_and_kill(data: Path, log: Path, *, after_s: float) -> bool:
    """Run the loader and kill it some time after it began; return whether it was done before."""
    script = Path(__file__).with_name("load_slowly.py")
    process = subprocess.Popen(
        [sys.executable, script, data, log], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    timer = threading.Timer(after_s, process.kill)
    timer.start()
    is_done = process.stdout.readline() == "done\n"
    process.wait(60)
    timer.cancel()
    process.stdout.close()
    return is_done
