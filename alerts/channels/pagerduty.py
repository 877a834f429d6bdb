"""PagerDuty by Events API v2: one incident per group of alerts, resolved with its last alert."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from alerts.channels.channel import ALONE, Receipt, Thread
from alerts.channels.fields import read_api, read_timeout_s, require_secret
from alerts.channels.posting import Poster, read_object
from alerts.messages.model import Message
from alerts.messages.plain import explain_reason, explain_summary, list_facts, list_links
from alerts.messages.texts import shorten
from store.configuration.secrets import Secret, SecretUrl
from store.configuration.section import Section

EVENTS_API: Final = "https://events.pagerduty.com/v2/enqueue"
_SEVERITIES: Final = {"critical": "critical", "warning": "warning", "info": "info"}
_SUMMARY: Final = 1_024
_TEXT, _VALUE, _NAME, _URL = 600, 200, 60, 1_000
_MOST_LINKED: Final = 5
_MOST_FACTS: Final = 15
_MOST_ITEMS: Final = 20
"""An event may have 512 KB."""


@dataclass(frozen=True)
class PagerDutyChannel:
    """A service of PagerDuty, by its integration key."""

    type: ClassVar[str] = "pagerduty"

    name: str
    routing_key: Secret
    url: SecretUrl
    sends_resolved: bool = True
    timeout_s: float = 10.0
    pause_s: float = 0.0

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the channel that a [[channel]] table writes."""
        return cls(
            name=section.name(),
            routing_key=require_secret(section, "routing_key"),
            url=read_api(section, EVENTS_API),
            sends_resolved=section.flag("send_resolved", default=True),
            timeout_s=read_timeout_s(section),
        )

    def send(self, message: Message, idempotency_key: str, thread: Thread = ALONE) -> Receipt:
        """Trigger or resolve the group's incident; the same twice is one, by the deduplication key."""
        document = {**self.render(message, idempotency_key), "routing_key": self.routing_key.reveal()}
        poster = Poster("pagerduty", self.url, self.timeout_s, (self.routing_key,))
        said = poster.post(document)
        if read_object(said).get("status") != "success":
            raise poster.refuse(said)
        return Receipt()

    def render(self, message: Message, idempotency_key: str) -> dict[str, Any]:
        """Return the event, without its key."""
        test = f" {idempotency_key}" if message.is_test else ""
        digest = hashlib.blake2b(f"{message.group_key}{test}".encode(errors="surrogatepass"), digest_size=16)
        action = "resolve" if message.status == "resolved" else "trigger"
        event: dict[str, Any] = {"event_action": action, "dedup_key": f"spanledger-{digest.hexdigest()}"}
        if action == "resolve":
            return event
        links = [
            {"href": url, "text": f"{label}: {item.alert}"}
            for item in message.firing[:_MOST_LINKED]
            for label, url in list_links(item)
            if len(url) <= _URL
        ]
        return {
            **event,
            "client": "Spanledger",
            "client_url": message.dashboard_url,
            "links": links,
            "payload": {
                "summary": shorten(
                    f"{'TEST ' if message.is_test else ''}{message.title}: {message.firing[0].summary}",
                    _SUMMARY,
                ),
                "source": shorten(message.firing[0].labels.get("service") or "spanledger", 200),
                "severity": _SEVERITIES.get(message.severity, "info"),
                "timestamp": min(item.since for item in message.firing).isoformat(),
                "class": shorten(message.firing[0].alert, 200),
                "custom_details": self._detail(message),
            },
        }

    def describe(self) -> str:
        """Return where it posts to."""
        return str(self.url.origin)

    @staticmethod
    def _detail(message: Message) -> dict[str, Any]:
        return {
            "why": explain_reason(message.reason),
            "alerts": [
                {
                    "alert": shorten(item.name, _VALUE),
                    "summary": shorten(item.summary, _TEXT),
                    "description": shorten(item.description, _TEXT),
                    "reason": shorten(explain_summary(item), _TEXT),
                    **{
                        shorten(name, _NAME): shorten(value, _VALUE)
                        for name, value in list_facts(item, message)[:_MOST_FACTS]
                    },
                    "silence": item.silence_command,
                }
                for item in message.firing[:_MOST_ITEMS]
            ],
            "more": max(0, len(message.firing) - _MOST_ITEMS) + message.omitted,
        }
