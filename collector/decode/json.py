"""OTLP/JSON to the protobuf messages it stands for.

Two steps, because two processes need them: the front only checks (typed parsing, some µs a span), the loader
converts.
The conversion is generic: the fields of the types in `json_types` have the names of the protobuf fields.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final, cast

import msgspec
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collector.decode.json_types import LogsRequest, MetricsRequest, TracesRequest
from store.errors import RejectedData

REQUESTS: Final[dict[str, type[Message]]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}

_DECODERS: Final = {
    "traces": msgspec.json.Decoder(TracesRequest, strict=False),
    "logs": msgspec.json.Decoder(LogsRequest, strict=False),
    "metrics": msgspec.json.Decoder(MetricsRequest, strict=False),
}
_MAX_UINT64: Final = 2**64 - 1
_ID_BYTES: Final = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
# An escaped half of a surrogate pair: JavaScript writes one when a text was cut inside a character.
_LONE_SURROGATE: Final = re.compile(
    rb"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\)((?:\\\\)*)\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def check_json(signal: str, body: bytes) -> msgspec.Struct:
    """Return the typed form of an OTLP/JSON request, or raise why it is none.

    Raises:
        RejectedData: the body is not JSON, not UTF-8, of wrong types, or nested too deep.
    """
    try:
        try:
            return _DECODERS[signal].decode(body)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            mended = _mend_surrogates(body)
            if mended == body:
                raise
            return _DECODERS[signal].decode(mended)
    except msgspec.ValidationError as error:
        raise RejectedData(f"the body is no OTLP {signal} request in JSON: {error}") from error
    except msgspec.DecodeError as error:
        raise RejectedData(f"the body is not JSON: {error}") from error
    except UnicodeDecodeError as error:
        raise RejectedData(
            f"the body is not UTF-8: {error.reason} at byte {error.start} of a text"
        ) from error
    except RecursionError as error:
        raise RejectedData("the body is nested too deep") from error


def parse_json(signal: str, body: bytes) -> Message:
    """Return the protobuf request that an OTLP/JSON body stands for.

    An id that is not hex text becomes bytes of a length no id has, so that the record alone is refused later.

    Raises:
        RejectedData: the body is not JSON, not UTF-8, of wrong types, or nested too deep.
    """
    request = REQUESTS[signal]()
    try:
        _fill(request, check_json(signal, body))
    except (ValueError, TypeError) as error:
        raise RejectedData(f"the body is no OTLP {signal} request in JSON: {error}") from error
    return request


def _fill(message: Message, source: msgspec.Struct) -> None:
    for name, field in _plan(type(message)):
        value = getattr(source, name, None)
        if value is None:
            continue
        if field.message_type is None:
            _set_scalar(message, name, field, value)
        elif field.is_repeated:
            target = getattr(message, name)
            for item in value:
                _fill(target.add(), item)
        else:
            target = getattr(message, name)
            target.SetInParent()
            _fill(target, value)


def _set_scalar(message: Message, name: str, field: FieldDescriptor, value: Any) -> None:
    if name in _ID_BYTES:
        value = _decode_id(value, _ID_BYTES[name])
    elif field.enum_type is not None:
        value = _decode_enum(field, value)
    elif field.cpp_type == FieldDescriptor.CPPTYPE_UINT64 and not field.is_repeated:
        # The typed parse cannot bound it; a time that far out is refused with its record.
        value = min(value, _MAX_UINT64)
    if field.is_repeated:
        getattr(message, name).extend(value)
    else:
        setattr(message, name, value)


def _decode_id(text: str, length: int) -> bytes:
    try:
        # The protobuf JSON mapping has base64 here, and generic emitters send it; padding tells it from hex.
        return base64.b64decode(text, validate=True) if text.endswith("=") else bytes.fromhex(text)
    except (ValueError, binascii.Error):
        raw = text.encode()[:64]
        return raw + b"?" if len(raw) in (0, length) else raw


def _decode_enum(field: FieldDescriptor, value: int | str) -> int:
    """Return the number of an enum value; 0 (unspecified) for a name that is not known."""
    if isinstance(value, str):
        known = cast("Any", field.enum_type).values_by_name.get(value)
        if known is not None:
            return cast("int", known.number)
        value = int(value) if value.isdecimal() and len(value) < 10 else 0
    return value if -(2**31) <= value < 2**31 else 0


_plans: dict[type[Message], list[tuple[str, FieldDescriptor]]] = {}


def _plan(kind: type[Message]) -> list[tuple[str, FieldDescriptor]]:
    if kind not in _plans:
        _plans[kind] = [(field.name, cast("FieldDescriptor", field)) for field in kind.DESCRIPTOR.fields]
    return _plans[kind]


def _mend_surrogates(body: bytes) -> bytes:
    """Return the JSON text with halves of surrogate pairs replaced by U+FFFD."""

    def mend(match: re.Match[bytes]) -> bytes:
        return match[0] if match[2] else (match[3] or b"") + rb"\ufffd"

    return _LONE_SURROGATE.sub(mend, body)
