"""OTLP/JSON as types: what msgspec checks and converts while it parses.

Decoded with `strict=False`, so 64-bit integers come as numbers or strings and doubles as "NaN" too. Unknown
fields are skipped, null is absent, as the protobuf JSON mapping says; ids are hex, as OTLP says.

Source: opentelemetry-proto 1.x, docs/specification.md "JSON Protobuf Encoding".
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

MAX_DEPTH = 30
"""Deepest nesting of arrays and kvlists: what stays below 100 nested messages in protobuf, wherever it stands."""

Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Uint64 = Annotated[int, Meta(ge=0)]
Uint32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class AnyValue(Struct, rename="camel", gc=False):
    """One of its fields is set, or none: the empty value."""

    string_value: str | None = None
    int_value: Int64 | None = None
    double_value: float | None = None
    bool_value: bool | None = None
    bytes_value: bytes | None = None
    array_value: ArrayValue | None = None
    kvlist_value: KeyValueList | None = None

    @property
    def depth(self) -> int:
        """How many containers are nested in this value."""
        container = self.array_value or self.kvlist_value
        return 0 if container is None else container.depth


class KeyValue(Struct, rename="camel", gc=False):
    """An attribute."""

    key: str = ""
    value: AnyValue | None = None


class ArrayValue(Struct, rename="camel"):
    """A list of values."""

    values: list[AnyValue] | None = None
    depth: int = 0

    def __post_init__(self) -> None:
        """Measure the nesting while parsing; only containers pay for it."""
        self.depth = _next_depth(max((v.depth for v in self.values or ()), default=0))


class KeyValueList(Struct, rename="camel"):
    """A map of values."""

    values: list[KeyValue] | None = None
    depth: int = 0

    def __post_init__(self) -> None:
        """Measure the nesting while parsing; only containers pay for it."""
        depths = (v.value.depth for v in self.values or () if v.value is not None)
        self.depth = _next_depth(max(depths, default=0))


def _next_depth(depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise ValueError(f"values are nested more than {MAX_DEPTH} deep")
    return depth + 1


Attributes = list[KeyValue] | None


class Resource(Struct, rename="camel"):
    """What sent the data."""

    attributes: Attributes = None
    dropped_attributes_count: Uint32 | None = None


class Scope(Struct, rename="camel"):
    """The instrumentation library."""

    name: str | None = None
    version: str | None = None
    attributes: Attributes = None
    dropped_attributes_count: Uint32 | None = None


class Event(Struct, rename="camel"):
    """A span event."""

    time_unix_nano: Uint64 | None = None
    name: str | None = None
    attributes: Attributes = None
    dropped_attributes_count: Uint32 | None = None


class Link(Struct, rename="camel"):
    """A span link."""

    trace_id: str | None = None
    span_id: str | None = None
    trace_state: str | None = None
    attributes: Attributes = None
    dropped_attributes_count: Uint32 | None = None
    flags: Uint32 | None = None


class Status(Struct, rename="camel"):
    """A span's status."""

    message: str | None = None
    code: int | str | None = None


class Span(Struct, rename="camel"):
    """A span."""

    trace_id: str | None = None
    span_id: str | None = None
    trace_state: str | None = None
    parent_span_id: str | None = None
    flags: Uint32 | None = None
    name: str | None = None
    kind: int | str | None = None
    start_time_unix_nano: Uint64 | None = None
    end_time_unix_nano: Uint64 | None = None
    attributes: Attributes = None
    dropped_attributes_count: Uint32 | None = None
    events: list[Event] | None = None
    dropped_events_count: Uint32 | None = None
    links: list[Link] | None = None
    dropped_links_count: Uint32 | None = None
    status: Status | None = None


class ScopeSpans(Struct, rename="camel"):
    """Spans of one scope."""

    scope: Scope | None = None
    spans: list[Span] | None = None
    schema_url: str | None = None


class ResourceSpans(Struct, rename="camel"):
    """Spans of one resource."""

    resource: Resource | None = None
    scope_spans: list[ScopeSpans] | None = None
    schema_url: str | None = None


class TracesRequest(Struct, rename="camel"):
    """ExportTraceServiceRequest."""

    resource_spans: list[ResourceSpans] | None = None


class LogRecord(Struct, rename="camel"):
    """A log record."""

    time_unix_nano: Uint64 | None = None
    observed_time_unix_nano: Uint64 | None = None
    severity_number: int | str | None = None
    severity_text: str | None = None
    body: AnyValue | None = None
    attributes: Attributes = None
    dropped_attributes_count: Uint32 | None = None
    flags: Uint32 | None = None
    trace_id: str | None = None
    span_id: str | None = None
    event_name: str | None = None


