"""The job that watches every series with enough traffic, without any configuration.

It is a pure function of the rollups: it tests the last weeks anew each time an hour is complete, so that a restart, a
replay or late data give the same alarms. What it remembers in the control state is how far each series is, for people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from analytics.drift.baseline import learn_baseline
from analytics.drift.detector import HOURS_BETWEEN_FALSE_ALARMS, Alarm, find_alarms, log_evidence
from analytics.drift.series import Series, hour_number, hour_start, series_of
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from store import Control, Replacement
from store.control.detectors import DetectorRow, save_detectors

TRAINING = timedelta(days=28)
TESTED = timedelta(days=35)
MIN_EVENTS = 200
"""Events a training window needs before anything is tested."""
SETTLING = timedelta(minutes=5)
"""An hour is complete this long after its end."""
_WEEK_HOURS = 7 * 24
# Monday 00:00 in whole hours since 1970, which began on a Thursday.
_MONDAY = 4 * 24
_SAME_ALARM_HOURS = _WEEK_HOURS
_OLD_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Verdict:
    """What the test says of one series."""

    series: Series
    alarms: list[Alarm]
    befores: list[float | None]
    """Normal value at each alarm."""
    closeness: float
    """Statistic over threshold now; an alarm is raised at 1."""
    is_learning: bool


def drift_job(control: Control) -> Job:
    """Return the job; it looks at most once a minute, and every ten minutes for hours that passed without data."""
    return Job(
        "drift", lambda context: watch(context, control), wakes_on_load=True, every=timedelta(minutes=10),
        pause=timedelta(minutes=1), max_share=0.05,
    )  # fmt: skip


def watch(context: JobContext, control: Control) -> JobReport:
    """Test all series up to the last complete hour and keep the alarms."""
    now = context.clock()
    until = (now - SETTLING).replace(minute=0, second=0, microsecond=0)
    since = until - TRAINING - TESTED
    rates = context.store.select("drift/rates", {"since": since, "until": until})
    if rates.is_empty():
        return NOTHING_TO_DO
    verdicts = [judge_series(series) for series in series_of(rates, until)]
    known = context.store.select("drift/alarms", {"since": since})
    was_historic = dict(known.iter_rows())
    alarms = _alarm_rows(verdicts, now, was_historic)
    changed = 0
    if set(alarms["alarm_id"]) != set(was_historic) or not alarms.is_empty():
        keys = pl.DataFrame(
            {"alarm_id": sorted(set(alarms["alarm_id"]) | set(was_historic))}, {"alarm_id": pl.String}
        )
        context.store.replace(Replacement("drift_alarms", keys, alarms))
        changed = len(set(alarms["alarm_id"]) ^ set(was_historic))
    with control.begin() as connection:
        save_detectors(connection, _detector_rows(verdicts, until))
    return JobReport(changed=changed)


def judge_series(series: Series) -> Verdict:
    """Test a series week by week, each against the 28 days before it."""
    alarms: list[Alarm] = []
    befores: list[float | None] = []
    statistics = np.zeros(len(series.steps))
    is_learning = True
    for first, last in _weeks(series):
        train = slice(max(0, first - int(TRAINING / timedelta(hours=1))), first)
        events = series.events[train]
        if float(events.sum()) < MIN_EVENTS:
            continue
        baseline = learn_baseline(series.hours[train], events, series.failures[train])
        is_learning = baseline.is_learning
        week = slice(first, last)
        gain = log_evidence(
            baseline, series.hours[week], series.events[week], series.failures[week], series.steps
        )
        found, statistics = find_alarms(gain, statistics)
        alarms += [Alarm(first + alarm.at, first + alarm.changed, alarm.evidence) for alarm in found]
        befores += [series.rate(train.start, train.stop)] * len(found)
    return Verdict(
        series, alarms, befores, float(statistics.mean()) / HOURS_BETWEEN_FALSE_ALARMS, is_learning
    )


def _weeks(series: Series) -> Iterator[tuple[int, int]]:
    """Yield the calendar weeks that lie in the tested time, as index ranges."""
    start, size = int(series.hours[0]), series.hours.size
    tested = max(0, size - int(TESTED / timedelta(hours=1)))
    first = tested
    while first < size:
        into_week = (start + first - _MONDAY) % _WEEK_HOURS
        last = min(size, first + _WEEK_HOURS - into_week)
        yield first, last
        first = last


def _alarm_rows(verdicts: Iterable[Verdict], now: datetime, was_historic: dict[str, bool]) -> pl.DataFrame:
    rows = [row for verdict in verdicts for row in _rows_of(verdict, now, was_historic)]
    return pl.DataFrame(rows, _SCHEMA, orient="row")


def _rows_of(verdict: Verdict, now: datetime, was_historic: dict[str, bool]) -> Iterator[dict[str, Any]]:
    """Yield one row for each change: alarms of one series that follow within a week are one."""
    series = verdict.series
    group: list[tuple[Alarm, float | None]] = []
    for pair in [*zip(verdict.alarms, verdict.befores, strict=True), None]:
        if group and (pair is None or pair[0].at - group[-1][0].at > _SAME_ALARM_HOURS):
            yield _row(series, group, now, was_historic)
            group = []
        if pair is not None:
            group.append(pair)


def _row(
    series: Series, group: list[tuple[Alarm, float | None]], now: datetime, was_historic: dict[str, bool]
) -> dict[str, Any]:
    (first, before), (last, _) = group[0], group[-1]
    raised_at = hour_start(int(series.hours[first.at]) + 1)
    alarm_id = hashlib.sha256(f"{series.name}@{raised_at.isoformat()}".encode()).hexdigest()[:16]
    is_old = now - raised_at.replace(tzinfo=UTC) > _OLD_AFTER
    return {
        "alarm_id": alarm_id,
        "series": series.name,
        "metric": series.metric,
        "service": series.service,
        "environment": series.environment,
        "agent": series.agent,
        "tool": series.tool,
        "raised_at": raised_at,
        "last_raised_at": hour_start(int(series.hours[last.at]) + 1),
        "changed_at": hour_start(int(series.hours[first.changed])),
        "direction": series.direction,
        "before_value": before,
        "after_value": series.rate(first.changed, last.at + 1),
        "evidence": max(alarm.evidence for alarm, _ in group),
        "is_historic": was_historic.get(alarm_id, is_old),
    }


def _detector_rows(verdicts: Iterable[Verdict], until: datetime) -> Iterator[DetectorRow]:
    for verdict in verdicts:
        state = {
            "closeness": verdict.closeness,
            "is_learning": verdict.is_learning,
            "hours": int(verdict.series.hours.size),
            "tested_until": hour_number(until),
        }
        yield DetectorRow(verdict.series.name, state, until)


_SCHEMA = {
    "alarm_id": pl.String,
    "series": pl.String,
    "metric": pl.String,
    "service": pl.String,
    "environment": pl.String,
    "agent": pl.String,
    "tool": pl.String,
    "raised_at": pl.Datetime("us"),
    "last_raised_at": pl.Datetime("us"),
    "changed_at": pl.Datetime("us"),
    "direction": pl.String,
    "before_value": pl.Float64,
    "after_value": pl.Float64,
    "evidence": pl.Float64,
    "is_historic": pl.Boolean,
}
