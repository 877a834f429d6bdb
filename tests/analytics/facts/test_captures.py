"""Real captures, span by span in any order, with pauses, restarts and a short memory: the same rows in the end."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from analytics.facts import reading
from analytics.facts.job import FactsState
from analytics.jobs import JobContext
from analytics.settings import AnalyticsSettings
from collector.decode.json import parse_json
from collector.log import Body, body_sha256
from tests.analytics.facts.building import Ledger, agent, call, open_ledger, other, run_id, tool
from tests.collector.dialects.building import CORPUS

NOW = datetime(2026, 12, 1, tzinfo=UTC)
CHOSEN = (
    "adk_genai_double",
    "aisdk5_pb",
    "aisdk7_legacy_json",
    "genai_openai_json",
    "late_and_remote_genai",
    "logfire_pb",
    "oi_anthropic",
    "oi_langgraph_openai",
    "oi_mcp",
    "oi_openai",
    "oi_smolagents",
    "openinference_langchain_pb",
    "openllmetry_pb",
    "pydantic_ai_v5",
    "strands_openai",
    "tl_openai_events",
    "traceloop_anthropic",
    "traceloop_js_langgraph",
)
FORGETFUL = AnalyticsSettings(lookback=timedelta(minutes=1))


@cache
def spans_of(capture: str) -> Sequence[bytes]:
    """Return a request for each span of a capture."""
    return list(_split(capture))


def _split(capture: str) -> Iterator[bytes]:
    for path in sorted((CORPUS / capture).glob("*traces.*.zst")):
        data = zstandard.ZstdDecompressor().decompress(path.read_bytes())
        if path.name.endswith(".json.zst"):
            data = parse_json("traces", data).SerializeToString()
        for owner in ExportTraceServiceRequest.FromString(data).resource_spans:
            for scope in owner.scope_spans:
                for span in scope.spans:
                    request = ExportTraceServiceRequest()
                    one = request.resource_spans.add(resource=owner.resource)
                    one.scope_spans.add(scope=scope.scope).spans.append(span)
                    yield request.SerializeToString()


def load(ledger: Ledger, spans: Sequence[bytes], batch_id: str) -> None:
    form = ("traces", "protobuf", "identity")
    bodies = [Body(*form, ledger.now, body_sha256(*form, data), data) for data in spans]
    ledger.intake.load(bodies, batch_id=batch_id)


def count(ledger: Ledger) -> None:
    has_more = True
    while has_more:
        has_more = ledger.state.update(JobContext(ledger.store, lambda: ledger.now, FORGETFUL)).has_more


@cache
def rows_at_once(capture: str) -> dict[str, list[dict[str, Any]]]:
    with open_ledger() as ledger:
        ledger.now = NOW
        load(ledger, spans_of(capture), "all")
        ledger.count()
        return ledger.facts()


@pytest.fixture
def _short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_WARM_SPANS", 0)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(capture=st.sampled_from(CHOSEN), seed=st.integers(0, 1 << 30))
@pytest.mark.usefixtures("_short_memory")
def test_captures_give_the_same_rows_in_any_order_and_split(capture: str, seed: int) -> None:
    source = random.Random(seed)
    spans = list(spans_of(capture))
    source.shuffle(spans)
    with open_ledger() as ledger:
        ledger.now = NOW
        while spans:
            size = source.choice([3, 10, 60])
            load(ledger, spans[:size], str(len(spans)))
            del spans[:size]
            if source.random() < 0.6:
                count(ledger)
            if source.random() < 0.4:
                ledger.state = FactsState()
                ledger.now += timedelta(days=source.choice([1, 3]))
        count(ledger)
        assert ledger.facts() == rows_at_once(capture)


@pytest.mark.usefixtures("_short_memory")
def test_a_span_days_late_joins_its_run_after_a_restart(ledger: Ledger) -> None:
    ledger.load(call(2, parent=1))
    count(ledger)
    for day, late in enumerate((agent(1), tool(3, parent=1)), start=1):
        ledger.now += timedelta(days=3)
        ledger.load(agent(1, trace=10 + day), call(2, parent=1, trace=10 + day))
        count(ledger)
        ledger.state = FactsState()
        ledger.load(late)
        count(ledger)
    runs = ledger.rows("runs").filter(run_id=run_id(1, 1))
    assert runs.select("llm_calls", "tool_calls", "complete").rows() == [(1, 1, True)]
    assert ledger.rows("runs").height == 3


def restart_days_later(ledger: Ledger) -> None:
    """What comes in between fills the short memory."""
    ledger.now += timedelta(days=3)
    number = ledger.now.toordinal()
    ledger.load(agent(1, trace=number), call(2, parent=1, trace=number))
    count(ledger)
    ledger.state = FactsState()


@pytest.mark.usefixtures("_short_memory")
def test_a_trace_in_which_nothing_counted_is_found_by_its_first_call_days_later(ledger: Ledger) -> None:
    ledger.load(other(1, lasts=9.0, also={"user.id": "ada"}))
    count(ledger)
    restart_days_later(ledger)
    ledger.load(other(2, parent=1))
    count(ledger)
    restart_days_later(ledger)
    ledger.load(call(3, parent=2))
    count(ledger)
    runs = ledger.rows("runs").filter(trace_id=f"{1:032x}")
    assert runs.select("run_id", "user_id", "complete").rows() == [(run_id(1, 1), "ada", True)]


@pytest.mark.usefixtures("_short_memory")
@pytest.mark.parametrize("chain_first", [True, False])
def test_a_chain_of_another_trace_days_apart_completes_the_call_it_tells_of(
    ledger: Ledger, *, chain_first: bool
) -> None:
    usage = {"input_tokens": 7, "output_tokens": 3, "output_token_details": {"reasoning": 2}}
    state = json.dumps({"lc": 1, "usage_metadata": usage})
    said = {"traceloop.span.kind": "workflow", "traceloop.entity.output": state}
    scope = "@traceloop/instrumentation-langchain"
    parts = [
        other(1, trace=2, lasts=2.0, scope=scope, also=said),
        call(1, used=(7, 3), at=0.5, lasts=0.5, scope=scope),
    ]
    for part in parts if chain_first else parts[::-1]:
        ledger.load(part)
        count(ledger)
        restart_days_later(ledger)
    calls = ledger.rows("llm_calls").filter(input_tokens=7)
    assert calls.select("trace_id", "reasoning_tokens").rows() == [(f"{1:032x}", 2)]


@pytest.mark.usefixtures("_short_memory")
def test_a_twin_days_later_is_no_call_of_its_own(ledger: Ledger) -> None:
    ledger.load(agent(1, lasts=9.0, scope="graph"), call(2, parent=1, response="r1", scope="graph"))
    ledger.load(agent(1, trace=2, lasts=9.0), call(2, trace=2, parent=1, used=(7, 3), scope="graph"))
    count(ledger)
    restart_days_later(ledger)
    ledger.load(
        call(1, trace=8, response="r1", scope="client", at=0.1, lasts=0.5),
        call(1, trace=9, used=(7, 3), scope="client", at=0.1, lasts=0.5),
    )
    count(ledger)
    traces = pl.col("trace_id").is_in([f"{number:032x}" for number in (1, 2, 8, 9)])
    assert ledger.rows("llm_calls").filter(traces).select("trace_id").rows() == [
        (f"{1:032x}",),
        (f"{2:032x}",),
    ]
    ledger.touch(f"{1:032x}")
    count(ledger)
    assert ledger.rows("llm_calls").filter(traces).height == 2
