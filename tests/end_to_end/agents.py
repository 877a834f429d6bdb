"""A small agent on the real SDK: runs with a model call and a tool call, over HTTP and gRPC."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Tracer, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

RESOURCE = Resource({"service.name": "shop", "deployment.environment.name": "test-bench"})


@contextmanager
def tracing(*, http: str | None = None, grpc: str | None = None) -> Generator[Tracer]:
    """Yield a tracer; when the block ends everything is exported."""
    exporter = (
        HttpSpanExporter(f"http://{http}/v1/traces")
        if http
        else GrpcSpanExporter(f"http://{grpc}", insecure=True)
    )
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=50))
    yield provider.get_tracer("shop-agent")
    provider.shutdown()


def play_run(tracer: Tracer, *, fails: bool = False, session: str = "conv-1", user: str = "ada") -> None:
    """Make the spans of one run: 1,000 input tokens of which 400 cached, 100 output, one tool call."""
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "support",
        "gen_ai.conversation.id": session,
        "user.id": user,
    }
    with tracer.start_as_current_span("invoke_agent support", attributes=attributes) as run:
        with tracer.start_as_current_span("chat gpt-5-mini", kind=SpanKind.CLIENT) as call:
            call.set_attributes(
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "openai",
                    "gen_ai.request.model": "gpt-5-mini",
                    "gen_ai.response.model": "gpt-5-mini",
                    "gen_ai.usage.input_tokens": 1000,
                    "gen_ai.usage.cache_read.input_tokens": 400,
                    "gen_ai.usage.output_tokens": 100,
                    "gen_ai.input.messages": json.dumps(
                        [{"role": "user", "parts": [{"type": "text", "content": "Where is my order?"}]}]
                    ),
                    "gen_ai.output.messages": json.dumps(
                        [{"role": "assistant", "parts": [{"type": "text", "content": "On its way."}]}]
                    ),
                }
            )
        with tracer.start_as_current_span("execute_tool find_order") as tool:
            tool.set_attributes({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find_order"})
            if fails:
                tool.set_status(Status(StatusCode.ERROR, "no such order"))
        if fails:
            run.set_status(Status(StatusCode.ERROR, "gave up"))


def send_log_and_metric(http: str) -> None:
    """Export one log record and one counter."""
    logs = LoggerProvider(RESOURCE, shutdown_on_exit=False)
    logs.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(f"http://{http}/v1/logs")))
    logs.get_logger("shop").emit(body="order looked up", severity_text="INFO")
    logs.shutdown()
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"http://{http}/v1/metrics"), 60_000)
    metrics = MeterProvider([reader], RESOURCE, shutdown_on_exit=False)
    metrics.get_meter("shop").create_counter("orders").add(3)
    metrics.shutdown()
