"""The SDK's pipelines of the simulated services, each with its own resource and exporter."""

from __future__ import annotations

import random
from collections.abc import Callable

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Tracer, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from spanledger.demo.cast import AGENTS, Agent

_QUEUE = 65_536
_BATCH = 2_048
_METRICS_EVERY_MS = 10_000


class Tracers:
    """Tracers by agent, each with the exporter that `export` returns for the agent."""

    def __init__(self, export: Callable[[Agent], SpanExporter]) -> None:
        self._providers = {agent.name: _tracer_provider(agent, export(agent)) for agent in AGENTS}

    def tracer(self, agent: Agent) -> Tracer:
        """Return the tracer of the agent's service."""
        scope = "openinference.instrumentation.demo" if agent.naming == "openinference" else "spanledger.demo"
        return self._providers[agent.name].get_tracer(scope, "1.0")  # type: ignore[return-value]

    def flush(self) -> None:
        """Return when every span was acknowledged or given up by its exporter."""
        for provider in self._providers.values():
            provider.force_flush(120_000)

    def close(self) -> None:
        """Flush and end the exporters."""
        for provider in self._providers.values():
            provider.shutdown()


class Telemetry(Tracers):
    """Tracers by agent, over HTTP or gRPC as the cast says, and logs and metrics of the simulation itself."""

    def __init__(self, *, http: str, grpc: str) -> None:
        super().__init__(lambda agent: _exporter(agent, http, grpc))
        resource = Resource.create({"service.name": "simulation"})
        self._logs = LoggerProvider(resource)
        self._logs.add_log_record_processor(
            BatchLogRecordProcessor(OTLPLogExporter(f"http://{http}/v1/logs"))
        )
        reader = PeriodicExportingMetricReader(
            OTLPMetricExporter(f"http://{http}/v1/metrics"), _METRICS_EVERY_MS
        )
        self._metrics = MeterProvider([reader], resource)
        self.logger = self._logs.get_logger("spanledger.demo")
        meter = self._metrics.get_meter("spanledger.demo")
        self.runs = meter.create_counter("simulated.runs", "{run}", "Agent runs played")
        self.run_duration = meter.create_histogram(
            "simulated.run.duration", "s", "Duration of the runs played"
        )

    def close(self) -> None:
        """Flush and end the exporters."""
        super().close()
        for provider in (self._logs, self._metrics):
            provider.shutdown()


def _exporter(agent: Agent, http: str, grpc: str) -> SpanExporter:
    if agent.protocol == "http":
        return HttpSpanExporter(f"http://{http}/v1/traces", compression=Compression.Gzip)
    return GrpcSpanExporter(f"http://{grpc}", insecure=True)


def _tracer_provider(agent: Agent, exporter: SpanExporter) -> TracerProvider:
    resource = Resource.create(
        {
            "service.name": agent.service,
            "service.version": agent.version,
            "deployment.environment.name": "production",
        }
    )
    provider = TracerProvider(resource=resource, id_generator=_Ids())
    provider.add_span_processor(
        BatchSpanProcessor(
            exporter, max_queue_size=_QUEUE, max_export_batch_size=_BATCH, schedule_delay_millis=500
        )
    )
    return provider


class _Ids(RandomIdGenerator):
    """Ids of their own dice, so that a simulation with a fixed seed never repeats earlier ids."""

    def __init__(self) -> None:
        self._dice = random.SystemRandom()

    def generate_span_id(self) -> int:
        return self._dice.getrandbits(64) or 1

    def generate_trace_id(self) -> int:
        return self._dice.getrandbits(128) or 1
