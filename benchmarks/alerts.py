"""Alerts: the CPU of evaluating many rules over many groups, an outbox that holds very many messages, and detection."""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from sqlalchemy import insert

from alerts.channels.channel import ALONE, Receipt, Thread
from alerts.channels.webhook import WebhookChannel
from alerts.engine import AlertEngine
from alerts.messages.model import Item, Message
from alerts.outbox import Outbox
from alerts.rules import parse_alerting
from alerts.rules.starter import STARTERS
from benchmarks.detection import measure_detection
from benchmarks.figures import Figure
from store import Store, open_control, open_store
from store.clock import utc_now
from store.configuration.secrets import SecretUrl
from store.control.alerting import OutboxRow
from store.control.tables import outbox as outbox_table

_AGENTS, _GROUPS, _RUNS_EACH = 25, 100, 5
_METRICS = (
    "run_count", "success_rate", "failure_rate", "escalation_rate", "run_p50_ms", "run_p95_ms", "run_p99_ms",
    "cost_per_run_usd", "steps_per_run", "tool_calls_per_run",
)  # fmt: skip
_LIMITS = 4
_QUEUED = 100_000
_DELIVERED = 500


def measure_alerts() -> list[Figure]:
    """Measure all three."""
    with tempfile.TemporaryDirectory() as directory:
        figures = [*_measure_evaluation(Path(directory)), *_measure_outbox(Path(directory) / "outbox")]
    return [*figures, *measure_detection()]


def _measure_evaluation(directory: Path) -> list[Figure]:
    store = open_store(directory / "store")
    _add_runs(store)
    control = open_control(directory)
    off = [{"name": starter["name"], "enabled": False} for starter in STARTERS]
    rules: list[dict[str, Any]] = [
        {
            "name": f"{metric} of {agent} {limit}",
            "metric": metric,
            "above": 10.0**9 if metric != "run_count" or agent else _RUNS_EACH - 1,
            "where": {"agent": f"agent-{agent}"},
            "group_by": ["user_id"],
        }
        for metric in _METRICS
        for agent in range(_AGENTS)
        for limit in range(_LIMITS)
    ]
    engine = AlertEngine(store, control, parse_alerting({"alert": [*off, *rules]}, environ={}), clock=utc_now)
    engine.evaluate()
    spent: list[float] = []
    for _ in range(5):
        started = time.process_time()
        report = engine.evaluate()
        spent.append(time.process_time() - started)
        assert not report.problems
    firing = sum(status.groups for status in engine.statuses.values())
    control.close()
    store.close()
    name = f"alerts: {len(rules):,} rules × {_GROUPS} groups, {firing} firing"
    return [Figure(name, statistics.median(spent), "s of CPU", at_most=1.0)]


def _add_runs(store: Store) -> None:
    at = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=30)
    count = _AGENTS * _GROUPS * _RUNS_EACH
    frame = pl.DataFrame({"i": range(count)}).select(
        load_seq=pl.lit(1),
        run_id=pl.format("run-{}", "i"),
        trace_id=pl.format("{}", "i").str.zfill(32),
        root_span_id=pl.lit("0" * 16),
        is_sole=pl.lit(True),
        service=pl.lit("shop"),
        environment=pl.lit("prod"),
        agent=pl.format("agent-{}", pl.col("i") % _AGENTS),
        user_id=pl.format("user-{}", pl.col("i") // _AGENTS % _GROUPS),
        purpose=pl.lit("production"),
        started_at=pl.lit(at),
        ended_at=pl.lit(at + timedelta(seconds=2)),
        duration_ms=2_000.0 + pl.col("i") % 500,
        outcome=pl.when(pl.col("i") % 20 == 0).then(pl.lit("failure")).otherwise(pl.lit("success")),
        complete=pl.lit(True),
        **{
            name: pl.lit(1)
            for name in (
                "steps",
                "llm_calls",
                "tool_calls",
                "tool_failures",
                "retries",
                "loops",
                "unpriced_calls",
            )
        },
    )
    store.append("bench", {"runs": frame})


class _Swallow(WebhookChannel):
    """Takes everything at once, so that the outbox alone is measured."""

    def send(self, message: Message, idempotency_key: str, thread: Thread = ALONE) -> Receipt:
        return Receipt()


def _measure_outbox(directory: Path) -> list[Figure]:
    control = open_control(directory)
    now = utc_now()
    item = Item(
        fingerprint="f", alert="a", state="firing", severity="info", labels={"alert": "a"}, summary="x" * 500, since=now
    )  # fmt: skip
    message = Message(reason="test", group_key="g", group_labels={}, decided_at=now, items=(item,))
    payload = msgspec.to_builtins(message)
    row = OutboxRow(
        idempotency_key="", channel="sink", group_key="", decided_at=now, reason="test", payload=payload
    )
    values = {**asdict(row), "next_attempt_at": now}
    del values["notification_id"]
    with control.begin() as connection:
        connection.execute(
            insert(outbox_table),
            [
                {**values, "idempotency_key": f"k{number}", "group_key": f"g{number % 1_000}"}
                for number in range(_QUEUED)
            ],
        )
    sink = _Swallow("sink", SecretUrl("http://127.0.0.1:9"))
    outbox = Outbox(control, {"sink": sink}, clock=utc_now)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lane = outbox.lanes["sink"]
    started = time.perf_counter()
    for _ in range(_DELIVERED):
        assert lane.deliver_next()
    each_ms = (time.perf_counter() - started) * 1_000 / _DELIVERED
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1_024
    control.close()
    return [
        Figure(f"outbox: one delivery among {_QUEUED:,} queued", each_ms, "ms", at_most=20.0),
        Figure(f"outbox: memory for {_QUEUED:,} queued", grown_mb, "MB", at_most=32.0),
    ]
