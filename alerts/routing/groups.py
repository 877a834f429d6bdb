"""What one channel knows of one group of alerts, and what is decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alerts.routing.routes import Route
from alerts.states import Instance


class Reason(StrEnum):
    """Why a message is sent, or why not; the vocabulary of `notifications.reason`."""

    FIRST_NOTIFICATION = "first_notification"
    NEW_ALERTS = "new_alerts"
    NEWLY_RESOLVED = "newly_resolved"
    ALL_RESOLVED = "all_resolved"
    FIRED_AND_RESOLVED = "fired_and_resolved"
    REPEAT_INTERVAL = "repeat_interval"
    DIGEST = "digest"
    SILENCED = "silenced"
    INHIBITED = "inhibited"
    MAINTENANCE = "maintenance"
    MUTED = "muted"
    RATE_LIMITED = "rate_limited"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED_NOT_WANTED = "resolved_not_wanted"
    AWAITING_DELIVERY = "awaiting_delivery"
    NO_CHANNEL = "no_channel"
    CHANNEL_REMOVED = "channel_removed"


NO_CHANNEL = "none"
"""Stands for the channel where a route has none, so that this is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Persisted after each evaluation, so that a restart neither repeats nor forgets a message."""

    key: str
    channel: str
    labels: Mapping[str, str]
    flush_at: datetime
    """When it is next decided whether to tell."""
    members: frozenset[str] = frozenset()
    """Fingerprints of alerts that fire, or ended and were not told yet."""
    told_firing: frozenset[str] = frozenset()
    """Fingerprints that the channel was told fire, and not yet that they ended."""
    notified_at: datetime | None = None
    suppressed: str | None = None
    """The last decision not to send that was recorded; the same one is recorded once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """To tell a channel something, or not to, with the reason."""

    group: Group
    reason: Reason
    is_sent: bool
    instances: tuple[Instance, ...] = ()
    """What the message is about."""
    detail: str = ""
    """Why it is not sent, in words."""


@dataclass(slots=True)
class Plan:
    """What an evaluation decided, and what the channels know afterwards."""

    decisions: list[Decision] = field(default_factory=list[Decision])
    groups: dict[str, Group] = field(default_factory=dict[str, Group])
    """Groups that are new or changed."""
    gone: list[str] = field(default_factory=list[str])
    next_flush_at: datetime | None = None
    """When the next decision is due; None when no group is left."""


def name_group(route: Route, channel: str, labels: Mapping[str, str]) -> str:
    """Return the key of a group, readable: channel, route and group labels."""
    shown = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
    return f"{channel}:{route.path}:{{{shown}}}"
