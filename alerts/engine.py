"""Evaluates the rules, moves the alerts, decides who is told, and keeps all of it in one transaction."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Final

import msgspec

from alerts.evidence import StoreEvidence
from alerts.memory import load_groups, load_instances, save_groups, save_instances
from alerts.messages.compose import Composer
from alerts.observations import Observation, Reading, Verdict
from alerts.outbox import Outbox, Patience
from alerts.routing.groups import Decision, Group
from alerts.routing.planning import Plan, Situation, plan_notifications
from alerts.rules import AlertingConfig, AlertRule
from alerts.rules.conditions import Evidence
from alerts.silences import load_silences
from alerts.states import ACTIVE, AlertEvent, Instance, State, end_instance, fingerprint_labels, transition
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from store import Control, Store
from store.clock import Clock
from store.control import alerting, mirror_control
from store.control.alerting import AlertEventRow, OutboxRow
from store.errors import SpanledgerError

_log = logging.getLogger(__name__)

EVALUATION_INTERVAL: Final = timedelta(seconds=15)
"""How often rules are evaluated, at most after each load and at least by the clock."""
IDLE_INTERVAL: Final = timedelta(minutes=1)
"""How often when nothing was loaded for as long and no alert is on its way: only the windows move then."""
_MIRROR_EVERY: Final = timedelta(minutes=1)
_FORGET_EVERY: Final = timedelta(hours=1)
_EVENTS_KEPT: Final = timedelta(days=90)
_NOTIFICATIONS_KEPT: Final = timedelta(days=90)
_ENDED_ALERTS_KEPT: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """How the last evaluation of a rule went."""

    name: str
    evaluated_at: datetime
    duration_ms: float
    groups: int
    problem: str | None = None
    """Why it could not be evaluated."""


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What one evaluation changed."""

    events: int = 0
    queued: int = 0
    suppressed: int = 0
    problems: Mapping[str, str] = field(default_factory=dict[str, str])
    """Rules that could not be evaluated, with the reason."""


