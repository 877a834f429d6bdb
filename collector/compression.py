"""Bounded decompression of request bodies."""

from __future__ import annotations

from typing import Final, cast

import zstandard
from isal import isal_zlib

from store.errors import RejectedData

_DAMAGED: Final = cast("type[Exception]", isal_zlib.error)
_GZIP_WBITS: Final = 31
_ZLIB_WBITS: Final = 15
_RAW_WBITS: Final = -15
_GZIP_MAGIC: Final = b"\x1f\x8b"
_MAX_GZIP_MEMBERS: Final = 1024
# What RFC 9659 allows in HTTP; a larger window would be memory that the client chooses.
_ZSTD_WINDOW_BYTES: Final = 8 << 20
# A block of four bytes can stand for 128 KiB, so a piece of this size for 32 MiB at most.
_ZSTD_PIECE_BYTES: Final = 1024


class TooLarge(RejectedData):
    """A body is larger than the bound, as sent or decompressed."""


def decompress(data: bytes, compression: str, *, max_bytes: int) -> bytes:
    """Return the body that was compressed; identity returns the very same object.

    Args:
        data: one whole body; several gzip members or zstd frames in a row are one body.
        compression: identity, gzip, deflate (with or without the zlib header) or zstd.
        max_bytes: bound of the result.

    Raises:
        TooLarge: the result is larger than the bound; no more than the bound was decompressed.
        RejectedData: the body is truncated, damaged, or not of this compression.
    """
    match compression:
        case "identity":
            if len(data) > max_bytes:
                raise _too_large(max_bytes)
            return data
        case "gzip":
            return _gunzip(data, max_bytes)
        case "deflate":
            return _inflate(data, max_bytes)
        case "zstd":
            return _unzstd(data, max_bytes)
        case _:
            raise RejectedData(
                f"content-encoding {compression[:32]!r} is not supported; use gzip, deflate, zstd or identity"
            )


def _gunzip(data: bytes, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    rest, left = data, max_bytes
    while True:
        part, rest = _inflate_stream(rest, _GZIP_WBITS, left, "gzip")
        parts.append(part)
        left -= len(part)
        # Some writers pad with zeros; anything else after a member has to be the next one.
        if not rest.strip(b"\0"):
            return parts[0] if len(parts) == 1 else b"".join(parts)
        if not rest.startswith(_GZIP_MAGIC):
            raise RejectedData("the gzip body has bytes after its end that are no gzip member")
        if len(parts) >= _MAX_GZIP_MEMBERS:
            raise _too_large(max_bytes)


def _inflate(data: bytes, max_bytes: int) -> bytes:
    has_zlib_header = len(data) >= 2 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    if has_zlib_header:
        try:
            return _inflate_stream(data, _ZLIB_WBITS, max_bytes, "deflate")[0]
        except TooLarge:
            raise
        except RejectedData as error:
            # One raw stream in some hundreds happens to start like a zlib header.
            try:
                return _inflate_stream(data, _RAW_WBITS, max_bytes, "deflate")[0]
            except RejectedData:
                raise error from None
    return _inflate_stream(data, _RAW_WBITS, max_bytes, "deflate")[0]


def _inflate_stream(data: bytes, wbits: int, max_bytes: int, name: str) -> tuple[bytes, bytes]:
    """Return one decompressed stream and what follows it."""
    stream = isal_zlib.decompressobj(wbits=wbits)
    try:
        result = stream.decompress(data, max_bytes + 1)
    except _DAMAGED as error:
        raise RejectedData(f"the {name} body is damaged: {str(error).lower()}") from error
    if len(result) > max_bytes:
        raise _too_large(max_bytes)
    if not stream.eof:
        raise RejectedData(f"the {name} body ends in the middle; send it whole")
    return result, stream.unused_data


def _unzstd(data: bytes, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size, at = 0, 0
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    try:
        while at < len(data):
            stream = decompressor.decompressobj()
            while at < len(data) and not stream.eof:
                part = stream.decompress(data[at : at + _ZSTD_PIECE_BYTES])
                at += _ZSTD_PIECE_BYTES
                size += len(part)
                if size > max_bytes:
                    raise _too_large(max_bytes)
                parts.append(part)
            if not stream.eof:
                raise RejectedData("the zstd body ends in the middle; send it whole")
            at = min(at, len(data)) - len(stream.unused_data)
    except zstandard.ZstdError as error:
        raise RejectedData(f"the zstd body is damaged: {str(error).lower()}") from error
    if not parts:
        raise RejectedData("the zstd body ends in the middle; send it whole")
    return b"".join(parts)


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"the body is larger than {max_bytes} bytes decompressed; send fewer records at once")
