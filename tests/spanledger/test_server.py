"""The core's server is quiet while nothing happens, and quick to end."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import uvicorn

from spanledger.api.server import QuietServer


class Counting(QuietServer):
    ticks = 0

    async def on_tick(self, counter: int) -> bool:
        self.ticks += 1
        return await super().on_tick(counter)


async def answer_nothing(scope: Any, receive: Any, send: Any) -> None:
    """Be an application."""


def test_server_looks_at_the_clock_once_a_second_and_ends_at_once() -> None:
    server = Counting(uvicorn.Config(answer_nothing, port=0, lifespan="off", log_config=None))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    until = time.monotonic() + 30
    while server.ticks < 2 and time.monotonic() < until:
        time.sleep(0.01)
    second_tick_at = time.monotonic()
    server.end()
    thread.join(30)
    assert server.ticks == 3, "the third saw that it is over"
    assert time.monotonic() - second_tick_at < 0.9
