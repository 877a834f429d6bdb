"""Killed between sending and settling, a process sends again with the same key, and nothing is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from store import open_control
from store.control import alerting
from tests.alerts.lookalikes import OK, HttpLookalike


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def start(directory: Path, http: HttpLookalike, rate: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.alerts.victim", str(directory), f"{http.url}/hook", str(rate)]
    )


def kill_at_request(number: int, directory: Path, http: HttpLookalike, rate: float) -> None:
    """Kill the process while it waits for the answer to its `number`th request."""
    before = len(http.requests)
    http.answers += [*[OK] * (number - 1), None]
    process = start(directory, http, rate)
    try:
        wait_until(lambda: len(http.requests) == before + number)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def run_until_all_is_delivered(directory: Path, http: HttpLookalike, rate: float) -> None:
    process = start(directory, http, rate)
    control = open_control(directory)

    def is_done() -> bool:
        with control.read() as connection:
            return all(row.state == "delivered" for row in alerting.list_notifications(connection))

    try:
        wait_until(is_done)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        control.close()


def test_message_that_was_sent_and_not_settled_is_sent_again_and_none_is_lost(
    tmp_path: Path, http: HttpLookalike
) -> None:
    kill_at_request(1, tmp_path, http, 0.5)
    kill_at_request(2, tmp_path, http, 0.99)
    run_until_all_is_delivered(tmp_path, http, 0.99)

    heard = [(request.headers["Idempotency-Key"], request.body["status"]) for request in http.requests]
    assert [status for _, status in heard] == ["firing", "firing", "resolved", "resolved"]
    assert len(set(heard)) == 2, "one key for each message, however often it was sent"
