"""One request body, as it came over the wire."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

ENCODINGS: Final = ("protobuf", "json")
COMPRESSIONS: Final = ("identity", "gzip", "deflate", "zstd")

_GZIP_MTIME: Final = slice(4, 8)


@dataclass(frozen=True, slots=True)
class Body:
    """A request body that an exporter sent, with what is needed to decode it."""

    signal: str
    """traces, logs or metrics."""
    encoding: str
    """protobuf or json."""
    compression: str
    """identity, gzip, deflate or zstd; gRPC bodies are always identity."""
    received_at: datetime
    sha256: bytes
    """Identity of the body, see `body_sha256`."""
    data: bytes
    """The bytes as they came, still compressed."""


def body_sha256(signal: str, encoding: str, compression: str, data: bytes) -> bytes:
    """Return the identity of a body: equal for the retries of one export, whatever sent it.

    The bytes are hashed as they came, which is a third of the work for gzip. Exporters compress once and
    resend the same bytes, or compress again with the same settings; what differs then is the time in the
    gzip header, so it is left out.
    """
    digest = hashlib.sha256(f"{signal} {encoding}\n".encode())
    if compression == "gzip" and len(data) >= _GZIP_MTIME.stop:
        digest.update(data[: _GZIP_MTIME.start])
        digest.update(memoryview(data)[_GZIP_MTIME.stop :])
    else:
        digest.update(data)
    return digest.digest()
