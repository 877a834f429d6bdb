"""Whether a body is what it says: parsed once, kept as it came."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from collector.compression import decompress
from collector.decode.json import REQUESTS, check_json
from store.errors import RejectedData

_REASONS = {
    "MaxDepth": "values are nested too deep",
    "UTF-8": "a text is not UTF-8",
}


def check_body(signal: str, encoding: str, compression: str, data: bytes, *, max_bytes: int) -> None:
    """Return when the body can be loaded; unknown fields are no fault.

    Raises:
        TooLarge: it is larger than `max_bytes` decompressed.
        RejectedData: it is truncated, damaged, not of its encoding, not UTF-8, or nested too deep.
    """
    body = decompress(data, compression, max_bytes=max_bytes)
    if encoding == "json":
        check_json(signal, body)
        return
    try:
        REQUESTS[signal].FromString(body)
    except DecodeError as error:
        reason = next((why for mark, why in _REASONS.items() if mark in str(error)), "the bytes are damaged")
        raise RejectedData(f"the body is no OTLP {signal} request in protobuf: {reason}") from error
