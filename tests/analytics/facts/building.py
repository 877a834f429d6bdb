"""Spans as OTLP requests, loaded by the real loader and counted by the real job."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl

from analytics.facts.job import FactsState
from analytics.jobs import JobContext, JobReport
from analytics.pricing.source import DEFAULT_SOURCE
from analytics.pricing.versions import version_row
from analytics.touching import touched_rows
from collector.loading.intake import Intake
from collector.log import Body, body_sha256
from store import Replacement, Store
from store.engines.parameters import to_polars
from tests.collector.building import Plain, pairs
from tests.collector.building import a_span as a_wire_span
from tests.stores import open_filled_store

START = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
_START_NS = int(START.timestamp()) * 1_000_000_000


@dataclass(frozen=True)
class Sent:
    """A span as a library sends it; ids are small numbers."""

    span: int
    attributes: dict[str, Plain]
    parent: int = 0
    trace: int = 1
    at: float = 0.0
    lasts: float | None = 1.0
    scope: str = "opentelemetry.instrumentation.genai.openai"
    service: str = "shop"
    status: int = 0
    name: str = "span"


def agent(span: int, **facts: Any) -> Sent:
    return _sent(span, {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": f"agent-{span}"}, facts)


def call(
    span: int, used: tuple[int, int] | None = (100, 10), response: str | None = None, **facts: Any
) -> Sent:
    attributes: dict[str, Plain] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
    }
    if used is not None:
        attributes |= {"gen_ai.usage.input_tokens": used[0], "gen_ai.usage.output_tokens": used[1]}
    if response is not None:
        attributes["gen_ai.response.id"] = response
    return _sent(span, attributes, facts)


def tool(span: int, name: str = "weather", **facts: Any) -> Sent:
    return _sent(span, {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}, facts)


def other(span: int, **facts: Any) -> Sent:
    return _sent(span, {}, facts)


def _sent(span: int, attributes: dict[str, Plain], facts: dict[str, Any]) -> Sent:
    return Sent(span, attributes | facts.pop("also", {}), **facts)


def run_id(trace: int, span: int) -> str:
    return f"{trace:032x}-{span:016x}"


def a_body(spans: Sequence[Sent], received_at: datetime) -> Body:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    for sent in spans:
        owner = request.resource_spans.add()
        owner.resource.attributes.extend(pairs({"service.name": sent.service}))
        scope = owner.scope_spans.add()
        scope.scope.name = sent.scope
        begin = _START_NS + int(sent.at * 1e9)
        span = a_wire_span(
            trace_id=sent.trace.to_bytes(16, "big"),
            span_id=sent.span.to_bytes(8, "big"),
            start_ns=begin,
            end_ns=0 if sent.lasts is None else begin + int(sent.lasts * 1e9),
            name=sent.name,
            attributes=sent.attributes,
        )
        span.parent_span_id = sent.parent.to_bytes(8, "big") if sent.parent else b""
        span.status.code = sent.status
        scope.spans.append(span)
    data = request.SerializeToString()
    identity = body_sha256("traces", "protobuf", "identity", data)
    return Body("traces", "protobuf", "identity", received_at, identity, data)


@dataclass
class Ledger:
    """A store with the job that counts, and a clock that is moved by hand."""

    intake: Intake
    state: FactsState = field(default_factory=FactsState)
    now: datetime = START + timedelta(minutes=5)

    @property
    def store(self) -> Store:
        return self.intake.store

    def load(self, *spans: Sent) -> None:
        self.intake.load([a_body(spans, self.now)], batch_id=str(uuid4()))

    def count(self) -> JobReport:
        report = JobReport(has_more=True)
        while report.has_more:
            report = self.state.update(JobContext(self.store, lambda: self.now))
        return report

    def receive(self, *spans: Sent) -> None:
        self.load(*spans)
        self.count()

    def touch(self, *traces: str) -> None:
        self.store.replace(appends=touched_rows(traces, reason="score"))

    def rows(self, view: str) -> pl.DataFrame:
        frame = to_polars(self.store.query(f"SELECT * FROM {view}"))
        return frame.drop("other_units", "attributes", "resource", "dimensions", strict=False).sort(pl.all())

    def select(self, query: str, **params: object) -> pl.DataFrame:
        traces = self.rows("spans").select("trace_id").unique()
        return self.store.select(query, params, {"asked": traces})

    def empty(self, table: str, **keys: list[object]) -> None:
        self.store.replace(Replacement(table, keys=pl.DataFrame(keys), rows=pl.DataFrame()))

    def facts(self) -> dict[str, list[dict[str, Any]]]:
        """All that is derived, as the views show it."""
        facts = {view: self.rows(view).to_dicts() for view in ("runs", "llm_calls", "tool_calls", "scores")}
        return facts | {
            "spans": self.rows("spans").select("trace_id", "span_id", "run_id", "user_id").to_dicts()
        }


def _write_book(store: Store) -> None:
    version = version_row(1, 1, "book", DEFAULT_SOURCE.fingerprint, author="tests", reason="tests")
    store.replace(appends={"prices": DEFAULT_SOURCE.compile(1), "cost_versions": version})


@contextmanager
def open_ledger() -> Generator[Ledger]:
    with tempfile.TemporaryDirectory() as directory:
        store = open_filled_store(Path(directory), _write_book)
        try:
            yield Ledger(Intake(store))
        finally:
            store.close()
