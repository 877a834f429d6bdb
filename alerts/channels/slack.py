"""Slack, by an incoming webhook or a bot; also whatever speaks the webhook's format at another address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from alerts.channels.channel import ALONE, Receipt, Thread
from alerts.channels.fields import read_api, read_timeout_s, read_url
from alerts.channels.posting import Poster
from alerts.channels.slack_bot import SLACK_API, SlackBot
from alerts.messages.model import Message
from alerts.messages.slack_blocks import render_slack
from alerts.messages.texts import clean_line
from store.configuration.secrets import SecretUrl
from store.configuration.section import Section
from store.errors import DeliveryFailed

_ACCEPTED: Final = ("ok", '{"ok":true}', '{"success":true}')


@dataclass(frozen=True)
class SlackChannel:
    """An incoming webhook of Slack, or a bot in one of its channels."""

    type: ClassVar[str] = "slack"

    name: str
    url: SecretUrl
    """Of the webhook; with a bot, of Slack's API."""
    bot: SlackBot | None = None
    sends_resolved: bool = True
    timeout_s: float = 10.0
    pause_s: float = 1.0
    """Slack answers 429 to more than about one message a second."""

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the channel that a [[channel]] table writes."""
        timeout_s = read_timeout_s(section)
        token = section.secret("token")
        if token is None:
            url, bot = read_url(section), None
        else:
            if "url" in section or "url_file" in section:
                section.fail("url", "and token exclude each other; a bot needs token and to")
            url = read_api(section, SLACK_API)
            bot = SlackBot(token, section.text("to"), url, timeout_s)
        return cls(
            name=section.name(),
            url=url,
            bot=bot,
            sends_resolved=section.flag("send_resolved", default=True),
            timeout_s=timeout_s,
        )

    def send(self, message: Message, idempotency_key: str, thread: Thread = ALONE) -> Receipt:
        """Post the message; only Slack's `ok` counts as delivered."""
        if self.bot is not None:
            return self.bot.send(message, idempotency_key, thread)
        poster = Poster("slack", self.url, self.timeout_s)
        said = poster.post(
            self.render(message, idempotency_key), {"Idempotency-Key": idempotency_key}
        ).strip()
        if said.replace(" ", "").lower() not in _ACCEPTED:
            raise DeliveryFailed(
                poster.say(f"it answered {clean_line(said, 100)!r} instead of 'ok'"), retry=False
            )
        return Receipt()

    def render(self, message: Message, idempotency_key: str) -> dict[str, Any]:
        """Return the body of the request."""
        text, blocks = render_slack(message)
        return {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}

    def describe(self) -> str:
        """Return the host it posts to, and the bot's channel."""
        return str(self.url) if self.bot is None else f"{self.url.origin}, {self.bot.to}"
