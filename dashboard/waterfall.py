"""The data of the waterfall: columns in the order of the tree, sent to the browser once per trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from dashboard.critical_path import find_critical, find_gaps, find_own_times
from dashboard.data import Trace
from dashboard.formats import shorten
from dashboard.span_tree import MISSING, arrange_spans

ROW_PX: Final = 27
AROUND_PX: Final = 190
LEAST_PX: Final = 430
MOST: Final = "max(600px, 100vh - 340px)"
NAME_CHARACTERS: Final = 160
TONES: Final = {
    "agent": 0, "workflow": 0, "chain": 4, "other": 4, "guardrail": 4, "evaluator": 4, "llm": 1,
    "tool": 2, "embedding": 3, "retriever": 3,
}  # fmt: skip
KNOWN_COSTS: Final = ("priced", "free", "partial")


def build_waterfall(trace: Trace) -> dict[str, Any]:
    """Return what the component draws, but for the selection; times in ms from the start of the trace."""
    spans = trace.spans.to_dicts()
    start = min(span["started_at"] for span in spans)
    ends = [
        (span["started_at"] - start).total_seconds() * 1e3 + (span["duration_ms"] or 0.0) for span in spans
    ]
    columns: dict[str, list[Any]] = {key: [] for key in (*_missing_row(""), "depth", "size")}
    ids = [span["span_id"] for span in spans]
    rows = arrange_spans(ids, [span["parent_span_id"] for span in spans])
    total = max(max(ends), 0.001)
    times = [
        ((span["started_at"] - start).total_seconds() * 1e3, total if span["duration_ms"] is None else end)
        for span, end in zip(spans, ends, strict=True)
    ]
    for row in rows:
        values = _missing_row(row.span_id) if row.index == MISSING else _span_row(spans[row.index], start)
        for key, value in {**values, "depth": row.depth, "size": row.size}.items():
            columns[key].append(value)
    return {
        **columns,
        "trace": trace.trace_id,
        "version": version_of(trace),
        "total": total,
        "own": [None if own is None else round(own, 3) for own in find_own_times(rows, times)],
        "critical": [int(is_critical) for is_critical in find_critical(rows, times)],
        "gaps": find_gaps(rows, times, total),
        "span_count": len(spans),
        "height": fit_height(len(spans)),
    }


def version_of(trace: Trace) -> str:
    """Return a text that changes when spans of the trace arrive or end."""
    spans = trace.spans
    return (
        f"{trace.trace_id}-{spans.height}-{spans['duration_ms'].sum():.3f}-{spans['cost_usd'].null_count()}"
    )


def fit_height(spans: int) -> str:
    """Return the height, as CSS, of waterfall and inspector: all rows where they fit, else most of the window."""
    return f"min({MOST}, {max(LEAST_PX, spans * ROW_PX + AROUND_PX)}px)"


def _missing_row(span_id: str) -> dict[str, Any]:
    return {
        "id": f"missing-{span_id}", "name": "parent not received", "detail": span_id, "tone": 4, "start": 0.0,
        "duration": 0.0, "failed": 0, "is_missing": 1, "tokens": None, "cost": None, "price": 0,
    }  # fmt: skip


def _span_row(span: Mapping[str, Any], start: Any) -> dict[str, Any]:
    status = span["cost_status"]
    cost = None if span["cost_usd"] is None else float(span["cost_usd"])
    detail = (
        span["error_type"]
        or (span["model"] if span["kind"] in ("llm", "embedding") else None)
        or span["agent"]
    )
    duration = span["duration_ms"]
    return {
        "id": span["span_id"],
        "name": shorten(span["name"] or span["kind"], NAME_CHARACTERS),
        "detail": None if detail is None else shorten(detail, NAME_CHARACTERS),
        "tone": TONES.get(span["kind"], 4),
        "start": round((span["started_at"] - start).total_seconds() * 1e3, 3),
        "duration": None if duration is None else round(duration, 3),
        "failed": 1 if span["status"] == "error" else 0,
        "is_missing": 0,
        "tokens": span["tokens"],
        "cost": cost,
        "price": 0 if status is None and cost is None else 1 if cost is not None else 2,
    }


def find_default_span(spans: pl.DataFrame) -> str:
    """Return the span to show first: the last one that failed, else the first one of a model, else the first."""
    failed = spans.filter((pl.col("status") == "error") & (pl.col("kind") != "agent"))
    if not failed.is_empty():
        return failed["span_id"][-1]
    models = spans.filter(pl.col("kind") == "llm")
    return models["span_id"][-1] if not models.is_empty() else spans["span_id"][0]
