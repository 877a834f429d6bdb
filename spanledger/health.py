"""Figures of the installation's own health, for the alerts that watch it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from analytics.scheduler import Scheduler
from spanledger.config import Config
from store import Store
from store.clock import Clock

if TYPE_CHECKING:
    from collector.loader import Loader

_HOUR = timedelta(hours=1)
_MILLISECOND = timedelta(milliseconds=1)


class HealthProbe:
    """Reads the figures when asked; between two questions it remembers only since when loading stands still."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._loaded_at = clock()
        self._behind_since: datetime | None = None
        self.loader: Loader | None = None
        self.scheduler: Scheduler | None = None
        store.subscribe(self._note_load)

    def read(self) -> Mapping[str, float]:
        """Return what is known; a figure that is not is left out."""
        now = self._clock()
        disk = shutil.disk_usage(self._config.data_dir)
        letters = self._store.select("alerts/dead_letters", {"since": now - _HOUR})
        figures = {
            "disk_free_bytes": float(disk.free),
            "disk_free_rate": disk.free / disk.total,
            "dead_letters": float(letters["letters"].item()),
        }
        if self.loader is not None:
            backlog = self.loader.backlog_bytes
            figures |= {"backlog_bytes": float(backlog), "ingest_lag_ms": self._find_lag(backlog, now)}
        if self.scheduler is not None:
            statuses = self.scheduler.statuses()
            figures["failing_jobs"] = float(sum(status.consecutive_failures > 0 for status in statuses))
        return figures

    def _find_lag(self, backlog: int, now: datetime) -> float:
        """Return how long something has waited while nothing was loaded."""
        if backlog == 0:
            self._behind_since = None
            return 0.0
        self._behind_since = self._behind_since or now
        return max(0.0, (now - max(self._behind_since, self._loaded_at)) / _MILLISECOND)

    def _note_load(self, _: int) -> None:
        self._loaded_at = self._clock()
