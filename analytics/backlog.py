"""What waits for the jobs of the chain, since when, and when it is done at the pace it goes."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from store import Store
    from store.clock import Clock

_LEAST_MEASURED: Final = timedelta(seconds=2)
"""Time after which a pace says something."""


@dataclass(frozen=True)
class Backlog:
    """Work of one kind that waits for a job, or waited and is done."""

    job: str
    unit: str
    """What is counted: spans, touched traces, conversations, hours, days."""
    waiting: int
    done: int
    """How much of it was done since there was none."""
    since: datetime | None
    """When the oldest of it was loaded; None where no load brought it, or nothing waits."""
    ends_at: datetime | None
    """When it is done at the pace since there was none; None where that is not known yet."""


@dataclass
class _Stretch:
    """The time since something waits."""

    began_at: datetime
    waiting: int
    done: int = 0


class BacklogMeter:
    """Reads what waits; between two readings it remembers how much was done, and since when."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._stretches: dict[tuple[str, str], _Stretch] = {}
        self._lock = threading.Lock()

    def read(self) -> list[Backlog]:
        """Return what waits for each job, in the order of the chain, jobs that nothing waits for included."""
        now = self._clock()
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        rows = self._store.select("jobs/waiting", {"today": today})
        with self._lock:
            return [self._measure(now, *row) for row in rows.iter_rows()]

    def _measure(self, now: datetime, job: str, unit: str, waiting: int, since: datetime | None) -> Backlog:
        stretch = self._stretches.setdefault((job, unit), _Stretch(now, waiting))
        stretch.done += max(0, stretch.waiting - waiting)
        stretch.waiting = waiting
        if waiting == 0:
            del self._stretches[job, unit]
            return Backlog(job, unit, 0, stretch.done, None, None)
        elapsed = now - stretch.began_at
        is_known = stretch.done > 0 and elapsed >= _LEAST_MEASURED
        ends_at = now + elapsed * (waiting / stretch.done) if is_known else None
        told = None if since is None else since.replace(tzinfo=UTC)
        return Backlog(job, unit, waiting, stretch.done, told, ends_at)