class ScopeLogs(Struct, rename="camel"):
    """Log records of one scope."""

    scope: Scope | None = None
    log_records: list[LogRecord] | None = None
    schema_url: str | None = None


class ResourceLogs(Struct, rename="camel"):
    """Log records of one resource."""

    resource: Resource | None = None
    scope_logs: list[ScopeLogs] | None = None
    schema_url: str | None = None


class LogsRequest(Struct, rename="camel"):
    """ExportLogsServiceRequest."""

    resource_logs: list[ResourceLogs] | None = None


class Exemplar(Struct, rename="camel"):
    """An example of a measurement."""

    filtered_attributes: Attributes = None
    time_unix_nano: Uint64 | None = None
    as_double: float | None = None
    as_int: Int64 | None = None
    span_id: str | None = None
    trace_id: str | None = None


class NumberPoint(Struct, rename="camel"):
    """A point of a gauge or sum."""

    attributes: Attributes = None
    start_time_unix_nano: Uint64 | None = None
    time_unix_nano: Uint64 | None = None
    as_double: float | None = None
    as_int: Int64 | None = None
    exemplars: list[Exemplar] | None = None
    flags: Uint32 | None = None


class HistogramPoint(Struct, rename="camel"):
    """A point of a histogram."""

    attributes: Attributes = None
    start_time_unix_nano: Uint64 | None = None
    time_unix_nano: Uint64 | None = None
    count: Uint64 | None = None
    sum: float | None = None
    bucket_counts: list[Uint64] | None = None
    explicit_bounds: list[float] | None = None
    exemplars: list[Exemplar] | None = None
    flags: Uint32 | None = None
    min: float | None = None
    max: float | None = None


class Buckets(Struct, rename="camel"):
    """One side of an exponential histogram."""

    offset: Int32 | None = None
    bucket_counts: list[Uint64] | None = None


class ExponentialPoint(Struct, rename="camel"):
    """A point of an exponential histogram."""

    attributes: Attributes = None
    start_time_unix_nano: Uint64 | None = None
    time_unix_nano: Uint64 | None = None
    count: Uint64 | None = None
    sum: float | None = None
    scale: Int32 | None = None
    zero_count: Uint64 | None = None
    positive: Buckets | None = None
    negative: Buckets | None = None
    flags: Uint32 | None = None
    exemplars: list[Exemplar] | None = None
    min: float | None = None
    max: float | None = None
    zero_threshold: float | None = None


class Quantile(Struct, rename="camel"):
    """A quantile of a summary."""

    quantile: float | None = None
    value: float | None = None


class SummaryPoint(Struct, rename="camel"):
    """A point of a summary."""

    attributes: Attributes = None
    start_time_unix_nano: Uint64 | None = None
    time_unix_nano: Uint64 | None = None
    count: Uint64 | None = None
    sum: float | None = None
    quantile_values: list[Quantile] | None = None
    flags: Uint32 | None = None


class Gauge(Struct, rename="camel"):
    """A gauge."""

    data_points: list[NumberPoint] | None = None


class Sum(Struct, rename="camel"):
    """A sum."""

    data_points: list[NumberPoint] | None = None
    aggregation_temporality: int | str | None = None
    is_monotonic: bool | None = None


class Histogram(Struct, rename="camel"):
    """A histogram."""

    data_points: list[HistogramPoint] | None = None
    aggregation_temporality: int | str | None = None


class ExponentialHistogram(Struct, rename="camel"):
    """An exponential histogram."""

    data_points: list[ExponentialPoint] | None = None
    aggregation_temporality: int | str | None = None


class Summary(Struct, rename="camel"):
    """A summary."""

    data_points: list[SummaryPoint] | None = None


class Metric(Struct, rename="camel"):
    """A metric with its points."""

    name: str | None = None
    description: str | None = None
    unit: str | None = None
    gauge: Gauge | None = None
    sum: Sum | None = None
    histogram: Histogram | None = None
    exponential_histogram: ExponentialHistogram | None = None
    summary: Summary | None = None
    metadata: Attributes = None


class ScopeMetrics(Struct, rename="camel"):
    """Metrics of one scope."""

    scope: Scope | None = None
    metrics: list[Metric] | None = None
    schema_url: str | None = None


class ResourceMetrics(Struct, rename="camel"):
    """Metrics of one resource."""

    resource: Resource | None = None
    scope_metrics: list[ScopeMetrics] | None = None
    schema_url: str | None = None


class MetricsRequest(Struct, rename="camel"):
    """ExportMetricsServiceRequest."""

    resource_metrics: list[ResourceMetrics] | None = None
