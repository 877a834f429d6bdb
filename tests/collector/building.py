"""OTLP requests and bodies for the tests of decoding and loading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from collector.log import Body, body_sha256
from store.port import Store

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 1_000_000_000
SECOND_NS = 1_000_000_000

Plain = str | bool | int | float | bytes | None | Sequence["Plain"] | Mapping[str, "Plain"]


def a_value(plain: Plain) -> AnyValue:
    """Return an AnyValue of the matching kind; None holds nothing."""
    match plain:
        case None:
            return AnyValue()
        case bool():
            return AnyValue(bool_value=plain)
        case int():
            return AnyValue(int_value=plain)
        case float():
            return AnyValue(double_value=plain)
        case str():
            return AnyValue(string_value=plain)
        case bytes():
            return AnyValue(bytes_value=plain)
        case Mapping():
            return AnyValue(kvlist_value=KeyValueList(values=pairs(plain)))
        case _:
            return AnyValue(array_value=ArrayValue(values=[a_value(each) for each in plain]))


def pairs(attributes: Mapping[str, Plain]) -> list[KeyValue]:
    return [KeyValue(key=key, value=a_value(value)) for key, value in attributes.items()]


def a_span(
    number: int = 1,
    *,
    trace_id: bytes | None = None,
    span_id: bytes | None = None,
    start_ns: int = NOW_NS - 10 * SECOND_NS,
    end_ns: int = NOW_NS - 9 * SECOND_NS,
    name: str = "chat",
    attributes: Mapping[str, Plain] | None = None,
) -> Span:
    """Return a span; spans of different numbers have different ids."""
    return Span(
        trace_id=number.to_bytes(16, "big") if trace_id is None else trace_id,
        span_id=number.to_bytes(8, "big") if span_id is None else span_id,
        name=name,
        start_time_unix_nano=start_ns,
        end_time_unix_nano=end_ns,
        attributes=pairs(attributes or {}),
    )


def a_trace_request(*spans: Span, resource: Mapping[str, Plain] | None = None) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    owner = request.resource_spans.add()
    owner.resource.attributes.extend(pairs({"service.name": "shop"} if resource is None else resource))
    scope = owner.scope_spans.add()
    scope.scope.name = "tests"
    scope.scope.version = "1"
    scope.spans.extend(spans)
    return request


def a_log_request(*records: LogRecord) -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    owner = request.resource_logs.add()
    owner.resource.attributes.extend(pairs({"service.name": "shop", "deployment.environment": "production"}))
    owner.scope_logs.add().log_records.extend(records)
    return request


def a_metric_request(*metrics: Metric) -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    owner = request.resource_metrics.add()
    owner.resource.attributes.extend(pairs({"service.name": "shop"}))
    owner.scope_metrics.add().metrics.extend(metrics)
    return request


def a_body(
    request: ExportTraceServiceRequest | ExportLogsServiceRequest | ExportMetricsServiceRequest | bytes,
    *,
    signal: str = "traces",
    received_at: datetime = NOW,
) -> Body:
    data = request if isinstance(request, bytes) else request.SerializeToString()
    digest = body_sha256(signal, "protobuf", "identity", data)
    return Body(signal, "protobuf", "identity", received_at, digest, data)


def a_trace_body(*spans: Span, received_at: datetime = NOW) -> Body:
    return a_body(a_trace_request(*spans), received_at=received_at)


def ask(store: Store, sql: str) -> list[tuple[object, ...]]:
    """Return the rows of an ad-hoc query."""
    frame = pl.from_arrow(store.query(sql))
    assert isinstance(frame, pl.DataFrame)
    return frame.rows()


def values_of(frame: pl.DataFrame, row: int) -> dict[str, str]:
    """Return the attributes of a row of a long-form frame."""
    own = frame.filter(pl.col("row") == row)
    return dict(own.select(pl.col("key").cast(pl.String), "value").iter_rows())


def later(bodies: Iterable[Body], delay: timedelta) -> list[Body]:
    """Return the bodies as they would be if they had come later."""
    return [
        Body(each.signal, each.encoding, each.compression, each.received_at + delay, each.sha256, each.data)
        for each in bodies
    ]
