"""Evaluates all rules at one instant: what each group shows, and what follows for its alert."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Final

from alerts.observations import Observation, Reading, Verdict
from alerts.rules import AlertRule
from alerts.rules.conditions import Evidence
from alerts.rules.measured import Attention
from alerts.states import (
    ACTIVE,
    AlertEvent,
    Instance,
    NoDataPolicy,
    State,
    end_instance,
    fingerprint_labels,
    transition,
)
from store.errors import SpanledgerError

_log = logging.getLogger(__name__)

LIVE: Final = frozenset({*ACTIVE, State.PENDING})
"""States of an alert that something can follow for although nothing is wrong any more."""
_HEALTHY: Final = frozenset({Verdict.CLEAR, Verdict.BETWEEN})
"""Verdicts about a group without an alert that nothing follows from."""

Step = tuple[Instance, AlertEvent | None]


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """How the last evaluation of a rule went."""

    name: str
    evaluated_at: datetime
    duration_ms: float
    groups: int
    """Groups that something is wrong with, or whose alert was live."""
    problem: str | None = None
    """Why it could not be evaluated."""


@dataclass(slots=True)
class Evaluation:
    """All instances after an evaluation, their changes of state, and how each rule fared."""

    after: dict[str, Instance]
    events: list[AlertEvent] = field(default_factory=list[AlertEvent])
    statuses: dict[str, RuleStatus] = field(default_factory=dict[str, RuleStatus])

    def take(self, steps: Iterable[Step]) -> None:
        """Add what follows from one rule."""
        for instance, event in steps:
            self.after[instance.fingerprint] = instance
            if event is not None:
                self.events.append(event)


def evaluate_rules(
    rules: Sequence[AlertRule], evidence: Evidence, before: Mapping[str, Instance], now: datetime
) -> Evaluation:
    """Evaluate every rule; one that cannot be evaluated leaves its alerts as they are."""
    _ask_together(rules, evidence, now)
    evaluation = Evaluation(dict(before))
    by_rule: dict[str, dict[str, Instance]] = {}
    for instance in before.values():
        by_rule.setdefault(instance.alert, {})[instance.fingerprint] = instance
    for rule in rules:
        known = by_rule.pop(rule.name, {})
        if rule.is_enabled:
            steps, status = step_rule(rule, evidence, known, now)
            evaluation.take(steps)
            evaluation.statuses[rule.name] = status
        else:
            evaluation.take(_end_all(known, now, "the alert was switched off"))
    for known in by_rule.values():
        evaluation.take(_end_all(known, now, "the alert was removed from the configuration"))
    return evaluation


def step_rule(
    rule: AlertRule, evidence: Evidence, known: Mapping[str, Instance], now: datetime
) -> tuple[list[Step], RuleStatus]:
    """Evaluate one rule, and return what follows for its alerts."""
    started = perf_counter()
    live = {key: instance for key, instance in known.items() if instance.state in LIVE}
    attention = Attention(
        [instance.labels for instance in live.values()], rule.timing.no_data is NoDataPolicy.ALERT
    )
    problem, readings, steps = None, list[Reading](), list[Step]()
    try:
        readings = list(rule.condition.observe(evidence, now, attention))
        steps = _step_groups(rule, known, live, readings, now)
    except SpanledgerError as error:
        problem = f"the rule could not be evaluated: {error}"
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a fault or panic in one kind of rule must not keep all others from telling
        _log.exception("the rule %s failed in an unforeseen way", rule.name)
        problem = f"the rule could not be evaluated: it failed in an unforeseen way ({type(error).__name__})"
    if problem is not None:
        observation = Observation(Verdict.ERROR, problem)
        steps = [transition(instance, observation, now, rule.timing) for instance in live.values()]
    duration_ms = (perf_counter() - started) * 1_000
    return steps, RuleStatus(rule.name, now, duration_ms, len(readings), problem)


def _ask_together(rules: Sequence[AlertRule], evidence: Evidence, now: datetime) -> None:
    try:
        questions = [
            question for rule in rules if rule.is_enabled for question in rule.condition.questions(now)
        ]
        evidence.prepare(questions)
    # Each rule asks for itself then, so that one bad question fails one rule.
    except SpanledgerError as error:
        _log.info("the rules' questions could not be asked together: %s", error)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001 - a fault or panic in one kind of rule must not keep all others from telling
        _log.exception("the rules' questions could not be asked together: one failed in an unforeseen way")


def _step_groups(
    rule: AlertRule,
    known: Mapping[str, Instance],
    live: Mapping[str, Instance],
    readings: Sequence[Reading],
    now: datetime,
) -> list[Step]:
    steps: list[Step] = []
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
        transition(instance, absent, now, rule.timing) for key, instance in live.items() if key not in seen
    ]
    return steps


def _end_all(instances: Mapping[str, Instance], now: datetime, reason: str) -> list[Step]:
    return [end_instance(instance, now, reason) for instance in instances.values() if instance.state in LIVE]
