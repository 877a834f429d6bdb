"""What stands in log records alone is taken (how answers ended, usage, users, messages), whichever comes first."""

from __future__ import annotations

import itertools
import json
from typing import Any
from uuid import uuid4

import polars as pl
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from analytics.facts.told import list_told
from collector.log import Body, body_sha256
from tests.analytics.facts.building import START, Ledger, Sent, agent, call, open_ledger, other
from tests.collector.building import Plain, a_log_request, pairs
from tests.collector.dialects.test_log_messages import bodies_of

DETAILS = "gen_ai.client.inference.operation.details"
LATE_S = 0.5


def record(
    span: int,
    event: str,
    said: dict[str, Plain] | None = None,
    *,
    body: object = None,
    at: float = LATE_S,
) -> LogRecord:
    return LogRecord(
        trace_id=(1).to_bytes(16, "big"),
        span_id=span.to_bytes(8, "big"),
        event_name=event,
        time_unix_nano=int((START.timestamp() + at) * 1e9),
        attributes=pairs(said or {}),
        body=None if body is None else AnyValue(string_value=json.dumps(body)),
    )


def log(ledger: Ledger, *records: LogRecord) -> None:
    request: ExportLogsServiceRequest = a_log_request(*records)
    data = request.SerializeToString()
    form = ("logs", "protobuf", "identity")
    ledger.intake.load([Body(*form, ledger.now, body_sha256(*form, data), data)], batch_id=str(uuid4()))


def in_every_order(spans: list[Sent], records: list[LogRecord]) -> list[dict[str, list[dict[str, Any]]]]:
    """Return what is derived when spans or records come first, counted between or not."""
    found: list[dict[str, list[dict[str, Any]]]] = []
    for logs_first, counts_between in itertools.product((False, True), repeat=2):
        with open_ledger() as ledger:
            steps = [lambda own=ledger: own.load(*spans), lambda own=ledger: log(own, *records)]
            for step in reversed(steps) if logs_first else steps:
                step()
                if counts_between:
                    ledger.count()
            ledger.count()
            found.append(ledger.facts())
    return found


def test_what_only_a_record_tells_of_a_call_completes_it() -> None:
    said: dict[str, Plain] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.id": "r1",
        "gen_ai.response.finish_reasons": ["length"],
        "gen_ai.usage.input_tokens": 90,
        "gen_ai.usage.cache_read.input_tokens": 30,
        "gen_ai.usage.output_tokens": 11,
        "user.id": "ada",
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": []}]),
    }
    every = in_every_order([agent(1, lasts=9.0), call(2, None, parent=1)], [record(2, DETAILS, said)])
    assert all(one == every[0] for one in every)
    (told,), (run,) = every[0]["llm_calls"], every[0]["runs"]
    facts = ("input_tokens", "cache_read_tokens", "output_tokens", "response_model", "response_id")
    assert [told[name] for name in facts] == [90, 30, 11, "gpt-4o-mini-2024-07-18", "r1"]
    assert (told["finish_reason"], told["usage_source"], told["cost_status"]) == (
        "length",
        "reported",
        "priced",
    )
    assert (run["user_id"], run["llm_calls"], run["input_tokens"]) == ("ada", 1, 90)
    assert (run["input"], run["output"]) == (said["gen_ai.input.messages"], said["gen_ai.output.messages"])


def test_what_the_span_says_itself_comes_first_and_counts_once() -> None:
    said: dict[str, Plain] = {"gen_ai.usage.input_tokens": 7, "gen_ai.response.finish_reasons": ["stop"]}
    spans = [call(2, (100, 10), also={"gen_ai.response.finish_reasons": ["tool_calls"]})]
    every = in_every_order(spans, [record(2, DETAILS, said), record(2, DETAILS, said)])
    assert all(one == every[0] for one in every)
    (told,) = every[0]["llm_calls"]
    assert (told["input_tokens"], told["output_tokens"], told["finish_reason"]) == (100, 10, "tool_call")


@pytest.mark.parametrize("beside", [[], [agent(1, trace=2, at=7_200.0)]])
def test_a_record_long_after_its_span_tells_nothing_whatever_is_counted_with_it(
    ledger: Ledger, beside: list[Sent]
) -> None:
    ledger.load(call(2, None), *beside)
    log(ledger, record(2, DETAILS, {"gen_ai.usage.input_tokens": 7}, at=7_200.0))
    ledger.count()
    assert ledger.rows("llm_calls")["input_tokens"].to_list() == [None]


@pytest.mark.parametrize(
    "body", [{"finish_reason": "max_tokens"}, {"index": 0, "finish_reason": "MAX_TOKENS"}]
)
def test_how_an_answer_ended_is_read_from_its_choice_without_content(body: dict[str, object]) -> None:
    every = in_every_order([call(2)], [record(2, "gen_ai.choice", body=body)])
    assert [one["llm_calls"][0]["finish_reason"] for one in every] == ["length"] * 4


def test_an_error_that_only_a_record_tells_fails_the_call() -> None:
    every = in_every_order([call(2, None)], [record(2, DETAILS, {"error.type": "RateLimitError"})])
    assert all(one == every[0] for one in every)
    (told,) = every[0]["llm_calls"]
    assert (told["status"], told["error_type"], told["failure_class"]) == (
        "error",
        "RateLimitError",
        "rate_limit",
    )


def test_a_plain_span_around_a_request_that_a_record_tells_of_is_that_call() -> None:
    said: dict[str, Plain] = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 7}
    every = in_every_order([agent(1), other(2, parent=1)], [record(2, DETAILS, said)])
    assert all(one == every[0] for one in every)
    assert [told["input_tokens"] for told in every[0]["llm_calls"]] == [7]


def test_an_explanation_can_say_what_records_told(ledger: Ledger) -> None:
    ledger.load(call(2), call(3))
    log(ledger, record(2, DETAILS, {"gen_ai.usage.input_tokens": 7, "user.id": "ada"}))
    ids = {"trace_id": f"{1:032x}", "span_id": f"{2:016x}"}
    told = list_told(ledger.store, ledger.store.select("traces/whole_span", ids))
    assert (told["input_tokens"], told["user_id"]) == ("7", "ada")
    assert (
        list_told(ledger.store, ledger.store.select("traces/whole_span", {**ids, "span_id": f"{3:016x}"}))
        == {}
    )


@pytest.mark.parametrize(
    ("capture", "view", "column", "missing"),
    [
        ("openai_v2_old_content", "llm_calls", "finish_reason", 5),
        ("openai_v2_old_content", "runs", "input", 1),
        ("adk_native", "runs", "user_id", 0),
        ("adk_native", "runs", "input", 0),
    ],
)
def test_captures_whose_records_say_more_than_their_spans(
    capture: str, view: str, column: str, missing: int
) -> None:
    assert facts_of(capture)[view][column].null_count() == missing


_known: dict[str, dict[str, pl.DataFrame]] = {}


def facts_of(capture: str) -> dict[str, pl.DataFrame]:
    if capture not in _known:
        with open_ledger() as ledger:
            for signal in ("traces", "logs"):
                own = [body for body in bodies_of(capture) if body.signal == signal]
                ledger.intake.load(own, batch_id=signal)
                ledger.count()
            _known[capture] = {view: ledger.rows(view) for view in ("runs", "llm_calls")}
    return _known[capture]
