"""A clock that stands still, and builders of facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from store.schema.catalogue import read_tables

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


class StillClock:
    """A clock that only moves when told."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


def to_frame(table: str, rows: tuple[dict[str, Any], ...] | list[dict[str, Any]]) -> pl.DataFrame:
    kinds = {column.name: column.type for column in read_tables()[table].columns}
    names = sorted({name for row in rows for name in row})
    return pl.DataFrame(
        [{name: _naive(row.get(name)) for name in names} for row in rows],
        schema={name: _dtype(kinds[name]) for name in names},
    )


def _naive(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def _dtype(kind: str) -> Any:
    if kind.startswith("DECIMAL"):
        precision, scale = kind.removeprefix("DECIMAL(").removesuffix(")").split(",")
        return pl.Decimal(int(precision), int(scale))
    if kind.startswith("MAP"):
        value = pl.Float64 if "DOUBLE" in kind else pl.String
        return pl.List(pl.Struct({"key": pl.String, "value": value}))
    plain = {"BIGINT": pl.Int64, "UBIGINT": pl.UInt64, "DOUBLE": pl.Float64, "BOOLEAN": pl.Boolean}
    return pl.Datetime("us") if kind == "TIMESTAMP" else plain.get(kind, pl.String)


def a_run(run_id: str = "t1-s1", **facts: Any) -> dict[str, Any]:
    started_at = facts.setdefault("started_at", NOON)
    facts.setdefault("ended_at", started_at + timedelta(seconds=2))
    if isinstance(facts.get("cost_usd"), str):
        facts["cost_usd"] = Decimal(facts["cost_usd"])
    trace_id, _, span_id = run_id.partition("-")
    return {
        "load_seq": 1,
        "run_id": run_id,
        "trace_id": trace_id,
        "root_span_id": span_id,
        "is_sole": True,
        "service": "shop",
        "environment": "production",
        "agent": "support",
        "purpose": "production",
        "duration_ms": 2000.0,
        "outcome": "success",
        "complete": True,
        "has_answer": True,
        "steps": 1,
        "llm_calls": 1,
        "tool_calls": 0,
        "tool_failures": 0,
        "retries": 0,
        "loops": 0,
        "unpriced_calls": 0,
        **facts,
    }


def touched_hours(subject: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the facts job writes beside rows of a subject, so that their hours are rolled up."""
    hours = [row["started_at"].replace(minute=0, second=0, microsecond=0) for row in rows]
    return [{"load_seq": 1, "subject": subject, "hour_at": hour} for hour in hours]


def a_call(span_id: str = "s1", **facts: Any) -> dict[str, Any]:
    return {
        "load_seq": 1,
        "trace_id": "t1",
        "span_id": span_id,
        "run_id": "t1-s1",
        "service": "shop",
        "environment": "production",
        "agent": "support",
        "purpose": "production",
        "operation": "chat",
        "provider": "openai",
        "request_model": "gpt-4o-mini",
        "started_at": NOON,
        "duration_ms": 800.0,
        "status": "ok",
        "cost_status": "unpriced_model",
        **facts,
    }


def a_tool_call(span_id: str = "s2", **facts: Any) -> dict[str, Any]:
    return {
        "load_seq": 1,
        "trace_id": "t1",
        "span_id": span_id,
        "run_id": "t1-s1",
        "service": "shop",
        "environment": "production",
        "agent": "support",
        "purpose": "production",
        "tool": "search",
        "started_at": NOON,
        "duration_ms": 120.0,
        "status": "ok",
        "cost_status": "no_usage",
        **facts,
    }
