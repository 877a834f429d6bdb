"""The segment that is being written."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

from collector.log.body import Body
from collector.log.frame import encode_header
from collector.log.segments import create_segment

# Linux and macOS both take at most 1024 buffers in one writev.
_MAX_BUFFERS: Final = 1024


class SegmentFile:
    """Appends records to one new segment; `size` is its length up to the last durable record."""

    def __init__(self, directory: Path, segment: int) -> None:
        """Create the segment; its number must be new."""
        self._descriptor = create_segment(directory, segment)
        self._segment = segment
        self.size = 0

    def append(self, bodies: Sequence[Body]) -> int:
        """Write the bodies' records, make them durable, and return how many bytes they took.

        Raises:
            OSError: the disk did not take them; `abandon` the segment then.
        """
        buffers: list[bytes] = []
        end = self.size
        for body in bodies:
            header = encode_header(body, self._segment, end)
            buffers += (header, body.data)
            end += len(header) + len(body.data)
        for start in range(0, len(buffers), _MAX_BUFFERS):
            self._write(buffers[start : start + _MAX_BUFFERS])
        _sync_data(self._descriptor)
        written, self.size = end - self.size, end
        return written

    def close(self) -> None:
        """Close the segment; it ends with its last durable record."""
        os.close(self._descriptor)

    def abandon(self) -> None:
        """Cut off what is not durable, as far as the disk allows, and close."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self.size)
            os.fsync(self._descriptor)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)

    def _write(self, buffers: list[bytes]) -> None:
        expected = sum(map(len, buffers))
        written = os.writev(self._descriptor, buffers)
        if written < expected:
            rest = memoryview(b"".join(buffers))[written:]
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]


def _sync_data(descriptor: int) -> None:
    if hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
    else:
        # macOS has no fdatasync, and its fsync leaves the data in the drive's cache.
        fcntl.fcntl(descriptor, cast("int", getattr(fcntl, "F_FULLFSYNC")))  # noqa: B009
