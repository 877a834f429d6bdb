"""Runs a lane for each channel over the outbox, so that none waits for another."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from alerts.channels.channel import Channel
from alerts.delivery import Lane, Patience
from store import Control
from store.clock import Clock
from store.control import alerting
from store.errors import SpanledgerError

__all__ = ["Outbox", "Patience"]

_log = logging.getLogger(__name__)

_IDLE_WAIT_S: Final = 5.0
_STOP_GRACE_S: Final = 15.0


class Outbox:
    """The one deliverer of a process."""

    def __init__(
        self,
        control: Control,
        channels: Mapping[str, Channel],
        *,
        clock: Clock,
        patience: Patience | None = None,
        draw: Callable[[], float] = random.random,
        prepare: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        """Prepare to deliver; `prepare` is called before each round and returns when it must be called again."""
        self._control = control
        self._clock = clock
        self._patience = patience or Patience()
        self._draw = draw
        self._prepare = prepare
        self._stopping = threading.Event()
        self._wakes: dict[str, threading.Event] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._clerk_wake = threading.Event()
        self._clerk: threading.Thread | None = None
        self._settled_orphans = 0
        self._gone: list[Lane] = []
        self._lanes: dict[str, Lane] = {}
        self.use_channels(channels)

    def use_channels(self, channels: Mapping[str, Channel]) -> None:
        """Deliver to these from now on; the send under way to one that is gone or changed ends as it began."""
        self._gone += self._lanes.values()
        self._lanes = {
            name: Lane(self._control, channel, clock=self._clock, patience=self._patience, draw=self._draw)
            for name, channel in channels.items()
        }
        if self._clerk is not None:
            self._start_lanes()

    @property
    def lanes(self) -> Mapping[str, Lane]:
        """The lane of each channel."""
        return self._lanes

    @property
    def delivered(self) -> int:
        """Messages that a channel took."""
        return sum(lane.delivered for lane in (*self._gone, *self._lanes.values()))

    @property
    def failed_attempts(self) -> int:
        """Attempts that a channel did not take."""
        return (
            sum(lane.failed_attempts for lane in (*self._gone, *self._lanes.values())) + self._settled_orphans
        )

    @property
    def died(self) -> int:
        """Messages given up."""
        return sum(lane.died for lane in (*self._gone, *self._lanes.values())) + self._settled_orphans

    @property
    def progress(self) -> int:
        """A number that grows with every attempt to deliver."""
        return self.delivered + self.failed_attempts

    def start(self) -> None:
        """Deliver in threads, one a channel, until `stop`."""
        if self._clerk is None:
            self._stopping.clear()
            self._clerk = threading.Thread(target=self._run_clerk, name="alert-outbox", daemon=True)
            self._start_lanes()
            self._clerk.start()

    def stop(self) -> None:
        """End the threads; a send under way gets a moment, and is repeated by the next process if that is too short."""
        clerk, self._clerk = self._clerk, None
        self._stopping.set()
        self.wake()
        if clerk is not None:
            clerk.join(_STOP_GRACE_S)
        for thread in self._threads.values():
            thread.join(_STOP_GRACE_S)
        self._threads.clear()

    def wake(self) -> None:
        """Look at the outbox now: something was put into it."""
        self._clerk_wake.set()
        self._wake_lanes()

    def deliver_due(self) -> int:
        """Try every message that is due once, here and now, and return how many were tried."""
        tried = 0
        while not self._stopping.is_set():
            steps = [lane.deliver_next() for lane in self._lanes.values()]
            steps.append(self._settle_orphan())
            if not any(steps):
                break
            tried += sum(steps)
        return tried

    def _start_lanes(self) -> None:
        for name in self._lanes:
            if name not in self._threads or not self._threads[name].is_alive():
                self._wakes[name] = threading.Event()
                thread = threading.Thread(
                    target=self._run_lane, args=(name,), name=f"alert-lane-{name}", daemon=True
                )
                self._threads[name] = thread
                thread.start()
        self._wake_lanes()

    def _wake_lanes(self) -> None:
        for wake in list(self._wakes.values()):
            wake.set()

    def _run_clerk(self) -> None:
        while not self._stopping.is_set():
            self._clerk_wake.clear()
            wait_s = _IDLE_WAIT_S
            try:
                prepare_at = self._prepare()
                if prepare_at is not None:
                    wait_s = min(wait_s, max(0.05, (prepare_at - self._clock()).total_seconds()))
                while self._settle_orphan():
                    pass
                self._wake_lanes()
            except SpanledgerError as error:
                _log.warning("alerts cannot be delivered now: %s", error)
            except Exception:  # noqa: BLE001 - the thread must outlive whatever fails in a round
                _log.exception("the delivery of alerts failed; it goes on")
            self._clerk_wake.wait(wait_s)

    def _run_lane(self, name: str) -> None:
        wake = self._wakes[name]
        while not self._stopping.is_set() and (lane := self._lanes.get(name)) is not None:
            wake.clear()
            wait_s = _IDLE_WAIT_S
            try:
                while not self._stopping.is_set() and self._lanes.get(name) is lane and lane.deliver_next():
                    pass
                wait_s = lane.find_wait_s(_IDLE_WAIT_S)
            except SpanledgerError as error:
                _log.warning("alerts cannot be delivered to %s now: %s", name, error)
            except Exception:  # noqa: BLE001 - the thread must outlive whatever a channel does
                _log.exception("the delivery of alerts to %s failed; it goes on", name)
            wake.wait(wait_s)

    def _settle_orphan(self) -> bool:
        """Give up a message whose channel is not defined any more."""
        now, known = self._clock(), tuple(self._lanes)
        with self._control.read() as connection:
            if not alerting.has_other_channels(connection, known):
                return False
        with self._control.begin() as connection:
            row = alerting.claim_next(connection, now, lease=self._patience.lease, without_channels=known)
            if row is None or row.notification_id is None:
                return False
            reason = f"the channel {row.channel!r} is not defined any more"
            alerting.settle_failed(connection, row.notification_id, reason, next_attempt_at=None)
        self._settled_orphans += 1
        _log.error("notification %s to %s is dead: %s", row.notification_id, row.channel, reason)
        return True
