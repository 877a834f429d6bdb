"""A message as an HTML mail: one table, styles inline, no images or scripts; every text is escaped."""

from __future__ import annotations

from html import escape
from typing import Final

from alerts.figures import format_instant
from alerts.messages.model import Item, Message
from alerts.messages.plain import explain_reason, explain_summary, list_facts

_COLOURS: Final = {
    "critical": "#c0362c",
    "warning": "#955f10",
    "info": "#2b6cb0",
    "resolved": "#2f855a",
    "test": "#5a4fcf",
}
_FONT: Final = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_MOST_ITEMS: Final = 25
# Programs that know no style sheets show the light one from the styles of the elements.
_SHEET: Final = """
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (max-width:480px){
.page{padding:0 !important}.card{border:0 !important;border-radius:0 !important}
.head,.foot{padding:16px !important}.cell{padding:18px 16px 4px 16px !important}.name,.value{display:block !important}
.name{padding:6px 0 0 0 !important}.value{padding:0 !important}}
@media (prefers-color-scheme:dark){
.page{background:#101418 !important}.card{background:#1a2027 !important;border-color:#323b46 !important}
.text,.value{color:#e6eaf0 !important}.muted,.name{color:#9aa5b4 !important}.link{color:#8ab8f0 !important}
.foot{background:#151a20 !important;border-color:#323b46 !important}
.main{background:#e6eaf0 !important;color:#1a2027 !important}
.other{background:#1a2027 !important;color:#e6eaf0 !important;border-color:#9aa5b4 !important}
.critical{color:#ff8a80 !important}.warning{color:#f0b95c !important}.info{color:#8ab8f0 !important}
.resolved{color:#74d3a0 !important}}
"""


def render_html(message: Message) -> str:
    """Return the whole HTML document."""
    colour = _COLOURS["test"] if message.is_test else _colour(message.status, message.severity)
    shown = message.items[:_MOST_ITEMS]
    hidden = len(message.items) - len(shown) + message.omitted
    more = _row(f'<span class="muted" style="color:#667085">… and {hidden} more</span>') if hidden else ""
    test = _row("This is a test; nothing is wrong.") if message.is_test else ""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(message.subject)}</title><style>{_SHEET}</style></head>"
        f'<body class="page" style="margin:0;padding:24px 12px;background:#f2f4f7;font-family:{_FONT};color:#1d2939">'
        '<table role="presentation" cellpadding="0" cellspacing="0" width="100%"><tr><td align="center">'
        '<table class="card" role="presentation" cellpadding="0" cellspacing="0" width="100%" style="max-width:640px;'
        'background:#ffffff;border:1px solid #e4e7ec;border-radius:10px;overflow:hidden">'
        f"{_render_head(message, colour)}{test}{''.join(_render_item(item, message) for item in shown)}{more}"
        f"{_render_foot(message)}</table></td></tr></table></body></html>"
    )


def _render_head(message: Message, colour: str) -> str:
    label = "Test" if message.is_test else "Report" if message.is_report else message.status
    badge = f"{label} · {message.severity}" if label == "firing" else label
    return (
        f'<tr><td class="head" style="background:{colour};padding:20px 28px;color:#ffffff">'
        '<div style="font-size:12px;letter-spacing:.08em;text-transform:uppercase;opacity:.9">'
        f"{escape(badge)}</div>"
        f'<div style="font-size:21px;line-height:1.3;font-weight:600;padding-top:4px">{escape(message.title)}</div>'
        "</td></tr>"
    )


