"""A generic webhook: one JSON document per message, in the shape of Alertmanager's."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, ClassVar, Final, Self
from urllib.parse import urlsplit

import msgspec

from alerts.channels.answers import check_answer
from alerts.channels.channel import Receipt
from alerts.channels.fields import read_timeout_s, read_url
from alerts.messages.model import Item, Message
from store.configuration.secrets import Secret, SecretUrl
from store.configuration.section import Section
from store.errors import DeliveryFailed

_LONGEST_ANSWER: Final = 4_096


@dataclass(frozen=True)
class WebhookChannel:
    """An address that takes a POST."""

    type: ClassVar[str] = "webhook"

    name: str
    url: SecretUrl
    token: Secret | None = None
    """Sent as `Authorization: Bearer …`."""
    sends_resolved: bool = True
    timeout_s: float = 10.0
    pause_s: float = 0.0

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the channel that a [[channel]] table writes."""
        return cls(
            name=section.name(),
            url=read_url(section),
            token=section.secret("token"),
            sends_resolved=section.flag("send_resolved", default=True),
            timeout_s=read_timeout_s(section),
        )

    def send(self, message: Message, idempotency_key: str) -> Receipt:
        """Post the document; any 2xx counts as delivered, redirects are not followed."""
        body = msgspec.json.encode(self.render(message, idempotency_key))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key,
            "User-Agent": "spanledger",
        }
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token.reveal()}"
        try:
            self._post(body, headers)
        except (OSError, HTTPException, ValueError) as error:
            raise DeliveryFailed(self._say(str(error) or type(error).__name__), retry=True) from None
        except DeliveryFailed as error:
            raise DeliveryFailed(
                self._say(str(error)), retry=error.retry, retry_after_s=error.retry_after_s
            ) from None
        return Receipt()

    def render(self, message: Message, idempotency_key: str) -> dict[str, Any]:
        """Return the document: the keys of Alertmanager's webhook, version 4, and some of our own."""
        items = message.items
        return {
            "version": "4",
            "groupKey": message.group_key,
            "truncatedAlerts": message.omitted,
            "status": message.status,
            "receiver": self.name,
            "groupLabels": dict(message.group_labels),
            "commonLabels": _common([item.labels for item in items]),
            "commonAnnotations": _common([_annotate(item) for item in items]),
            "externalURL": message.dashboard_url,
            "alerts": [_render_item(item) for item in items],
            "title": message.title,
            "reason": message.reason,
            "isTest": message.is_test,
            "idempotencyKey": idempotency_key,
        }

    def describe(self) -> str:
        """Return the host it posts to."""
        return str(self.url)

    def _post(self, body: bytes, headers: dict[str, str]) -> None:
        parts = urlsplit(self.url.reveal())
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout_s)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            said = answer.read(_LONGEST_ANSWER).decode(errors="replace")
            check_answer(answer.status, dict(answer.getheaders()), said)
        finally:
            connection.close()

    def _say(self, what: str) -> str:
        message = self.url.redact(f"webhook at {self.url.origin}: {what}")
        return message if self.token is None else self.token.redact(message)


def _render_item(item: Item) -> dict[str, Any]:
    return {
        "status": item.state,
        "labels": {**item.labels, "alertname": item.alert},
        "annotations": _annotate(item),
        "startsAt": item.since,
        "endsAt": item.ended_at or "0001-01-01T00:00:00Z",
        "generatorURL": item.link,
        "fingerprint": item.fingerprint,
        "value": item.value,
        "threshold": item.threshold,
        "reason": item.reason,
    }


def _annotate(item: Item) -> dict[str, str]:
    texts = {"summary": item.summary, "description": item.description, "runbook_url": item.runbook}
    return {**item.annotations, **{name: text for name, text in texts.items() if text}}


def _common(tables: list[Any]) -> dict[str, str]:
    if not tables:
        return {}
    return {
        name: value
        for name, value in dict(tables[0]).items()
        if all(table.get(name) == value for table in tables[1:])
    }