class AlertEngine:
    """Owns the alerts of one installation; only one process may evaluate at a time."""

    def __init__(
        self,
        store: Store,
        control: Control,
        config: AlertingConfig,
        *,
        clock: Clock,
        dashboard_url: str = "",
        patience: Patience | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        self._store = store
        self._control = control
        self._config = config
        self._clock = clock
        self._composer = Composer({rule.name: rule for rule in config.rules}, dashboard_url)
        self._evidence = evidence or StoreEvidence(store)
        self._lock = threading.Lock()
        self._forgot_at: datetime | None = None
        self._mirrored_at: datetime | None = None
        self._mirrored: tuple[int, int] | None = None
        self._changes = 0
        self._is_quiet = False
        self._evaluated_at: datetime | None = None
        self._loaded_at = clock()
        store.subscribe(self._note_load)
        self._next_flush_at: datetime | None = None
        self.outbox = Outbox(
            control, config.channels, clock=clock, patience=patience, prepare=self.notify_due
        )
        self.statuses: dict[str, RuleStatus] = {}

    @property
    def config(self) -> AlertingConfig:
        """The rules, channels and routes it works by."""
        return self._config

    def start_delivery(self) -> None:
        """Begin to deliver what waits in the outbox."""
        self.outbox.start()

    def stop_delivery(self) -> None:
        """End the delivery; what waits is delivered by the next process."""
        self.outbox.stop()

    def is_idle(self) -> bool:
        """Tell whether an evaluation now could say nothing that the last one did not."""
        now = self._clock()
        is_recent = self._evaluated_at is not None and now - self._evaluated_at < IDLE_INTERVAL
        return self._is_quiet and is_recent and now - self._loaded_at >= IDLE_INTERVAL

    def evaluate(self) -> EvaluationReport:
        """Evaluate every rule now, and keep what follows: states, events, groups and messages, in one transaction."""
        with self._lock:
            now = self._clock()
            with self._control.read() as connection:
                before = load_instances(connection)
            after, events = self._move(before, now)
            self._evaluated_at = now
            report = self._keep(before, after, events, now)
            self._changes += report.events + report.queued + report.suppressed
        if report.queued:
            self.outbox.wake()
        return report

    def notify_due(self) -> datetime | None:
        """Decide about groups whose wait is over, between two evaluations; return when the next one's is."""
        due_at = self._next_flush_at
        if due_at is None or self._clock() < due_at:
            return due_at
        # An evaluation under way decides about the groups itself.
        if self._lock.acquire(blocking=False):
            try:
                with self._control.read() as connection:
                    instances = load_instances(connection)
                report = self._keep(instances, instances, [], self._clock())
                self._changes += report.queued + report.suppressed
            finally:
                self._lock.release()
        return self._next_flush_at

    def mirror(self) -> None:
        """Make the SQL views show the present alerts and notifications, when something may have changed."""
        now, progress = self._clock(), (self.outbox.progress, self._changes)
        is_old = self._mirrored_at is None or now - self._mirrored_at >= _MIRROR_EVERY
        if is_old or progress != self._mirrored:
            self._mirrored_at, self._mirrored = now, progress
            mirror_control(self._control, self._store)

    def _move(
        self, before: Mapping[str, Instance], now: datetime
    ) -> tuple[dict[str, Instance], list[AlertEvent]]:
        """Return all instances after this evaluation, and their changes of state."""
        if isinstance(self._evidence, StoreEvidence):
            self._evidence.renew(now)
        after, events = dict(before), list[AlertEvent]()
        by_rule: dict[str, dict[str, Instance]] = {}
        for instance in before.values():
            by_rule.setdefault(instance.alert, {})[instance.fingerprint] = instance
        for rule in self._config.rules:
            if rule.is_enabled:
                steps = self._step_rule(rule, by_rule.pop(rule.name, {}), now)
            else:
                steps = _end_all(by_rule.pop(rule.name, {}), now, "the alert was switched off")
            _apply(steps, after, events)
        for instances in by_rule.values():
            _apply(_end_all(instances, now, "the alert was removed from the configuration"), after, events)
        return after, events

    def _step_rule(self, rule: AlertRule, known: Mapping[str, Instance], now: datetime) -> list[_Step]:
        started = perf_counter()
        try:
            readings = rule.condition.observe(self._evidence, now)
        except SpanledgerError as error:
            problem = f"the rule could not be evaluated: {error}"
            self._note_status(rule, now, started, 0, problem)
            observation = Observation(Verdict.ERROR, problem)
            return [transition(instance, observation, now, rule.timing) for instance in known.values()]
        self._note_status(rule, now, started, len(readings), None)
        return _step_groups(rule, known, readings, now)

    def _note_status(
        self, rule: AlertRule, now: datetime, started: float, groups: int, problem: str | None
    ) -> None:
        before = self.statuses.get(rule.name)
        if problem is not None and (before is None or before.problem != problem):
            _log.warning("alert %s: %s", rule.name, problem)
        duration_ms = (perf_counter() - started) * 1_000
        self.statuses[rule.name] = RuleStatus(rule.name, now, duration_ms, groups, problem)

    def _keep(
        self,
        before: Mapping[str, Instance],
        after: Mapping[str, Instance],
        events: list[AlertEvent],
        now: datetime,
    ) -> EvaluationReport:
        with self._control.begin() as connection:
            plan = self._plan(connection, after, now)
            save_instances(
                connection, [i for key, i in after.items() if _is_worth_keeping(i, before.get(key))]
            )
            alerting.append_alert_events(connection, [_to_row(event) for event in events])
            save_groups(connection, plan)
            for decision in plan.decisions:
                alerting.enqueue(connection, self._write(decision, now))
            self._forget_old(connection, now)
        self._next_flush_at = plan.next_flush_at
        waiting = (State.PENDING, *ACTIVE)
        self._is_quiet = plan.next_flush_at is None and all(i.state not in waiting for i in after.values())
        sent = sum(decision.is_sent for decision in plan.decisions)
        return EvaluationReport(
            events=len(events),
            queued=sent,
            suppressed=len(plan.decisions) - sent,
            problems={name: status.problem for name, status in self.statuses.items() if status.problem},
        )

    def _note_load(self, _: int) -> None:
        self._loaded_at = self._clock()

    def _plan(self, connection: Any, instances: Mapping[str, Instance], now: datetime) -> Plan:
        situation = Situation(
            now=now,
            route=self._config.route,
            channels={name: channel.sends_resolved for name, channel in self._config.channels.items()},
            instances=instances,
            groups=load_groups(connection),
            silences=load_silences(connection, now),
            undelivered=alerting.find_undelivered_groups(connection),
        )
        return plan_notifications(situation)

    def _write(self, decision: Decision, now: datetime) -> OutboxRow:
        group, reason = decision.group, decision.reason.value
        row = OutboxRow(
            idempotency_key=_derive_key(group, reason, now),
            channel=group.channel,
            group_key=group.key,
            decided_at=now,
            reason=reason,
        )
        if not decision.is_sent:
            return replace(row, state="suppressed", subject=decision.detail)
        message = self._composer.compose(
            decision.instances, reason=reason, group_key=group.key, group_labels=group.labels, now=now
        )
        return replace(row, subject=message.subject, payload=msgspec.to_builtins(message))

    def _forget_old(self, connection: Any, now: datetime) -> None:
        if self._forgot_at is not None and now - self._forgot_at < _FORGET_EVERY:
            return
        self._forgot_at = now
        alerting.forget_history(
            connection,
            events_before=now - _EVENTS_KEPT,
            notifications_before=now - _NOTIFICATIONS_KEPT,
            alerts_before=now - _ENDED_ALERTS_KEPT,
        )


def alerts_job(engine: AlertEngine) -> Job:
    """Return the job that evaluates after each load and by the clock."""

    def run(_: JobContext) -> JobReport:
        if engine.is_idle():
            engine.mirror()
            return NOTHING_TO_DO
        report = engine.evaluate()
        engine.mirror()
        return JobReport(changed=report.events + report.queued + report.suppressed)

    return Job("alerts", run, every=EVALUATION_INTERVAL, wakes_on_load=True, pause=EVALUATION_INTERVAL)


_HEALTHY: Final = frozenset({Verdict.CLEAR, Verdict.BETWEEN})
"""Verdicts about a group without an alert that nothing follows from."""

_Step = tuple[Instance, AlertEvent | None]


def _step_groups(
    rule: AlertRule, known: Mapping[str, Instance], readings: list[Reading] | Any, now: datetime
) -> list[_Step]:
    steps: list[_Step] = []
    seen: set[str] = set()
    for reading in readings:
        labels = rule.label_alert(reading.labels)
        fingerprint = fingerprint_labels(labels)
        if fingerprint in seen:
            continue
        seen.add(fingerprint)
        if fingerprint not in known and reading.observation.verdict in _HEALTHY:
            continue
        instance = known.get(fingerprint) or Instance(
            fingerprint=fingerprint, alert=rule.name, severity=rule.severity, labels=labels, evaluated_at=now
        )
        steps.append(transition(instance, reading.observation, now, rule.timing))
    absent = Observation(Verdict.MISSING, rule.condition.explain_absence())
    steps += [
        transition(instance, absent, now, rule.timing) for key, instance in known.items() if key not in seen
    ]
    return steps


def _end_all(instances: Mapping[str, Instance], now: datetime, reason: str) -> list[_Step]:
    return [
        end_instance(instance, now, reason)
        for instance in instances.values()
        if instance.state in ACTIVE or instance.state is State.PENDING
    ]


def _apply(steps: list[_Step], after: dict[str, Instance], events: list[AlertEvent]) -> None:
    for instance, event in steps:
        after[instance.fingerprint] = instance
        if event is not None:
            events.append(event)


def _is_worth_keeping(instance: Instance, before: Instance | None) -> bool:
    """Tell whether the instance must be written: it is active or waits, or just ceased to."""
    if before is None:
        return instance.state is not State.INACTIVE
    if instance.state in ACTIVE or instance.state is State.PENDING:
        return instance != before
    return instance.state is not before.state


def _derive_key(group: Group, reason: str, now: datetime) -> str:
    text = "\x1f".join((group.key, reason, now.isoformat()))
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def _to_row(event: AlertEvent) -> AlertEventRow:
    return AlertEventRow(**{name: getattr(event, name) for name in event.__struct_fields__})
