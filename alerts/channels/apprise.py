"""Whatever Apprise reaches, by its addresses; needs the extra: `pip install 'spanledger[apprise]'`."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from alerts.channels.channel import ALONE, Receipt, Thread
from alerts.channels.fields import require_secret
from alerts.messages.model import Message
from alerts.messages.plain import render_plain
from store.configuration.secrets import Secret
from store.configuration.section import Section
from store.errors import DeliveryFailed


@dataclass(frozen=True)
class AppriseChannel:
    """One address of Apprise, such as `ntfy://…` or `matrix://…`."""

    type: ClassVar[str] = "apprise"

    name: str
    url: Secret
    sends_resolved: bool = True
    pause_s: float = 1.0

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the channel that a [[channel]] table writes."""
        url = require_secret(section, "url")
        if importlib.util.find_spec("apprise") is None:
            section.fail("type", "needs Apprise, which is not installed; install spanledger[apprise]")
        if not _load(url):
            section.fail("type", "has a url that Apprise does not understand; see its list of services")
        return cls(section.name(), url, section.flag("send_resolved", default=True))

    def send(self, message: Message, idempotency_key: str, thread: Thread = ALONE) -> Receipt:
        """Send text; Apprise says only whether it worked, so that every failure is tried again."""
        rendered = self.render(message, idempotency_key)
        try:
            is_sent = _load(self.url).notify(**rendered)
        except Exception as error:  # noqa: BLE001 - a hundred plugins raise what they like
            raise DeliveryFailed(f"apprise: it failed ({type(error).__name__})", retry=True) from None
        if not is_sent:
            raise DeliveryFailed("apprise: the service did not take it; Apprise gives no reason", retry=True)
        return Receipt()

    def render(self, message: Message, idempotency_key: str) -> dict[str, Any]:
        """Return title and text."""
        kind = "success" if message.status == "resolved" else "failure"
        return {
            "title": message.subject,
            "body": render_plain(message),
            "notify_type": kind,
            "body_format": "text",
        }

    def describe(self) -> str:
        """Return the scheme of the address; all else may be secret."""
        return f"{self.url.reveal().partition('://')[0]}://***"


def _load(url: Secret) -> Any:
    apprise = importlib.import_module("apprise")
    # Its log lines hold addresses with their secrets.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        # Its hundred plugins are imported here, and some of them warn about themselves.
        warnings.simplefilter("ignore", DeprecationWarning)
        loaded = apprise.Apprise()
        return loaded if loaded.add(url.reveal()) else None
