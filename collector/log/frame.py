"""The record frame of the log: a header with two checksums, then the body's bytes.

The header's checksum starts from the record's own place, so bytes that only look like a record (a body that
quotes one, a stale block of the file system) are never taken for one after damage.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from isal import isal_zlib

from collector.log.body import COMPRESSIONS, ENCODINGS, Body
from store.terms import SIGNALS

MAGIC: Final = b"\xf5SL\x01"
"""Starts every record: a byte that no UTF-8 text holds, two letters, and the version of the frame."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_PLACE: Final = struct.Struct("<QQ")
_CHECKSUMS: Final = struct.Struct("<4sI")
# Data checksum, data length, codes of signal, encoding and compression, received_at in µs, SHA-256.
_FIELDS: Final = struct.Struct("<IIBBBxq32s")

HEADER_BYTES: Final = _CHECKSUMS.size + _FIELDS.size


@dataclass(frozen=True, slots=True)
class Header:
    """A record's header, proven valid at its place."""

    data_crc: int
    data_bytes: int
    signal_code: int
    encoding_code: int
    compression_code: int
    received_us: int
    sha256: bytes

    @property
    def record_bytes(self) -> int:
        """Length of the whole record."""
        return HEADER_BYTES + self.data_bytes


def encode_header(body: Body, segment: int, offset: int) -> bytes:
    """Return the header of a body whose record starts at the offset of the segment."""
    fields = _FIELDS.pack(
        checksum(body.data),
        len(body.data),
        SIGNALS.index(body.signal),
        ENCODINGS.index(body.encoding),
        COMPRESSIONS.index(body.compression),
        (body.received_at - _EPOCH) // _MICROSECOND,
        body.sha256,
    )
    return _CHECKSUMS.pack(MAGIC, _header_crc(fields, segment, offset)) + fields


def decode_header(raw: bytes, segment: int, offset: int) -> Header | None:
    """Return the header in `raw`, or None when no record starts at this place."""
    magic, crc = cast("tuple[bytes, int]", _CHECKSUMS.unpack_from(raw))
    fields = raw[_CHECKSUMS.size : HEADER_BYTES]
    if magic != MAGIC or crc != _header_crc(fields, segment, offset):
        return None
    return Header(*_FIELDS.unpack(fields))


def decode_body(header: Header, data: bytes) -> Body | str:
    """Return the body of a record, or the reason why it cannot be one."""
    if checksum(data) != header.data_crc:
        return "checksum mismatch"
    try:
        return Body(
            signal=SIGNALS[header.signal_code],
            encoding=ENCODINGS[header.encoding_code],
            compression=COMPRESSIONS[header.compression_code],
            received_at=_EPOCH + _MICROSECOND * header.received_us,
            sha256=header.sha256,
            data=data,
        )
    except (IndexError, OverflowError):
        return "unknown signal, encoding or compression"


def checksum(data: bytes) -> int:
    """Return the CRC-32 of the data (carry-less multiplication: a tenth of zlib's time)."""
    return isal_zlib.crc32(data)


def _header_crc(fields: bytes, segment: int, offset: int) -> int:
    return isal_zlib.crc32(fields, isal_zlib.crc32(_PLACE.pack(segment, offset)))
