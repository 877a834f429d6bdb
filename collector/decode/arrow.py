"""Protobuf requests to Arrow: by ptars, else by the protobuf library, with the same result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Protocol, cast

import ptars
import pyarrow as pa
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from collector.decode.schema import arrow_schema, has_presence, request_class, request_descriptor
from store.errors import RejectedData


class _Handler(Protocol):
    def array_to_record_batch(self, array: pa.Array, /) -> pa.RecordBatch: ...


def read_requests(signal: str, payloads: Sequence[bytes]) -> pa.RecordBatch:
    """Return one row per payload, in the shape of `arrow_schema(signal)`.

    Raises:
        RejectedData: A payload is no valid request.
    """
    try:
        return _handler(signal).array_to_record_batch(pa.array(payloads, pa.binary()))
    except ValueError as error:
        if len(payloads) > 1:
            raise RejectedData(f"one of {len(payloads)} bodies is undecodable: {error}") from error
    return read_requests_plainly(signal, payloads)


def read_requests_plainly(signal: str, payloads: Sequence[bytes]) -> pa.RecordBatch:
    """Return what `read_requests` returns, message by message with nothing but protobuf: slow.

    Raises:
        RejectedData: A payload is no valid request.
    """
    request = request_class(signal)
    rows: list[Mapping[str, object]] = []
    for payload in payloads:
        try:
            message = request.FromString(payload)
        except DecodeError as error:
            raise RejectedData(f"the body is no OTLP {signal} request: {error}") from error
        rows.append(_message_row(message))
    return pa.RecordBatch.from_pylist(rows, schema=arrow_schema(signal))


@cache
def _handler(signal: str) -> _Handler:
    descriptor = request_descriptor(signal)
    return ptars.HandlerPool([descriptor.file]).get_for_message(descriptor)


def _message_row(message: Message) -> dict[str, object]:
    return {
        field.name: _field_value(message, field)
        for field in cast("Sequence[FieldDescriptor]", message.DESCRIPTOR.fields)
    }


def _field_value(message: Message, field: FieldDescriptor) -> object:
    if has_presence(field) and not message.HasField(field.name):
        return None
    value = getattr(message, field.name)
    if field.type != FieldDescriptor.TYPE_MESSAGE:
        return list(cast("Sequence[object]", value)) if field.is_repeated else value
    if field.is_repeated:
        return [_message_row(item) for item in cast("Sequence[Message]", value)]
    return _message_row(value)
