"""A dead man's switch: something outside is told again and again that alerting works, and alarms when that stops."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from alerts.channels.fields import read_timeout_s, read_url
from alerts.channels.posting import Poster
from store.clock import Clock
from store.configuration.secrets import SecretUrl
from store.configuration.section import Section
from store.errors import DeliveryFailed

_log = logging.getLogger(__name__)

_EVERY: Final = timedelta(minutes=1)
_SHORTEST: Final = timedelta(seconds=10)
_SOON: Final = timedelta(seconds=10)
"""After a beat that did not arrive, and before rules are evaluated first: a long period would alarm for a restart."""
_MISSED: Final = timedelta(minutes=5)
"""Rules are evaluated at least every minute; after this long without, alerting does not work."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The [heartbeat] table."""

    url: SecretUrl
    every: timedelta
    timeout_s: float

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the heartbeat that the table writes."""
        found = cls(
            read_url(section), section.duration("every", _EVERY, least=_SHORTEST), read_timeout_s(section)
        )
        section.finish()
        return found

    def describe(self) -> str:
        """Return where it goes and how often."""
        return f"{self.url.origin} every {self.every.total_seconds():g} s"


class Pulse:
    """Beats while rules are evaluated."""

    def __init__(
        self,
        find_heartbeat: Callable[[], Heartbeat | None],
        find_evaluated_at: Callable[[], datetime | None],
        clock: Clock,
    ) -> None:
        self._find_heartbeat = find_heartbeat
        self._find_evaluated_at = find_evaluated_at
        self._clock = clock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Beat in a thread of its own until `stop`."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="alert-heartbeat", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread = None

    def beat(self) -> bool:
        """Send one beat, unless there is no switch or alerting does not work; return whether it was taken."""
        heartbeat, evaluated_at = self._find_heartbeat(), self._find_evaluated_at()
        if heartbeat is None or evaluated_at is None or self._clock() - evaluated_at > _MISSED:
            return False
        try:
            Poster("heartbeat", heartbeat.url, heartbeat.timeout_s).post(
                {"status": "alerting works", "evaluated_at": evaluated_at}, needs_answer=False
            )
        except DeliveryFailed as error:
            _log.warning("the heartbeat was not taken: %s", error)
            return False
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            is_taken = self.beat()
            took = timedelta(seconds=time.monotonic() - began)
            wait = find_wait(self._find_heartbeat(), is_taken=is_taken, took=took)
            self._stopping.wait(wait.total_seconds())


def find_wait(heartbeat: Heartbeat | None, *, is_taken: bool, took: timedelta) -> timedelta:
    """Return how long to wait after a beat that took so long: until a period after its beginning, if it arrived."""
    if heartbeat is None:
        return _EVERY
    return max(heartbeat.every - took, timedelta(0)) if is_taken else min(heartbeat.every, _SOON)
