"""Keeps other web pages out of a server on loopback: the Host must be ours, and so must an Origin."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class HostGuard:
    """Pure ASGI middleware over everything, websockets included.

    A page of another site can make a browser send requests here (DNS rebinding, cross-site websockets);
    it cannot choose the Host and Origin they carry. Beyond loopback a number is a name of ours as well: nobody can make
    it point elsewhere; an Origin must be the very Host then.
    """

    def __init__(self, app: ASGIApp, addresses: Iterable[str], *, takes_numbers: bool = False) -> None:
        self._app = app
        self._hosts = _hosts(addresses)
        self._takes_numbers = takes_numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let requests of our own pages and of tools without an Origin through."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        host = headers.get(b"host", "")
        from_here = None if origin is None else urlsplit(origin).netloc
        if self._is_ours(host) and (
            from_here is None
            or _name(from_here) in self._hosts
            or (self._takes_numbers and from_here == host)
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

    def _is_ours(self, host: str) -> bool:
        return _name(host) in self._hosts or (self._takes_numbers and _is_number(_name(host)))


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _hosts(addresses: Iterable[str]) -> frozenset[str]:
    named = {_name(urlsplit(a if "//" in a else f"//{a}").netloc) for a in addresses}
    return frozenset(named | {"localhost", "127.0.0.1", "::1"})


def _name(netloc: str) -> str:
    """Strip port and brackets."""
    netloc = netloc.rpartition("@")[2]
    if netloc.startswith("["):
        return netloc[1:].partition("]")[0].lower()
    return netloc.partition(":")[0].lower()
