"""What agents ask before they call: circuit breakers of tools, and what is left of budgets; published to the front."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from alerts.evidence import StoreEvidence
from alerts.rules.conditions import BudgetStanding
from analytics.jobs import Job, JobContext, JobReport
from analytics.metrics.breakers import Breaker
from store import Control, Store
from store.clock import Clock
from store.configuration.durations import format_duration

_PAUSE: Final = timedelta(seconds=2)
_EVERY: Final = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class ToolRecord:
    """What happened to one tool lately."""

    tool: str
    calls: int
    failures: int
    streak: int
    last_failed_at: datetime | None


def judge_tool(record: ToolRecord, settings: Breaker, now: datetime) -> dict[str, Any]:
    """Return the breaker of a tool: a pure function of what happened, so that a restart forgets nothing."""
    share = record.failures / record.calls if record.calls else 0.0
    is_row = record.streak >= settings.failures_in_a_row
    is_share = record.calls >= settings.least_calls and share >= settings.failure_share and record.streak > 0
    if record.last_failed_at is None or not (is_row or is_share):
        return {"state": "closed"}
    reason = (
        f"the last {record.streak} calls failed"
        if is_row
        else f"{record.failures} of {record.calls} calls in {format_duration(settings.window)} failed"
    )
    retry_at = record.last_failed_at + settings.cool_down
    return {
        "state": "open" if now < retry_at else "half_open",
        "reason": reason,
        "since": _say(record.last_failed_at),
        "retry_at": retry_at.timestamp(),
    }


_BUDGET_STATES: Final = {"ok": "left", "warning": "warning", "exceeded": "over"}


def judge_budget(standing: BudgetStanding) -> dict[str, Any]:
    """Return how a group of a budget stands: left, warning (by default from 80 %) or over."""
    share = None if standing.used is None or not standing.limit else float(standing.used / standing.limit)
    return {
        "labels": dict(standing.labels),
        "unit": standing.unit,
        "period": standing.period,
        "limit": format(standing.limit, "f"),
        "used": None if standing.used is None else format(standing.used, "f"),
        "share": share,
        "state": _BUDGET_STATES.get(standing.state, "left"),
        "resets_at": None if standing.resets_at is None else _say(standing.resets_at),
    }


def _say(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class GuardPublisher:
    """Writes the snapshot that the front answers from."""

    def __init__(
        self, store: Store, control: Control, path: Path, settings: Breaker, *, clock: Clock
    ) -> None:
        self._store = store
        self._evidence = StoreEvidence(store, control)
        self._path = path
        self._settings = settings
        self._clock = clock

    def publish(self) -> None:
        """Write the present state; the front sees the old or the new one, never half of one."""
        now = self._clock()
        tools = {record.tool: judge_tool(record, self._settings, now) for record in self._read_tools(now)}
        budgets: dict[str, list[dict[str, Any]]] = {}
        for standing in self._evidence.read_budgets():
            budgets.setdefault(standing.budget, []).append(judge_budget(standing))
        _write(self._path, {"written_at": now.timestamp(), "tools": tools, "budgets": budgets})

    def _read_tools(self, now: datetime) -> Sequence[ToolRecord]:
        frame = self._store.select("alerts/tool_records", {"start": now - self._settings.window, "end": now})
        return [
            ToolRecord(
                row["tool"],
                int(row["calls"]),
                int(row["failures"]),
                int(row["streak"]),
                None if row["last_failed_at"] is None else row["last_failed_at"].replace(tzinfo=UTC),
            )
            for row in frame.iter_rows(named=True)
        ]


def guards_job(publisher: GuardPublisher) -> Job:
    """Return the job that publishes after each load and by the clock."""

    def run(_: JobContext) -> JobReport:
        publisher.publish()
        return JobReport(changed=0)

    return Job("guards", run, every=_EVERY, wakes_on_load=True, pause=_PAUSE)


def _write(path: Path, snapshot: Mapping[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(snapshot))
    partial.replace(path)
