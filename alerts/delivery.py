"""Delivers the messages of one channel: one at a time, at least once, with patience for whoever is down.

A message waits in the control state from the transaction that decided it until the channel took it, or it is dead. A
process that dies between sending and settling sends again after the lease, with the same idempotency key.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from alerts.channels.channel import Channel, Receipt, Thread
from alerts.messages.model import Message
from alerts.messages.texts import clean_line
from store import Control
from store.clock import Clock
from store.control import alerting, threads
from store.control.alerting import OutboxRow
from store.errors import DeliveryFailed

_log = logging.getLogger(__name__)

_LONGEST_ERROR: Final = 500


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


class Lane:
    """The way of all messages to one channel; what happens to another channel does not concern it."""

    def __init__(
        self,
        control: Control,
        channel: Channel,
        *,
        clock: Clock,
        patience: Patience,
        draw: Callable[[], float],
    ) -> None:
        self._control = control
        self._channel = channel
        self._clock = clock
        self._patience = patience
        self._draw = draw
        self._resting_until: datetime | None = None
        self._stuck: threading.Thread | None = None
        self.delivered = 0
        self.failed_attempts = 0
        self.died = 0

    @property
    def name(self) -> str:
        """Name of the channel."""
        return self._channel.name

    def deliver_next(self) -> bool:
        """Try the message that is due first; return whether there was one."""
        now = self._clock()
        if self._find_rest_s(now) > 0 or (self._stuck is not None and self._stuck.is_alive()):
            return False
        with self._control.read() as connection:
            due_at = alerting.find_next_attempt(connection, self.name)
        if due_at is None or due_at > now:
            return False
        with self._control.begin() as connection:
            row = alerting.claim_next(connection, now, lease=self._patience.lease, channel=self.name)
            handle = threads.find_thread(connection, self.name, row.group_key) if row else None
        if row is None or row.notification_id is None:
            return False
        try:
            message = read_message(row)
            receipt = self._send_in_time(message, row.idempotency_key, Thread(handle, row.attempts))
        except DeliveryFailed as error:
            self._settle_failure(row, row.notification_id, error)
        else:
            self._settle_success(row, row.notification_id, message, receipt)
        return True

    def find_wait_s(self, longest_s: float) -> float:
        """Return the seconds until there may be something to do, unless woken before."""
        now = self._clock()
        with self._control.read() as connection:
            due_at = alerting.find_next_attempt(connection, self.name)
        if due_at is None:
            return longest_s
        wait_s, rest_s = (due_at - now).total_seconds(), self._find_rest_s(now)
        if wait_s <= 0 and rest_s <= 0:  # due, but an earlier message of its group waits, or a send is stuck
            return min(1.0, longest_s)
        return min(max(wait_s, rest_s, 0.05), longest_s)

    def _find_rest_s(self, now: datetime) -> float:
        return 0.0 if self._resting_until is None else (self._resting_until - now).total_seconds()

    def _send_in_time(self, message: Message, idempotency_key: str, thread: Thread) -> Receipt:
        """Send in a thread of its own: a channel that hangs for ever does not keep the lane from ending."""
        outcome: list[Receipt | BaseException] = []

        def send() -> None:
            try:
                outcome.append(self._channel.send(message, idempotency_key, thread))
            except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
                outcome.append(error)

        sender = threading.Thread(target=send, name=f"alert-send-{self.name}", daemon=True)
        sender.start()
        sender.join(self._patience.deadline_s)
        if not outcome:
            self._stuck = sender
            raise DeliveryFailed(f"no end after {self._patience.deadline_s:g} s", retry=True)
        if isinstance(outcome[0], DeliveryFailed):
            raise outcome[0]
        if isinstance(outcome[0], BaseException):
            kind = type(outcome[0]).__name__
            _log.error("the channel %s failed in an unforeseen way: %s", self.name, kind)
            raise DeliveryFailed(f"it failed in an unforeseen way ({kind})", retry=True)
        return outcome[0]

    def _settle_success(
        self, row: OutboxRow, notification_id: int, message: Message, receipt: Receipt
    ) -> None:
        now = self._clock()
        with self._control.begin() as connection:
            alerting.settle_delivered(connection, notification_id, now, note=receipt.note)
            if message.status == "resolved" and row.reason != "newly_resolved":
                threads.end_thread(connection, self.name, row.group_key)
            elif receipt.handle is not None:
                threads.begin_thread(connection, self.name, row.group_key, receipt.handle, now)
        self.delivered += 1
        if self._channel.pause_s:
            self._resting_until = now + timedelta(seconds=self._channel.pause_s)

    def _settle_failure(self, row: OutboxRow, notification_id: int, error: DeliveryFailed) -> None:
        self.failed_attempts += 1
        reason, next_attempt_at = clean_line(str(error), _LONGEST_ERROR), None
        is_over = row.attempts >= self._patience.max_attempts
        if error.retry and not is_over:
            delay = self._patience.delay(row.attempts, error.retry_after_s, self._draw())
            now = self._clock()
            next_attempt_at = now + delay
            rest = delay if error.retry_after_s else min(delay, self._patience.pause_after_failure)
            self._resting_until = now + rest
        elif error.retry:
            reason = f"given up after {row.attempts} attempts: {reason}"
        with self._control.begin() as connection:
            alerting.settle_failed(connection, notification_id, reason, next_attempt_at=next_attempt_at)
        if next_attempt_at is None:
            self.died += 1
            _log.error("notification %s to %s is dead: %s", notification_id, self.name, reason)
        else:
            _log.warning("notification %s to %s waits: %s", notification_id, self.name, reason)


def read_message(row: OutboxRow) -> Message:
    """Return the message of a row.

    Raises:
        DeliveryFailed: Another version wrote it in another form.
    """
    try:
        return msgspec.convert(row.payload, Message)
    except msgspec.ValidationError as error:
        raise DeliveryFailed(f"the message was written by another version: {error}", retry=False) from error
