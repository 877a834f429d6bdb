"""Delivery: at least once, in order, with patience."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.channel import Channel
from alerts.channels.slack import SlackChannel
from alerts.channels.webhook import WebhookChannel
from alerts.outbox import Outbox, Patience
from store import Control
from store.configuration.secrets import SecretUrl
from store.control import alerting
from store.control.alerting import OutboxRow
from store.errors import StoreUnavailable
from tests.alerts.building import START, SteppedClock, a_message, an_item
from tests.alerts.lookalikes import HttpLookalike

PATIENCE = Patience(pause_after_failure=timedelta(0))


def put(control: Control, key: str, *, channel: str = "hook", group: str = "g", **changes: Any) -> None:
    message = a_message(an_item(fingerprint=key))
    row = OutboxRow(
        **{
            "idempotency_key": key,
            "channel": channel,
            "group_key": group,
            "decided_at": START,
            "reason": "first_notification",
            "subject": message.subject,
            "payload": msgspec.to_builtins(message),
            **changes,
        }
    )
    with control.begin() as connection:
        alerting.enqueue(connection, row)


def read(control: Control) -> dict[str, OutboxRow]:
    with control.read() as connection:
        return {row.idempotency_key: row for row in alerting.list_notifications(connection)}


def hook(http: HttpLookalike, name: str = "hook", **changes: Any) -> WebhookChannel:
    return WebhookChannel(name, SecretUrl(f"{http.url}/{name}/secretpath"), **changes)


def an_outbox(control: Control, clock: SteppedClock, *channels: Channel, **changes: Any) -> Outbox:
    given = {"clock": clock, "patience": PATIENCE, "draw": lambda: 0.0, **changes}
    return Outbox(control, {channel.name: channel for channel in channels}, **given)


def keys(http: HttpLookalike) -> list[str]:
    return [request.headers["Idempotency-Key"] for request in http.requests]


def test_message_is_delivered_and_settled(control: Control, clock: SteppedClock, http: HttpLookalike) -> None:
    put(control, "a")
    assert an_outbox(control, clock, hook(http)).deliver_due() == 1
    row = read(control)["a"]
    assert (row.state, row.attempts, row.delivered_at) == ("delivered", 1, START)
    assert keys(http) == ["a"]


def test_server_error_is_retried_with_the_same_key_until_it_is_taken(
    control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    http.answers += [(500, {}, "oops"), (503, {}, "later")]
    put(control, "a")
    outbox = an_outbox(control, clock, hook(http))
    assert outbox.deliver_due() == 1
    assert outbox.deliver_due() == 0
    clock.advance(seconds=5)
    assert outbox.deliver_due() == 1
    clock.advance(seconds=5)
    assert outbox.deliver_due() == 0, "the second wait is longer"
    clock.advance(seconds=5)
    assert outbox.deliver_due() == 1
    assert keys(http) == ["a", "a", "a"]
    assert (read(control)["a"].state, read(control)["a"].attempts) == ("delivered", 3)


def test_retry_after_is_honoured(control: Control, clock: SteppedClock, http: HttpLookalike) -> None:
    http.answers.append((429, {"Retry-After": "90"}, "rate_limited"))
    put(control, "a")
    put(control, "b", group="other")
    outbox = an_outbox(control, clock, hook(http))
    assert outbox.deliver_due() == 1, "the channel asked to be left alone"
    clock.advance(seconds=89)
    assert outbox.deliver_due() == 0
    clock.advance(seconds=1)
    assert outbox.deliver_due() == 2


def test_client_error_is_dead_at_once_with_the_reason_and_without_the_secret(
    control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    http.answers.append((404, {}, "no /hook/secretpath here"))
    put(control, "a")
    outbox = an_outbox(control, clock, hook(http))
    outbox.deliver_due()
    row = read(control)["a"]
    assert (row.state, outbox.died) == ("dead", 1)
    assert row.last_error is not None
    assert "it answered 404: no *** here" in row.last_error
    assert "secret" not in row.last_error


def test_dead_message_can_be_sent_again(control: Control, clock: SteppedClock, http: HttpLookalike) -> None:
    http.answers.append((404, {}, "gone"))
    put(control, "a")
    outbox = an_outbox(control, clock, hook(http))
    outbox.deliver_due()
    with control.begin() as connection:
        alerting.replay_notification(connection, read(control)["a"].notification_id or 0, clock())
    outbox.deliver_due()
    assert read(control)["a"].state == "delivered"


def test_message_is_given_up_after_the_last_attempt(
    control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    http.answers += [(500, {}, "oops")] * 3
    put(control, "a")
    outbox = an_outbox(
        control, clock, hook(http), patience=Patience(max_attempts=3, pause_after_failure=timedelta(0))
    )
    for _ in range(3):
        assert outbox.deliver_due() == 1
        clock.advance(minutes=10)
    row = read(control)["a"]
    assert row.state == "dead"
    assert (row.last_error or "").startswith("given up after 3 attempts: ")


def test_process_that_dies_between_sending_and_settling_sends_again(
    control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    put(control, "a")
    channel = hook(http)
    with control.begin() as connection:
        row = alerting.claim_next(connection, clock(), lease=PATIENCE.lease)
    assert row is not None
    channel.send(msgspec.convert(row.payload, type(a_message())), row.idempotency_key)

    survivor = an_outbox(control, clock, channel)
    assert survivor.deliver_due() == 0, "the lease holds"
    clock.advance(seconds=PATIENCE.lease.total_seconds())
    assert survivor.deliver_due() == 1
    assert keys(http) == ["a", "a"]


def test_messages_about_one_group_keep_their_order(
    control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    http.answers.append((500, {}, "oops"))
    put(control, "firing")
    put(control, "resolved")
    put(control, "elsewhere", group="other")
    outbox = an_outbox(control, clock, hook(http))
    outbox.deliver_due()
    assert keys(http) == ["firing", "elsewhere"]
    clock.advance(seconds=5)
    outbox.deliver_due()
    assert keys(http) == ["firing", "elsewhere", "firing", "resolved"]


def test_dead_message_lets_the_next_one_of_its_group_pass(
    control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    http.answers.append((400, {}, "no"))
    put(control, "firing")
    put(control, "resolved")
    an_outbox(control, clock, hook(http)).deliver_due()
    assert [read(control)[key].state for key in ("firing", "resolved")] == ["dead", "delivered"]


def test_channel_that_is_down_does_not_hold_up_another(
    control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    down = HttpLookalike()
    down.close()
    put(control, "a", channel="down")
    put(control, "b")
    an_outbox(control, clock, hook(down, "down"), hook(http)).deliver_due()
    assert keys(http) == ["b"]


def test_channel_that_hangs_beyond_every_time_out_is_left_behind(
    control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    stuck = HttpLookalike()
    stuck.answers.append(None)
    put(control, "a", channel="stuck")
    put(control, "b")
    patience = Patience(deadline_s=0.2, pause_after_failure=timedelta(0))
    outbox = an_outbox(control, clock, hook(stuck, "stuck"), hook(http), patience=patience)
    try:
        assert outbox.deliver_due() == 2
        assert keys(http) == ["b"]
        assert "no end after 0.2 s" in (read(control)["a"].last_error or "")
        clock.advance(minutes=1)
        assert outbox.deliver_due() == 0, "nothing more is put on a channel that still hangs"
    finally:
        stuck.close()


def test_slack_is_not_sent_more_than_a_message_a_second(
    control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    put(control, "a", channel="team")
    put(control, "b", channel="team", group="other")
    outbox = an_outbox(control, clock, SlackChannel("team", SecretUrl(f"{http.url}/x")))
    assert outbox.deliver_due() == 1
    clock.advance(seconds=1)
    assert outbox.deliver_due() == 1


def test_message_to_a_channel_that_is_gone_is_dead(control: Control, clock: SteppedClock) -> None:
    put(control, "a", channel="gone")
    an_outbox(control, clock).deliver_due()
    assert read(control)["a"].last_error == "the channel 'gone' is not defined any more"


def test_message_that_cannot_be_read_is_dead(
    control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    put(control, "a", payload={"nonsense": 1})
    an_outbox(control, clock, hook(http)).deliver_due()
    assert read(control)["a"].state == "dead"


def test_deciding_the_same_twice_sends_once(
    control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    put(control, "a")
    put(control, "a")
    assert an_outbox(control, clock, hook(http)).deliver_due() == 1


def test_thread_delivers_what_comes_and_stops_cleanly(control: Control, http: HttpLookalike) -> None:
    outbox = Outbox(control, {"hook": hook(http)}, clock=lambda: START)
    outbox.start()
    try:
        put(control, "a")
        outbox.wake()
        wait_until(lambda: keys(http) == ["a"] and read(control)["a"].state == "delivered")
    finally:
        outbox.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("alert-")]
    put(control, "b")
    outbox.wake()
    assert keys(http) == ["a"]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.mark.parametrize("attempts", [1, 2, 5, 1000])
def test_wait_doubles_up_to_a_bound(attempts: int) -> None:
    patience = Patience()
    wait = patience.delay(attempts, None, 0.0)
    assert wait == min(patience.first_delay * 2 ** min(attempts - 1, 20), patience.longest_delay)


@given(st.integers(0, 10_000), st.none() | st.floats(0, 1e12), st.floats(0, 1, exclude_max=True))
def test_wait_is_bounded_whatever_the_other_side_asks(
    attempts: int, asked: float | None, jitter: float
) -> None:
    patience = Patience()
    wait = patience.delay(attempts, asked, jitter)
    assert patience.first_delay / 2 <= wait <= patience.longest_retry_after
    assert asked is None or wait >= min(timedelta(seconds=min(asked, 1e6)), patience.longest_retry_after)


def test_thread_outlives_whatever_goes_wrong_in_a_round(control: Control, http: HttpLookalike) -> None:
    troubles = [StoreUnavailable("the disk is full; make room"), RuntimeError("a bug")]

    def prepare() -> None:
        if troubles:
            raise troubles.pop(0)

    outbox = Outbox(control, {"hook": hook(http)}, clock=lambda: START, prepare=prepare)
    put(control, "a")
    outbox.start()
    try:
        wait_until(lambda: outbox.wake() or keys(http) == ["a"])
    finally:
        outbox.stop()


def test_failure_that_no_channel_foresaw_is_tried_again_and_shows_no_detail(
    control: Control, clock: SteppedClock, http: HttpLookalike, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object) -> None:
        raise KeyError("secretpath")

    put(control, "a")
    with monkeypatch.context() as patch:
        patch.setattr(WebhookChannel, "send", explode)
        an_outbox(control, clock, hook(http)).deliver_due()
    row = read(control)["a"]
    assert (row.state, row.last_error) == ("queued", "it failed in an unforeseen way (KeyError)")
