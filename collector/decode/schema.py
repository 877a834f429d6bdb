"""The OTLP messages as the loader reads them: the official ones, narrowed.

Array and kvlist values stay raw bytes (their type is recursive, Arrow's are not, and most batches hold few
distinct ones), and fields that no table keeps are left out, so that nothing is decoded in vain.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

import pyarrow as pa
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

_FILES: Final = (
    common_pb2,
    resource_pb2,
    trace_pb2,
    logs_pb2,
    metrics_pb2,
    trace_service_pb2,
    logs_service_pb2,
    metrics_service_pb2,
)
_REQUESTS: Final = {
    "traces": "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
    "logs": "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest",
    "metrics": "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest",
}
_RAW_FIELDS: Final = frozenset({"array_value", "kvlist_value"})
_UNREAD_FIELDS: Final = frozenset(
    {
        "description",
        "dropped_attributes_count",
        "dropped_events_count",
        "dropped_links_count",
        "entity_refs",
        "exemplars",
        "flags",
        "key_strindex",
        "metadata",
        "schema_url",
        "string_value_strindex",
        "trace_state",
    }
)
_ARROW_TYPES: Final = {
    FieldDescriptor.TYPE_STRING: pa.string(),
    FieldDescriptor.TYPE_BYTES: pa.binary(),
    FieldDescriptor.TYPE_BOOL: pa.bool_(),
    FieldDescriptor.TYPE_DOUBLE: pa.float64(),
    FieldDescriptor.TYPE_ENUM: pa.int32(),
    FieldDescriptor.TYPE_INT32: pa.int32(),
    FieldDescriptor.TYPE_SINT32: pa.int32(),
    FieldDescriptor.TYPE_UINT32: pa.uint32(),
    FieldDescriptor.TYPE_INT64: pa.int64(),
    FieldDescriptor.TYPE_SFIXED64: pa.int64(),
    FieldDescriptor.TYPE_FIXED64: pa.uint64(),
    FieldDescriptor.TYPE_UINT64: pa.uint64(),
}


@cache
def request_descriptor(signal: str) -> Descriptor:
    """Return the narrowed request message of a signal."""
    return _pool().FindMessageTypeByName(_REQUESTS[signal])


@cache
def request_class(signal: str) -> type[Message]:
    """Return the class of the narrowed request message of a signal."""
    return message_factory.GetMessageClass(request_descriptor(signal))


@cache
def arrow_schema(signal: str) -> pa.Schema:
    """Return the Arrow form of a request: lists of structs, named as in OTLP."""
    return pa.schema(_arrow_fields(request_descriptor(signal)))


def has_presence(field: FieldDescriptor) -> bool:
    """Return whether an absent field differs from one with its default value."""
    return not field.is_repeated and (
        field.type == FieldDescriptor.TYPE_MESSAGE or field.containing_oneof is not None
    )


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for module in _FILES:
        proto = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(proto)
        _narrow_messages(proto.message_type)
        pool.AddSerializedFile(proto.SerializeToString())
    return pool


def _narrow_messages(messages: Iterable[descriptor_pb2.DescriptorProto]) -> None:
    for message in messages:
        _narrow_messages(message.nested_type)
        kept = [field for field in message.field if field.name not in _UNREAD_FIELDS]
        for field in kept:
            if field.name in _RAW_FIELDS:
                field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
                field.ClearField("type_name")
        del message.field[:]
        message.field.extend(kept)


def _arrow_fields(message: Descriptor | None) -> list[pa.Field]:
    if message is None:
        return []
    return [_arrow_field(field) for field in sorted(message.fields, key=lambda field: field.number)]


def _arrow_field(field: FieldDescriptor) -> pa.Field:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        value_type = pa.struct(_arrow_fields(field.message_type))
    else:
        value_type = _ARROW_TYPES[field.type]
    if field.is_repeated:
        return pa.field(field.name, pa.list_(pa.field("item", value_type, nullable=False)), nullable=False)
    return pa.field(field.name, value_type, nullable=has_presence(field))
