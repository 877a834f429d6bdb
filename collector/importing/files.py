"""Files that hold OTLP bodies: one request, or one a line."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO, Final, cast

import zstandard

from collector.importing.signals import signal_of_protobuf, signals_of_json, split_array
from collector.log import Body, body_sha256
from store.errors import RejectedData

MAX_REQUEST_BYTES: Final = 256 << 20
"""Bound of one request, decompressed."""
_ZSTD_WINDOW_BYTES: Final = 128 << 20
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
Request = tuple[str, str, bytes]
"""Signal, encoding and bytes of one request."""

_FORMATS: Final = (".pb", ".json", ".jsonl")
_COMPRESSIONS: Final = (".gz", ".zst")


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files themselves, and those below directories whose names end as OTLP bodies' do, in order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if _format_of(each) and each.is_file())
        else:
            yield path


def read_bodies(path: Path, received_at: datetime) -> Iterator[tuple[Body, int]]:
    """Yield the requests in a file, each with how many bytes of the file are read by then.

    JSON that holds no request (an index, a description) yields nothing.

    Raises:
        RejectedData: The file cannot be read or holds something else; requests before that were yielded.
    """
    try:
        with path.open("rb") as raw, closing(_decompressed(path, raw)) as source:
            requests = (
                _protobuf_requests(path, source) if _format_of(path) == ".pb" else _json_requests(source)
            )
            for signal, encoding, data in requests:
                digest = body_sha256(signal, encoding, "identity", data)
                yield Body(signal, encoding, "identity", received_at, digest, data), raw.tell()
    except (OSError, EOFError, zstandard.ZstdError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise RejectedData(f"it cannot be read: {reason}") from error


def _protobuf_requests(path: Path, source: IO[bytes]) -> Iterator[Request]:
    data = _read_bounded(source)
    yield signal_of_protobuf(data, path.name), "protobuf", data


def _json_requests(source: IO[bytes]) -> Iterator[Request]:
    """Yield the requests of JSON lines, or of one JSON document: where the first line alone is none."""
    first = _skip_blank(source)
    if first.startswith(b"[") or not _is_json(first):
        document = first + _read_bounded(source)
        try:
            requests = list(_document_requests(document))
        except RejectedData:
            lines = io.BytesIO(document)
            if not any(_is_request(line) for line in lines):
                raise
            lines.seek(0)
            yield from _line_requests(iter(lines))
        else:
            yield from requests
        return
    yield from _line_requests(chain([first], iter(lambda: _read_line(source), b"")))


def _is_json(line: bytes) -> bool:
    try:
        signals_of_json(line)
    except RejectedData:
        return False
    return True


def _is_request(line: bytes) -> bool:
    return _is_json(line) and bool(signals_of_json(line))


def _line_requests(lines: Iterable[bytes]) -> Iterator[Request]:
    faults: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            signals = signals_of_json(line)
        except RejectedData as error:
            faults.append(f"line {number}: {error}")
            continue
        yield from ((signal, "json", line.strip()) for signal in signals)
    if faults:
        more = f", and {len(faults) - 1} more lines" if len(faults) > 1 else ""
        raise RejectedData(f"the other lines were imported; {faults[0]}{more}")


def _document_requests(document: bytes) -> Iterator[Request]:
    documents = split_array(document) if document.startswith(b"[") else [document]
    for each in documents:
        yield from ((signal, "json", each) for signal in signals_of_json(each))


def _skip_blank(source: IO[bytes]) -> bytes:
    for line in iter(lambda: _read_line(source), b""):
        text = line.removeprefix(_BYTE_ORDER_MARK).strip()
        if text:
            return text + b"\n"
    return b"{}"


def _read_line(source: IO[bytes]) -> bytes:
    line = source.readline(MAX_REQUEST_BYTES + 1)
    if len(line) > MAX_REQUEST_BYTES:
        raise RejectedData(f"a line is longer than {MAX_REQUEST_BYTES >> 20} MiB; split the request")
    return line


def _read_bounded(source: IO[bytes]) -> bytes:
    data = source.read(MAX_REQUEST_BYTES + 1)
    if len(data) > MAX_REQUEST_BYTES:
        raise RejectedData(f"it is larger than {MAX_REQUEST_BYTES >> 20} MiB; split the request")
    return data


def _decompressed(path: Path, raw: IO[bytes]) -> IO[bytes]:
    match path.suffix:
        case ".gz":
            return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
        case ".zst":
            reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES).stream_reader(
                raw, read_across_frames=True, closefd=False
            )
            return cast("IO[bytes]", io.BufferedReader(cast("io.RawIOBase", reader)))
        case _:
            return raw


def _format_of(path: Path) -> str | None:
    suffixes = [suffix for suffix in path.suffixes[-2:] if suffix not in _COMPRESSIONS]
    return suffixes[-1] if suffixes and suffixes[-1] in _FORMATS else None
