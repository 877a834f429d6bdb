"""Values that are used but never shown."""

from __future__ import annotations

from urllib.parse import urlsplit


class Secret:
    """A text that shows as `***` wherever it is printed, logged or compared by eye."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself; only for the call that needs it."""
        return self._text

    def redact(self, message: str) -> str:
        """Return `message` without this secret."""
        return message.replace(self._text, "***") if self._text else message

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
        """Return `message` with neither the address nor its secret parts."""
        parts = urlsplit(self.reveal())
        message = super().redact(message)
        secrets = (parts.path, parts.query, parts.username, parts.password)
        for secret in sorted((s for s in secrets if s and len(s) > 1), key=len, reverse=True):
            message = message.replace(secret, "***")
        return message

    def __repr__(self) -> str:
        return f"SecretUrl({self})"

    def __str__(self) -> str:
        return f"{self.origin}/***"
