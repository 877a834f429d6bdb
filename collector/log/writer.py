"""Appending to the log: one thread, one write and one fdatasync for all bodies that wait."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from collector.log.body import Body
from collector.log.lock import lock_directory
from collector.log.segment_file import SegmentFile
from collector.log.segments import list_segments, measure_segments
from store.errors import Overloaded

_MAX_COMMIT_BYTES: Final = 16 << 20
_MAX_COMMIT_BODIES: Final = 4096
_MEASURE_EVERY_S: Final = 0.25
_RETRY_AFTER_FULL_S: Final = 1.0
_RETRY_AFTER_BOUND_S: Final = 2.0

_logger = structlog.get_logger(__name__)


class StorageFull(Overloaded):
    """The disk did not take the body; nothing of it was kept."""


class LogClosed(Overloaded):
    """The log takes no more bodies because its process stops."""


@dataclass(slots=True)
class LogStats:
    """Counters since the start, written by the log alone."""

    bodies: int = 0
    bytes: int = 0
    commits: int = 0
    commit_s: float = 0.0
    failures: int = 0
    log_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Waiter:
    body: Body
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[None]


class LogWriter:
    """Appends bodies to the newest segment; the only writer of its directory."""

    def __init__(
        self,
        directory: Path,
        *,
        segment_bytes: int = 64 << 20,
        max_bytes: int = 4 << 30,
        commit_delay_s: float = 0.002,
        disk_reserve_bytes: int = 0,
        on_commit: Callable[[], None] | None = None,
    ) -> None:
        """Open the log for writing; the first segment is made when the first body comes.

        Args:
            directory: made when missing.
            segment_bytes: a segment that reached this size is followed by a new one.
            max_bytes: bound of all segments; beyond it `append` raises Overloaded until some are dropped.
            commit_delay_s: least time between two commits; a body that comes alone does not wait.
            disk_reserve_bytes: free space of the file system that the log leaves to others.
            on_commit: called from the writer's thread after each commit.

        Raises:
            ConfigError: another process writes this log.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._lock_descriptor = lock_directory(directory)
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._commit_delay_s = commit_delay_s
        self._disk_reserve_bytes = disk_reserve_bytes
        self._on_commit = on_commit
        self._queue: queue.SimpleQueue[_Waiter | None] = queue.SimpleQueue()
        self._queued_bytes = 0
        self._next_segment = max(list_segments(directory), default=0) + 1
        self._file: SegmentFile | None = None
        self._measured_at = self._committed_at = self._full_until = 0.0
        self._closing = False
        self.stats = LogStats()
        self._measure()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def append(self, body: Body) -> asyncio.Future[None]:
        """Queue a body and return a future of the running loop that resolves once the body is on disk.

        Raises:
            Overloaded: the log has reached its bound.
            LogClosed: `close` was called.
            StorageFull: the disk refused a body a moment ago. The future raises it too.
        """
        self._admit(len(body.data))
        loop = asyncio.get_running_loop()
        waiter = _Waiter(body, loop, loop.create_future())
        self._queued_bytes += len(body.data)
        self._queue.put(waiter)
        return waiter.future

    def close(self) -> None:
        """Make durable what is queued, resolve its futures, and stop; blocks until then."""
        if self._closing:
            return
        self._closing = True
        self._queue.put(None)
        self._thread.join()
        os.close(self._lock_descriptor)

    def _admit(self, size: int) -> None:
        if self._closing:
            raise LogClosed("the collector is stopping; send again later")
        if time.monotonic() < self._full_until:
            raise StorageFull(
                f"the disk of {self._directory} is full; free space there", retry_after_s=_RETRY_AFTER_FULL_S
            )
        if self.stats.log_bytes + self._queued_bytes + size <= self._max_bytes:
            return
        if time.monotonic() - self._measured_at >= _MEASURE_EVERY_S:
            self._measure()
            if self.stats.log_bytes + self._queued_bytes + size <= self._max_bytes:
                return
        raise Overloaded(
            f"the log holds {self.stats.log_bytes} bytes, its bound is {self._max_bytes}; send again later,"
            " or raise collector.log_max_bytes",
            retry_after_s=_RETRY_AFTER_BOUND_S,
        )

    def _measure(self) -> None:
        self._measured_at = time.monotonic()
        segments = list_segments(self._directory)
        self.stats.log_bytes = sum(measure_segments(self._directory, segments).values())

    def _run(self) -> None:
        is_open = True
        while is_open:
            first = self._queue.get()
            if first is None:
                break
            wait_s = self._committed_at + self._commit_delay_s - time.monotonic()
            if wait_s > 0 and not self._closing:
                time.sleep(wait_s)
            waiters, is_open = self._gather(first)
            outcome = self._commit(waiters)
            self._settle(waiters, outcome)
        if self._file is not None:
            self._file.close()

    def _gather(self, first: _Waiter) -> tuple[list[_Waiter], bool]:
        """Return what is queued, within the bounds of one commit, and whether more may come."""
        waiters = [first]
        size = len(first.body.data)
        while size < _MAX_COMMIT_BYTES and len(waiters) < _MAX_COMMIT_BODIES:
            try:
                waiter = self._queue.get_nowait()
            except queue.Empty:
                break
            if waiter is None:
                return waiters, False
            waiters.append(waiter)
            size += len(waiter.body.data)
        return waiters, True

    def _commit(self, waiters: list[_Waiter]) -> Overloaded | None:
        started_at = time.monotonic()
        try:
            self._check_reserve(sum(len(waiter.body.data) for waiter in waiters))
            if self._file is None or self._file.size >= self._segment_bytes:
                self._roll()
            assert self._file is not None
            written = self._file.append([waiter.body for waiter in waiters])
        except StorageFull as error:
            return error
        except OSError as error:
            return self._abandon_segment(error)
        except Exception:
            # A defect must not leave exporters waiting for an answer that never comes.
            _logger.exception("log_commit_failed", bodies=len(waiters))
            self._abandon_segment(OSError(errno.EIO, "unexpected failure"))
            return StorageFull("the collector could not write its log; send again later")
        self._committed_at = time.monotonic()
        self.stats.commits += 1
        self.stats.bodies += len(waiters)
        self.stats.bytes += written
        self.stats.log_bytes += written
        self.stats.commit_s += self._committed_at - started_at
        return None

    def _check_reserve(self, size: int) -> None:
        if not self._disk_reserve_bytes:
            return
        space = os.statvfs(self._directory)
        free_bytes = space.f_bavail * space.f_frsize
        if free_bytes < self._disk_reserve_bytes + size:
            self.stats.failures += 1
            self._full_until = time.monotonic() + _RETRY_AFTER_FULL_S
            raise StorageFull(
                f"the disk of {self._directory} has {free_bytes} bytes left, the database's reserve is"
                f" {self._disk_reserve_bytes}; free space there",
                retry_after_s=_RETRY_AFTER_FULL_S,
            )

    def _roll(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        # Counted before it is made: the number of a segment that failed is not used again either.
        segment, self._next_segment = self._next_segment, self._next_segment + 1
        self._file = SegmentFile(self._directory, segment)
        self._measure()

    def _abandon_segment(self, error: OSError) -> StorageFull:
        """Go back to the last durable byte and leave the segment: after a failed sync it can't be trusted.

        The reader may already stand behind the bytes that are cut off, so nothing is ever written there.
        """
        self.stats.failures += 1
        self._full_until = time.monotonic() + _RETRY_AFTER_FULL_S
        if self._file is not None:
            self._file.abandon()
            self._file = None
        reason = os.strerror(error.errno) if error.errno else str(error)
        _logger.error("log_write_failed", directory=str(self._directory), reason=reason)
        return StorageFull(
            f"the log in {self._directory} cannot be written ({reason.lower()}); free space there",
            retry_after_s=_RETRY_AFTER_FULL_S,
        )

    def _settle(self, waiters: list[_Waiter], outcome: Overloaded | None) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Waiter]] = {}
        for waiter in waiters:
            by_loop.setdefault(waiter.loop, []).append(waiter)
        for loop, group in by_loop.items():
            # A loop that is closed has nobody left who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._resolve, group, outcome)
        if outcome is None and self._on_commit is not None:
            self._on_commit()

    def _resolve(self, waiters: list[_Waiter], outcome: Overloaded | None) -> None:
        for waiter in waiters:
            self._queued_bytes -= len(waiter.body.data)
            if waiter.future.done():
                continue
            if outcome is None:
                waiter.future.set_result(None)
            else:
                waiter.future.set_exception(outcome)
