"""Spans as OTLP requests, loaded by the real loader and counted by the real job."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from analytics.facts.job import FactsState
from analytics.jobs import JobContext, JobReport
from collector.loader import load_bodies
from collector.log import Body, body_sha256
from store import Store, open_store
from tests.collector.building import Plain, pairs
from tests.collector.building import a_span as a_wire_span

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

    store: Store
    state: FactsState = field(default_factory=FactsState)
    now: datetime = START + timedelta(minutes=5)

    def load(self, *spans: Sent) -> None:
        load_bodies(self.store, [a_body(spans, self.now)], is_import=False)

    def count(self) -> JobReport:
        report = JobReport(has_more=True)
        while report.has_more:
            report = self.state.update(JobContext(self.store, lambda: self.now))
        return report

    def receive(self, *spans: Sent) -> None:
        self.load(*spans)
        self.count()

    def rows(self, table: str) -> pl.DataFrame:
        from store.engines.duckdb import DuckDBStore

        assert isinstance(self.store, DuckDBStore)
        with self.store._cursor("read for a test") as cursor:  # pyright: ignore[reportPrivateUsage]
            return cursor.sql(f"SELECT * FROM ledger.{table} ORDER BY ALL").pl()

    def facts(self) -> dict[str, list[dict[str, Any]]]:
        """All derived rows but for what tells when they were derived."""
        tables = ("runs", "llm_calls", "tool_calls", "run_spans", "scores")
        return {
            table: self.rows(table)
            .drop("load_seq", "other_units", strict=False)
            .sort("trace_id", "root_span_id" if table == "runs" else "span_id")
            .to_dicts()
            for table in tables
        }


@contextmanager
def open_ledger() -> Iterator[Ledger]:
    with tempfile.TemporaryDirectory() as directory:
        store = open_store(Path(directory))
        try:
            yield Ledger(store)
        finally:
            store.close()
