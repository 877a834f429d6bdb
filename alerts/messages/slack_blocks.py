"""A message as Slack blocks.

Whatever may hold telemetry stands in `plain_text` objects or, escaped, in code spans: nothing in it becomes a link, a
mention or an emoji. Bounds are Slack's: 50 blocks, 3,000 characters a section, 2,000 a field, 150 a header; the whole
stays below the 13,000 characters at which Slack was seen to refuse a message that keeps all of them.
"""

from __future__ import annotations

from typing import Any, Final

from alerts.figures import format_instant
from alerts.messages.model import Item, Message
from alerts.messages.plain import explain_reason, explain_summary, join_links, list_facts, list_links
from alerts.messages.texts import clean_line, shorten

Block = dict[str, Any]

MOST_BLOCKS: Final = 50
_ROOM: Final = 12_000
_HEADER: Final = 150
_SECTION: Final = 1_000
_REASON: Final = 600
_NAME: Final = 60
_FIELD: Final = 300
_FIELDS: Final = 10
_DETAILED: Final = 4
_LISTED: Final = 16
_LIST: Final = 2_500
_LINKS: Final = 2_500
_SIGNS: Final = {"critical": "🔴", "warning": "🟠", "info": "🔵"}


def render_slack(message: Message) -> tuple[str, list[Block]]:
    """Return the fallback text and the blocks."""
    blocks: list[Block] = [{"type": "header", "text": _plain(_title(message), _HEADER)}]
    if message.is_test:
        blocks.append(_context([_plain("This is a test; nothing is wrong.", _FIELD)]))
    detailed = _render_detailed(message)
    blocks += (block for shown in detailed for block in shown)
    listed = message.items[len(detailed) : len(detailed) + _LISTED]
    if listed:
        lines = "\n".join(f"{_sign(item)} {shorten(_name(item), 150)}" for item in listed)
        blocks.append({"type": "section", "text": _plain(lines, _LIST)})
    hidden = len(message.items) - len(detailed) - len(listed) + message.omitted
    if hidden > 0:
        blocks.append(_context([_plain(f"… and {hidden} more", _FIELD)]))
    blocks.append({"type": "divider"})
    blocks.append(_context(_footer(message)))
    return escape_slack(shorten(message.headline, 300)), blocks[:MOST_BLOCKS]


def escape_slack(text: str) -> str:
    """Return the text with Slack's three control characters escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _title(message: Message) -> str:
    if message.is_test:
        return f"🧪 Test · {message.title}"
    if message.is_report:
        return f"📋 {message.title}"
    if message.status == "resolved":
        return f"✅ Resolved · {message.title}"
    return f"{_SIGNS.get(message.severity, '🔵')} {message.severity.capitalize()} · {message.title}"


def _render_detailed(message: Message) -> list[list[Block]]:
    """Return the blocks of each of the first alerts, as many as there is room for."""
    room = _ROOM - _HEADER - _LIST - 3 * _FIELD
    found: list[list[Block]] = []
    for item in message.items[:_DETAILED]:
        blocks = _render_item(item, message)
        room -= _measure(blocks)
        if room < 0:
            break
        found.append(blocks)
    return found


def _measure(block: Any) -> int:
    """Return how many characters the texts of blocks have."""
    if isinstance(block, str):
        return len(block)
    parts = block.values() if isinstance(block, dict) else block if isinstance(block, list) else ()
    return sum(map(_measure, parts))


def _render_item(item: Item, message: Message) -> list[Block]:
    text = item.summary if not item.description else f"{item.summary}\n{item.description}"
    sign = "" if message.is_report else f"{_sign(item)} "
    sign += f"{item.name}\n" if len(message.items) > 1 else ""
    blocks: list[Block] = [{"type": "section", "text": _plain(f"{sign}{text}", _SECTION)}]
    fields = [_fact(name, value) for name, value in list_facts(item, message)]
    blocks.append({"type": "section", "fields": fields[:_FIELDS]})
    if reason := explain_summary(item):
        blocks.append(_context([_plain(reason, _REASON)]))
    links = _write_links(item)
    if links:
        blocks.append(_context([{"type": "mrkdwn", "text": links, "verbatim": True}]))
    if item.silence_command:
        hint = _code(item.silence_command)
        blocks.append(_context([{"type": "mrkdwn", "text": f"Silence: {hint}", "verbatim": True}]))
    return blocks


def _write_links(item: Item) -> str:
    """Return the links that there is room for, the most telling first."""
    links = (f"<{_escape_url(url)}|{label}>" for label, url in list_links(item))
    return join_links(links, "  ·  ", _LINKS)


def _fact(name: str, value: str) -> Block:
    label = (
        _escape_within(clean_line(name, _NAME), _NAME).replace("*", "∗").replace("`", "ˋ").replace("_", " ")
    )
    return {"type": "mrkdwn", "text": f"*{label}*\n{_code(value)}", "verbatim": True}


def _code(text: str) -> str:
    # Inside a code span nothing is markup but the backtick that ends it.
    return f"`{_escape_within(clean_line(text, _FIELD), _FIELD).replace('`', 'ˋ') or ' '}`"


def _footer(message: Message) -> list[Block]:
    return [
        _plain(
            f"Spanledger · {explain_reason(message.reason)} · {format_instant(message.decided_at)}", _FIELD
        )
    ]


def _sign(item: Item) -> str:
    return "✅" if item.state == "resolved" else _SIGNS.get(item.severity, "🔵")


def _name(item: Item) -> str:
    return f"{item.name} · {item.value_text}"


def _plain(text: str, longest: int) -> Block:
    return {"type": "plain_text", "text": _escape_within(text, longest) or " ", "emoji": False}


def _escape_within(text: str, longest: int) -> str:
    """Return the text escaped and cut, without an entity cut in two."""
    escaped = escape_slack(text)
    if len(escaped) <= longest:
        return escaped
    room, kept = longest - 1, 0
    for character in text:
        room -= len(escape_slack(character))
        if room < 0:
            break
        kept += 1
    return f"{escape_slack(text[:kept])}…"


def _context(elements: list[Block]) -> Block:
    return {"type": "context", "elements": elements}


def _escape_url(url: str) -> str:
    return escape_slack(url).replace("|", "%7C").replace(" ", "%20")
