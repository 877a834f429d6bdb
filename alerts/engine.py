"""Evaluates the rules, moves the alerts, decides who is told, and keeps all of it in one transaction."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from alerts.context import MOST_DETAILED, look_into
from alerts.evaluation import LIVE, Evaluation, RuleStatus, evaluate_rules
from alerts.evidence import StoreEvidence
from alerts.heartbeat import Pulse
from alerts.incidents import keep_incidents
from alerts.memory import load_groups, load_instances, save_groups, save_instances
from alerts.messages.compose import Composer
from alerts.messages.model import Context
from alerts.outbox import Outbox, Patience
from alerts.ownership import load_acknowledged
from alerts.reloading import ConfigSource, ConfigWatch
from alerts.routing.groups import Decision, Group
from alerts.routing.planning import Plan, Situation, plan_notifications
from alerts.rules import AlertingConfig
from alerts.rules.conditions import Evidence
from alerts.silences import load_silences
from alerts.states import ACTIVE, AlertEvent, Instance, State
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from store import Control, Store
from store.clock import Clock
from store.control import alerting, mirror_control
from store.control.alerting import AlertEventRow, OutboxRow

_log = logging.getLogger(__name__)

EVALUATION_INTERVAL: Final = timedelta(seconds=15)
"""How often rules are evaluated, at most after each load and at least by the clock."""
IDLE_INTERVAL: Final = timedelta(minutes=1)
"""How often when nothing was loaded for as long and no alert is on its way: only the windows move then."""
_PAUSE: Final = EVALUATION_INTERVAL - timedelta(seconds=1)
"""Between two evaluations: with both, data wait for no longer than an interval."""
_DAY: Final = timedelta(days=1)
_MIRROR_EVERY: Final = timedelta(minutes=1)
_FORGET_EVERY: Final = timedelta(hours=1)
_MOST_LOOKED_INTO: Final = 30
"""Alerts in one evaluation whose surroundings are read for their messages."""
_EVENTS_KEPT: Final = timedelta(days=90)
_NOTIFICATIONS_KEPT: Final = timedelta(days=90)
_ENDED_ALERTS_KEPT: Final = timedelta(days=7)


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
        source: ConfigSource | None = None,
        probe: Callable[[], Mapping[str, float]] = dict,
    ) -> None:
        """Begin with a configuration; `source` says where a changed one is found, `probe` figures of health."""
        self._store = store
        self._control = control
        self._config = config
        self._clock = clock
        self._dashboard_url = dashboard_url
        self._composer = Composer({rule.name: rule for rule in config.rules}, dashboard_url)
        self._probe = probe
        self._watch = ConfigWatch(source, control) if source else None
        self._evidence = evidence or StoreEvidence(store, control, read_health=self._read_health)
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
        self.pulse = Pulse(lambda: self._config.heartbeat, lambda: self._evaluated_at, clock)
        self.statuses: dict[str, RuleStatus] = {}

    @property
    def config_problem(self) -> str | None:
        """Why a changed configuration is not used; None while what is written is what holds."""
        return self._watch.problem if self._watch else None

    @property
    def config(self) -> AlertingConfig:
        """The rules, channels and routes it works by."""
        return self._config

    def start_delivery(self) -> None:
        """Begin to deliver what waits in the outbox."""
        self.outbox.start()
        self.pulse.start()

    def stop_delivery(self) -> None:
        """End the delivery; what waits is delivered by the next process."""
        self.pulse.stop()
        self.outbox.stop()

    def is_idle(self) -> bool:
        """Tell whether an evaluation now could say nothing that the last one did not."""
        now = self._clock()
        is_recent = self._evaluated_at is not None and now - self._evaluated_at < IDLE_INTERVAL
        return self._is_quiet and is_recent and now - self._loaded_at >= IDLE_INTERVAL

    def evaluate(self) -> EvaluationReport:
        """Evaluate every rule now, and keep what follows: states, events, groups and messages, in one transaction."""
        with self._lock:
            self._reload()
            now = self._clock()
            with self._control.read() as connection:
                before = load_instances(connection)
            moved = self._move(before, now)
            self._evaluated_at = now
            report = self._keep(before, moved.after, moved.events, now)
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

    def use_config(self, config: AlertingConfig) -> None:
        """Work by another configuration from the next evaluation on; what is kept stays."""
        with self._lock:
            self._take_config(config)

    def _take_config(self, config: AlertingConfig) -> None:
        is_other = config.channels != self._config.channels
        self._config = config
        self._composer = Composer({rule.name: rule for rule in config.rules}, self._dashboard_url)
        if is_other:
            self.outbox.use_channels(config.channels)

    def _reload(self) -> None:
        changed = self._watch.take_change() if self._watch else None
        if changed is not None:
            self._take_config(changed)
            _log.info("alerts work by %d rules and %d channels", len(changed.rules), len(changed.channels))

    def _move(self, before: Mapping[str, Instance], now: datetime) -> Evaluation:
        """Return all instances after this evaluation, and their changes of state."""
        if isinstance(self._evidence, StoreEvidence):
            self._evidence.renew(now)
        evaluation = evaluate_rules(self._config.rules, self._evidence, before, now)
        for name, status in evaluation.statuses.items():
            known = self.statuses.get(name)
            if status.problem is not None and (known is None or known.problem != status.problem):
                _log.warning("alert %s: %s", name, status.problem)
        self.statuses = evaluation.statuses
        return evaluation

    def _read_health(self) -> Mapping[str, float]:
        """Return the figures of health that are known here, and those that others know."""
        now = self._clock()
        with self._control.read() as connection:
            dead, oldest = (
                alerting.count_dead(connection, now - _DAY),
                alerting.find_oldest_queued(connection),
            )
        return {
            "failing_rules": float(sum(status.problem is not None for status in self.statuses.values())),
            "dead_notifications": float(dead),
            "notification_age_ms": 0.0 if oldest is None else (now - oldest) / timedelta(milliseconds=1),
            "configuration_errors": float(self._watch is not None and self._watch.problem is not None),
            **self._probe(),
        }

    def _keep(
        self,
        before: Mapping[str, Instance],
        after: Mapping[str, Instance],
        events: list[AlertEvent],
        now: datetime,
    ) -> EvaluationReport:
        # Only this process decides, so what is planned outside of the transaction still holds within.
        with self._control.read() as connection:
            plan = self._plan(connection, after, now)
        contexts = self._look_into(plan, now)
        with self._control.begin() as connection:
            save_instances(
                connection, [i for key, i in after.items() if _is_worth_keeping(i, before.get(key))]
            )
            alerting.append_alert_events(connection, [_to_row(event) for event in events])
            keep_incidents(connection, after, events, now)
            save_groups(connection, plan)
            for decision in plan.decisions:
                alerting.enqueue(connection, self._write(decision, now, contexts))
            self._forget_old(connection, now)
        self._next_flush_at = plan.next_flush_at
        self._is_quiet = plan.next_flush_at is None and all(i.state not in LIVE for i in after.values())
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
        config = self._config
        longest = max((limit.period for limit in config.limits.values()), default=timedelta(0))
        situation = Situation(
            now=now,
            route=config.route,
            channels={name: channel.sends_resolved for name, channel in config.channels.items()},
            instances=instances,
            groups=load_groups(connection),
            silences=load_silences(connection, now),
            maintenance=config.maintenance,
            inhibitions=config.inhibitions,
            undelivered=alerting.find_undelivered_groups(connection),
            acknowledged=load_acknowledged(connection, instances),
            limits=config.limits,
            sent=alerting.find_sent(connection, list(config.limits), now - longest) if config.limits else {},
        )
        return plan_notifications(situation)

    def _look_into(self, plan: Plan, now: datetime) -> dict[str, Context]:
        """Return what is known around the alerts that are about to be told, a few of each message."""
        if not isinstance(self._evidence, StoreEvidence):
            return {}
        told = {
            instance.fingerprint: instance
            for decision in plan.decisions
            if decision.is_sent
            for instance in [i for i in decision.instances if i.state in ACTIVE][:MOST_DETAILED]
        }
        return {
            key: look_into(
                self._store, self._config.find_rule(instance.alert), instance, now, self._dashboard_url
            )
            for key, instance in list(told.items())[:_MOST_LOOKED_INTO]
        }

    def _write(self, decision: Decision, now: datetime, contexts: Mapping[str, Context]) -> OutboxRow:
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
            decision.instances,
            reason=reason,
            group_key=group.key,
            group_labels=group.labels,
            now=now,
            contexts=contexts,
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

    return Job("alerts", run, every=EVALUATION_INTERVAL, wakes_on_load=True, pause=_PAUSE)


def _is_worth_keeping(instance: Instance, before: Instance | None) -> bool:
    """Tell whether the instance must be written: it is active or waits, or just ceased to."""
    if before is None:
        return instance.state is not State.INACTIVE
    if instance.state in LIVE:
        return instance != before
    return instance.state is not before.state


def _derive_key(group: Group, reason: str, now: datetime) -> str:
    text = "\x1f".join((group.key, reason, now.isoformat()))
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def _to_row(event: AlertEvent) -> AlertEventRow:
    return AlertEventRow(**{name: getattr(event, name) for name in event.__struct_fields__})
