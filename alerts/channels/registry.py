"""Which types of channels there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from alerts.channels.alertmanager import AlertmanagerChannel
from alerts.channels.apprise import AppriseChannel
from alerts.channels.channel import Channel, Receipt
from alerts.channels.discord import DiscordChannel
from alerts.channels.email import EmailChannel
from alerts.channels.pagerduty import PagerDutyChannel
from alerts.channels.slack import SlackChannel
from alerts.channels.teams import TeamsChannel
from alerts.channels.telegram import TelegramChannel
from alerts.channels.webhook import WebhookChannel
from store.configuration.section import Section

CHANNEL_TYPES: Final[Mapping[str, type[Channel]]] = {
    kind.type: kind
    for kind in (
        SlackChannel,
        EmailChannel,
        WebhookChannel,
        PagerDutyChannel,
        TeamsChannel,
        DiscordChannel,
        TelegramChannel,
        AlertmanagerChannel,
        AppriseChannel,
    )
}

__all__ = ["CHANNEL_TYPES", "Channel", "Receipt", "read_channel"]


def read_channel(section: Section) -> Channel:
    """Return the channel that a [[channel]] table writes; what is not the channel's own was read before.

    Raises:
        ConfigError: The type is unknown, or a key of it is.
    """
    kind = section.choice("type", tuple(CHANNEL_TYPES))
    channel = CHANNEL_TYPES[kind].read(section)
    section.finish()
    return channel
