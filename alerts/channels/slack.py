"""Slack, by an incoming webhook or a bot; also whatever speaks the webhook's format at another address."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, ClassVar, Final, Self

from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient

from alerts.channels.answers import check_answer
from alerts.channels.channel import ALONE, Receipt, Thread
from alerts.channels.fields import read_api, read_timeout_s, read_url
from alerts.channels.slack_bot import SLACK_API, SlackBot
from alerts.messages.model import Message
from alerts.messages.slack_blocks import render_slack
from alerts.messages.texts import clean_line
from store.configuration.secrets import SecretUrl
from store.configuration.section import Section
from store.errors import DeliveryFailed

# The library logs addresses and bodies on its own; nothing of it reaches our logs.
_QUIET: Final = logging.Logger("alerts.channels.slack.library", level=logging.CRITICAL + 1)
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
        text, blocks = render_slack(message)
        # Its own retries would sleep in the delivery thread; ours are the outbox's.
        client = WebhookClient(self.url.reveal(), timeout=self.timeout_s, logger=_QUIET, retry_handlers=[])  # pyright: ignore[reportArgumentType]
        try:
            answer = client.send(
                text=text,
                blocks=blocks,
                unfurl_links=False,
                unfurl_media=False,
                headers={"Idempotency-Key": idempotency_key},
            )
        except (OSError, HTTPException, SlackClientError, UnicodeDecodeError) as error:
            raise DeliveryFailed(self._say(f"{error}" or type(error).__name__), retry=True) from None
        try:
            check_answer(answer.status_code, answer.headers, answer.body)
        except DeliveryFailed as error:
            raise DeliveryFailed(
                self._say(str(error)), retry=error.retry, retry_after_s=error.retry_after_s
            ) from None
        said = answer.body.strip()
        if said.replace(" ", "").lower() not in _ACCEPTED:
            raise DeliveryFailed(
                self._say(f"it answered {clean_line(said, 100)!r} instead of 'ok'"), retry=False
            )
        return Receipt()

    def render(self, message: Message, idempotency_key: str) -> dict[str, Any]:
        """Return the body of the request."""
        text, blocks = render_slack(message)
        return {"text": text, "blocks": blocks}

    def describe(self) -> str:
        """Return the host it posts to, and the bot's channel."""
        return str(self.url) if self.bot is None else f"{self.url.origin}, {self.bot.to}"

    def _say(self, what: str) -> str:
        return self.url.redact(f"slack at {self.url.origin}: {what}")
