"""What a message says beside the figure: how it was before, who is affected, the money, and runs that show it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from alerts.drift_context import explain_drift
from alerts.figures import format_figure
from alerts.messages.links import link_to_trace
from alerts.messages.model import Context, Example
from alerts.messages.texts import clean_line
from alerts.rules.rule import AlertRule
from alerts.states import ACTIVE, Instance
from analytics.metrics import METRICS, evaluate
from store import Store
from store.configuration.durations import format_duration
from store.errors import SpanledgerError

_log = logging.getLogger(__name__)

MOST_DETAILED: Final = 3
"""Alerts of one message that are looked into; the others say their figure."""
_EXAMPLES: Final = 3
_BEFORE: Final = timedelta(days=7)
_SHORTEST: Final = timedelta(minutes=15)
_LONGEST: Final = timedelta(days=2)
_DIMENSIONS: Final = ("service", "environment", "tenant", "agent", "agent_version", "user_id")


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
    where |= {
        name: instance.labels[name] for name in (*_DIMENSIONS, "tool", "model") if name in instance.labels
    }
    facts: dict[str, str] = {}
    try:
        facts |= _compare(store, rule.condition.metric or instance.labels.get("metric"), where, window, now)
        affected, examples = _find_affected(store, where, now - window, now, dashboard_url)
        # Of short windows a longer time is looked at, which must be said: the shares are not the rule's.
        over = "" if window == rule.condition.window else f" in the last {format_duration(window)}"
        figures = affected | _add_up(store, where, now - window, now)
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
    store: Store, metric: str | None, where: _Where, window: timedelta, now: datetime
) -> dict[str, str]:
    if metric is None or metric not in METRICS or METRICS[metric].is_additive:
        return {}
    fitting = {name: value for name, value in where.items() if METRICS[metric].has_filter(name)}
    frame = evaluate(store, metric, now - window - _BEFORE, now - window, where=fitting)
    value = frame["value"].item()
    label = "In what is kept of the 7 days before" if frame["is_partial"].item() else "In the 7 days before"
    return {} if value is None else {label: format_figure(value, metric)}


def _find_affected(
    store: Store, where: _Where, start: datetime, end: datetime, dashboard_url: str
) -> tuple[dict[str, str], list[Example]]:
    params: dict[str, object] = {"start": start, "end": end}
    params |= {f"in_{name}": _values(where.get(name, "*")) for name in (*_DIMENSIONS, "tool")}
    params["in_purpose"] = _values(where.get("purpose", "production"))
    counts = store.select("alerts/affected", params).row(0, named=True)
    if not counts["failing_runs"]:
        return {}, []
    count = counts["failing_users"]
    users = f", {count:,} {'user' if count == 1 else 'users'}" if count else ""
    facts = {"Failing": f"{counts['failing_runs']:,} of {counts['all_runs']:,} runs{users}"}
    rows = store.select("alerts/examples", {**params, "max_rows": _EXAMPLES}).iter_rows(named=True)
    examples = [
        Example(
            clean_line(
                f"{row['started_at']:%H:%M} {row['failure_class'] or 'failure'} {row['agent'] or ''}", 120
            ),
            link_to_trace(dashboard_url, row["trace_id"]),
        )
        for row in rows
    ]
    return facts, examples


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
