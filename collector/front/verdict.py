"""Whether a body is what it says: parsed once, kept as it came."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from collector.compression import TooLarge, decompress
from collector.decode.json import REQUESTS, check_json
from store.errors import RejectedData

_REASONS = {
    "MaxDepth": "values are nested too deep",
    "UTF-8": "a text is not UTF-8",
}


def check_body(signal: str, encoding: str, compression: str, data: bytes, *, max_bytes: int) -> None:
    """Return when the body can be loaded; unknown fields are no fault.

    Raises:
        TooLarge: it is larger than `max_bytes` decompressed, or holds so many records that memory ends.
        RejectedData: it is truncated, damaged, not of its encoding, not UTF-8, or nested too deep.
    """
    try:
        body = decompress(data, compression, max_bytes=max_bytes)
        if encoding == "json":
            check_json(signal, body)
        else:
            _check_protobuf(signal, body)
    except MemoryError as error:
        raise _too_many() from error


def _check_protobuf(signal: str, body: bytes) -> None:
    try:
        REQUESTS[signal].FromString(body)
    except DecodeError as error:
        if "alloc failed" in str(error):
            raise _too_many() from error
        reason = next((why for mark, why in _REASONS.items() if mark in str(error)), "the bytes are damaged")
        raise RejectedData(f"the body is no OTLP {signal} request in protobuf: {reason}") from error


def _too_many() -> TooLarge:
    # Two bytes can stand for an empty span, which takes 130 bytes once it is parsed.
    return TooLarge("the body holds more records than there is memory for; send fewer at once")
