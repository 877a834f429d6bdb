"""One way to post JSON to another server: bounded in time and size, no redirects, nothing secret in an error."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

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
        needs_answer: bool = True,
    ) -> str:
        """Send the document as JSON, or bytes as they are, and return what a 2xx answer says.

        The whole exchange has the time-out, however slowly the other side drips; without `needs_answer` a status of
        2xx is enough, whatever becomes of the rest.

        Raises:
            DeliveryFailed: No answer, or another one; without secrets.
        """
        body = document if isinstance(document, bytes) else msgspec.json.encode(document)
        sent = {"Content-Type": "application/json", "User-Agent": "spanledger", **(headers or {})}
        try:
            return self._exchange(method, path, body, sent, needs_answer=needs_answer)
        except TimeoutError:
            raise DeliveryFailed(self.say(f"no end within {self.timeout_s:g} s"), retry=True) from None
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

    def _exchange(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, needs_answer: bool
    ) -> str:
        parts = urlsplit(self.url.reveal())
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout_s)
        target = (parts.path.rstrip("/") + path) if path else parts.path or "/"
        target += f"?{parts.query}" if parts.query else ""
        try:
            connection.connect()
            # The answer takes the socket from the connection, so it is kept here.
            place = connection.sock
            with limit_time(lambda: place, self.timeout_s) as is_late:
                connection.request(method, target, body, {**_authorize(parts), **headers})
                # What is left of an answer holds the socket beyond the end of the connection.
                with connection.getresponse() as answer:
                    needs_all = needs_answer or not 200 <= answer.status < 300
                    said = _read_answer(answer, needs_all=needs_all)
                if needs_all and is_late.is_set():
                    # Hanging up looks like the end of an answer that does not say its length.
                    raise TimeoutError
            check_answer(answer.status, dict(answer.getheaders()), said)
            return said
        finally:
            connection.close()


@contextmanager
def limit_time(find_socket: Callable[[], socket.socket | None], seconds: float) -> Generator[threading.Event]:
    """Hang up when what is done with a connection takes longer than this in all.

    A socket's own time-out begins anew with every byte, so that a side which drips could hold a channel for days.

    Raises:
        TimeoutError: it did.
    """
    is_late = threading.Event()

    def hang_up() -> None:
        is_late.set()
        connection = find_socket()
        with contextlib.suppress(OSError):
            if connection is not None:
                connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield is_late
    except Exception as error:
        if is_late.is_set():
            raise TimeoutError(f"no end within {seconds:g} s") from error
        raise
    finally:
        timer.cancel()


def _read_answer(answer: HTTPResponse, *, needs_all: bool) -> str:
    try:
        return answer.read(_LONGEST_ANSWER).decode(errors="replace")
    except (OSError, HTTPException):
        if needs_all:
            raise
        return ""


def _authorize(parts: SplitResult) -> dict[str, str]:
    """Return what an address with a name and a password says in a header."""
    if not parts.username:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def read_object(text: str) -> dict[str, Any]:
    """Return the JSON object that an answer is; an empty one when it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
