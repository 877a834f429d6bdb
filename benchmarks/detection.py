"""Detection: how long a threshold rule takes to fire on data that are queryable, as an installation is started."""

from __future__ import annotations

import http.client
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from alerts.engine import EVALUATION_INTERVAL
from benchmarks.figures import Figure
from benchmarks.freshness import make_probe
from benchmarks.installations import Installation, run_installation
from store import Control, open_control
from store.control import alerting

_PROBES = 8
_RULE = """
[[alert]]
name = "probe"
query = "SELECT session_id, count(*) AS value FROM runs WHERE started_at >= $start AND started_at < $end GROUP BY ALL"
above = 0
window = "1h"
"""
_PATIENCE_S = 120.0


def measure_detection() -> list[Figure]:
    """Send single runs at any instant between two evaluations."""
    rnd = random.Random(1)
    interval_s = EVALUATION_INTERVAL.total_seconds()
    with tempfile.TemporaryDirectory(prefix="detect-") as scratch:
        data = Path(scratch) / "data"
        data.mkdir()
        (data / "spanledger.toml").write_text(_RULE)
        with run_installation(Path(scratch)) as installation:
            control = open_control(data)
            delays_s: list[float] = []
            for number in range(_PROBES):
                time.sleep(rnd.random() * interval_s)
                delays_s.append(_detect(installation, control, f"probe-{number}"))
            control.close()
    shown = ", ".join(f"{delay:.1f}" for delay in sorted(delays_s))
    print(f"seconds from queryable to firing: {shown}")
    name = f"alerts: {_PROBES} runs, queryable until their threshold rule fires, the longest"
    return [Figure(name, max(delays_s), "s", at_most=interval_s)]


def _detect(installation: Installation, control: Control, probe: str) -> float:
    connection = http.client.HTTPConnection(installation.http)
    headers = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
    connection.request("POST", "/v1/traces", make_probe(probe), headers)
    assert connection.getresponse().status == 200
    connection.close()
    queryable_at = _await(
        lambda: bool(installation.query(f"SELECT 1 AS one FROM runs WHERE session_id = '{probe}'"))
    )
    return _await(lambda: _fires(control, probe)) - queryable_at


def _fires(control: Control, probe: str) -> bool:
    with control.read() as connection:
        alerts = alerting.load_alerts(connection)
    return any(row.labels.get("session_id") == probe and row.state == "firing" for row in alerts)


def _await(is_so: Callable[[], bool]) -> float:
    until = time.perf_counter() + _PATIENCE_S
    while not is_so():
        assert time.perf_counter() < until, "it did not happen in time"
        time.sleep(0.02)
    return time.perf_counter()
