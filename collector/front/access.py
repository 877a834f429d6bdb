"""Who may speak to a listener on loopback: no web page that a browser on this machine shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from collector.front.answers import Forbidden

_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ALLOWED_HEADERS: Final = b"content-type, content-encoding, authorization, x-requested-with"


class AccessPolicy:
    """Checks the Host and Origin headers; results are remembered for names that were allowed."""

    def __init__(self, *, allowed_hosts: Iterable[str] = (), cors_origins: Iterable[str] = ()) -> None:
        """Allow loopback names and `allowed_hosts`, and pages of `cors_origins` ("*" for all)."""
        self._hosts = _LOOPBACK_NAMES | {host.lower() for host in allowed_hosts}
        self._origins = {origin.rstrip("/").lower() for origin in cors_origins}
        self._seen_hosts: set[bytes] = set()

    def check_host(self, host: bytes | None) -> None:
        """Refuse a request that names another host: a page whose name was bound to this address.

        Raises:
            Forbidden: the host is not allowed.
        """
        if host is None or host in self._seen_hosts:
            return
        name = _host_name(host)
        if name not in self._hosts and not name.endswith(".localhost"):
            raise Forbidden(
                f"host {name[:100]!r} is not allowed; use localhost, or add it to collector.allowed_hosts"
            )
        if len(self._seen_hosts) < 256:
            self._seen_hosts.add(host)

    def check_origin(self, origin: bytes | None) -> list[tuple[bytes, bytes]]:
        """Return the headers that let an allowed page read the answer; none without an origin.

        Raises:
            Forbidden: the origin is not allowed.
        """
        if origin is None:
            return []
        name = origin.decode("latin-1").rstrip("/").lower()
        if name not in self._origins and "*" not in self._origins:
            raise Forbidden(
                f"web pages of {name[:100]!r} are not allowed; add the origin to collector.cors_origins"
            )
        return [(b"access-control-allow-origin", origin), (b"vary", b"origin")]


def preflight_headers() -> list[tuple[bytes, bytes]]:
    """Return what a browser asks for before it sends telemetry of an allowed page."""
    return [
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", _ALLOWED_HEADERS),
        (b"access-control-max-age", b"3600"),
    ]


def _host_name(host: bytes) -> str:
    try:
        return (urlsplit(f"//{host.decode('latin-1')}").hostname or "").rstrip(".")
    except ValueError:
        return "?"
