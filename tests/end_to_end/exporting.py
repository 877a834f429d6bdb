"""Agents that export numbered spans through the real exporters and remember what was acknowledged."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

# Six agents without a pause would leave no processor to what is tested.
_PAUSE_S = 0.02


class Collected(SpanProcessor):
    """Keeps ended spans until they are taken."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)

    def take(self) -> Sequence[ReadableSpan]:
        taken, self.spans = self.spans, []
        return taken


class Agent(threading.Thread):
    """Exports batches until stopped; `acknowledged` holds the ids of spans whose export succeeded."""

    def __init__(
        self, name: str, *, http: str | None = None, grpc: str | None = None, batch: int = 20
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.acknowledged: list[tuple[str, str]] = []
        self._stop_asked = threading.Event()
        self._batch = batch
        self._exporter: SpanExporter = (
            HttpSpanExporter(f"http://{http}/v1/traces", timeout=5, compression=Compression.Gzip)
            if http
            else GrpcSpanExporter(f"http://{grpc}", insecure=True, timeout=5)
        )
        self._collected = Collected()
        provider = TracerProvider(resource=Resource({"service.name": name}), shutdown_on_exit=False)
        provider.add_span_processor(self._collected)
        self._tracer = provider.get_tracer("kill-test")

    def stop(self) -> None:
        self._stop_asked.set()

    def run(self) -> None:
        number = 0
        while not self._stop_asked.wait(_PAUSE_S):
            for _ in range(self._batch):
                number += 1
                with self._tracer.start_as_current_span(f"step {number}", attributes={"number": number}):
                    pass
            spans = self._collected.take()
            if self._exporter.export(spans) is SpanExportResult.SUCCESS:
                self.acknowledged += [
                    (f"{s.context.trace_id:032x}", f"{s.context.span_id:016x}") for s in spans
                ]
        self._exporter.shutdown()
