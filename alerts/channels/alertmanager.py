"""An Alertmanager of one's own: alerts by /api/v2/alerts; it groups, silences and tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final, Self

from alerts.channels.channel import ALONE, Receipt, Thread
from alerts.channels.fields import read_timeout_s, read_url
from alerts.channels.posting import Poster
from alerts.messages.model import Item, Message
from alerts.messages.plain import explain_summary, list_facts
from store.configuration.durations import format_duration
from store.configuration.secrets import Secret, SecretUrl
from store.configuration.section import Section

_EXPIRY: Final = timedelta(hours=12)
_SHORTEST_EXPIRY: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class AlertmanagerChannel:
    """The API of an Alertmanager."""

    type: ClassVar[str] = "alertmanager"

    name: str
    url: SecretUrl
    token: Secret | None = None
    expires_after: timedelta = _EXPIRY
    """When Alertmanager takes an alert for resolved that it hears nothing more of; repeats must come sooner."""
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
            expires_after=section.duration("expires_after", _EXPIRY, least=_SHORTEST_EXPIRY),
            sends_resolved=section.flag("send_resolved", default=True),
            timeout_s=read_timeout_s(section),
        )

    def send(self, message: Message, idempotency_key: str, thread: Thread = ALONE) -> Receipt:
        """Post the alerts; the same twice changes nothing there."""
        headers = {"Authorization": f"Bearer {self.token.reveal()}"} if self.token else {}
        secrets = (self.token,) if self.token else ()
        poster = Poster("alertmanager", self.url, self.timeout_s, secrets)
        poster.post(self.render(message, idempotency_key), headers, path="/api/v2/alerts", needs_answer=False)
        return Receipt()

    def render(self, message: Message, idempotency_key: str) -> list[dict[str, Any]]:
        """Return the alerts as Alertmanager writes them."""
        return [self._render_item(item, message) for item in message.items]

    def describe(self) -> str:
        """Return the host, and how long alerts live there."""
        return f"{self.url.origin}, alerts expire after {format_duration(self.expires_after)}"

    def _render_item(self, item: Item, message: Message) -> dict[str, Any]:
        labels = {name: value for name, value in item.labels.items() if value and name != "alert"}
        annotations = {
            "summary": item.summary,
            "description": _describe(item, message),
            "runbook_url": item.runbook,
            **item.annotations,
        }
        test = {"spanledger_test": "true"} if message.is_test else {}
        return {
            "labels": {_name(name): value for name, value in labels.items()}
            | {"alertname": item.alert}
            | test,
            "annotations": {_name(name): text for name, text in annotations.items() if text},
            "startsAt": item.since.isoformat(),
            "endsAt": (item.ended_at or message.decided_at + self.expires_after).isoformat(),
            **({"generatorURL": item.link} if item.link else {}),
        }


def _describe(item: Item, message: Message) -> str:
    """Return what is known beside the summary, as lines: Alertmanager's own templates know of no facts."""
    lines = [item.description, explain_summary(item), *(f"{n}: {v}" for n, v in list_facts(item, message))]
    lines += [f"{example.title} {example.link}".strip() for example in item.examples]
    return "\n".join(filter(None, lines))


def _name(name: str) -> str:
    """Return the label's name with what Alertmanager does not know replaced."""
    return "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in name)
