"""Values that are used but never shown."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_SHORTEST_TOKEN: Final = 10


class Secret:
    """A text that shows as `***` wherever it is printed, logged or compared by eye."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself; only for the call that needs it."""
        return self._text

    def redact(self, message: str) -> str:
        """Return `message` without this secret, written as it is or percent-encoded."""
        for written in (self._text, quote(self._text), quote(self._text, safe="")):
            message = message.replace(written, "***") if written else message
        return message

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))


class SecretUrl(Secret):
    """An address whose path, query and user part are secret, as those of chat webhooks are."""

    __slots__ = ()

    @property
    def origin(self) -> str:
        """Scheme, host and port: what may be shown."""
        parts = urlsplit(self.reveal())
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"

    def redact(self, message: str) -> str:
        """Return `message` with neither the address nor its secret parts, as they are written or percent-encoded."""
        message = super().redact(message)
        written = self._list_secret_parts()
        for secret in sorted({*written, *map(unquote, written)}, key=len, reverse=True):
            message = message.replace(secret, "***")
        return message

    def _list_secret_parts(self) -> list[str]:
        parts = urlsplit(self.reveal())
        whole = [parts.path, parts.query, parts.username, parts.password]
        # A server may say back only the token; short pieces such as "services" are words that errors need.
        pieces = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
        return [p for p in whole if p and len(p) > 1] + [p for p in pieces if len(p) >= _SHORTEST_TOKEN]

    def __repr__(self) -> str:
        return f"SecretUrl({self})"

    def __str__(self) -> str:
        return f"{self.origin}/***"
