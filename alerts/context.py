"""What a message says beside the figure: how it was before, who is affected, the money, and runs that show it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.drift_context import explain_drift
from alerts.figures import format_count_of, format_figure, format_span
from alerts.messages.links import link_to_trace
from alerts.messages.model import Context, Example
from alerts.messages.texts import clean_line
from alerts.rules.rule import AlertRule
from alerts.states import ACTIVE, Instance
from analytics.metrics import METRICS, evaluate
from store import Store
from store.errors import SpanledgerError

_log = logging.getLogger(__name__)

MOST_DETAILED: Final = 3
"""Alerts of one message that are looked into; the others say their figure."""
_EXAMPLES: Final = 3
_BEFORE: Final = timedelta(days=7)
_SHORTEST: Final = timedelta(minutes=15)
_LONGEST: Final = timedelta(days=2)
_DIMENSIONS: Final = (
    "service", "environment", "tenant", "agent", "agent_version", "user_id", "failure_class", "tool", "model"
)  # fmt: skip
_MATTERS: Final = {
    "completion_rate": "unanswered",
    "escalation_rate": "escalated",
    "case_escalation_rate": "escalated",
    "satisfaction": "disliked",
    "mean_rating": "disliked",
}
_WORDS: Final = {
    "failing": "Failing",
    "unanswered": "Without an answer",
    "escalated": "Escalated",
    "disliked": "Disliked",
}
"""What is said of the runs that show an alert, where they are a share of all."""

NOTHING: Final = Context({})


def look_into(
    store: Store, rule: AlertRule | None, instance: Instance, now: datetime, dashboard_url: str
) -> Context:
    """Return what is known around a firing alert; what cannot be found out is left out, and stops nobody."""
    if rule is None or instance.state not in ACTIVE or rule.condition.kind in ("health", "budget"):
        return NOTHING
    if rule.condition.kind == "drift":
        return _explain_drift(store, rule, instance, now, dashboard_url)
    window = min(max(rule.condition.window, _SHORTEST), _LONGEST)
    where: dict[str, str | Sequence[str] | None] = dict(rule.condition.where)
    where |= {name: instance.labels[name] for name in _DIMENSIONS if name in instance.labels}
    facts: dict[str, str] = {}
    metric = rule.condition.metric
    try:
        facts |= _compare(store, rule, where, window, now)
        affected, examples = _find_affected(
            store, _find_matter(rule), where, now - window, now, dashboard_url
        )
        # Of short windows a longer time is looked at, which must be said: the shares are not the rule's.
        over = "" if window == rule.condition.window else f" in the last {format_span(window)}"
        money = {} if metric == "cost_usd" else _add_up(store, where, now - window, now)
        figures = affected | money
        facts |= {name: f"{value}{over}" for name, value in figures.items()}
    except SpanledgerError as error:
        _log.info("the surroundings of the alert %s could not be read: %s", instance.alert, error)
        return Context(facts)
    return Context(facts, examples)


def _explain_drift(
    store: Store, rule: AlertRule, instance: Instance, now: datetime, dashboard_url: str
) -> Context:
    try:
        return explain_drift(store, rule, instance, now, dashboard_url)
    except SpanledgerError as error:
        _log.info("the drift of the alert %s could not be explained: %s", instance.alert, error)
        return NOTHING


_Where = Mapping[str, str | Sequence[str] | None]


def _compare(
    store: Store, rule: AlertRule, where: _Where, window: timedelta, now: datetime
) -> dict[str, str]:
    metric, kind = rule.condition.metric, rule.condition.kind
    # These say themselves how it was before.
    if metric is None or metric not in METRICS or kind in ("baseline", "change", "spike", "silence", "new"):
        return {}
    fitting = {name: value for name, value in where.items() if METRICS[metric].has_filter(name)}
    start, end = now - window - _BEFORE, now - window
    row = evaluate(store, metric, start, end, where=fitting).row(0, named=True)
    value, kept = row["value"], "what is kept of " if row["is_partial"] else ""
    if value is None:
        return {}
    if not METRICS[metric].is_additive:
        return {f"In {kept}the 7 days before": format_figure(value, metric)}
    first = evaluate(store, metric, start, start + timedelta(days=1), where=fitting)["value"].item()
    if not first or kept:
        # Of a shorter history the average of a week would be too low.
        return {}
    usual = format_figure(value * (window / _BEFORE), metric)
    return {"Usual": f"{usual}, the average {format_span(window)} of the 7 days before"}


def _find_matter(rule: AlertRule) -> str:
    """Return by what runs show an alert of the rule: they failed, or are the slowest, or whatever it is about."""
    metric, kind = rule.condition.metric or "", rule.condition.kind
    if kind in ("new", "silence") or metric.startswith("unpriced"):
        return "latest"
    if metric.endswith("_ms") or "_within_" in metric:
        return "slowest"
    if metric.endswith("_usd"):
        return "dearest"
    if metric.endswith("tokens"):
        return "longest"
    is_about_failures = (
        kind == "in_a_row" or metric.endswith(("_rate", "_share", "_in_a_row")) or "fail" in metric
    )
    return _MATTERS.get(metric, "failing" if is_about_failures else "latest")


def _find_affected(
    store: Store, matter: str, where: _Where, start: datetime, end: datetime, dashboard_url: str
) -> tuple[dict[str, str], list[Example]]:
    params: dict[str, object] = {"start": start, "end": end, "matter": matter}
    params |= {f"in_{name}": _values(where.get(name, "*")) for name in _DIMENSIONS}
    params["in_purpose"] = _values(where.get("purpose", "production"))
    counts = store.select("alerts/affected", params).row(0, named=True)
    showing, users = counts["showing_runs"] or 0, counts["showing_users"]
    if not showing:
        return {}, []
    told = [
        f"{showing:,} of {format_count_of(counts['all_runs'], 'runs')}"
        if matter in _WORDS
        else f"{showing:,}"
    ]
    told += [format_count_of(users, "users")] if users else []
    rows = store.select("alerts/examples", {**params, "max_rows": _EXAMPLES}).iter_rows(named=True)
    examples = [
        Example(
            clean_line(f"{row['started_at']:%H:%M} {_say_run(row, matter)} {row['agent'] or ''}", 120),
            link_to_trace(dashboard_url, row["trace_id"]),
        )
        for row in rows
    ]
    return {_WORDS.get(matter, "Runs"): ", ".join(told)}, examples


def _say_run(row: Mapping[str, Any], matter: str) -> str:
    """Return what a run shows."""
    if matter == "slowest":
        return format_figure(row["duration_ms"], "run_ms")
    if matter == "dearest":
        return format_figure(None if row["cost_usd"] is None else float(row["cost_usd"]), "cost_usd")
    if matter == "longest":
        return f"{row['tokens']:,} tokens"
    if matter in ("unanswered", "disliked"):
        return matter
    return row["failure_class"] or row["outcome"] or "running"


def _add_up(store: Store, where: _Where, start: datetime, end: datetime) -> dict[str, str]:
    fitting = {name: value for name, value in where.items() if METRICS["cost_usd"].has_filter(name)}
    row = evaluate(store, "cost_usd", start, end, where=fitting).row(0, named=True)
    if not row["value"]:
        return {}
    least = "at least " if row["unpriced_calls"] else ""
    label = "Cost of what is kept" if row["is_partial"] else "Cost"
    return {label: f"{least}{format_figure(row['value'], 'cost_usd')}"}


def _values(wanted: str | Sequence[str] | None) -> list[str]:
    if wanted is None:
        return [""]
    return [wanted] if isinstance(wanted, str) else list(wanted)
