"""Discord by a webhook: embeds that mention nobody; a group's first message is kept up to date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from alerts.channels.channel import ALONE, Receipt, Thread
from alerts.channels.fields import read_timeout_s, read_url
from alerts.channels.posting import Poster, read_object
from alerts.messages.model import Item, Message
from alerts.messages.plain import explain_reason, explain_summary, join_links, list_facts, list_links
from alerts.messages.texts import shorten
from store.configuration.secrets import SecretUrl
from store.configuration.section import Section
from store.errors import DeliveryFailed

_MOST_EMBEDS: Final = 5
_MOST_FIELDS: Final = 10
_TITLE, _HEADLINE, _TEXT, _NAME, _VALUE, _URL = 120, 240, 600, 60, 150, 1_000
_LONGEST: Final = 5_500
"""Discord counts all texts of all embeds together and refuses above 6,000."""
_COLOURS: Final = {"critical": 0xC0362C, "warning": 0xB7791F, "info": 0x2B6CB0}
_RESOLVED: Final = 0x2F855A


@dataclass(frozen=True)
class DiscordChannel:
    """An incoming webhook of Discord."""

    type: ClassVar[str] = "discord"

    name: str
    url: SecretUrl
    sends_resolved: bool = True
    timeout_s: float = 10.0
    pause_s: float = 0.5
    """Discord takes five messages in two seconds."""

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
        """Post the message, after bringing the group's first one up to date."""
        body = self.render(message, idempotency_key)
        if thread.handle and thread.handle.isdigit():
            self._update(thread.handle, body)
        said = self._poster("wait=true").post(body)
        handle = str(read_object(said).get("id") or "")
        return Receipt(handle=handle if handle and not thread.handle else None)

    def render(self, message: Message, idempotency_key: str) -> dict[str, Any]:
        """Return the body of the request."""
        embeds: list[dict[str, Any]] = []
        room = _LONGEST
        for item in message.items[:_MOST_EMBEDS]:
            embed = _render_item(item, message)
            room -= _measure(embed)
            if room < 0:
                break
            embeds.append(embed)
        hidden = len(message.items) - len(embeds) + message.omitted
        lines = [f"**{_escape(shorten(message.headline, _HEADLINE))}**"]
        if message.is_test:
            lines.append("This is a test; nothing is wrong.")
        if hidden:
            lines.append(f"… and {hidden} more")
        lines.append(f"-# {explain_reason(message.reason)}")
        return {"content": "\n".join(lines), "embeds": embeds, "allowed_mentions": {"parse": []}}

    def describe(self) -> str:
        """Return the host it posts to."""
        return str(self.url)

    def _update(self, message_id: str, body: dict[str, Any]) -> None:
        try:
            self._poster("").post(body, method="PATCH", path=f"/messages/{message_id}")
        except DeliveryFailed as error:
            if error.retry:
                raise
            # Somebody deleted it: what is new is still posted.

    def _poster(self, query: str) -> Poster:
        url = self.url.reveal()
        joined = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
        return Poster("discord", SecretUrl(joined), self.timeout_s, (self.url,))


def _render_item(item: Item, message: Message) -> dict[str, Any]:
    colour = _RESOLVED if item.state == "resolved" else _COLOURS.get(item.severity, _COLOURS["info"])
    text = "\n".join(filter(None, (item.summary, item.description, explain_summary(item))))
    embed: dict[str, Any] = {
        "title": _escape(shorten(item.name, _TITLE)),
        "description": _escape(shorten(text, _TEXT)),
        "color": colour,
        "timestamp": item.since.isoformat(),
        "fields": [
            {"name": _escape(shorten(name, _NAME)), "value": _code(shorten(value, _VALUE)), "inline": True}
            for name, value in list_facts(item, message)[:_MOST_FIELDS]
        ],
    }
    if item.link and len(item.link) <= _URL:
        embed["url"] = item.link
    if links := _write_links(item):
        embed["fields"].append({"name": "Look", "value": links, "inline": False})
    if item.silence_command:
        embed["fields"].append({"name": "Silence", "value": _code(item.silence_command), "inline": False})
    return embed


def _write_links(item: Item) -> str:
    """Return the links that there is room for; their labels are ours."""
    links = (f"[{label}]({url.replace(')', '%29').replace('(', '%28')})" for label, url in list_links(item))
    return join_links(links, " · ", _URL)


def _measure(embed: dict[str, Any]) -> int:
    texts = [embed["title"], embed["description"]]
    texts += [text for field in embed["fields"] for text in (field["name"], field["value"])]
    return sum(map(len, texts))


def _escape(text: str) -> str:
    """Return the text so that Discord shows every character of it; an address in it is no link."""
    escaped = re.sub(r"([\\*_~`|>\[\]()#<@:-])", r"\\\1", text)
    return escaped.replace("\\:\\/\\/", "\\:\u200b//").replace("://", ":\u200b//")


def _code(text: str) -> str:
    return f"`{text.replace('`', 'ˋ') or ' '}`"
