"""One way to post JSON to another server: bounded in time and size, no redirects, nothing secret in an error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from alerts.channels.answers import check_answer
from alerts.messages.texts import clean_line
from store.configuration.secrets import Secret, SecretUrl
from store.errors import DeliveryFailed

_LONGEST_ANSWER: Final = 65_536
_LONGEST_SAID: Final = 200


@dataclass(frozen=True, slots=True)
class Poster:
    """Posts to one address."""

    what: str
    """What is called in errors: "webhook"."""
    url: SecretUrl
    timeout_s: float
    secrets: Sequence[Secret] = ()
    """Taken out of errors, beside those of the address."""

    def post(
        self,
        document: Any,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "POST",
        path: str = "",
    ) -> str:
        """Send the document as JSON, or bytes as they are, and return what a 2xx answer says.

        Raises:
            DeliveryFailed: No answer, or another one; without secrets.
        """
        body = document if isinstance(document, bytes) else msgspec.json.encode(document)
        sent = {"Content-Type": "application/json", "User-Agent": "spanledger", **(headers or {})}
        try:
            return self._exchange(method, path, body, sent)
        except (OSError, HTTPException, ValueError) as error:
            raise DeliveryFailed(self.say(str(error) or type(error).__name__), retry=True) from None
        except DeliveryFailed as error:
            raise DeliveryFailed(
                self.say(str(error)), retry=error.retry, retry_after_s=error.retry_after_s
            ) from None

    def say(self, what: str) -> str:
        """Return an error text with the place and without secrets."""
        said = self.url.redact(what)
        for secret in self.secrets:
            said = secret.redact(said)
        return f"{self.what} at {self.url.origin}: {said}"

    def refuse(self, said: str, *, retry: bool = False) -> DeliveryFailed:
        """Return the error for an answer that says 200 and means no."""
        return DeliveryFailed(self.say(f"it answered {clean_line(said, _LONGEST_SAID)!r}"), retry=retry)

    def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> str:
        parts = urlsplit(self.url.reveal())
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout_s)
        target = (parts.path.rstrip("/") + path) if path else parts.path or "/"
        try:
            connection.request(
                method, target + (f"?{parts.query}" if parts.query else ""), body, dict(headers)
            )
            answer = connection.getresponse()
            said = answer.read(_LONGEST_ANSWER).decode(errors="replace")
            check_answer(answer.status, dict(answer.getheaders()), said)
            return said
        finally:
            connection.close()


def read_object(text: str) -> dict[str, Any]:
    """Return the JSON object that an answer is; an empty one when it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
