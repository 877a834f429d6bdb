"""Drift: a detector reported that a metric changed for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from alerts.figures import format_figure, format_instant, format_span
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.conditions import DriftAlarm, Evidence
from alerts.rules.measured import Attention, Question
from analytics.drift.naming import WHOLE_AGENT, title_of
from store.configuration.section import Filters, Section

_WINDOW: Final = timedelta(hours=24)
_MOST_TIMES: Final = 1_000
"""Evidence multiplies hour by hour: beyond this it only says that there is no doubt."""
_DIMENSIONS: Final = (
    "metric", "service", "environment", "agent", "tool", "model", "score", "category", "direction", "type",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drift:
    """An alarm fires for `window` after the last one of its series was raised, then ends."""

    kind: ClassVar[str] = "drift"
    keys: ClassVar[tuple[str, ...]] = ()

    window: timedelta
    where: Filters
    min_evidence: float

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        where = section.filters("where")
        for name in where:
            if name not in _DIMENSIONS:
                section.fail(
                    "where", f"has {name}, which drift alarms do not have; use {', '.join(_DIMENSIONS)}"
                )
        return cls(
            window=section.duration("window", _WINDOW, least=timedelta(hours=1)),
            where=where,
            min_evidence=section.number("min_evidence") or 0.0,
        )

    @property
    def metric(self) -> None:
        """It is about whichever metric drifted."""
        return

    @property
    def group_by(self) -> Sequence[str]:
        """The dimensions of its alarms."""
        return _DIMENSIONS

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return nothing: detectors look by themselves."""
        return []

    def observe(self, evidence: Evidence, now: datetime, attention: Attention) -> Sequence[Reading]:
        """Return one reading for each series with an alarm in the window; its latest speaks for it."""
        latest: dict[frozenset[tuple[str, str]], DriftAlarm] = {}
        for alarm in sorted(evidence.find_drift(now - self.window), key=lambda alarm: alarm.raised_at):
            labels = label_alarm(alarm)
            # Of a time that is played back, an alarm's last repeat may lie ahead.
            is_past = (alarm.first_raised_at or alarm.raised_at) <= now
            is_meant = _fits({"type": alarm.type, **labels}, self.where)
            if is_past and alarm.evidence >= self.min_evidence and is_meant:
                latest[frozenset(labels.items())] = alarm
        return [
            Reading(
                dict(labels),
                Observation(Verdict.BREACH, _describe(alarm), alarm.after_value, alarm.before_value),
            )
            for labels, alarm in latest.items()
        ]

    def explain_absence(self) -> str:
        """Return why an alert of this kind ends."""
        return (
            f"No alarm in the last {format_span(self.window)}: none came again, "
            "or it was dismissed, or later data took it back"
        )

    def describe(self) -> str:
        """Return the condition in words."""
        return f"A drift detector raised an alarm in the last {format_span(self.window)}"


def label_alarm(alarm: DriftAlarm) -> dict[str, str]:
    """Return the labels of the alert that an alarm makes."""
    labels = {**alarm.labels, "metric": alarm.metric, "direction": alarm.direction}
    return labels if alarm.type == "drift" else {**labels, "type": alarm.type}


def _fits(labels: Mapping[str, str], where: Filters) -> bool:
    return all(
        labels.get(name) in ((wanted,) if isinstance(wanted, str) else wanted)
        for name, wanted in where.items()
    )


def _describe(alarm: DriftAlarm) -> str:
    since = f" since about {format_instant(alarm.changed_at)}" if alarm.changed_at else ""
    times = f"{alarm.evidence:.3g}" if alarm.evidence < _MOST_TIMES else f"more than {_MOST_TIMES:,}"
    hint, level = "A hint: " if alarm.is_hint else "", f"{times} times the alarm level"
    if alarm.metric == WHOLE_AGENT:
        return f"{hint}The agent behaves unlike its baseline{since}, {level} (below 1 before)"
    before, after, low, high = (
        format_figure(value, alarm.metric)
        for value in (alarm.before_value, alarm.after_value, alarm.after_low, alarm.after_high)
    )
    of = f": {alarm.labels['category']}" if "category" in alarm.labels else ""
    between = f" ({low} to {high})" if alarm.after_low is not None and alarm.after_high is not None else ""
    went = f"went {alarm.direction} from {before} to {after}{between}{since}, {level}"
    return f"{hint}{title_of(alarm.metric)}{of} {went}"
