"""OTLP over HTTP: one raw ASGI application, because a framework costs more than the rest of a small request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from collector.compression import TooLarge
from collector.front.access import AccessPolicy, preflight_headers
from collector.front.admission import Slot
from collector.front.answers import (
    JSON_TYPE,
    PROTOBUF_TYPE,
    TooSlow,
    UnknownPath,
    UnsupportedMedia,
    WrongMethod,
    codes_of,
    encode_failure,
    encode_success,
)
from collector.front.counters import FrontCounters
from collector.front.guards import Guards
from collector.front.intake import Intake
from collector.log.body import COMPRESSIONS
from store.errors import SpanledgerError
from store.terms import SIGNALS

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# What vendors' SDKs put before /v1/traces: Langfuse, LangSmith and Mastra, Google ADK's exporter.
_PREFIXES: Final = ("", "/otel", "/api/public/otel", "/agents/otel")
EXPORT_PATHS: Final = {f"{prefix}/v1/{signal}": signal for prefix in _PREFIXES for signal in SIGNALS}

_CONTENT_TYPES: Final = {
    b"application/x-protobuf": (PROTOBUF_TYPE, "protobuf"),
    b"application/protobuf": (PROTOBUF_TYPE, "protobuf"),
    b"application/json": (JSON_TYPE, "json"),
}
_ENCODINGS: Final = {b"": "identity", b"x-gzip": "gzip"} | {name.encode(): name for name in COMPRESSIONS}
GUARDS: Final = "/guards/"
_STREAM_S: Final = 1.0
_TEXT: Final = b"text/plain; charset=utf-8"

_logger = structlog.stdlib.get_logger(__name__)


class ClientGone(Exception):
    """The connection closed before the body was complete: nobody is left to answer."""


@dataclass(frozen=True, slots=True)
class Page:
    """Something small that a GET answers."""

    content_type: bytes
    read: Callable[[], bytes]


@dataclass(slots=True)
class _Request:
    """What an export needs of the headers."""

    content_type: bytes = b""
    content_encoding: bytes = b""
    content_length: bytes | None = None
    host: bytes | None = None
    origin: bytes | None = None

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[bytes, bytes]]) -> _Request:
        request = cls()
        for name, value in headers:
            match name:
                case b"content-type":
                    request.content_type = value.partition(b";")[0].strip().lower()
                case b"content-encoding":
                    request.content_encoding = value.strip().lower()
                case b"content-length":
                    request.content_length = value
                case b"host":
                    request.host = value
                case b"origin":
                    request.origin = value
                case _:
                    pass
        return request


class HttpApp:
    """The ASGI application of the OTLP/HTTP listener."""

    def __init__(
        self,
        intake: Intake,
        counters: FrontCounters,
        access: AccessPolicy,
        pages: dict[str, Page],
        *,
        max_body_bytes: int,
        body_timeout_s: float,
        guards: Guards | None = None,
    ) -> None:
        self._guards = guards
        self._intake = intake
        self._counters = counters
        self._access = access
        self._pages = pages
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = body_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; an answer is given whatever happens, unless the client has gone."""
        if scope["type"] != "http":
            return
        signal = EXPORT_PATHS.get(scope["path"].rstrip("/"))
        request = _Request.from_headers(scope["headers"])
        extra: Headers = []
        try:
            self._access.check_host(request.host)
            extra = self._access.check_origin(request.origin)
            if signal is None:
                if self._guards is not None and scope["path"].startswith(GUARDS):
                    await self._answer_guard(self._guards, scope, receive, send, extra)
                else:
                    await self._answer_page(scope, send, extra)
                return
            if scope["method"] == "OPTIONS" and extra:
                await _send(send, 204, [*preflight_headers(), *extra], b"")
                return
            _check_method(scope, "POST")
            await self._export(signal, request, receive, send, extra)
        except ClientGone:
            self._counters.count_request("http", signal or "none", "499")
        except Exception as error:
            # The end of a request: its sender gets an answer, whatever failed.
            if not isinstance(error, SpanledgerError):
                _logger.exception("request_failed", path=scope["path"])
            self._counters.count_request("http", signal or "none", str(codes_of(error).http))
            await _refuse(error, request, send, extra)

    async def _export(
        self, signal: str, request: _Request, receive: Receive, send: Send, extra: Headers
    ) -> None:
        content_type, encoding = _read_content_type(request)
        compression = _read_compression(request)
        with self._intake.admission.enter() as slot:
            data = await self._read_body(request, receive, slot)
            started_at = time.perf_counter()
            await self._intake.take(signal, encoding, compression, data)
            self._counters.count_ack(signal, len(data), time.perf_counter() - started_at)
        self._counters.count_request("http", signal, "200")
        headers, body = encode_success(content_type)
        await _send(send, 200, headers + extra, body)

    async def _read_body(self, request: _Request, receive: Receive, slot: Slot) -> bytes:
        if request.content_length is not None and int(request.content_length) > self._max_body_bytes:
            raise self._too_large()
        try:
            async with asyncio.timeout(self._body_timeout_s):
                return await self._gather_body(receive, slot)
        except TimeoutError as error:
            raise TooSlow(
                f"the body did not arrive within {self._body_timeout_s:g} s; send smaller batches, or raise"
                " collector.body_timeout_s"
            ) from error

    async def _gather_body(self, receive: Receive, slot: Slot) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            piece = message["body"]
            size += len(piece)
            if size > self._max_body_bytes:
                raise self._too_large()
            slot.take_bytes(len(piece))
            pieces.append(piece)
            if not message["more_body"]:
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"the body is larger than {self._max_body_bytes} bytes; send fewer records at once, or raise"
            " collector.max_body_bytes"
        )

    async def _answer_guard(
        self, guards: Guards, scope: Scope, receive: Receive, send: Send, extra: Headers
    ) -> None:
        _check_method(scope, "GET", "HEAD")
        # As it was written: names may hold percent signs and slashes.
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        body = guards.answer(path, query)
        if body is None:
            raise UnknownPath(
                f"there is no guard at {path[:100]}; ask for {GUARDS}tools/NAME or {GUARDS}budgets/NAME"
            )
        if _wants_stream(scope):
            await _stream(guards, path, query, receive, send, extra)
            return
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        headers += [(b"content-length", b"%d" % len(body)), *extra]
        await _send(send, 200, headers, b"" if scope["method"] == "HEAD" else body)

    async def _answer_page(self, scope: Scope, send: Send, extra: Headers) -> None:
        page = self._pages.get(scope["path"])
        if page is None:
            raise UnknownPath(f"there is nothing at {scope['path'][:100]}; traces go to /v1/traces")
        _check_method(scope, "GET", "HEAD")
        body = page.read()
        headers = [(b"content-type", page.content_type), (b"content-length", b"%d" % len(body)), *extra]
        await _send(send, 200, headers, b"" if scope["method"] == "HEAD" else body)


