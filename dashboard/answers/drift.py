"""What the page of drift shows: alarms, how near every series is to one, and the course of one of them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from analytics.drift.explanation import explain_alarm
from analytics.drift.naming import SHOWN_BY, WHOLE_AGENT, is_share, title_of
from analytics.metrics import series
from dashboard.answers.events import Event, find_events
from dashboard.filters import Filters, Window, open_window, write_interval
from dashboard.reading import remembered, select
from dashboard.services import current
from store.errors import ConfigError, NotFound

LOOKED_BACK: Final = timedelta(days=90)
BEFORE: Final = timedelta(days=10)
AFTER: Final = timedelta(days=5)
BAND_Z: Final = 2.0
_LABEL: Final = re.compile(r'="((?:[^"\\]|\\.)*)"')
NEAR_BEFORE: Final = timedelta(hours=24)
NEAR_AFTER: Final = timedelta(hours=6)


@dataclass(frozen=True)
class Watched:
    """A series that a detector watches; `closeness` of 1 raises an alarm, None where nothing was tested yet."""

    name: str
    closeness: float | None
    is_learning: bool


@dataclass(frozen=True)
class DriftAlarm:
    """A change that a detector reported, as in `drift/latest`."""

    alarm_id: str
    series: str
    metric: str
    service: str | None
    environment: str | None
    agent: str | None
    tool: str | None
    model: str | None
    category: str | None
    raised_at: datetime
    last_raised_at: datetime
    changed_at: datetime | None
    direction: str
    before_value: float | None
    after_value: float | None
    evidence: float
    is_hint: bool
    is_historic: bool
    explanation: str | None
    mark: str | None
    """confirm or dismiss; None where nobody said."""
    mark_reason: str | None


@dataclass(frozen=True)
class Decided:
    """What somebody decided about alarms, hours or baselines, as in `drift/decisions`."""

    decision_id: str
    action: str
    alarm_id: str | None
    series: str | None
    since_at: datetime | None
    until_at: datetime | None
    reason: str | None
    author: str | None
    decided_at: datetime


@dataclass(frozen=True)
class Drift:
    """The alarms of the last quarter and all series that are watched, the nearest to an alarm first."""

    alarms: Sequence[DriftAlarm]
    watched: Sequence[Watched]
    decided: Sequence[Decided]
    """All decisions, the latest first."""


@remembered(ttl_s=30)
def read_drift(filters: Filters) -> Drift:
    """Return alarms and watched series."""
    since = current().clock() - LOOKED_BACK
    params = {"since": since, **filters.params()}
    asked = {name: params[name] for name in ("since", "agents", "environments", "services")}
    watched = [
        Watched(row["series"], row["closeness"], row["is_learning"])
        for row in select("drift/nearest", {}).iter_rows(named=True)
    ]
    alarms = [DriftAlarm(**row) for row in select("drift/latest", asked).iter_rows(named=True)]
    decided = [Decided(**row) for row in select("drift/decisions", {}).iter_rows(named=True)]
    return Drift(alarms, watched, decided[::-1])


@dataclass(frozen=True)
class Course:
    """One series around a change: values, the band in which they are normal, and what is known to have happened."""

    window: Window
    values: list[float | None]
    events: list[int]
    low: list[float | None]
    high: list[float | None]
    known: Sequence[Event]
    errors_before: dict[str, float]
    """Failed calls a day by type of error, for series of tools."""
    errors_after: dict[str, float]
    segments: Sequence[str]
    """Where the change is, in words, the largest part first."""
    metric: str
    """What is drawn: what the alarm is about; of a whole agent, what its runs changed most in."""
    is_partial: bool
    """Retention has deleted facts that the values need: they speak of the rest."""


def where_of(alarm: DriftAlarm) -> dict[str, str]:
    """Return the dimensions of an alarm as `analytics.metrics` takes them."""
    found = {name: getattr(alarm, name) for name in ("service", "environment", "agent", "tool", "model")}
    return {name: value for name, value in found.items() if value is not None}


@remembered(ttl_s=60, entries=32)
def read_course(alarm: DriftAlarm) -> Course:
    """Return the course of the alarm's series, ten days before the change until five after the last alarm."""
    now = current().clock()
    changed = (alarm.changed_at or alarm.raised_at).replace(tzinfo=UTC)
    until = min(now, alarm.last_raised_at.replace(tzinfo=UTC) + AFTER).replace(second=0, microsecond=0)
    start = (changed - BEFORE).replace(hour=0, minute=0, second=0, microsecond=0)
    window = open_window(write_interval(start, until), now)
    segments, metric = _explain(alarm)
    values, events, is_partial = _read_values(alarm, metric, window)
    low, high = find_band(alarm.before_value if is_share(alarm.metric) else None, events)
    near = Window("near", changed - NEAR_BEFORE, changed + NEAR_AFTER, 3_600, changed - NEAR_BEFORE)
    filters = Filters().only(agent=alarm.agent, environment=alarm.environment, service=alarm.service)
    return Course(
        window,
        values,
        events,
        low,
        high,
        find_events(near, filters),
        _count_errors(alarm, filters, window.start, changed),
        _count_errors(alarm, filters, changed, window.until),
        segments,
        metric,
        is_partial,
    )


