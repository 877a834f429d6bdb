"""The door of the HTTP listener: what the desk hands on, or the front accepts once the desk has died."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

_TAKEN_AT_ONCE: Final = 64

_logger = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Entrance:
    """What the front is reached by."""

    listeners: Sequence[socket.socket]
    desk_pid: int
    desk: socket.socket
    """Brings connections, one with each byte; ends when the desk has died."""

    def close(self) -> None:
        """Close everything; the desk ends with it."""
        self.desk.close()
        for listener in self.listeners:
            listener.close()


class Door:
    """Brings connections to one event loop."""

    def __init__(self, entrance: Entrance, make_connection: Callable[[], asyncio.Protocol]) -> None:
        self._entrance = entrance
        self._make_connection = make_connection
        self._loop = asyncio.get_running_loop()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[object]] = set()

    def open(self) -> None:
        """Let connections in from now on."""
        self._loop.add_reader(self._entrance.desk, self._take)

    def close(self) -> None:
        """Let no further connection in."""
        self._loop.remove_reader(self._entrance.desk)
        for server in self._servers:
            server.close()
        self._entrance.close()

    def _take(self) -> None:
        for _ in range(_TAKEN_AT_ONCE):
            try:
                data, descriptors, _, _ = socket.recv_fds(self._entrance.desk, 1, 1)
            except BlockingIOError:
                return
            except OSError:
                data, descriptors = b"", []
            for descriptor in descriptors:
                connection = socket.socket(fileno=descriptor)
                connection.setblocking(False)
                self._start(self._loop.connect_accepted_socket(self._make_connection, connection))
            if not data:
                self._loop.remove_reader(self._entrance.desk)
                self._start(self._accept())
                return

    async def _accept(self) -> None:
        """Do without the desk; guards are answered by the front then, behind whatever it does."""
        with contextlib.suppress(ChildProcessError):
            _, status = os.waitpid(self._entrance.desk_pid, os.WNOHANG)
            _logger.error("guard_desk_died", status=status)
        for listener in self._entrance.listeners:
            self._servers.append(await self._loop.create_server(self._make_connection, sock=listener))

    def _start(self, coroutine: object) -> None:
        task = self._loop.create_task(coroutine)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
