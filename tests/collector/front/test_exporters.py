"""The exporters of opentelemetry-exporter-otlp, unchanged, against a started front."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from collector.compression import decompress
from collector.decode.json import REQUESTS
from collector.log import Body

from .conftest import FrontProcess

_HTTP_COMPRESSIONS = [Compression.NoCompression, Compression.Gzip, Compression.Deflate]
_GRPC_COMPRESSIONS = [grpc.Compression.NoCompression, grpc.Compression.Gzip]
_TRANSPORTS = [("http", c) for c in _HTTP_COMPRESSIONS] + [("grpc", c) for c in _GRPC_COMPRESSIONS]


def parse(body: Body) -> Any:
    plain = decompress(body.data, body.compression, max_bytes=1 << 24)
    return REQUESTS[body.signal].FromString(plain)


@pytest.mark.parametrize(("transport", "compression"), _TRANSPORTS)
def test_the_python_exporters_work_unchanged(front: FrontProcess, transport: str, compression: Any) -> None:
    exporters = _make_exporters(front, transport, compression)
    for export, exporter, name in zip(
        (_export_span, _export_log, _export_metric), exporters, ("traces", "logs", "metrics"), strict=True
    ):
        export(exporter)
        logged = front.last_body()
        assert logged.signal == name
        assert "from_the_exporter" in str(parse(logged))
        if transport == "http":
            expected = {Compression.NoCompression: "identity"}.get(compression, compression.value)
            assert logged.compression == expected


def _make_exporters(
    front: FrontProcess, transport: str, compression: Any, timeout: float = 10
) -> Sequence[Any]:
    if transport == "http":
        url = f"http://{front.http}/v1/"
        return (
            HttpSpanExporter(endpoint=url + "traces", compression=compression, timeout=timeout),
            HttpLogExporter(endpoint=url + "logs", compression=compression, timeout=timeout),
            HttpMetricExporter(endpoint=url + "metrics", compression=compression, timeout=timeout),
        )
    kinds: list[Callable[..., Any]] = [GrpcSpanExporter, GrpcLogExporter, GrpcMetricExporter]
    return [
        kind(endpoint=front.grpc, insecure=True, compression=compression, timeout=timeout) for kind in kinds
    ]


def _export_span(exporter: Any) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.get_tracer("test").start_span("from_the_exporter").end()
    provider.shutdown()


def _export_log(exporter: Any) -> None:
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    provider.get_logger("test").emit(body="from_the_exporter")
    provider.shutdown()


def _export_metric(exporter: Any) -> None:
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader])
    provider.get_meter("test").create_counter("from_the_exporter").add(1)
    provider.shutdown()


def test_an_overloaded_front_says_so_to_the_exporters(own_front: Callable[..., FrontProcess]) -> None:
    full = own_front(log_max_bytes=10)
    for transport in ("http", "grpc"):
        _export_span(_make_exporters(full, transport, None, timeout=1)[0])
    assert full.bodies() == []
    counts = full.request("GET", "/metrics").body.decode()
    assert 'spanledger_front_requests_total{code="429",signal="traces",transport="http"}' in counts
    assert 'code="RESOURCE_EXHAUSTED",signal="traces",transport="grpc"' in counts


def test_the_hash_of_a_resent_body_is_the_same(front: FrontProcess) -> None:
    from .conftest import JSON

    body = json.dumps({"resourceSpans": []}).encode()
    for _ in range(2):
        front.post("/v1/traces", body, JSON)
    first, second = front.bodies()[-2:]
    assert first.sha256 == second.sha256
