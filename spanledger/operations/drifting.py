"""Drift: what was found, why, and what people say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from analytics.drift.backtest import measure_precision, run_backtest
from analytics.drift.decisions import accept_change, decide_baseline, mark_alarm
from analytics.drift.explanation import explain_alarm
from analytics.drift.narration import describe_backtest, describe_explanation
from spanledger.services import Services
from store.clock import utc_now

_Progress = Callable[..., None]


def list_drift(services: Services, _: Mapping[str, Any], __: _Progress) -> pa.Table:
    """Return the alarms, the latest first."""
    return services.store.query(
        "SELECT alarm_id, type, series, category, direction, before_value, after_value, changed_at, raised_at, "
        "last_raised_at, is_hint, is_historic, mark, explanation FROM drift_alarms ORDER BY raised_at DESC, series"
    )


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
