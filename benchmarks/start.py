"""How long from the command until everything answers: new, again, and after a power cut in the middle of load."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.installations import run_installation, wait_until_counted
from benchmarks.traffic import Order, run_traffic
from benchmarks.whole import expected_rows

_SPANS = 245_760


def measure_start() -> list[Figure]:
    """Start an empty directory twice, then kill it with a large write-ahead log and start it again."""
    with tempfile.TemporaryDirectory(prefix="start-") as scratch, run_traffic() as traffic:
        directory = Path(scratch)
        with run_installation(directory) as first:
            pass
        with run_installation(directory) as again:
            traffic.prepare(_SPANS)
            spans = traffic.send(Order(again.http)).spans
            wait_until_counted(again, {"spans": int(spans * 0.9)}, 120.0)
            again.kill()
        wal_mb = (directory / "data" / "spanledger.duckdb.wal").stat().st_size / 1e6
        with run_installation(directory) as recovered:
            wait_until_counted(recovered, expected_rows(spans), 180.0)
            counted = recovered.query("SELECT count(*) AS n FROM spans")[0]["n"]
    print(f"killed with {wal_mb:.0f} MB of write-ahead log; {spans} spans acknowledged, {counted} kept")
    assert counted == spans
    return [
        Figure("start to ready, new directory", first.ready_after_s, "s", at_most=5.0),
        Figure("start to ready, again", again.ready_after_s, "s", at_most=5.0),
        Figure("start to ready after kill -9 under load", recovered.ready_after_s, "s", at_most=5.0),
    ]
