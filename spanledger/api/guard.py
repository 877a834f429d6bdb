"""Keeps other web pages out of a server on loopback: the Host must be ours, and so must an Origin."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class HostGuard:
    """Pure ASGI middleware over everything, websockets included.

    A page of another site can make a browser send requests here (DNS rebinding, cross-site websockets);
    it cannot choose the Host and Origin they carry.
    """

    def __init__(self, app: ASGIApp, addresses: Iterable[str]) -> None:
        self._app = app
        self._hosts = _hosts(addresses)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let requests of our own pages and of tools without an Origin through."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        if _name(headers.get(b"host", "")) in self._hosts and (
            origin is None or _name(urlsplit(origin).netloc) in self._hosts
        ):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "foreign Host or Origin"})
        else:
            refusal = PlainTextResponse(
                "this address answers only under its own name; set [dashboard] url to the name you use\n", 421
            )
            await refusal(scope, receive, send)


def _hosts(addresses: Iterable[str]) -> frozenset[str]:
    named = {_name(urlsplit(a if "//" in a else f"//{a}").netloc) for a in addresses}
    return frozenset(named | {"localhost", "127.0.0.1", "::1"})


def _name(netloc: str) -> str:
    """Strip port and brackets."""
    netloc = netloc.rpartition("@")[2]
    if netloc.startswith("["):
        return netloc[1:].partition("]")[0].lower()
    return netloc.partition(":")[0].lower()
