"""Reports as Markdown and HTML; names come from telemetry and are escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Final

from analytics.metrics import Metric, say_value
from analytics.reports.digest import Digest, Figure
from analytics.reports.readiness import Readiness

_MARKS: Final = {"passed": "✓", "failed": "✗", "unknown": "?"}
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|#!])")
LONGEST_NAME: Final = 120
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
    if not digest.is_empty:
        for heading, columns, rows in _tables(digest):
            if rows:
                lines += [
                    "",
                    f"## {heading}",
                    "",
                    f"| {' | '.join(columns)} |",
                    "| --- " * len(columns) + "|",
                ]
                lines += [f"| {' | '.join(map(_clean, row))} |" for row in rows]
    if digest.dashboard_url:
        lines += ["", f"[Dashboard]({digest.dashboard_url}/?range=7d)"]
    return "\n".join(lines) + "\n"


def write_digest_html(digest: Digest) -> str:
    """Return the report as a page without scripts or outside resources, for mail and files."""
    parts = [
        f"<h1>{escape(_title(digest))}</h1>",
        *(f"<p>{escape(line)}</p>" for line in summarise(digest) if line),
    ]
    if not digest.is_empty:
        for heading, columns, rows in _tables(digest):
            if rows:
                parts.append(f"<h2>{escape(heading)}</h2><table><tr>{_cells(columns, 'th')}</tr>")
                parts += [f"<tr>{_cells(row, 'td')}</tr>" for row in rows]
                parts.append("</table>")
    if digest.dashboard_url:
        parts.append(f'<p><a href="{escape(digest.dashboard_url, quote=True)}/?range=7d">Dashboard</a></p>')
    style = (
        "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:60rem}"
        "table{border-collapse:collapse}th,td{padding:.3rem .8rem;text-align:left;border-bottom:1px solid #ddd}"
    )
    head = f'<meta charset="utf-8"><title>{escape(_title(digest))}</title><style>{style}</style>'
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


_Table = tuple[str, Sequence[str], list[list[str]]]


def _tables(digest: Digest) -> list[_Table]:
    figures = [
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
            [row[:shown] for row in figures],
        ),
        (
            "Top movers",
            ["agent", "metric", "now", "before", "change"],
            [
                [mover.agent or "unnamed", mover.figure.metric.title, say_figure(mover.figure),
                 say_value(mover.figure.metric, mover.figure.before), say_change(mover.figure)]
                for mover in digest.movers
            ],
        ),
        ("Failures", ["agent", "class", "failed runs"], [[a, c, f"{n:,}"] for a, c, n in digest.failures]),
        (
            "Money by model",
            ["model", "cost"],
            [[model, f"{'at least ' if least else ''}${usd:,.2f}"] for model, usd, least in digest.spenders],
        ),
        (
            "What happened",
            ["when", "what", "subject", "detail"],
            [
                [f"{it['happened_at']:%Y-%m-%d %H:%M}", str(it["what"]), str(it["subject"]), str(it["detail"] or "")]
                for it in digest.changes
            ],
        ),
    ]  # fmt: skip


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
    points = " points" if figure.metric.unit == "ratio" else " %"
    return f"{change * 100:+.1f}{points}"


def _clean(text: str) -> str:
    """Return telemetry's text for one cell of Markdown."""
    cut = " ".join(text.split())[:LONGEST_NAME]
    return _SPECIAL.sub(r"\\\1", cut)


def _cells(texts: Sequence[str], tag: str) -> str:
    return "".join(f"<{tag}>{escape(text[:LONGEST_NAME])}</{tag}>" for text in texts)
