"""The message model: everything a channel may show; kept in the outbox as JSON until it is delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec


class Example(msgspec.Struct, frozen=True):
    """A run that shows what the alert is about."""

    title: str
    link: str


@dataclass(frozen=True, slots=True)
class Context:
    """What is known around an alert, beside its figure."""

    facts: Mapping[str, str]
    """By name, the most telling first."""
    examples: Sequence[Example] = ()
    link: str = ""
    """The page that shows best what the alert is about; empty for the overview of the rule's time and filters."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One alert of a message; texts are bounded and plain, whatever telemetry they came from."""

    fingerprint: str
    alert: str
    state: str
    """firing or resolved."""
    severity: str
    labels: Mapping[str, str]
    summary: str
    description: str = ""
    reason: str = ""
    value: float | None = None
    value_text: str = ""
    threshold: float | None = None
    threshold_text: str = ""
    threshold_name: str = "Limit"
    """What the threshold is: a limit, or the value before."""
    since: datetime
    ended_at: datetime | None = None
    about: str = ""
    """What tells this alert from others of its rule, in few words; the values of `where` when it is left out."""
    link: str = ""
    runbook: str = ""
    annotations: Mapping[str, str] = {}
    facts: Mapping[str, str] = {}
    """What is known beside the figures, by name: how it was before, who is affected, the money, the explanation."""
    examples: tuple[Example, ...] = ()
    silence_command: str = ""
    """What a person types so that this alert is not told for a while."""

    @property
    def where(self) -> dict[str, str]:
        """Labels that tell this alert from others of its rule; what the figures say themselves is left out."""
        said = {"alert", "severity"}
        said |= {"metric", "direction", "type"} if self.about else set()
        said |= {"unit"} if "budget" in self.labels else set()
        return {name: value for name, value in self.labels.items() if name not in said}

    @property
    def name(self) -> str:
        """The alert and what it is about, on one line."""
        about = self.about or ", ".join(value or "none" for value in self.where.values())
        return f"{self.alert} · {about}" if about else self.alert

    @property
    def headline(self) -> str:
        """How it is, and the name: what tells it from the others of its message."""
        return f"{self.severity if self.state == 'firing' else self.state} · {self.name}"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What one channel is told about one group of alerts."""

    reason: str
    """Named reason of the decision to send it."""
    group_key: str
    group_labels: Mapping[str, str]
    decided_at: datetime
    items: tuple[Item, ...]
    omitted: int = 0
    """Alerts of the group that found no room."""
    dashboard_url: str = ""
    is_test: bool = False

    @property
    def firing(self) -> list[Item]:
        """Alerts that fire."""
        return [item for item in self.items if item.state == "firing"]

    @property
    def resolved(self) -> list[Item]:
        """Alerts that ended."""
        return [item for item in self.items if item.state == "resolved"]

    @property
    def status(self) -> str:
        """Firing while any of the alerts does."""
        return "firing" if self.firing else "resolved"

    @property
    def severity(self) -> str:
        """The worst severity among the alerts that the status is about."""
        order = ("info", "warning", "critical")
        items = self.firing or self.items
        return max(
            (item.severity for item in items),
            key=lambda s: order.index(s) if s in order else 0,
            default="info",
        )

    @property
    def title(self) -> str:
        """First line: which alert, how many, where."""
        names = list(dict.fromkeys(item.alert for item in self.items))
        subject = names[0] if len(names) == 1 else f"{len(names)} alerts"
        if len(self.items) == 1 and not self.omitted:
            return self.items[0].name
        firing, resolved = len(self.firing), len(self.resolved)
        counts = [f"{firing} firing" if firing else "", f"{resolved} resolved" if resolved else ""]
        return f"{subject} · {', '.join(filter(None, counts))}"

    @property
    def is_report(self) -> bool:
        """Whether it tells of a period instead of alerts."""
        return self.reason == "report"

    @property
    def subject(self) -> str:
        """The title with the status before it, for subjects and lists."""
        test = "TEST " if self.is_test else ""
        status = "REPORT" if self.is_report else self.status.upper()
        return f"[{test}{status}] {self.title}"

    @property
    def headline(self) -> str:
        """The subject and what the worst alert says: all that a phone shows of a message."""
        return f"{self.subject}: {self.items[0].summary}" if self.items else self.subject
