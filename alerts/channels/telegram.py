"""Telegram by a bot: HTML with telemetry in code, where nothing is a link or a mention; later messages are replies."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, ClassVar, Final, Self

from alerts.channels.channel import ALONE, Receipt, Thread
from alerts.channels.fields import read_api, read_timeout_s, require_secret
from alerts.channels.posting import Poster, read_object
from alerts.messages.model import Item, Message
from alerts.messages.plain import explain_reason, explain_summary, list_facts, list_links
from alerts.messages.texts import shorten
from store.configuration.secrets import Secret, SecretUrl
from store.configuration.section import Section
from store.errors import DeliveryFailed

TELEGRAM_API: Final = "https://api.telegram.org"
_LONGEST: Final = 3_900
"""Telegram refuses texts above 4,096 characters, counted without markup."""
_TEXT, _VALUE, _URL = 400, 120, 1_000


@dataclass(frozen=True)
class TelegramChannel:
    """A chat that a bot is in."""

    type: ClassVar[str] = "telegram"

    name: str
    token: Secret
    chat: str
    api: SecretUrl
    sends_resolved: bool = True
    timeout_s: float = 10.0
    pause_s: float = 1.0
    """Telegram takes about one message a second and chat."""

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the channel that a [[channel]] table writes."""
        return cls(
            name=section.name(),
            token=require_secret(section, "token"),
            chat=section.text("chat"),
            api=read_api(section, TELEGRAM_API),
            sends_resolved=section.flag("send_resolved", default=True),
            timeout_s=read_timeout_s(section),
        )

    def send(self, message: Message, idempotency_key: str, thread: Thread = ALONE) -> Receipt:
        """Post the message, as a reply to the group's first one."""
        body = self.render(message, idempotency_key)
        if thread.handle and thread.handle.isdigit():
            body["reply_parameters"] = {
                "message_id": int(thread.handle),
                "allow_sending_without_reply": True,
            }
        poster = Poster("telegram", self.api, self.timeout_s, (self.token,))
        said = poster.post(body, path=f"/bot{self.token.reveal()}/sendMessage")
        answer = read_object(said)
        if answer.get("ok") is not True:
            wait_s = (answer.get("parameters") or {}).get("retry_after")
            retry_after_s = float(wait_s) if isinstance(wait_s, int | float) else None
            refusal = poster.refuse(said, retry=retry_after_s is not None)
            raise DeliveryFailed(str(refusal), retry=refusal.retry, retry_after_s=retry_after_s)
        number = (answer.get("result") or {}).get("message_id")
        return Receipt(handle=str(number) if number is not None and not thread.handle else None)

    def render(self, message: Message, idempotency_key: str) -> dict[str, Any]:
        """Return the body of the request."""
        head = [f"<b>{_code(shorten(message.subject, 200))}</b>"]
        if message.is_test:
            head.append("This is a test; nothing is wrong.")
        foot = [f"<i>{escape(explain_reason(message.reason))}</i>"]
        room, items = _LONGEST - 400, list[str]()
        for item in message.items:
            text, length = _render_item(item, message)
            room -= length
            if room < 0:
                break
            items.append(text)
        hidden = len(message.items) - len(items) + message.omitted
        if hidden:
            foot.insert(0, f"… and {hidden} more")
        return {
            "chat_id": self.chat,
            "parse_mode": "HTML",
            "text": "\n".join([*head, *items, "", *foot]),
            "link_preview_options": {"is_disabled": True},
        }

    def describe(self) -> str:
        """Return the chat."""
        return f"{self.api.origin}, chat {self.chat}"


def _render_item(item: Item, message: Message) -> tuple[str, int]:
    """Return the text of an alert, and how many characters a person sees of it."""
    sign = "✅" if item.state == "resolved" else {"critical": "🔴", "warning": "🟠"}.get(item.severity, "🔵")
    sign = "📋" if message.is_report else sign
    name = f"{item.name}: " if len(message.items) > 1 else ""
    summary = shorten(f"{name}{item.summary}", _TEXT)
    facts = [(shorten(n, 60), shorten(v, _VALUE)) for n, v in list_facts(item, message)[:10]]
    more = [shorten(text, _TEXT) for text in (item.description, explain_summary(item)) if text]
    lines = ["", f"{sign} {_code(summary)}", *map(_code, more)]
    lines += [f"{escape(name)}: {_code(value)}" for name, value in facts]
    shown = [f'<a href="{escape(url)}">{label}</a>' for label, url in list_links(item) if len(url) <= _URL]
    if shown:
        lines.append(" · ".join(shown))
    if item.silence_command:
        lines.append(f"Silence: {_code(item.silence_command)}")
    length = len(summary) + sum(map(len, more)) + sum(len(name) + len(value) + 3 for name, value in facts)
    return "\n".join(lines), length + len(item.silence_command) + 100


def _code(text: str) -> str:
    return f"<code>{escape(text) or ' '}</code>"
