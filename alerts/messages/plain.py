"""A message as plain text, for mail readers without HTML, logs and previews."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.figures import format_age, format_instant
from alerts.messages.model import Item, Message


def render_plain(message: Message) -> str:
    """Return the message as lines of plain text."""
    lines = [message.subject, ""]
    if message.is_test:
        lines += ["This is a test; nothing is wrong.", ""]
    for item in message.items:
        lines += _render_item(item, message)
    if message.omitted:
        lines += [f"… and {message.omitted} more", ""]
    lines += [f"Why this message: {explain_reason(message.reason)}"]
    if message.dashboard_url:
        lines += [f"Dashboard: {message.dashboard_url}"]
    return "\n".join(lines) + "\n"


def explain_reason(reason: str) -> str:
    """Return the named reason of a decision in words."""
    return _REASONS.get(reason, reason.replace("_", " "))


def describe_times(item: Item, message: Message) -> str:
    """Return since when an alert holds, and when it ended."""
    if item.ended_at is not None:
        age = format_age(item.ended_at - item.since)
        return f"{format_instant(item.since)} to {format_instant(item.ended_at)} ({age})"
    return f"{format_instant(item.since)} ({format_age(message.decided_at - item.since)})"


def list_facts(item: Item, message: Message) -> list[tuple[str, str]]:
    """Return what is said of an alert beside its summary, as names and values, the most telling first."""
    if message.is_report:
        return [("Period", item.value_text), *item.facts.items()]
    facts = [("Seen" if item.state == "firing" else "Last seen", item.value_text)]
    if item.threshold_text:
        facts.append((item.threshold_name, item.threshold_text))
    facts.append(("Since" if item.ended_at is None else "From, to", describe_times(item, message)))
    facts += item.facts.items()
    return [*facts, *((name, value or "none") for name, value in item.where.items())]


def list_links(item: Item) -> list[tuple[str, str]]:
    """Return what can be opened, as labels and addresses, the most telling first."""
    links = [("Open dashboard", item.link), ("Runbook", item.runbook)]
    links += [(f"Example {number}", example.link) for number, example in enumerate(item.examples, 1)]
    return [(label, url) for label, url in links if url]


def join_links(links: Iterable[str], separator: str, room: int) -> str:
    """Return the links, as a channel writes them, that fit into so many characters together; longer ones are left out.

    >>> join_links(["<a>", "<long>", "<b>"], " · ", 12)
    '<a> · <b>'
    """
    shown = list[str]()
    for link in links:
        if len(link) + len(separator) <= room:
            shown.append(link)
            room -= len(link) + len(separator)
    return separator.join(shown)


def explain_summary(item: Item) -> str:
    """Return what was seen, where the summary does not say it already; else nothing."""
    return item.reason if item.reason != item.summary else ""


_REASONS = {
    "first_notification": "first message about this group",
    "new_alerts": "more alerts fire in this group",
    "newly_resolved": "some alerts of this group ended",
    "all_resolved": "all alerts of this group ended",
    "fired_and_resolved": "it fired and ended before it could be told",
    "repeat_interval": "still firing, told again after the repeat interval",
    "digest": "more messages than the channel's rate limit allows, in one",
    "report": "it is scheduled under [reports]",
    "test": "somebody sent a test",
    "preview": "somebody asked for a preview",
}


def _render_item(item: Item, message: Message) -> list[str]:
    head = [] if message.is_report else [f"{item.state.upper()} · {item.severity} · {item.name}"]
    lines = [*head, f"  {item.summary}"]
    if item.description:
        lines += [f"  {line}" for line in item.description.splitlines()]
    lines += [f"  {name.lower()}: {value}" for name, value in list_facts(item, message)]
    if reason := explain_summary(item):
        lines += [f"  reason: {reason}"]
    lines += [f"  example: {example.title} {example.link}".rstrip() for example in item.examples]
    if item.link:
        lines += [f"  look: {item.link}"]
    if item.runbook:
        lines += [f"  runbook: {item.runbook}"]
    if item.silence_command:
        lines += [f"  silence: {item.silence_command}"]
    return [*lines, ""]
