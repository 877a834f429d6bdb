"""Drift: what was found, why, and what people say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from analytics.drift.backtest import measure_precision, run_backtest
from analytics.drift.decisions import accept_change, decide_baseline, mark_alarm
from analytics.drift.explanation import explain_alarm
from analytics.drift.naming import WHOLE_AGENT, say_change, say_value
from analytics.drift.narration import describe_backtest, describe_explanation
from spanledger.services import Services
from store.clock import utc_now

_Progress = Callable[..., None]


def list_drift(services: Services, _: Mapping[str, Any], __: _Progress) -> pa.Table:
    """Return the alarms in words, the latest first; the view `drift_alarms` has them in numbers."""
    alarms = services.store.query("SELECT * FROM drift_alarms ORDER BY raised_at DESC, series").to_pylist()
    return pa.Table.from_pylist([_say_row(alarm) for alarm in alarms], schema=_LISTED)


_LISTED = pa.schema(
    [
        ("alarm_id", pa.string()),
        ("changed_at", pa.timestamp("us")),
        ("what", pa.string()),
        ("before", pa.string()),
        ("since", pa.string()),
        ("raised_at", pa.timestamp("us")),
        ("is", pa.string()),
        ("said", pa.string()),
        ("series", pa.string()),
    ]
)


def _say_row(alarm: Mapping[str, Any]) -> dict[str, Any]:
    metric = alarm["metric"]
    marks = [alarm["type"], *(name for name in ("hint", "historic") if alarm[f"is_{name}"])]
    return {
        **{name: alarm[name] for name in ("alarm_id", "changed_at", "raised_at", "series")},
        "what": say_change(metric, alarm["direction"], alarm["category"]),
        "before": "below 1" if metric == WHOLE_AGENT else say_value(metric, alarm["before_value"]),
        "since": say_value(metric, alarm["after_value"]),
        "is": ", ".join(marks),
        "said": alarm["mark"],
    }


def explain_drift(services: Services, arguments: Mapping[str, Any], _: _Progress) -> Mapping[str, Any]:
    """Return the explanation of one alarm in words."""
    return {"text": describe_explanation(explain_alarm(services.store, arguments["alarm_id"]))}


def backtest_drift(services: Services, arguments: Mapping[str, Any], _: _Progress) -> Mapping[str, Any]:
    """Run the detectors over history and say what they would have raised."""
    since, until = (datetime.fromisoformat(arguments[name]) for name in ("since", "until"))
    settings = services.config.analytics
    backtest = run_backtest(
        services.store, since, until, false_alarms_per_month=settings.drift_false_alarms,
        dimensions=settings.dimensions,
    )  # fmt: skip
    return {"text": describe_backtest(backtest)}


def mark_drift(services: Services, arguments: Mapping[str, Any], _: _Progress) -> Mapping[str, Any]:
    """Keep that an alarm was right or not, and return how often they were."""
    alarm_id, action = arguments["alarm_id"], arguments["action"]
    said = {"reason": arguments.get("reason"), "author": arguments.get("author")}
    if action == "accept":
        accept_change(services.store, alarm_id, **said, now=utc_now())
    else:
        mark_alarm(services.store, alarm_id, action, **said, now=utc_now())
    confirmed, dismissed = measure_precision(services.store)
    return {"confirmed": confirmed, "dismissed": dismissed}


def decide_drift(services: Services, arguments: Mapping[str, Any], _: _Progress) -> Mapping[str, Any]:
    """Keep that hours are left out of baselines, or that a baseline is pinned."""
    since, until = (
        datetime.fromisoformat(arguments[name]) if arguments.get(name) else None
        for name in ("since", "until")
    )
    decide_baseline(
        services.store, arguments["action"], series=arguments.get("series"), since=since, until=until,
        reason=arguments.get("reason"), author=arguments.get("author"), now=utc_now(),
    )  # fmt: skip
    return {}
