"""Whatever the spans: the count never fails, and depends on nothing but the spans."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.counting import Counted, count_traces
from tests.analytics.counting.building import a_span, frame_of

KINDS = (
    "agent",
    "workflow",
    "llm",
    "embedding",
    "tool",
    "chain",
    "retriever",
    "evaluator",
    "guardrail",
    "other",
)
IDS = [f"s{number}" for number in range(9)]


@st.composite
def some_spans(draw: st.DrawFn, traces: int = 3) -> list[dict[str, Any]]:
    """Spans of a few traces: cycles, orphans, doubled ids, missing ends, twins, pending copies."""
    return [_draw_span(draw, f"t{draw(st.integers(1, traces))}") for _ in range(draw(st.integers(1, 16)))]


def _draw_span(draw: st.DrawFn, trace_id: str) -> dict[str, Any]:
    maybe_text = st.sampled_from([None, "a", "b"])
    used = draw(st.sampled_from([None, (0, 0), (10, 1), (20, 2)]))
    return a_span(
        draw(st.sampled_from(IDS)),
        draw(st.sampled_from(KINDS)),
        draw(st.sampled_from([None, *IDS, "missing"])),
        trace_id=trace_id,
        at=draw(st.integers(0, 4)) / 2,
        lasts=draw(st.sampled_from([None, 0.0, 0.5, 1.0, 3.0])),
        used=used,
        status=draw(st.sampled_from(["ok", "error", "unset"])),
        otel_kind=draw(st.sampled_from(["internal", "server", "client"])),
        scope_name=draw(maybe_text),
        tool=draw(maybe_text),
        agent=draw(maybe_text),
        session_id=draw(maybe_text),
        response_id=draw(maybe_text),
        status_message=draw(maybe_text),
        outcome=draw(st.sampled_from([None, None, "resolved", "nonsense"])),
        feedback=draw(st.sampled_from([None, None, 1.0])),
        input=draw(maybe_text),
        output=draw(maybe_text),
        usage_scope=None if used is None else draw(st.sampled_from(["call", "agent", "cumulative"])),
        is_pending=draw(st.sampled_from([False, False, False, True])),
        attribute_count=draw(st.integers(0, 2)),
        content_hash=draw(st.integers(0, 1 << 60)),
    )


def as_rows(counted: Counted) -> dict[str, list[dict[str, Any]]]:
    return {
        name: getattr(counted, name).sort(pl.all()).to_dicts()
        for name in ("runs", "run_spans")
    } | {
        name: getattr(counted, name).drop("other_units", strict=False).sort(pl.all()).to_dicts()
        for name in ("llm_calls", "tool_calls")
    }  # fmt: skip


@settings(max_examples=60)
@given(some_spans(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(spans: list[dict[str, Any]], source: Any) -> None:
    shuffled = list(spans)
    source.shuffle(shuffled)
    assert as_rows(count_traces(frame_of(*shuffled))) == as_rows(count_traces(frame_of(*spans)))


@settings(max_examples=60)
@given(some_spans())
def test_traces_counted_apart_give_the_same_rows(spans: list[dict[str, Any]]) -> None:
    for span in spans:
        span["response_id"] = span["response_id"] and f"{span['trace_id']}-{span['response_id']}"
        span["service"] = span["trace_id"]
        span["tool_call_id"] = None
    together = as_rows(count_traces(frame_of(*spans)))
    parts = [
        as_rows(count_traces(frame_of(*(span for span in spans if span["trace_id"] == trace_id))))
        for trace_id in sorted({span["trace_id"] for span in spans})
    ]
    for name, rows in together.items():
        assert sorted(map(repr, rows)) == sorted(repr(row) for part in parts for row in part[name])


@settings(max_examples=40)
@given(some_spans())
def test_the_figures_of_runs_add_up(spans: list[dict[str, Any]]) -> None:
    counted = count_traces(frame_of(*spans))
    for frame in (counted.llm_calls, counted.tool_calls):
        assert frame.select("trace_id", "span_id").is_unique().all()
    assert counted.runs["run_id"].is_unique().all()
    for name, rows in (("llm_calls", counted.llm_calls), ("tool_calls", counted.tool_calls)):
        per_run = dict(rows.drop_nulls("run_id").group_by("run_id").len().rows())
        assert {run: n for run, n in counted.runs.select("run_id", name).rows() if n} == per_run
    total = counted.llm_calls.drop_nulls("run_id")["input_tokens"].sum()
    assert counted.runs["input_tokens"].sum() == total
    assert set(counted.llm_calls["run_id"].drop_nulls()) <= set(counted.runs["run_id"])
    assert counted.runs.filter(pl.col("outcome").is_null() & pl.col("complete")).is_empty()
    assert set(counted.runs["outcome"].drop_nulls()) <= {"success", "failure", "escalated"}


@settings(max_examples=40)
@given(some_spans(traces=1))
def test_a_call_is_counted_once_however_often_its_tokens_are_told(spans: list[dict[str, Any]]) -> None:
    """The sum is never above that of all model spans, wrappers included."""
    frame = frame_of(*spans).filter(~pl.col("is_pending"))
    counted = count_traces(frame_of(*spans))
    reported = frame.filter(pl.col("usage_scope") != "cumulative")["input_tokens"].sum()
    assert counted.llm_calls["input_tokens"].sum() <= reported


def test_a_trace_of_a_hundred_thousand_nested_spans_is_counted() -> None:
    size = 100_000
    kinds = pl.Series(["agent", "chain", "llm", "tool"] * (size // 4))
    base = frame_of(a_span("s", "other", used=(1, 1)))
    frame = pl.concat([base] * size, rechunk=True).with_columns(
        kind=kinds,
        span_id=pl.int_range(size).cast(pl.String),
        parent_span_id=pl.when(pl.int_range(size) > 0).then((pl.int_range(size) - 1).cast(pl.String)),
    )
    counted = count_traces(frame)
    assert counted.runs.height == 1
    assert counted.llm_calls.height == size // 4


def test_nothing_is_counted_of_nothing() -> None:
    counted = count_traces(frame_of(a_span("s")).clear())
    assert counted.runs.is_empty() and counted.llm_calls.is_empty()
