"""Moves bodies from the log into the store, as they come."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from threading import Event
from typing import Final
from uuid import uuid4

from collector.loading.dead_letters import report_damage
from collector.loading.intake import Intake
from collector.loading.statistics import LoadReport
from collector.log import Body, LogReader, Position
from collector.settings import CollectorSettings
from store.clock import Clock, utc_now
from store.port import Store

__all__ = ["LoadReport", "Loader", "load_bodies", "read_position"]

_log = logging.getLogger(__name__)

READ_BYTES: Final = 8 << 20
"""Bytes of the log, mostly compressed, that make one transaction under load."""
_READ_BODIES: Final = 8192
_PAUSE_S: Final = 0.5
"""Least time from one load to the next one that is not full: small loads cost nearly as much as larger ones."""
_DROP_EVERY_S: Final = 10.0
_BACKOFFS_S: Final = (0.1, 0.5, 1.0, 2.0, 5.0)


class Loader:
    """Loads what the front logged; one thread calls it."""

    def __init__(
        self,
        intake: Intake,
        reader: LogReader,
        settings: CollectorSettings | None = None,
        clock: Clock = utc_now,
        *,
        read_bytes: int = READ_BYTES,
    ) -> None:
        self._reader = reader
        self._settings = settings or CollectorSettings()
        self._clock = clock
        self._read_bytes = read_bytes
        self._dropped_at = 0.0
        self.failures = 0
        """How often the store could not be written."""
        self.last_error: str | None = None
        """Why nothing can be loaded now; None while loading works."""
        self._intake = intake
        reader.seek(read_position(intake.store))

    @property
    def backlog_bytes(self) -> int:
        """Bytes of the log that are acknowledged and not yet loaded."""
        return self._reader.unread_bytes()

    def load_once(self) -> LoadReport | None:
        """Load the next bodies of the log; None when there is nothing to load.

        Raises:
            StoreUnavailable: Nothing was skipped; the next call tries the same bodies again.
        """
        start = self._reader.position
        read = self._reader.read(self._read_bytes, _READ_BODIES)
        if read.next is None or not (read.bodies or read.damages):
            return None
        try:
            report = self._intake.load(
                read.bodies,
                batch_id=f"log:{read.next.segment}:{read.next.offset}",
                position=read.next,
                letters=[report_damage(damage, self._clock()) for damage in read.damages],
            )
        except BaseException:
            self._reader.seek(start)
            raise
        self._drop_loaded(read.next)
        return report

    def run(self, wake: Callable[[], object], stop: Event) -> None:
        """Load until `stop` is set and nothing is left.

        Args:
            wake: Returns when there may be something to load.
            stop: Ends the loop; what is logged before is loaded first, unless the store fails.
        """
        while True:
            is_last = stop.is_set()
            began = time.monotonic()
            report = self._load_patiently(stop)
            if report is None:
                if is_last:
                    return
                wake()
            elif report.read_bytes < self._read_bytes:
                stop.wait(max(0.0, began + _PAUSE_S - time.monotonic()))

    def _load_patiently(self, stop: Event) -> LoadReport | None:
        """Load the next bodies, and try again for as long as the store fails."""
        for delay_s in chain(_BACKOFFS_S, repeat(_BACKOFFS_S[-1])):
            try:
                report = self.load_once()
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # noqa: BLE001 (the loop that must never end, no library's panic either)
                self.failures += 1
                self.last_error = f"{type(error).__name__}: {error}"
                _log.exception(
                    "loading failed; the bodies stay in the log and are tried again in %s s", delay_s
                )
                if stop.is_set():
                    return None
                stop.wait(delay_s)
            else:
                self.last_error = None
                return report
        raise AssertionError

    def _drop_loaded(self, position: Position) -> None:
        if time.monotonic() - self._dropped_at < _DROP_EVERY_S:
            return
        self._dropped_at = time.monotonic()
        try:
            self._reader.drop_loaded(
                position,
                grace=self._settings.log_grace,
                keep_bytes=self._settings.log_keep_bytes,
                clock=self._clock,
            )
        except OSError as error:
            _log.warning("loaded segments of the log cannot be deleted: %s", error)


def read_position(store: Store) -> Position | None:
    """Return how far the log is loaded; None before the first load."""
    progress = store.select("loading/progress").row(0, named=True)
    if progress["segment"] is None:
        return None
    return Position(progress["segment"], progress["log_offset"])


def load_bodies(
    store: Store, bodies: Sequence[Body], *, is_import: bool, position: Position | None = None
) -> LoadReport:
    """Write what is new in the bodies while nobody else loads, in one transaction unless something in them fails.

    Raises:
        StoreUnavailable: The store cannot be written now; load the same bodies again later.
    """
    return Intake(store).load(bodies, batch_id=f"bodies:{uuid4()}", position=position, is_import=is_import)