def _wants_stream(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/event-stream" in value for name, value in scope["headers"])


async def _stream(
    guards: Guards, path: str, query: str, receive: Receive, send: Send, extra: Headers
) -> None:
    """Send the guard now and whenever it changes, as server-sent events, until the client has gone."""
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), *extra]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gone = asyncio.create_task(_wait_until_gone(receive))
    told = None
    try:
        while not gone.done():
            body = guards.answer(path, query) or b"{}"
            # The age changes always; what else is told is what counts.
            state = body.partition(b',"age_s"')[0]
            is_news, told = state != told, state
            line = b"data: %b\n\n" % body if is_news else b": still so\n\n"
            await send({"type": "http.response.body", "body": line, "more_body": True})
            await asyncio.wait([gone], timeout=_STREAM_S)
    finally:
        gone.cancel()


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def text_page(read: Callable[[], bytes]) -> Page:
    """Return a page of plain text."""
    return Page(_TEXT, read)


def _check_method(scope: Scope, *allowed: str) -> None:
    if scope["method"] not in allowed:
        raise WrongMethod(scope["method"], scope["path"], allowed=", ".join(allowed))


def _read_content_type(request: _Request) -> tuple[bytes, str]:
    known = _CONTENT_TYPES.get(request.content_type)
    if known is None:
        name = request.content_type[:60].decode("latin-1")
        raise UnsupportedMedia(
            f"content-type {name!r} is not supported; use application/x-protobuf or application/json"
        )
    return known


def _read_compression(request: _Request) -> str:
    known = _ENCODINGS.get(request.content_encoding)
    if known is None:
        name = request.content_encoding[:60].decode("latin-1")
        raise UnsupportedMedia(
            f"content-encoding {name!r} is not supported; use gzip, deflate, zstd or identity"
        )
    return known


async def _refuse(error: Exception, request: _Request, send: Send, extra: Headers) -> None:
    content_type = _CONTENT_TYPES.get(request.content_type, (JSON_TYPE, ""))[0]
    status, headers, body = encode_failure(error, content_type)
    await _send(send, status, headers + extra, body)


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
