"""Builders of spans, and the count of a handful of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from analytics.counting import SPAN_COLUMNS, Counted, count_traces

START = datetime(2026, 11, 2, 12, 0, tzinfo=UTC).replace(tzinfo=None)


def a_span(span_id: str, kind: str = "other", parent: str | None = None, **facts: Any) -> dict[str, Any]:
    """A span of a second, from `at` seconds on, for `lasts` seconds; `used` is input and output tokens."""
    at, lasts = facts.pop("at", 0.0), facts.pop("lasts", 1.0)
    used = facts.pop("used", None)
    started_at = START + timedelta(seconds=at)
    span: dict[str, Any] = {
        "load_seq": 1,
        "trace_id": "t1",
        "span_id": span_id,
        "parent_span_id": parent,
        "service": "shop",
        "scope_name": "library",
        "name": span_id,
        "kind": kind,
        "otel_kind": "internal",
        "started_at": started_at,
        "ended_at": None if lasts is None else started_at + timedelta(seconds=lasts),
        "duration_ms": None if lasts is None else lasts * 1000.0,
        "status": "unset",
        "is_pending": False,
        "content_hash": 1,
        "attribute_count": 3,
    }
    if kind in ("llm", "embedding"):
        span |= {"request_model": "gpt-4o", "operation": "chat"}
    if kind == "agent":
        span |= {"agent": span_id}
    if kind == "tool":
        span |= {"tool": span_id}
    if used is not None:
        span |= {
            "input_tokens": used[0],
            "output_tokens": used[1],
            "usage_scope": "call",
            "usage_source": "reported",
        }
    return span | facts


def frame_of(*spans: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(spans), schema=SPAN_COLUMNS)


def count(*spans: dict[str, Any]) -> Counted:
    return count_traces(frame_of(*spans))
