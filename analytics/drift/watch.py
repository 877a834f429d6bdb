"""The watch over all series of an installation: from its state in the store to the last complete hour.

An hour that changes after it was read is the reason to go back to the Monday before it, whose state was kept, and to
step again from there: late data, a restart and a replay give the alarms that data in order gives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from analytics.drift.agents import AgentAlarm, find_agents, find_unlike, say_parts
from analytics.drift.bank import TRAINING_HOURS, Events
from analytics.drift.catalogue import KINDS, Catalogue, Series
from analytics.drift.decisions import Decisions, apply_decisions
from analytics.drift.detector import HOURS_BETWEEN_FALSE_ALARMS, OVERSHOOT
from analytics.drift.facts import ENOUGH_EVENTS, AlarmFacts, describe_spike, find_facts
from analytics.drift.markers import anchor, find_markers
from analytics.drift.panel import EventsByHour, Panel, PanelAlarm
from analytics.drift.seasons import WEEK, hour_number, hour_start, week_start
from analytics.drift.spikes import SAME_SPIKE_HOURS, THRESHOLD, SpikeMonitor
from analytics.drift.state import Latest, read_state, write_state
from store import Store

SAME_ALARM = timedelta(days=7)
"""Alarms of one series that follow within this time are one."""
_MONTH_HOURS = 28 * 24

AlarmRow = dict[str, Any]


@dataclass
class Watch:
    """All panels, and how far they are."""

    store: Store
    stepped: int
    """Hour after the last that was taken in."""
    false_alarms_per_month: float
    dimensions: Sequence[str] = ()
    """Attributes that are declared as dimensions: new values are known events."""
    begun: int = 0
    """First hour of the latest advance."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    panels: dict[str, Panel] = field(default_factory=lambda: {kind: Panel(kind) for kind in KINDS})
    latest: Latest = field(default_factory=dict[str, tuple[str, datetime]])
    alarms: dict[str, AlarmRow] = field(default_factory=dict[str, AlarmRow])
    """Alarms raised or raised again by this watch, by id."""
    checkpoints: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])
    """States at Mondays that were passed."""
    markers: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])
    """Known events of the hours that were passed."""
    decisions: Decisions = field(default_factory=Decisions)
    spikes: dict[str, SpikeMonitor] = field(
        default_factory=lambda: {kind: SpikeMonitor(kind) for kind in KINDS if kind != "category"}
    )
    _is_taught: bool = False

    @classmethod
    def resume(
        cls,
        store: Store,
        hour: int,
        false_alarms_per_month: float,
        decisions: Decisions,
        dimensions: Sequence[str] = (),
    ) -> Watch:
        """Return a watch at the hour of a kept state; without one, a watch that has seen nothing."""
        watch = cls(store, hour, false_alarms_per_month, dimensions)
        state = store.select("drift/state", {"hour_at": hour_start(hour)})
        watch.latest = read_state(state, watch.panels, watch.catalogue)
        apply_decisions(decisions, watch.panels, watch.catalogue)
        watch.decisions = decisions
        return watch

    def advance(self, until: int) -> None:
        """Take in all hours before `until`, in order."""
        self.begun = self.stepped
        while self.stepped < until:
            monday = week_start(self.stepped)
            last = min(until, monday + WEEK)
            self._advance_within_week(last)
            self.stepped = last
            if last == monday + WEEK:
                self.checkpoints.append(write_state(self.panels, self.catalogue, last, self.latest))

    def _advance_within_week(self, last: int) -> None:
        events: dict[str, Events] = {}
        reaches_back = not self._is_taught or any(
            panel.needs_history(hour) for panel in self.panels.values() for hour in range(self.stepped, last)
        )
        for kind, panel in self.panels.items():
            first = self.stepped - (TRAINING_HOURS if reaches_back else 2 * SAME_SPIKE_HOURS)
            if reaches_back:
                pinned = (pin.since for pins in panel.pins.values() for pin in pins if pin.since is not None)
                first = min([first, *pinned])
            events[kind] = self.catalogue.read(self.store, kind, _at(first), _at(last))
            panel.resize(len(self.catalogue.series[kind]))
        apply_decisions(self.decisions, self.panels, self.catalogue)
        monday = week_start(self.stepped)
        markers = find_markers(self.store, monday, last, self.dimensions)
        anchor(self.panels, self.catalogue, markers, self.stepped)
        self.markers.append(markers.filter(pl.col("marked_at") >= hour_start(self.stepped)))
        if not self._is_taught and monday != self.stepped:
            for kind, panel in self.panels.items():
                panel.learn(events[kind], self.stepped, everything=True)
        self._is_taught = True
        raised = {kind: self._raised_before(kind) for kind in KINDS}
        self._step(events, last, raised, history=events if reaches_back else {})
        for kind in self.spikes:
            self._find_spikes(kind, events[kind], raised[kind])

    def _step(
        self,
        events: Mapping[str, Events],
        last: int,
        raised: Mapping[str, dict[int, list[int]]],
        *,
        history: Mapping[str, Events],
    ) -> None:
        """Step all panels hour by hour, then the agents they are parts of; note in `raised` what drifted."""
        by_hour = {kind: EventsByHour(events[kind]) for kind in KINDS}
        agents = find_agents(self.catalogue)
        for hour in range(self.stepped, last):
            for kind, panel in self.panels.items():
                panel.learn(events[kind], hour)
            threshold = self.find_threshold()
            for kind, panel in self.panels.items():
                panel.threshold = threshold
                for alarm in panel.advance(hour, by_hour[kind].at(hour)):
                    self._raise(panel, alarm, history.get(kind))
                    raised[kind].setdefault(alarm.row, []).append(hour)
            for alarm in find_unlike(agents, self.panels, hour):
                self._raise_agent(alarm, history)
                for part in alarm.parts:
                    raised[part.kind].setdefault(part.row, []).append(hour)

    def _raised_before(self, kind: str) -> dict[int, list[int]]:
        """Return by row the hour of the latest alarm of a kind."""
        found: dict[int, list[int]] = {}
        for row, series in enumerate(self.catalogue.series[kind]):
            if series.name in self.latest:
                found[row] = [hour_number(self.latest[series.name][1]) - 1]
        return found

    def _find_spikes(self, kind: str, events: Events, raised: Mapping[int, Sequence[int]]) -> None:
        """Raise what stood out for an hour, unless drift of the series was told within the day before."""
        monitor, panel = self.spikes[kind], self.panels[kind]
        if week_start(self.stepped) == self.stepped or not monitor.scales.size:
            monitor.learn(events, panel.size, self.stepped - TRAINING_HOURS, self.stepped)
        for spike in monitor.find(events, self.stepped):
            is_excluded = any(
                row == spike.row and first <= spike.hour < until for row, first, until in panel.excluded
            )
            if is_excluded or any(
                0 <= spike.hour - hour <= SAME_SPIKE_HOURS for hour in raised.get(spike.row, ())
            ):
                continue
            series, raised_at = self.catalogue.series[kind][spike.row], hour_start(spike.hour + 1)
            facts = describe_spike(spike, series)
            alarm_id = _name_alarm(series.name, raised_at, "spike")
            row = _write_alarm(alarm_id, series, raised_at, facts)
            row["evidence"] = abs(spike.score) / THRESHOLD
            self.alarms[alarm_id] = row

    def find_threshold(self) -> float:
        """Return the threshold at which all series together raise as many false alarms as wanted."""
        tested = sum(int((~panel.is_learning).sum()) for panel in self.panels.values())
        hours = _MONTH_HOURS * tested / max(self.false_alarms_per_month, 1e-3)
        return OVERSHOOT * max(hours, HOURS_BETWEEN_FALSE_ALARMS)

    def _raise(self, panel: Panel, alarm: PanelAlarm, events: Events | None) -> None:
        facts = self._find_facts(panel, alarm, events)
        self._keep(self.catalogue.series[panel.kind][alarm.row], alarm.hour, facts, alarm.closeness)

    def _find_facts(self, panel: Panel, alarm: PanelAlarm, events: Events | None) -> AlarmFacts:
        if events is None:
            events = self.catalogue.read(
                self.store, panel.kind, _at(alarm.since - TRAINING_HOURS), _at(alarm.hour + 1)
            )
        begin, end = np.searchsorted(events.series, (alarm.row, alarm.row + 1))
        own, series = events.take(slice(int(begin), int(end))), self.catalogue.series[panel.kind][alarm.row]
        return find_facts(panel, alarm, series, own, self.catalogue)

    def _raise_agent(self, alarm: AgentAlarm, history: Mapping[str, Events]) -> None:
        series, starts = alarm.agent.series, [part.since for part in alarm.parts]
        of_agent = alarm.agent.rows.get("volume", ())
        runs = self.catalogue.read(self.store, "volume", _at(starts[0]), _at(alarm.hour + 1))
        events = int(runs.counts[np.isin(runs.series, of_agent)].sum())
        span = starts[0], min(starts), max(starts)
        type_ = "spike" if min(starts) == alarm.hour else "drift"
        facts = AlarmFacts("up", type_, None, alarm.unlikeness, None, None, events, *span)
        of_parts = [
            self._find_facts(
                self.panels[part.kind],
                PanelAlarm(part.row, alarm.hour, part.since, part.change, alarm.unlikeness * part.share),
                history.get(part.kind),
            )
            for part in alarm.parts
        ]
        self._keep(series, alarm.hour, facts, alarm.unlikeness, say_parts(alarm, self.catalogue, of_parts))

    def _keep(
        self, series: Series, hour: int, facts: AlarmFacts, evidence: float, explanation: str | None = None
    ) -> None:
        """Keep an alarm; one that follows another of its series within days is the same."""
        raised_at = hour_start(hour + 1)
        alarm_id, last_at = self.latest.get(series.name, (None, None))
        if alarm_id is None or last_at is None or raised_at - last_at > SAME_ALARM:
            alarm_id = _name_alarm(series.name, raised_at, "drift")
        self.latest[series.name] = (alarm_id, raised_at)
        row = _write_alarm(alarm_id, series, raised_at, facts)
        row["evidence"], row["explanation"] = evidence, explanation
        self.alarms[alarm_id] = _merge(self.alarms.get(alarm_id), row)

    def write_state(self) -> pl.DataFrame:
        """Return the rows of the state as it is."""
        return write_state(self.panels, self.catalogue, self.stepped, self.latest)


