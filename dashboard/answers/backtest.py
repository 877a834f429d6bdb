"""What a rule would have told over some time that is past."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.backtest import BacktestReport, run_backtest
from alerts.management import check_rule
from alerts.rules import AlertRule
from analytics.metrics import METRICS, series
from dashboard.answers.alerts import Signal, find_measure
from dashboard.filters import floor_time, open_window, write_interval
from dashboard.reading import Reading, remembered
from dashboard.services import current
from store.errors import ConfigError, NotFound

STEPS: Final = 288
"""Instants at which a backtest on the page looks: each 5 minutes of a day, each 2.5 hours of a month."""
GRID: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Backtest:
    """How a rule would have done, and the course it would have judged; why it cannot be said where it cannot."""

    report: BacktestReport | None
    signal: Signal | None = None
    problem: str = ""


@remembered(ttl_s=600, entries=64)
def _read_backtest(written: str, start: datetime, end: datetime) -> Backtest:
    rule, config = check_rule(json.loads(written)), current().alerting
    assert config is not None
    try:
        report = run_backtest(current().store, config, rule, start, end, most_steps=STEPS)
    except ConfigError as error:
        return Backtest(None, problem=str(error))
    labels: Mapping[str, str] = report.firings[0].labels if report.firings else {}
    return Backtest(report, _read_course(rule, labels, start, end))


def read_backtest(table: Mapping[str, Any], length: timedelta) -> Reading[Backtest]:
    """Return what the rule that `table` writes would have told up to now; `table` is right already."""
    end = floor_time(current().clock(), GRID)
    return _read_backtest(json.dumps(table, sort_keys=True, default=str), end - length, end)


def _read_course(rule: AlertRule, labels: Mapping[str, str], start: datetime, end: datetime) -> Signal | None:
    """Return the metric of the group that fires first, of everything where none does; None where it is no metric."""
    measure = find_measure(rule)
    metric: str = getattr(measure, "metric", None) or ""
    if metric not in METRICS:
        return None
    window = open_window(write_interval(start, end), end)
    own = {name: labels[name] for name in measure.group_by if name in labels}
    where: dict[str, str | Sequence[str]] = {
        **{name: value if isinstance(value, str) else list(value) for name, value in measure.where.items()},
        **own,
    }
    step = timedelta(seconds=window.bin_s)
    try:
        frame = series(current().store, metric, window.start, window.until, step, where=where)
    except (ConfigError, NotFound):
        return None
    return Signal(metric, window, frame["value"].to_list(), bool(frame["is_partial"].any()))