def _read_values(
    alarm: DriftAlarm, watched: str, window: Window
) -> tuple[list[float | None], list[int], bool]:
    """Return value and events per bin, and whether facts are gone; nothing for what is watched but is no metric."""
    metric = SHOWN_BY.get(watched, watched)
    step = timedelta(seconds=window.bin_s)
    try:
        frame = series(current().store, metric, window.start, window.until, step, where=where_of(alarm))
    except (ConfigError, NotFound):
        return [None] * window.bins, [0] * window.bins, False
    return frame["value"].to_list(), [int(n or 0) for n in frame["n"]], bool(frame["is_partial"].any())


def _explain(alarm: DriftAlarm) -> tuple[list[str], str]:
    """Return where a change is, in words, and the metric that shows it."""
    try:
        explanation = explain_alarm(current().store, alarm.alarm_id)
    except NotFound:
        return [], alarm.metric
    parts = [alarm.explanation] if alarm.metric == WHOLE_AGENT and alarm.explanation else []
    return [*parts, *explanation.say_segments()], explanation.behaviour or alarm.metric


def find_band(normal: float | None, events: Sequence[int]) -> tuple[list[float | None], list[float | None]]:
    """Return between which rates chance alone keeps a bin of so many events, when `normal` is the true rate.

    >>> find_band(0.5, [100, 0])
    ([0.4, None], [0.6, None])
    """
    if normal is None or not 0 <= normal <= 1 or not any(events):
        return [None] * len(events), [None] * len(events)
    reach = [BAND_Z * math.sqrt(normal * (1 - normal) / n) if n else None for n in events]
    return (
        [None if width is None else max(0.0, normal - width) for width in reach],
        [None if width is None else min(1.0, normal + width) for width in reach],
    )


def _count_errors(alarm: DriftAlarm, filters: Filters, start: datetime, until: datetime) -> dict[str, float]:
    if alarm.tool is None or until <= start:
        return {}
    params = {"start": start, "until": until, "bin_s": 86_400, "tools": [alarm.tool], **filters.params()}
    del params["models"]
    sums = select("tools/errors", params).group_by("error_type").agg(pl.col("failures").sum())
    days = (until - start) / timedelta(days=1)
    return {row["error_type"] or "unknown": row["failures"] / days for row in sums.iter_rows(named=True)}


def read_series(name: str) -> tuple[str, str]:
    """Return what a series is about and what it is of, from its name.

    >>> read_series('run_steps{service="devtools", agent="code-reviewer"}')
    ('Steps per run', 'devtools · code-reviewer')
    """
    metric, _, labels = name.partition("{")
    return title_of(metric), " · ".join(_LABEL.findall(labels))
