"""What a message says of drift: when it began, where, what else happened then, what it costs a month, and the runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from alerts.evidence import StoreEvidence
from alerts.figures import format_difference, format_instant
from alerts.messages.links import link_to_trace
from alerts.messages.model import Context, Example
from alerts.messages.texts import clean_line
from alerts.rules.drift import label_alarm
from alerts.rules.rule import AlertRule
from alerts.states import Instance, fingerprint_labels
from analytics.drift.explanation import Explanation, explain_alarm
from analytics.drift.naming import WHOLE_AGENT
from store import Store

_LONGEST: Final = 280
_EXAMPLES: Final = 3


def explain_drift(
    store: Store, rule: AlertRule, instance: Instance, now: datetime, dashboard_url: str
) -> Context:
    """Return what is known of the latest alarm that the alert is about; nothing when it is gone or dismissed."""
    alarms = StoreEvidence(store).find_drift(now - rule.condition.window)
    ours = [
        alarm
        for alarm in alarms
        if fingerprint_labels(rule.label_alert(label_alarm(alarm))) == instance.fingerprint
    ]
    if not ours:
        return Context({})
    alarm_id = max(ours, key=lambda alarm: alarm.raised_at).alarm_id
    explanation = explain_alarm(store, alarm_id)
    base = dashboard_url.rstrip("/")
    return Context(
        dict(_list_facts(explanation)),
        [_show(run, base) for run in explanation.examples[:_EXAMPLES]],
        link=f"{base}/drift?alarm={quote(alarm_id, safe='')}" if base else "",
    )


def _list_facts(explanation: Explanation) -> Iterator[tuple[str, str]]:
    alarm = explanation.alarm
    places = explanation.say_segments(marks_hints=False)
    if alarm["metric"] == WHOLE_AGENT and alarm["explanation"]:
        yield "Parts", clean_line(alarm["explanation"], _LONGEST)
    if places:
        # The segments are alternatives: the first explains most.
        name = "A hint where" if explanation.is_hint else "Where"
        yield name, clean_line(places[0], _LONGEST)
    if began := _say_began(alarm):
        yield "Began", began
    if explanation.runs_a_month is not None:
        usd = explanation.usd_a_month
        money = "" if usd is None else f", {format_difference(usd, 'cost_usd')}"
        yield "A month", f"{explanation.runs_a_month:+,.0f} {explanation.counted}{money}, at this pace"
    if explanation.suspects:
        seen = ", ".join(
            f"{row['kind'].replace('_', ' ')} {row['label']}" for row in explanation.suspects[:3]
        )
        yield "First seen then", clean_line(seen, _LONGEST)
    if places[1:]:
        yield "Or where", clean_line("; ".join(places[1:]), _LONGEST)


def _say_began(alarm: Mapping[str, Any]) -> str:
    at, first, last = alarm["changed_at"], alarm["earliest_at"], alarm["latest_at"]
    if at is None:
        return ""
    about = f"about {format_instant(at)}"
    if first is None or last is None or first == last:
        return about
    # On one day, the day is said once.
    ends = (f"{first:%H:%M}", f"{last:%H:%M}") if first.date() == last.date() == at.date() else (
        f"{first:%Y-%m-%d %H:%M}", f"{last:%Y-%m-%d %H:%M}"
    )  # fmt: skip
    return f"{about}, between {ends[0]} and {ends[1]}"


def _show(run: Mapping[str, Any], base: str) -> Example:
    title = f"{run['started_at']:%m-%d %H:%M} {run['outcome'] or ''} {run['run_id'] or ''}"
    return Example(clean_line(title, 120), link_to_trace(base, run["trace_id"]))
