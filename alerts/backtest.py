"""Would have fired then, for so long, so often: a rule run over history before it is trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from alerts.evaluation import step_rule
from alerts.evidence import StoreEvidence
from alerts.routing.groups import Group
from alerts.routing.planning import Situation, plan_notifications
from alerts.rules import AlertingConfig, AlertRule
from alerts.rules.budget import Budget
from alerts.rules.health import Health
from alerts.states import ACTIVE, Instance, State
from store import Store
from store.errors import ConfigError

SHORTEST_STEP: Final = timedelta(minutes=1)
MOST_STEPS: Final = 2_000
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Firing:
    """One time an alert would have fired."""

    labels: Mapping[str, str]
    began_at: datetime
    ended_at: datetime | None
    """None while it still fires at the end."""
    value: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """What a rule would have done."""

    start: datetime
    end: datetime
    step: timedelta
    firings: Sequence[Firing]
    messages: int
    """That all channels of its routes together would have been sent."""
    problems: int
    """Instants at which it could not be evaluated."""
    last_problem: str | None = None

    @property
    def messages_per_week(self) -> float:
        """How many messages a week that is."""
        return self.messages * (_WEEK / (self.end - self.start))

    @property
    def firing_share(self) -> float:
        """Share of the time at which at least one alert of it fired."""
        spans = sorted((f.began_at, f.ended_at or self.end) for f in self.firings)
        total, reached = timedelta(0), self.start
        for began_at, ended_at in spans:
            total += max(timedelta(0), ended_at - max(began_at, reached))
            reached = max(reached, ended_at)
        return total / (self.end - self.start)


def run_backtest(
    store: Store,
    config: AlertingConfig,
    rule: AlertRule,
    start: datetime,
    end: datetime,
    *,
    step: timedelta | None = None,
    most_steps: int = MOST_STEPS,
) -> BacktestReport:
    """Evaluate a rule at every step from `start` to `end`, and return what would have been told.

    The step is a minute, or as long as it takes to get by with `most_steps`; alerts shorter than a step may be missed.

    Raises:
        ConfigError: The rule is about budgets or health, which keep no history, or the time is empty.
    """
    if isinstance(rule.condition, Budget | Health):
        raise ConfigError(f"the alert {rule.name!r} is about something without history; test it by hand")
    if end <= start:
        raise ConfigError(f"the time from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} is empty")
    step = max(step or SHORTEST_STEP, (end - start) / most_steps, SHORTEST_STEP)
    play = _Play(config, rule, StoreEvidence(store))
    now = start
    while now <= end:
        play.take(now)
        now += step
    return play.report(start, end, step)


@dataclass
class _Play:
    """The life of a rule's alerts, and of their groups, as it would have been."""

    config: AlertingConfig
    rule: AlertRule
    evidence: StoreEvidence
    instances: dict[str, Instance] = field(default_factory=dict[str, Instance])
    groups: dict[str, Group] = field(default_factory=dict[str, Group])
    open: dict[str, Firing] = field(default_factory=dict[str, Firing])
    closed: list[Firing] = field(default_factory=list[Firing])
    messages: int = 0
    problems: int = 0
    last_problem: str | None = None

    def take(self, now: datetime) -> None:
        """Evaluate once."""
        self.evidence.renew(now)
        self.evidence.prepare(self.rule.condition.questions(now))
        steps, status = step_rule(self.rule, self.evidence, self.instances, now)
        if status.problem is not None:
            self.problems, self.last_problem = self.problems + 1, status.problem
        for instance, event in steps:
            self.instances[instance.fingerprint] = instance
            if event is not None:
                self._note(instance, event.from_state, now)
        self._route(now)
        self.instances = {k: i for k, i in self.instances.items() if i.state is not State.INACTIVE}

    def report(self, start: datetime, end: datetime, step: timedelta) -> BacktestReport:
        """Return what happened."""
        firings = sorted([*self.closed, *self.open.values()], key=lambda firing: firing.began_at)
        return BacktestReport(start, end, step, firings, self.messages, self.problems, self.last_problem)

    def _note(self, instance: Instance, before: State, now: datetime) -> None:
        if instance.state is State.FIRING and before not in ACTIVE:
            self.open[instance.fingerprint] = Firing(
                instance.labels, now, None, instance.value, instance.reason
            )
        elif instance.state is State.RESOLVED and (firing := self.open.pop(instance.fingerprint, None)):
            self.closed.append(Firing(firing.labels, firing.began_at, now, firing.value, firing.reason))

    def _route(self, now: datetime) -> None:
        plan = plan_notifications(
            Situation(
                now=now,
                route=self.config.route,
                channels={name: channel.sends_resolved for name, channel in self.config.channels.items()},
                instances=self.instances,
                groups=self.groups,
                maintenance=self.config.maintenance,
            )
        )
        self.groups = {k: g for k, g in {**self.groups, **plan.groups}.items() if k not in plan.gone}
        self.messages += sum(decision.is_sent for decision in plan.decisions)
