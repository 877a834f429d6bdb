"""Microsoft Teams by a workflow's webhook: an adaptive card, whose text runs know no markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

import msgspec

from alerts.channels.channel import ALONE, Receipt, Thread
from alerts.channels.fields import read_timeout_s, read_url
from alerts.channels.posting import Poster
from alerts.figures import format_instant
from alerts.messages.model import Item, Message
from alerts.messages.plain import explain_reason, explain_summary, list_facts, list_links
from alerts.messages.texts import shorten
from store.configuration.secrets import SecretUrl
from store.configuration.section import Section

_MOST_ITEMS: Final = 8
_ROOM_BYTES: Final = 22_000
"""Of what is said of alerts: Teams refuses cards above 28 KB."""
_SUBJECT: Final = 200
_MOST_FACTS: Final = 12
_TEXT: Final = 600
_VALUE: Final = 150
_URL: Final = 1_000
_COLOURS: Final = {"critical": "attention", "warning": "warning", "info": "accent"}


@dataclass(frozen=True)
class TeamsChannel:
    """The webhook of a Teams workflow, or of an old connector."""

    type: ClassVar[str] = "teams"

    name: str
    url: SecretUrl
    sends_resolved: bool = True
    timeout_s: float = 10.0
    pause_s: float = 0.25
    """Teams answers 429 to more than about four a second."""

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the channel that a [[channel]] table writes."""
        return cls(
            name=section.name(),
            url=read_url(section),
            sends_resolved=section.flag("send_resolved", default=True),
            timeout_s=read_timeout_s(section),
        )

    def send(self, message: Message, idempotency_key: str, thread: Thread = ALONE) -> Receipt:
        """Post the card; old connectors answer 200 to what they refuse, and say so in the text."""
        poster = Poster("teams", self.url, self.timeout_s)
        said = poster.post(self.render(message, idempotency_key))
        lowered = said.lower()
        if "error" in lowered or "failed" in lowered:
            raise poster.refuse(said, retry="429" in said or "throttl" in lowered)
        return Receipt()

    def render(self, message: Message, idempotency_key: str) -> dict[str, Any]:
        """Return the body of the request."""
        colour = "good" if message.status == "resolved" else _COLOURS.get(message.severity, "accent")
        body = [_text(shorten(message.subject, _SUBJECT), weight="bolder", size="large", color=colour)]
        if message.is_test:
            body.append(_text("This is a test; nothing is wrong."))
        room, shown = _ROOM_BYTES, 0
        for item in message.items[:_MOST_ITEMS]:
            blocks = self._render_item(item, message)
            room -= len(msgspec.json.encode(blocks))
            if room < 0:
                break
            body += blocks
            shown += 1
        hidden = len(message.items) - shown + message.omitted
        if hidden:
            body.append(_text(f"… and {hidden} more", isSubtle=True))
        why = f"{explain_reason(message.reason)} · {format_instant(message.decided_at)}"
        body.append(_text(why, size="small", isSubtle=True))
        links = [
            {"type": "Action.OpenUrl", "title": label, "url": url}
            for label, url in (list_links(message.items[0]) if message.items else ())
            if len(url) <= _URL
        ]
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "msteams": {"width": "Full"},
            "body": body,
            "actions": links,
        }
        kind = "application/vnd.microsoft.card.adaptive"
        return {
            "type": "message",
            "attachments": [{"contentType": kind, "contentUrl": None, "content": card}],
        }

    def describe(self) -> str:
        """Return the host it posts to."""
        return str(self.url)

    @staticmethod
    def _render_item(item: Item, message: Message) -> list[dict[str, Any]]:
        blocks = [_text(shorten(item.summary, _TEXT), weight="bolder", separator=True)]
        if len(message.items) > 1:
            blocks.append(_text(shorten(item.headline, _VALUE), isSubtle=True))
        if item.description:
            blocks.append(_text(shorten(item.description, _TEXT)))
        for name, value in list_facts(item, message)[:_MOST_FACTS]:
            runs = [_run(f"{shorten(name, 60)}: ", isSubtle=True), _run(shorten(value, _VALUE))]
            blocks.append({"type": "RichTextBlock", "inlines": runs, "spacing": "none"})
        if reason := explain_summary(item):
            blocks.append(_text(shorten(reason, _TEXT), isSubtle=True))
        if item.silence_command:
            blocks.append(_text(f"Silence: {item.silence_command}", size="small", isSubtle=True))
        return blocks


def _text(text: str, *, separator: bool = False, **style: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [_run(text, **style)], "separator": separator}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text or " ", **style}
