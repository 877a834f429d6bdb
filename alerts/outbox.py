"""Delivers what was decided: at least once, in order for each group, with patience for whoever is down.

A message waits in the control state from the transaction that decided it until a channel took it, or it is dead. A
process that dies between sending and settling sends again after the lease, with the same idempotency key.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from alerts.channels.channel import Channel, Receipt
from alerts.messages.model import Message
from alerts.messages.texts import clean_line
from store import Control
from store.clock import Clock
from store.control import alerting
from store.control.alerting import OutboxRow
from store.errors import DeliveryFailed, SpanledgerError

_log = logging.getLogger(__name__)

_LONGEST_ERROR: Final = 500
_IDLE_WAIT_S: Final = 5.0
_STOP_GRACE_S: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long deliveries are tried, and how they wait in between."""

    first_delay: timedelta = timedelta(seconds=5)
    longest_delay: timedelta = timedelta(minutes=10)
    longest_retry_after: timedelta = timedelta(hours=1)
    max_attempts: int = 150
    """About a day at the longest delay."""
    lease: timedelta = timedelta(minutes=2)
    """Longer than a send may take; after it, a message whose sender died is sent again."""
    deadline_s: float = 60.0
    """Hard bound of one send, name resolution included, which has no time-out of its own."""
    pause_after_failure: timedelta = timedelta(seconds=30)
    """A channel that failed is left alone for at most this long, unless it asks for more."""

    def delay(self, attempts: int, retry_after_s: float | None, jitter: float) -> timedelta:
        """Return the wait after the given number of attempts; `jitter` in [0, 1) takes up to half of it away."""
        doubled = self.first_delay * 2 ** min(attempts - 1, 30) if attempts > 0 else self.first_delay
        wait = min(doubled, self.longest_delay) * (1 - jitter / 2)
        asked = min(timedelta(seconds=min(retry_after_s or 0, 1e6)), self.longest_retry_after)
        return max(wait, asked)


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
        self._channels = channels
        self._clock = clock
        self._patience = patience or Patience()
        self._draw = draw
        self._prepare = prepare
        self._resting: dict[str, datetime] = {}
        self._stuck: dict[str, threading.Thread] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.delivered = 0
        self.failed_attempts = 0
        self.died = 0

    @property
    def progress(self) -> int:
        """A number that grows with every attempt to deliver."""
        return self.delivered + self.failed_attempts

    def start(self) -> None:
        """Deliver in a thread of its own until `stop`."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="alert-delivery", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; a send under way gets a moment, and is repeated by the next process if that is too short."""
        thread, self._thread = self._thread, None
        self._stopping.set()
        self._wake.set()
        if thread is not None:
            thread.join(_STOP_GRACE_S)

    def wake(self) -> None:
        """Look at the outbox now: something was put into it."""
        self._wake.set()

    def deliver_due(self) -> int:
        """Try every message that is due once, and return how many were tried."""
        tried = 0
        while not self._stopping.is_set() and self._deliver_next():
            tried += 1
        return tried

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                prepare_at = self._prepare()
                self.deliver_due()
                wait_s = self._find_wait_s()
                if prepare_at is not None:
                    wait_s = min(wait_s, max(0.05, (prepare_at - self._clock()).total_seconds()))
            except SpanledgerError as error:
                _log.warning("alerts cannot be delivered now: %s", error)
                wait_s = _IDLE_WAIT_S
            except Exception:  # noqa: BLE001 - the thread must outlive whatever a channel does
                _log.exception("the delivery of alerts failed; it goes on")
                wait_s = _IDLE_WAIT_S
            self._wake.wait(wait_s)

    def _find_wait_s(self) -> float:
        with self._control.read() as connection:
            due_at = alerting.find_next_attempt(connection)
        if due_at is None:
            return _IDLE_WAIT_S
        wait_s = (due_at - self._clock()).total_seconds()
        resting = [(until - self._clock()).total_seconds() for until in self._resting.values()]
        if wait_s <= 0:  # due, but its channel rests or an earlier message of its group waits
            wait_s = min((s for s in resting if s > 0), default=_IDLE_WAIT_S)
        return min(max(wait_s, 0.05), _IDLE_WAIT_S)

    def _deliver_next(self) -> bool:
        now = self._clock()
        self._resting = {name: until for name, until in self._resting.items() if until > now}
        resting = [*self._resting, *(name for name, thread in self._stuck.items() if thread.is_alive())]
        with self._control.begin() as connection:
            row = alerting.claim_next(connection, now, lease=self._patience.lease, without_channels=resting)
        if row is None or row.notification_id is None:
            return False
        try:
            receipt = self._send(row)
        except DeliveryFailed as error:
            self._settle_failure(row, row.notification_id, error)
        else:
            with self._control.begin() as connection:
                alerting.settle_delivered(connection, row.notification_id, self._clock(), note=receipt.note)
            self.delivered += 1
            pause_s = self._channels[row.channel].pause_s
            if pause_s:
                self._rest(row.channel, timedelta(seconds=pause_s))
        return True

    def _send(self, row: OutboxRow) -> Receipt:
        channel = self._channels.get(row.channel)
        if channel is None:
            raise DeliveryFailed(f"the channel {row.channel!r} is not defined any more", retry=False)
        try:
            message = msgspec.convert(row.payload, Message)
        except msgspec.ValidationError as error:
            raise DeliveryFailed(
                f"the message was written by another version: {error}", retry=False
            ) from error
        return self._send_in_time(channel, message, row.idempotency_key)

    def _send_in_time(self, channel: Channel, message: Message, idempotency_key: str) -> Receipt:
        """Send in a thread of its own: a channel that hangs for ever holds up nobody else."""
        outcome: list[Receipt | BaseException] = []

        def send() -> None:
            try:
                outcome.append(channel.send(message, idempotency_key))
            except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
                outcome.append(error)

        thread = threading.Thread(target=send, name=f"alert-send-{channel.name}", daemon=True)
        thread.start()
        thread.join(self._patience.deadline_s)
        if not outcome:
            self._stuck[channel.name] = thread
            raise DeliveryFailed(f"no end after {self._patience.deadline_s:g} s", retry=True)
        if isinstance(outcome[0], DeliveryFailed):
            raise outcome[0]
        if isinstance(outcome[0], BaseException):
            kind = type(outcome[0]).__name__
            _log.error("the channel %s failed in an unforeseen way: %s", channel.name, kind)
            raise DeliveryFailed(f"it failed in an unforeseen way ({kind})", retry=True)
        return outcome[0]

    def _settle_failure(self, row: OutboxRow, notification_id: int, error: DeliveryFailed) -> None:
        self.failed_attempts += 1
        reason, next_attempt_at = clean_line(str(error), _LONGEST_ERROR), None
        is_over = row.attempts >= self._patience.max_attempts
        if error.retry and not is_over:
            delay = self._patience.delay(row.attempts, error.retry_after_s, self._draw())
            next_attempt_at = self._clock() + delay
            rest = delay if error.retry_after_s else min(delay, self._patience.pause_after_failure)
            self._rest(row.channel, rest)
        elif error.retry:
            reason = f"given up after {row.attempts} attempts: {reason}"
        with self._control.begin() as connection:
            alerting.settle_failed(connection, notification_id, reason, next_attempt_at=next_attempt_at)
        if next_attempt_at is None:
            self.died += 1
            _log.error("notification %s to %s is dead: %s", notification_id, row.channel, reason)
        else:
            _log.warning("notification %s to %s waits: %s", notification_id, row.channel, reason)

    def _rest(self, channel: str, pause: timedelta) -> None:
        self._resting[channel] = self._clock() + pause
