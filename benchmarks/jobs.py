"""What every job costs for the same new telemetry, after a month and after ten months of history."""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from analytics.jobs import Job, JobContext
from benchmarks.figures import Figure
from benchmarks.payloads import Payload, make_payloads
from benchmarks.replicas import replicate
from collector.log import Body, body_sha256
from spanledger.config import FILE_NAME, load_config
from spanledger.layout import make_data_dir
from spanledger.services import Services, open_services

DAYS: Final = 30
SPANS_A_DAY: Final = 1_600
ROUNDS: Final = 5
NOW: Final = datetime(2026, 11, 20, 16, 37, tzinfo=UTC)
LEAST_MS: Final = 5.0
"""Jobs that cost less are not compared: a statement more or less would decide."""
_DAY: Final = timedelta(days=1)
_BUDGET: Final = """\
[[budget]]
name = "each user's month"
limit = 100.0
unit = "usd"
period = "month"
group_by = ["user_id"]
"""


def measure_jobs() -> list[Figure]:
    """Return the CPU time of each job for what came today and yesterday, over that with a tenth of the history."""
    before, after = _measure(DAYS), _measure(10 * DAYS)
    return [
        Figure(f"job {name}, ten months of history", ms, "ms", "one month", before[name], at_most=1.5)
        for name, ms in after.items()
        if min(ms, before[name]) >= LEAST_MS
    ]


def _measure(days: int) -> dict[str, float]:
    """CPU milliseconds by job, medians of some rounds of the same amount of new telemetry."""
    with tempfile.TemporaryDirectory(prefix="jobs-") as scratch:
        data_dir = make_data_dir(Path(scratch) / "data")
        (data_dir / FILE_NAME).write_text(_BUDGET, encoding="utf-8")
        with open_services(load_config(data_dir, environ={}), alerting=True, clock=lambda: NOW) as services:
            _load(services, NOW - days * _DAY, days, first=0)
            services.scheduler.run_pending()
            rounds = [_run_round(services, number) for number in range(ROUNDS + 1)]
    # What a start reads once is not a cost of new data.
    return {name: statistics.median(turn[name] for turn in rounds[1:]) for name in rounds[0]}


def _run_round(services: Services, number: int) -> dict[str, float]:
    """Load some telemetry of yesterday and today, and let every job do what there is to do."""
    _load(services, NOW - timedelta(hours=26), 2, first=100_000 + 2 * number)
    context = JobContext(services.store, lambda: NOW, services.config.analytics)
    return {job.name: _time(job, context) for job in services.scheduler.jobs}


def _time(job: Job, context: JobContext) -> float:
    begun = time.process_time()
    while job.run(context).has_more:
        pass
    return (time.process_time() - begun) * 1e3


def _load(services: Services, begin: datetime, days: int, *, first: int) -> None:
    """Load as much telemetry for each of some days, each at the hour of the first."""
    start_ns = int(begin.timestamp()) * 1_000_000_000
    pool = list(make_payloads(SPANS_A_DAY, spans_per_request=SPANS_A_DAY, start_ns=start_ns))
    copies = replicate(pool, first=first, step_ns=int(_DAY.total_seconds()) * 1_000_000_000)
    for number, payload in zip(range(days), copies, strict=False):
        services.intake.load([_body(payload)], batch_id=f"day {first + number}")


def _body(payload: Payload) -> Body:
    identity = body_sha256("traces", "protobuf", "identity", payload.data)
    return Body("traces", "protobuf", "identity", NOW, identity, payload.data)
