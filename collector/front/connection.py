"""uvicorn's HTTP connection with bounds on everything that comes before or beside a body."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MAX_OVERHEAD_BYTES: Final = 64 << 10
_HEADER_TIMEOUT_S: Final = 10.0
_DISCARD_TIMEOUT_S: Final = 5.0


class BoundedConnection(HttpToolsProtocol):
    """Closes connections that send headers forever, or a body on after it was refused.

    A refused body is read on and thrown away for some seconds, because a client that is still sending
    sees the answer only afterwards.
    """

    _overhead_bytes = 0
    _is_complete = True
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give a new connection some seconds for its first headers."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._expect_within(_HEADER_TIMEOUT_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._drop_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and close when much came that was neither body nor the end of headers."""
        self._overhead_bytes += len(data)
        super().data_received(data)
        if self._overhead_bytes > _MAX_OVERHEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("headers are too large")

    def on_message_begin(self) -> None:
        """Start the time for the headers."""
        self._is_complete = False
        if self._deadline is None:
            self._expect_within(_HEADER_TIMEOUT_S)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End the time for the headers; the body's is the application's."""
        self._overhead_bytes = 0
        self._drop_deadline()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._overhead_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that nothing of the request is left to come."""
        self._overhead_bytes = 0
        self._is_complete = True
        self._drop_deadline()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Throw away the rest of a refused body, for a while."""
        super().on_response_complete()
        if not self._is_complete:
            self._expect_within(_DISCARD_TIMEOUT_S)

    def _expect_within(self, seconds: float) -> None:
        self._drop_deadline()
        self._deadline = self.loop.call_later(seconds, self._close_late)

    def _drop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close_late(self) -> None:
        self._deadline = None
        transport: Any = self.transport
        if not transport.is_closing():
            transport.close()
