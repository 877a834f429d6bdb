"""Reports as Markdown and HTML; names come from telemetry and are escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from urllib.parse import urlencode

from analytics.drift.naming import say_change as say_drift
from analytics.figures import format_amount, format_step
from analytics.golden import Regressions
from analytics.metrics import Metric, say_value
from analytics.reports.digest import OTHERS, UNNAMED, Digest, Figure
from analytics.reports.readiness import Readiness

_MARKS: Final = {"passed": "✓", "failed": "✗", "unknown": "?"}
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|#!&])")
LONGEST_NAME: Final = 120
MOST_CASES: Final = 3
_FOUND: Final = ("agent_version", "prompt_version", "model", "provider", "tool", "configuration")
"""Known events that are something seen for the first time."""
_PARTIAL: Final = "Figures marked “partial” speak of what is left: retention has deleted facts of their time."


def write_readiness_markdown(report: Readiness) -> str:
    """Return the checklist as Markdown."""
    counts = {verdict: sum(item.verdict == verdict for item in report.items) for verdict in _MARKS}
    lines = [
        f"# Readiness of {_clean(report.service or 'all services')}",
        "",
        f"{report.checked_at:%Y-%m-%d %H:%M} UTC: {counts['passed']} passed, {counts['failed']} failed, "
        f"{counts['unknown']} unknown.",
        "",
        "| | item | evidence | what to do |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {_MARKS[item.verdict]} {item.verdict} | {item.name} | {item.evidence} | {item.remedy} |"
        for item in report.items
    ]
    return "\n".join(lines) + "\n"


def write_digest_markdown(digest: Digest) -> str:
    """Return the report as Markdown."""
    lines = [f"# {_title(digest)}", "", *summarise(digest)]
    for heading, columns, rows in _tables(digest):
        if rows:
            lines += ["", f"## {heading}", "", f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|"]
            lines += [f"| {' | '.join(map(_write_cell, row))} |" for row in rows]
    if digest.dashboard_url:
        lines += ["", f"[Dashboard]({link_digest(digest)})"]
    return "\n".join(lines) + "\n"


def write_digest_html(digest: Digest) -> str:
    """Return the report as a page without scripts or outside resources, for mail and files."""
    parts = [
        f"<h1>{escape(_title(digest))}</h1>",
        *(f"<p>{escape(line)}</p>" for line in summarise(digest) if line),
    ]
    for heading, columns, rows in _tables(digest):
        if rows:
            parts.append(f"<h2>{escape(heading)}</h2><table><tr>{_cells([*columns], 'th')}</tr>")
            parts += [f"<tr>{_cells(row, 'td')}</tr>" for row in rows]
            parts.append("</table>")
    if digest.dashboard_url:
        parts.append(f'<p><a href="{escape(link_digest(digest), quote=True)}">Dashboard</a></p>')
    style = (
        ":root{color-scheme:light dark}"
        "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
        "table{border-collapse:collapse}th,td{padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top;"
        "border-bottom:1px solid #8884}td:first-child{overflow-wrap:anywhere;min-width:5rem}"
        "@media(max-width:600px){body{margin:1rem auto;font-size:13px}th,td{padding-right:.5rem}"
        "table{display:block;overflow-x:auto}}"
    )
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    head += f"<title>{escape(_title(digest))}</title><style>{style}</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _title(digest: Digest) -> str:
    return f"{digest.period.capitalize()} report, {digest.start:%Y-%m-%d} to {digest.end:%Y-%m-%d}"


def summarise(digest: Digest) -> list[str]:
    """Return the report in a sentence."""
    if digest.is_empty:
        return ["Nothing ran."]
    by_name = {figure.metric.name: figure for figure in digest.figures}
    told = [
        by_name[name] for name in ("run_count", "success_rate", "cost_usd") if by_name[name].value is not None
    ]
    said = ", ".join(f"{it.metric.title.lower()} {say_figure(it)} ({say_change(it)})" for it in told)
    return [f"{said}.", *([_PARTIAL] if digest.is_partial else [])]


@dataclass(frozen=True)
class _Linked:
    """A cell that leads to a page; without an address it is its text."""

    text: str
    link: str


_Cell = str | _Linked
_Table = tuple[str, Sequence[str], list[list[_Cell]]]


def link_digest(digest: Digest) -> str:
    """Return the overview of the time of a report; empty without a dashboard."""
    return _link(digest, "")


def say_happened(change: Mapping[str, Any]) -> str:
    """Return in a line what happened.

    >>> say_happened({"what": "prompt_version", "subject": "system 8", "detail": None, "metric": None})
    'first seen: prompt version system 8'
    """
    what, subject = str(change["what"]).replace("_", " "), str(change["subject"])
    if change["metric"] is not None:
        return f"drift: {say_drift(change['metric'], change['detail'], change['category'])}, {subject}"
    is_found = change["what"] in _FOUND
    return f"first seen: {what} {subject}" if is_found else f"{what}: {subject}"


def _link(digest: Digest, page: str, **filters: str | None) -> str:
    """Return a page of the dashboard over the time of the report; empty without a dashboard or for an unknown name."""
    if not digest.dashboard_url or None in filters.values():
        return ""
    ends = [f"{at:%Y-%m-%d %H:%M}" for at in (digest.start, digest.end)]
    return f"{digest.dashboard_url}/{page}?{urlencode({'range': '/'.join(ends), **filters})}"


def _name(shown: str) -> str | None:
    """Return what the dashboard can be filtered by; None for what has no name."""
    return None if shown in (UNNAMED, OTHERS) else shown


def _link_alarm(digest: Digest, change: Mapping[str, Any]) -> str:
    return (
        f"{digest.dashboard_url}/drift?{urlencode({'alarm': change['alarm_id']})}"
        if digest.dashboard_url
        else ""
    )


def _say_change_found(digest: Digest, change: Mapping[str, Any]) -> list[_Cell]:
    """Return the row of something that happened; drift is told in words, and leads to its alarm."""
    subject, detail = str(change["subject"]), str(change["detail"] or "")
    at, what = f"{change['happened_at']:%Y-%m-%d %H:%M}", str(change["what"]).replace("_", " ")
    if change["metric"] is None:
        return [at, what, subject, detail]
    said = say_drift(change["metric"], detail, change["category"])
    return [at, what, _Linked(said, _link_alarm(digest, change)), subject]


def _tables(digest: Digest) -> list[_Table]:
    figures: list[list[_Cell]] = [
        [it.metric.title, say_figure(it), say_change(it), _say_then(it.metric, it.before, it.were_partial[0]),
         _say_then(it.metric, it.week_ago, it.were_partial[1])]
        for it in digest.figures
    ]  # fmt: skip
    # The week before a week is what it was a week ago.
    shown = 4 if digest.period == "weekly" else 5
    return [
        (
            "Figures",
            ["metric", "now", "change", "before", "a week ago"][:shown],
            [] if digest.is_empty else [row[:shown] for row in figures],
        ),
        (
            "Top movers",
            ["agent", "metric", "now", "before", "change"],
            [
                [_Linked(mover.agent or UNNAMED, _link(digest, "traces", agent=mover.agent)),
                 mover.figure.metric.title, say_figure(mover.figure),
                 say_value(mover.figure.metric, mover.figure.before), say_change(mover.figure)]
                for mover in digest.movers
            ],
        ),
        (
            "Failures",
            ["agent", "class", "failed runs"],
            [
                [_Linked(agent, _link(digest, "traces", agent=_name(agent), outcome="failure")), cause, f"{count:,}"]
                for agent, cause, count in digest.failures
            ],
        ),
        (
            "Money by model",
            ["model", "cost"],
            [
                [_Linked(model, _link(digest, "cost", model=_name(model))),
                 "at least " * least + format_amount(usd, "USD")]
                for model, usd, least in digest.spenders
            ],
        ),
        (
            "Evaluation suites",
            ["suite", "versions", "passed", "broken", "mended"],
            [
                [suite, " → ".join(it.versions), f"{it.passed[0]:,} → {it.passed[1]:,} of {it.cases:,}",
                 say_broken(it), f"{it.mended:,}"]
                for suite, it in digest.suites.items()
            ],
        ),
        (
            "What happened",
            ["when", "what", "subject", "detail"],
            [_say_change_found(digest, change) for change in digest.changes],
        ),
    ]  # fmt: skip


def say_broken(found: Regressions) -> str:
    """Return how many cases of a suite broke, and which."""
    names = [str(case) for case in found.broken["case_id"].head(MOST_CASES)]
    more = "" if found.broken.height <= MOST_CASES else " …"
    return f"{found.broken.height:,}: {', '.join(names)}{more}" if names else "none"


def say_figure(figure: Figure) -> str:
    """Return a figure as people read it, with “at least” where calls have no price, “partial” where facts are gone."""
    least = "at least " if figure.is_at_least else ""
    return least + _say_then(figure.metric, figure.value, figure.is_partial)


def _say_then(metric: Metric, value: float | None, is_partial: bool) -> str:
    return say_value(metric, value) + (" (partial)" if is_partial else "")


def say_change(figure: Figure) -> str:
    """Return how a figure changed since the period before."""
    change = figure.change
    if change is None:
        return "no comparison"
    return format_step(change, "ratio") if figure.metric.unit == "ratio" else f"{change * 100:+.1f} %"


def _clean(text: str) -> str:
    """Return telemetry's text for one cell of Markdown."""
    cut = " ".join(text.split())[:LONGEST_NAME]
    return _SPECIAL.sub(r"\\\1", cut)


def _write_cell(cell: _Cell) -> str:
    if isinstance(cell, str):
        return _clean(cell)
    return f"[{_clean(cell.text)}]({cell.link})" if cell.link else _clean(cell.text)


def _cells(cells: Sequence[_Cell], tag: str) -> str:
    return "".join(f"<{tag}>{_tag_cell(cell)}</{tag}>" for cell in cells)


def _tag_cell(cell: _Cell) -> str:
    if isinstance(cell, str):
        return escape(cell[:LONGEST_NAME])
    text = escape(cell.text[:LONGEST_NAME])
    return f'<a href="{escape(cell.link, quote=True)}">{text}</a>' if cell.link else text