def _name_alarm(series: str, raised_at: datetime, type_: str) -> str:
    text = f"{series}@{raised_at.isoformat()}{'' if type_ == 'drift' else '#' + type_}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _merge(known: AlarmRow | None, row: AlarmRow) -> AlarmRow:
    """Return the alarm as it was raised first, with what is known since."""
    if known is None:
        return row
    newer = ("last_raised_at", "after_value", "after_low", "after_high")
    # What was counted from a start before the last alarm holds events of that one, too.
    is_apart = row["changed_at"] >= known["last_raised_at"]
    events = known["events"] + row["events"] if is_apart else max(known["events"], row["events"])
    return {
        **known,
        **{name: row[name] for name in newer},
        "type": "drift",
        "events": events,
        "evidence": max(known["evidence"], row["evidence"]),
        "is_hint": events < ENOUGH_EVENTS,
    }


def _write_alarm(alarm_id: str, series: Series, raised_at: datetime, facts: AlarmFacts) -> AlarmRow:
    labels = series.labels
    return {
        "alarm_id": alarm_id,
        "series": series.name,
        "kind": series.kind,
        "type": facts.type,
        "metric": series.metric,
        "labels": [{"key": key, "value": value} for key, value in labels.items()],
        **{label: labels.get(label) for label in ("service", "environment", "agent", "tool")},
        "category": facts.category,
        "raised_at": raised_at,
        "last_raised_at": raised_at,
        "changed_at": hour_start(facts.changed),
        "earliest_at": hour_start(facts.changed_from),
        "latest_at": hour_start(facts.changed_until),
        "direction": facts.direction,
        "before_value": facts.before,
        "after_value": facts.after,
        "after_low": facts.low,
        "after_high": facts.high,
        "events": facts.events,
        "evidence": 0.0,
        "is_hint": facts.events < ENOUGH_EVENTS,
        "is_historic": False,
        "explanation": None,
    }


def _at(hour: int) -> datetime:
    return hour_start(hour).replace(tzinfo=UTC)
