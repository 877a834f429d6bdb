"""A generic webhook: one JSON document per message, in the shape of Alertmanager's."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import msgspec

from alerts.channels.channel import ALONE, Receipt, Thread
from alerts.channels.fields import read_timeout_s, read_url
from alerts.channels.posting import Poster
from alerts.messages.model import Item, Message
from alerts.messages.plain import list_facts
from store.clock import Clock, utc_now
from store.configuration.secrets import Secret, SecretUrl
from store.configuration.section import Section


@dataclass(frozen=True)
class WebhookChannel:
    """An address that takes a POST."""

    type: ClassVar[str] = "webhook"

    name: str
    url: SecretUrl
    token: Secret | None = None
    """Sent as `Authorization: Bearer …`."""
    signing_key: Secret | None = None
    """Signs every body."""
    sends_resolved: bool = True
    timeout_s: float = 10.0
    pause_s: float = 0.0
    clock: Clock = utc_now

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the channel that a [[channel]] table writes."""
        return cls(
            name=section.name(),
            url=read_url(section),
            token=section.secret("token"),
            signing_key=section.secret("signing_key"),
            sends_resolved=section.flag("send_resolved", default=True),
            timeout_s=read_timeout_s(section),
        )

    def send(self, message: Message, idempotency_key: str, thread: Thread = ALONE) -> Receipt:
        """Post the document; any 2xx counts as delivered, redirects are not followed."""
        body = msgspec.json.encode(self.render(message, idempotency_key))
        headers = {"Idempotency-Key": idempotency_key}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token.reveal()}"
        if self.signing_key is not None:
            headers["X-Spanledger-Signature"] = sign(body, self.signing_key, int(self.clock().timestamp()))
        secrets = [secret for secret in (self.token, self.signing_key) if secret is not None]
        Poster("webhook", self.url, self.timeout_s, secrets).post(body, headers, needs_answer=False)
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
            "alerts": [_render_item(item, message) for item in items],
            "title": message.title,
            "reason": message.reason,
            "isTest": message.is_test,
            "idempotencyKey": idempotency_key,
        }

    def describe(self) -> str:
        """Return the host it posts to."""
        return str(self.url)


def sign(body: bytes, secret: Secret, at: int) -> str:
    """Return the signature header: the time, and the HMAC-SHA256 of the time, a dot and the body.

    A receiver computes the same with the shared secret, and refuses other bodies and old times.
    """
    digest = hmac.new(secret.reveal().encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _render_item(item: Item, message: Message) -> dict[str, Any]:
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
        "facts": dict(list_facts(item, message)),
        "examples": item.examples,
        "silenceCommand": item.silence_command,
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