def _render_item(item: Item, message: Message) -> str:
    colour = _colour(item.state, item.severity)
    facts = list_facts(item, message)
    rows = "".join(
        _fact(name, value, style=f"color:{colour};font-weight:600", kind=_kind(item))
        if name in ("Seen", "Last seen")
        else _fact(name, value)
        for name, value in facts
    )
    description = (
        f'<div class="text" style="padding-top:6px;white-space:pre-line">{escape(item.description)}</div>'
        if item.description
        else ""
    )
    reason = (
        f'<div class="muted" style="padding-top:10px;font-size:13px;color:#667085">{escape(said)}</div>'
        if (said := explain_summary(item))
        else ""
    )
    name = (
        f'<div class="muted" style="font-size:13px;color:#667085">{escape(item.headline)}</div>'
        if len(message.items) > 1
        else ""
    )
    body = (
        f'<div style="border-left:4px solid {colour};padding-left:16px">{name}'
        f'<div class="text" style="font-size:16px;line-height:1.45;font-weight:600">'
        f"{escape(item.summary)}</div>{description}"
        '<table role="presentation" cellpadding="0" cellspacing="0" '
        'style="padding-top:10px;font-size:14px;line-height:1.5">'
        f"{rows}</table>{reason}{_render_examples(item)}{_render_links(item)}{_render_hint(item)}</div>"
    )
    return _row(body)


def _render_examples(item: Item) -> str:
    if not item.examples:
        return ""
    links = "".join(
        f'<div><a class="link" href="{escape(e.link)}" style="color:#2b6cb0">{escape(e.title)}</a></div>'
        if e.link
        else f'<div class="text">{escape(e.title)}</div>'
        for e in item.examples
    )
    return (
        '<div class="muted" style="padding-top:10px;font-size:13px;line-height:1.6;color:#667085">'
        f"Examples{links}</div>"
    )


def _render_hint(item: Item) -> str:
    if not item.silence_command:
        return ""
    what, flag, how_long = item.silence_command.partition("--for")
    return (
        '<div class="muted" style="padding-top:12px;font-size:12px;color:#667085">To silence: '
        f'<code style="overflow-wrap:anywhere">{escape(what)}'
        f'<span style="white-space:nowrap">{escape(flag + how_long)}</span></code></div>'
    )


def _render_links(item: Item) -> str:
    buttons = ""
    if item.link:
        buttons += _button(item.link, "Open dashboard", "main", "background:#1d2939;color:#ffffff")
    if item.runbook:
        buttons += _button(item.runbook, "Runbook", "other", "background:#ffffff;color:#1d2939")
    return f'<div style="padding-top:16px">{buttons}</div>' if buttons else ""


def _render_foot(message: Message) -> str:
    dashboard = (
        f' · <a class="muted" href="{escape(message.dashboard_url)}" style="color:#667085">Spanledger</a>'
        if message.dashboard_url
        else " · Spanledger"
    )
    return (
        '<tr><td style="height:18px;line-height:18px">&nbsp;</td></tr>'
        '<tr><td class="foot muted" style="padding:16px 28px;background:#f9fafb;border-top:1px solid #e4e7ec;'
        'font-size:12px;color:#667085">'
        f"Why this message: {escape(explain_reason(message.reason))} · "
        f"{format_instant(message.decided_at)}{dashboard}</td></tr>"
    )


def _fact(name: str, value: str, *, style: str = "color:#1d2939", kind: str = "") -> str:
    return (
        '<tr><td class="name" style="padding:2px 18px 2px 0;color:#667085;vertical-align:top;white-space:nowrap">'
        f"{escape(name)}</td>"
        f'<td class="value {kind}" style="padding:2px 0;word-break:break-word;{style}">{escape(value)}</td></tr>'
    )


def _button(url: str, label: str, kind: str, style: str) -> str:
    return (
        f'<a class="{kind}" href="{escape(url)}" style="display:inline-block;padding:9px 16px;margin:0 8px 8px 0;'
        "border-radius:6px;border:1px solid #1d2939;font-size:14px;font-weight:600;text-decoration:none;"
        f'{style}">{label}</a>'
    )


def _row(content: str) -> str:
    return f'<tr><td class="cell" style="padding:22px 28px 6px 28px;font-size:14px;line-height:1.5">{content}</td></tr>'


def _kind(item: Item) -> str:
    """Return the class of an alert's colour, one of ours whatever the alert says."""
    kind = "resolved" if item.state == "resolved" else item.severity
    return kind if kind in _COLOURS else "info"


def _colour(state: str, severity: str) -> str:
    return _COLOURS["resolved"] if state == "resolved" else _COLOURS.get(severity, _COLOURS["info"])
