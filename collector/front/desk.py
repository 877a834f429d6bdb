"""The desk: a small process that opens the door of the HTTP listener, answers guards itself, and hands on all else.

An agent asks a guard before each call, so the answer must not wait behind bodies that are being parsed: one of 1 MB
holds the interpreter for a millisecond, one of 4 MB for nine. The desk shares no interpreter with them. It reads only
complete plain questions; any other connection goes to the front with every byte unread, so what HTTP and access demand
stands in one place. When the desk dies, the front opens the door itself.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from collector.front.access import AccessPolicy
from collector.front.answers import Forbidden
from collector.front.guards import REFRESH_S, Guards

_LONGEST_HEAD: Final = 16 << 10
_PREFIX: Final = b"GET /guards/"
_FIRST_BYTES_S: Final = 10.0
_KEEP_ALIVE_S: Final = 120.0
_SWEEP_S: Final = 1.0
_PAUSE_S: Final = 1.0
_ACCEPTED_AT_ONCE: Final = 64
_PRIORITY: Final = -10
# Questions with one of these are for the front: a body, another protocol, or a web page that wants permission.
_NOT_PLAIN: Final = frozenset((b"transfer-encoding", b"expect", b"upgrade", b"origin", b"te", b"trailer"))


@dataclass(frozen=True, slots=True)
class Question:
    """A complete plain GET of a guard."""

    size: int
    """Bytes of it."""
    path: str
    """As written, percent signs included."""
    query: str
    host: bytes | None
    is_last: bool
    """The client wants the connection closed."""


def read_question(data: bytes) -> Question | None:
    """Return the question that the bytes begin with; None when they are anything else."""
    end = data.find(b"\r\n\r\n")
    if end < 0 or not data.startswith(_PREFIX):
        return None
    first, *lines = data[:end].split(b"\r\n")
    words = first.split(b" ")
    if len(words) != 3 or words[2] != b"HTTP/1.1" or not first.isascii():
        return None
    host, is_last = None, False
    for line in lines:
        name, colon, value = line.partition(b":")
        name, value = name.lower(), value.strip()
        if not colon or not name or name != name.strip() or name in _NOT_PLAIN:
            return None
        if name == b"host":
            if host is not None:
                return None
            host = value
        elif name == b"connection":
            is_last = value.lower() == b"close"
            if not is_last and value.lower() != b"keep-alive":
                return None
        elif (name == b"content-length" and value != b"0") or (
            name == b"accept" and b"event-stream" in value
        ):
            return None
    path, _, query = words[1].decode("ascii").partition("?")
    return Question(end + 4, path, query, host, is_last)


@dataclass(slots=True)
class _Caller:
    connection: socket.socket
    closes_at: float


class Desk:
    """Accepts connections for as long as the front lives."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        front: socket.socket,
        guards: Guards,
        access: AccessPolicy,
    ) -> None:
        """Take the listeners, and the end of a pair of stream sockets whose other end the front has."""
        self._listeners = listeners
        self._front = front
        self._guards = guards
        self._access = access
        self._callers: dict[int, _Caller] = {}
        self._leaving: deque[socket.socket] = deque()
        self._selector = selectors.DefaultSelector()
        self._accepts_from = 0.0

    def run(self) -> None:
        """Serve until the front is gone."""
        self._front.setblocking(False)
        self._selector.register(self._front, selectors.EVENT_READ, self._front)
        self._guards.refresh()
        self._listen()
        refresh_at = sweep_at = 0.0
        while True:
            for key, events in self._selector.select(REFRESH_S):
                if key.fileobj is self._front:
                    if events & selectors.EVENT_READ:
                        return
                    self._hand_over_waiting()
                elif isinstance(key.data, _Caller):
                    self._hear(key.data)
                else:
                    self._accept(key.data)
            now = time.monotonic()
            if now >= refresh_at:
                self._guards.refresh()
                refresh_at = now + REFRESH_S
            if now >= sweep_at:
                self._sweep(now)
                sweep_at = now + _SWEEP_S

    def _listen(self) -> None:
        for listener in self._listeners:
            self._selector.register(listener, selectors.EVENT_READ, listener)

    def _accept(self, listener: socket.socket) -> None:
        if self._accepts_from:
            return
        now = time.monotonic()
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, ConnectionError, InterruptedError):
                return
            except OSError:
                # Out of descriptors or memory: the listener stays readable, and asking on would only burn time.
                self._accepts_from = now + _PAUSE_S
                for each in self._listeners:
                    self._selector.unregister(each)
                return
            connection.setblocking(False)
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            caller = _Caller(connection, now + _FIRST_BYTES_S)
            self._callers[connection.fileno()] = caller
            self._selector.register(connection, selectors.EVENT_READ, caller)
            # Most clients send at once.
            self._hear(caller)

    def _hear(self, caller: _Caller) -> None:
        """Answer the next question of a caller, or let the front have it."""
        try:
            data = caller.connection.recv(_LONGEST_HEAD, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._forget(caller).close()
            return
        question = read_question(data)
        answer = self._find_answer(question) if question else None
        if question is None or answer is None:
            self._hand_over(self._forget(caller))
            return
        caller.closes_at = time.monotonic() + _KEEP_ALIVE_S
        ending = b"connection: close\r\n" if question.is_last else b""
        reply = (
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: no-store\r\n"
            b"content-length: %d\r\n%b\r\n%b" % (len(answer), ending, answer)
        )
        try:
            caller.connection.recv(question.size)
            is_sent = caller.connection.send(reply) == len(reply)
        except OSError:
            is_sent = False
        # A caller that does not read its answers gets no further ones.
        if question.is_last or not is_sent:
            self._forget(caller).close()

    def _find_answer(self, question: Question) -> bytes | None:
        try:
            self._access.check_host(question.host)
        except Forbidden:
            return None
        return self._guards.answer(question.path, question.query)

    def _hand_over(self, connection: socket.socket) -> None:
        self._leaving.append(connection)
        if len(self._leaving) == 1:
            self._hand_over_waiting()

    def _hand_over_waiting(self) -> None:
        while self._leaving:
            try:
                socket.send_fds(self._front, [b"\0"], [self._leaving[0].fileno()])
            except BlockingIOError:
                break
            except OSError:
                # The front is gone; the loop learns it next.
                self._leaving.clear()
                break
            self._leaving.popleft().close()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._leaving else 0)
        self._selector.modify(self._front, wanted, self._front)

    def _forget(self, caller: _Caller) -> socket.socket:
        self._selector.unregister(caller.connection)
        del self._callers[caller.connection.fileno()]
        return caller.connection

    def _sweep(self, now: float) -> None:
        for caller in [caller for caller in self._callers.values() if now >= caller.closes_at]:
            self._forget(caller).close()
        if self._accepts_from and now >= self._accepts_from:
            self._accepts_from = 0.0
            self._listen()


def fork_desk(
    listeners: Sequence[socket.socket], guards: Guards, access: AccessPolicy, unneeded: Sequence[int | None]
) -> tuple[int, socket.socket]:
    """Start the desk; return its process id and the socket that brings connections from it.

    It is forked before the front has any thread, so it shares the front's memory; `unneeded` descriptors are closed
    in it. The socket ends when the desk has died.
    """
    ours, its = socket.socketpair()
    gc.collect()
    gc.freeze()
    pid = os.fork()
    if pid:
        its.close()
        ours.setblocking(False)
        return pid, ours
    status = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            # The front decides when it is over: until it has ended, somebody must open the door.
            signal.signal(number, signal.SIG_IGN)
        ours.close()
        for descriptor in unneeded:
            if descriptor is not None:
                os.close(descriptor)
        with contextlib.suppress(OSError, AttributeError):
            # Its answers take microseconds, and agents wait for them; allowed to the privileged only.
            os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)
        Desk(listeners, its, guards, access).run()
        status = 0
    finally:
        os._exit(status)
