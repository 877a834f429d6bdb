"""Binding addresses, with a sentence for the one who finds them in use."""

from __future__ import annotations

import errno
import socket
from typing import Final

from store.errors import ConfigError, SpanledgerError

_BACKLOG: Final = 2048


class AddressInUse(SpanledgerError):
    """Another program listens on the address."""


def bind_address(address: str, setting: str) -> list[socket.socket]:
    """Return listening sockets for `host:port`; a name like localhost may stand for several addresses.

    Raises:
        ConfigError: the address is not one, or not of this machine.
        AddressInUse: another program listens there.
    """
    host, port = parse_address(address, setting)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ConfigError(
            f"collector.{setting} = {address!r} is no address of this machine: {error}"
        ) from error
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, place in dict.fromkeys(found):
            port_there = sockets[0].getsockname()[1] if sockets and port == 0 else place[1]
            sockets.append(_listen(family, kind, protocol, (place[0], port_there, *place[2:])))
    except OSError as error:
        for listener in sockets:
            listener.close()
        raise address_error(error, address, setting) from error
    return sockets


def parse_address(address: str, setting: str) -> tuple[str, int]:
    """Split `host:port`, with an IPv6 host in brackets.

    Raises:
        ConfigError: it has no port.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ConfigError(f'collector.{setting} = {address!r} has no port; write "127.0.0.1:4318"')
    return host.strip("[]"), int(port)


def address_error(error: OSError, address: str, setting: str) -> SpanledgerError:
    """Return the error to show when an address cannot be bound."""
    if error.errno == errno.EADDRINUSE:
        return AddressInUse(
            f"{address} is in use by another program; stop it, or set collector.{setting} to another address"
        )
    return ConfigError(f"collector.{setting} = {address!r} cannot be used: {error.strerror}")


def _listen(family: int, kind: int, protocol: int, place: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(place)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
