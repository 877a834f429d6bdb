"""What the OpenTelemetry SDK encodes comes out as it was recorded."""

from __future__ import annotations

import json

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, format_span_id, format_trace_id

from collector.decode import decode_traces
from store.clock import utc_now
from tests.collector.building import values_of


def test_spans_of_the_sdk_keep_what_they_say() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "shop"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("tests", "1.2")
    with tracer.start_as_current_span("parent", kind=SpanKind.SERVER) as parent:
        link = Link(parent.get_span_context(), {"why": "test"})
        with tracer.start_as_current_span("child", links=[link]) as child:
            child.set_attributes({"text": "é", "count": 3, "ratio": 0.5, "flag": True, "list": ["a", "b"]})
            child.record_exception(ValueError("broken"))
            child.set_status(Status(StatusCode.ERROR, "it broke"))
    recorded = exporter.get_finished_spans()
    batch = decode_traces([encode_spans(recorded).SerializeToString()], [utc_now()])
    rows = {row["name"]: row for row in batch.spans.iter_rows(named=True)}
    inner, outer = rows["child"], rows["parent"]
    assert inner["trace_id"] == outer["trace_id"] == format_trace_id(parent.get_span_context().trace_id)
    assert inner["parent_span_id"] == outer["span_id"] == format_span_id(parent.get_span_context().span_id)
    assert outer["parent_span_id"] is None
    assert (outer["otel_kind"], inner["otel_kind"]) == ("server", "internal")
    assert (inner["status"], inner["status_message"]) == ("error", "it broke")
    assert (inner["scope_name"], inner["scope_version"]) == ("tests", "1.2")
    assert values_of(batch.attributes, inner["row"]) == {
        "text": "é", "count": "3", "ratio": "0.5", "flag": "true", "list": '["a","b"]',
    }  # fmt: skip
    assert json.loads(inner["events"])[0]["attributes"]["exception.message"] == "broken"
    assert json.loads(inner["links"])[0]["span_id"] == outer["span_id"]
    ended_ns = {span.name: (span.end_time or 0) - (span.start_time or 0) for span in recorded}
    assert inner["duration_ms"] == ended_ns["child"] / 1e6
