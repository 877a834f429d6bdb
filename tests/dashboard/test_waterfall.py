from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest

from dashboard.data import Trace
from dashboard.span_detail import build_detail
from dashboard.waterfall import build_waterfall, find_default_span, fit_height

START = datetime(2026, 11, 20, 15)  # noqa: DTZ001


def a_span(span_id: str, **given: Any) -> dict[str, Any]:
    return {
        "span_id": span_id, "parent_span_id": None, "name": f"span {span_id}", "kind": "chain", "started_at": START,
        "duration_ms": 10.0, "status": "ok", "error_type": None, "agent": None, "tool": None, "model": None,
        "tokens": None, "cost_usd": None, "cost_status": None, **given,
    }  # fmt: skip


def a_trace(*spans: dict[str, Any]) -> Trace:
    frame = pl.DataFrame(list(spans), infer_schema_length=None)
    return Trace("0" * 32, frame, len(spans), pl.DataFrame(), {})


def test_times_count_from_the_start_of_the_trace() -> None:
    late = a_span(
        "b", started_at=START + timedelta(milliseconds=250), duration_ms=1_000.0, parent_span_id="a"
    )
    data = build_waterfall(a_trace(a_span("a"), late))
    assert data["start"] == [0.0, 250.0]
    assert data["total"] == 1_250.0
    json.dumps(data)


def test_a_price_is_unknown_known_or_none_of_its_business() -> None:
    spans = [
        a_span("a", cost_status="unpriced_model"),
        a_span("b", cost_status="priced", cost_usd=0.5),
        a_span("c", cost_status="free", cost_usd=0.0),
        a_span("d"),
    ]
    assert build_waterfall(a_trace(*spans))["price"] == [2, 1, 1, 0]


def test_a_missing_parent_has_a_row_of_its_own() -> None:
    data = build_waterfall(a_trace(a_span("a", parent_span_id="gone")))
    assert data["is_missing"] == [1, 0]
    assert data["name"][0] == "parent not received"
    assert data["span_count"] == 1


def test_a_span_without_an_end_has_no_duration() -> None:
    assert build_waterfall(a_trace(a_span("a", duration_ms=None), a_span("b")))["duration"] == [None, 10.0]


def test_the_version_changes_when_a_span_ends() -> None:
    running = build_waterfall(a_trace(a_span("a", duration_ms=None), a_span("b")))
    ended = build_waterfall(a_trace(a_span("a", duration_ms=5.0), a_span("b")))
    assert running["version"] != ended["version"]


def test_long_names_are_cut() -> None:
    assert len(build_waterfall(a_trace(a_span("a", name="x" * 1_000_000)))["name"][0]) == 160


@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        ([a_span("a"), a_span("b")], "a"),
        ([a_span("a"), a_span("b", kind="llm"), a_span("c")], "b"),
        (
            [a_span("a", status="error", kind="agent"), a_span("b", status="error"), a_span("c", kind="llm")],
            "b",
        ),
    ],
)
def test_the_last_failure_else_the_last_answer_is_shown_first(
    spans: list[dict[str, Any]], shown: str
) -> None:
    assert find_default_span(a_trace(*spans).spans) == shown


def test_the_height_follows_the_rows_within_bounds() -> None:
    assert fit_height(1).endswith("430px)")
    assert fit_height(20).endswith("730px)")
    assert fit_height(20).startswith("min(max(600px")


def a_row(**given: Any) -> dict[str, Any]:
    names = (
        "span_id parent_span_id name kind tool started_at duration_ms ttft_ms status status_message error_type "
        "input_tokens cache_read_tokens output_tokens cost_usd cost_status request_model response_model finish_reason "
        "input_key output_key input_messages output_messages attributes events links resource"
    )
    plain = {"kind": "llm", "name": "chat", "started_at": START, "duration_ms": 5.0, "status": "ok"}
    return dict.fromkeys(names.split()) | plain | given


def test_an_error_that_repeats_its_type_is_said_once() -> None:
    row = a_row(status="error", error_type="Timeout", status_message="Timeout: 30 s")
    assert build_detail(row, START, height="1px")["failure"] == "Timeout: 30 s"
    row = a_row(status="error", error_type="Timeout", status_message="gave up")
    assert build_detail(row, START, height="1px")["failure"] == "Timeout: gave up"
    assert build_detail(a_row(status="error"), START, height="1px")["failure"] == "failed without saying why"


def test_messages_come_from_the_translated_form_else_from_the_attribute() -> None:
    attributes = [{"key": "in", "value": json.dumps([{"role": "user", "content": "raw"}])}]
    row = a_row(attributes=attributes, input_key="in")
    assert build_detail(row, START, height="1px")["messages"][0]["parts"][0]["text"] == "raw"  # pyright: ignore
    translated = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "translated"}]}])
    detail = build_detail({**row, "input_messages": translated}, START, height="1px")
    assert detail["messages"][0]["parts"][0]["text"] == "translated"  # pyright: ignore


def test_what_is_sent_of_a_span_is_bounded() -> None:
    attributes = [{"key": f"k{i}", "value": "x" * 100_000} for i in range(1_000)]
    events = json.dumps([{"name": "e", "attributes": {"a": "y" * 100_000}}] * 600)
    said = json.dumps([{"role": "user", "content": "z" * 50_000}] * 500)
    detail = build_detail(
        a_row(attributes=attributes, events=events, input_messages=said), START, height="1px"
    )
    assert len(json.dumps(detail)) < 8_000_000


@pytest.mark.parametrize(
    "events", ["not json", "5", "[1, 2]", '{"a": 1}', "[" * 50_000, '[{"time": 5, "attributes": []}]']
)
def test_unreadable_events_are_shown_or_left_out_and_never_raise(events: str) -> None:
    json.dumps(build_detail(a_row(events=events), START, height="1px"))
