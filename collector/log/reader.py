"""Reading the log behind its writer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

from collector.log.body import Body
from collector.log.frame import HEADER_BYTES, MAGIC, decode_body, decode_header
from collector.log.segments import Position, list_segments, measure_segments, segment_path
from store.clock import Clock, utc_now

_READ_BUFFER_BYTES: Final = 1 << 20
_SCAN_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of the log that are no record; whatever was acknowledged in them is lost."""

    segment: int
    offset: int
    length: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """Consecutive bodies, the position after them, and the damage between them."""

    bodies: list[Body]
    next: Position | None
    """None as long as the log has no segment."""
    damages: list[Damage]


@dataclass(slots=True)
class _Gathering:
    max_bytes: int
    max_bodies: int
    bodies: list[Body] = field(default_factory=list[Body])
    damages: list[Damage] = field(default_factory=list[Damage])
    read_bytes: int = 0

    @property
    def is_full(self) -> bool:
        return self.read_bytes >= self.max_bytes or len(self.bodies) >= self.max_bodies


class LogReader:
    """Reads bodies in order from a position on, while a writer appends.

    Not thread-safe: one reader, one thread.
    """

    def __init__(self, directory: Path, position: Position | None = None) -> None:
        self._directory = directory
        self._position = position

    @property
    def position(self) -> Position | None:
        """The first byte that is not yet read; None before the first segment exists."""
        return self._position

    def seek(self, position: Position | None) -> None:
        """Read from another position on: of the last load that was committed, after one failed."""
        self._position = position

    def read(self, max_bytes: int = 8 << 20, max_bodies: int = 4096) -> ReadBatch:
        """Return the next bodies and move past them; none when there is nothing new.

        At least one body is returned when there is one, even if it is larger than `max_bytes`. An incomplete
        record at the end of the newest segment is still being written: it is waited for. At the end of an
        older one it was never acknowledged: the next segment follows. After damage the next valid record is
        looked for.
        """
        # Listed before any file is read: a segment that has a successor now is never written again.
        segments = list_segments(self._directory)
        gathering = _Gathering(max_bytes, max_bodies)
        position = _place(self._position, segments)
        while position is not None and not gathering.is_full:
            is_newest = position.segment == segments[-1]
            offset, at_end = self._read_segment(position, gathering, is_newest=is_newest)
            if at_end and not is_newest:
                position = Position(next(s for s in segments if s > position.segment), 0)
                continue
            position = Position(position.segment, offset)
            if at_end:
                break
        self._position = position or self._position
        return ReadBatch(gathering.bodies, self._position, gathering.damages)

    def unread_bytes(self) -> int:
        """Return how many bytes of the log are behind the position: the loader's backlog."""
        segments = list_segments(self._directory)
        start = _place(self._position, segments)
        if start is None:
            return 0
        sizes = measure_segments(self._directory, [s for s in segments if s >= start.segment])
        return max(0, sum(sizes.values()) - min(start.offset, sizes.get(start.segment, 0)))

    def drop_loaded(
        self,
        position: Position,
        *,
        grace: timedelta = timedelta(0),
        keep_bytes: int | None = None,
        clock: Clock = utc_now,
    ) -> int:
        """Delete segments that end before the position, and return how many.

        A loaded segment is kept while it is younger than `grace`, unless the loaded segments together are
        larger than `keep_bytes`: then the oldest go first. The newest segment of the log always stays.
        """
        segments = list_segments(self._directory)
        loaded = [s for s in segments[:-1] if s < position.segment]
        sizes = measure_segments(self._directory, loaded)
        excess_bytes = sum(sizes.values()) - keep_bytes if keep_bytes is not None else 0
        expired_at = (clock() - grace).timestamp()
        dropped = 0
        for segment, size in sizes.items():
            path = segment_path(self._directory, segment)
            if size and excess_bytes <= 0 and path.stat().st_mtime > expired_at:
                continue
            path.unlink(missing_ok=True)
            excess_bytes -= size
            dropped += 1
        return dropped

    def _read_segment(self, start: Position, gathering: _Gathering, *, is_newest: bool) -> tuple[int, bool]:
        """Return the offset after the last record that was read, and whether nothing follows it."""
        try:
            file = segment_path(self._directory, start.segment).open("rb", buffering=_READ_BUFFER_BYTES)
        except FileNotFoundError:
            return start.offset, True
        offset = start.offset
        with file:
            file.seek(offset)
            while not gathering.is_full:
                raw = file.read(HEADER_BYTES)
                if len(raw) < HEADER_BYTES:
                    return offset, True
                header = decode_header(raw, start.segment, offset)
                if header is None:
                    found = _find_record(file, start.segment, offset + 1)
                    if found is None and is_newest:
                        return offset, True
                    end = file.seek(0, os.SEEK_END) if found is None else found
                    gathering.damages.append(
                        Damage(start.segment, offset, end - offset, "no valid record header")
                    )
                    offset = end
                    file.seek(offset)
                    continue
                data = file.read(header.data_bytes)
                if len(data) < header.data_bytes:
                    return offset, True
                body = decode_body(header, data)
                if isinstance(body, Body):
                    gathering.bodies.append(body)
                elif is_newest and _is_at_end(file):
                    return offset, True
                else:
                    gathering.damages.append(Damage(start.segment, offset, header.record_bytes, body))
                gathering.read_bytes += header.record_bytes
                offset += header.record_bytes
        return offset, False


def _place(position: Position | None, segments: list[int]) -> Position | None:
    """Return where to read: the position, or the first segment after it that exists.

    A position behind the newest segment means that the log was replaced: then from its start. Bodies that
    were loaded before are recognised by their hash.
    """
    if not segments:
        return None
    if position is None or position.segment > segments[-1]:
        return Position(segments[0], 0)
    if position.segment in segments:
        return position
    return Position(next(s for s in segments if s > position.segment), 0)


def _is_at_end(file: BinaryIO) -> bool:
    at = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(at)
    return at == end


def _find_record(file: BinaryIO, segment: int, start: int) -> int | None:
    """Return the offset of the first valid header at or after `start`, None when there is none."""
    for base, chunk in _overlapping_chunks(file, start):
        at = chunk.find(MAGIC)
        while 0 <= at <= len(chunk) - HEADER_BYTES:
            if decode_header(chunk[at : at + HEADER_BYTES], segment, base + at) is not None:
                return base + at
            at = chunk.find(MAGIC, at + 1)
    return None


def _overlapping_chunks(file: BinaryIO, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield pieces of the file that overlap by less than a header, with their offsets."""
    base = start
    while True:
        file.seek(base)
        chunk = file.read(_SCAN_BYTES)
        if len(chunk) < HEADER_BYTES:
            return
        yield base, chunk
        base += len(chunk) - HEADER_BYTES + 1
