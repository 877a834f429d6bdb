"""Histories with everything that routing has: no message without a reason, no firing alert without one or the other.

Silences, inhibition, mute times, maintenance, rate limits, acknowledgements, channels that are down, restarts, and
configurations that change groups, routes and keep_firing_for under alerts that fire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.evaluation import evaluate_rules
from alerts.matchers import parse_matcher
from alerts.memory import load_groups, load_instances, save_groups, save_instances
from alerts.routing.groups import Decision, Group, Plan, Reason
from alerts.routing.planning import Situation, plan_notifications
from alerts.rules import AlertingConfig, parse_alerting
from alerts.rules.starter import STARTERS
from alerts.silences import Silence
from alerts.states import ACTIVE, Instance
from store import open_control
from tests.alerts.building import Row, ScriptedEvidence

AGENTS = ("a", "b", "c")
START = datetime.fromisoformat("2026-03-02T10:00:00+00:00")
REPEAT = timedelta(hours=4)
LIMIT, PERIOD = 3, timedelta(hours=1)
NEWS = {Reason.FIRST_NOTIFICATION, Reason.NEW_ALERTS, Reason.NEWLY_RESOLVED, Reason.ALL_RESOLVED,
        Reason.FIRED_AND_RESOLVED}  # fmt: skip
WHY_NOT = {Reason.SILENCED, Reason.INHIBITED, Reason.MAINTENANCE}


def configure(group_by: Sequence[str], keep: str, route: dict[str, Any], **more: Any) -> AlertingConfig:
    common = {"group_by": ["agent"], "for": "1m", "keep_firing_for": keep}
    rules = [
        {"name": "rate", "metric": "success_rate", "below": 0.9, "recover_above": 0.95, **common},
        {"name": "outage", "metric": "run_count", "below": 5, "severity": "critical", **common},
    ]
    hook = {"type": "webhook", "url": "http://127.0.0.1:9/x"}
    return parse_alerting(
        {
            "alert": [*({"name": starter["name"], "enabled": False} for starter in STARTERS), *rules],
            "channel": [{"name": "ear", **hook}, {"name": "pager", **hook, "rate_limit": "3/1h"}],
            "mute_time": [{"name": "nights", "times": ["22:00-06:00"]}],
            "route": {"channels": ["ear"], "group_by": list(group_by), "group_wait": "30s", "group_interval": "2m",
                      "repeat_interval": "4h", **route},
            **more,
        },
        environ={},
    )  # fmt: skip


CONFIGS = (
    configure(
        ["alert"], "2m",
        {"routes": [{"matchers": ['agent="b"'], "mute": ["nights"]}]},
        inhibit=[{"source": ['severity="critical"'], "target": ['severity="warning"'], "equal": ["agent"]}],
    ),
    configure(
        ["alert", "agent"], "0s",
        {"routes": [{"matchers": ['severity="critical"'], "channels": ["pager"], "continue": True},
                    {"matchers": ['agent=~".+"']}]},
        maintenance=[{"name": "nightly", "matchers": ['agent="c"'], "during": ["nights"]}],
    ),
    configure(["agent"], "20m", {"channels": ["ear", "pager"]}),
)  # fmt: skip


@dataclass
class Installation:
    """Everything between figures and ears, without a disk; what each side believes is kept beside it."""

    config: AlertingConfig = CONFIGS[0]
    now: datetime = START
    evidence: ScriptedEvidence = field(default_factory=ScriptedEvidence)
    rates: dict[str, float | None] = field(default_factory=lambda: dict.fromkeys(AGENTS, 1.0))
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AGENTS, 50))
    instances: dict[str, Instance] = field(default_factory=dict[str, Instance])
    groups: dict[str, Group] = field(default_factory=dict[str, Group])
    silences: list[Silence] = field(default_factory=list[Silence])
    acknowledged: dict[str, str] = field(default_factory=dict[str, str])
    down: set[str] = field(default_factory=set[str])
    waiting: list[Decision] = field(default_factory=list[Decision])
    sent: dict[str, list[datetime]] = field(default_factory=lambda: {"pager": list[datetime]()})
    told_at: dict[str, datetime] = field(default_factory=dict[str, datetime])
    knows: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Alerts that fire, as told, by group."""
    believed: dict[str, set[str]] = field(default_factory=lambda: {"ear": set[str](), "pager": set[str]()})
    """Alerts that fire, as delivered, by channel."""
    why_not: dict[str, set[Reason]] = field(default_factory=dict[str, set[Reason]])

    def live(self, gap: timedelta) -> None:
        self.now += gap
        rates: list[Row] = [({"agent": a}, rate, 50) for a, rate in self.rates.items() if rate is not None]
        self.evidence.show("success_rate", *rates)
        self.evidence.show("run_count", *(({"agent": a}, float(n), n) for a, n in self.counts.items()))
        self.instances = evaluate_rules(self.config.rules, self.evidence, self.instances, self.now).after
        self.silences = [silence for silence in self.silences if silence.ends_at > self.now]
        plan = plan_notifications(
            Situation(
                now=self.now,
                route=self.config.route,
                channels=dict.fromkeys(self.config.channels, True),
                instances=self.instances,
                groups=self.groups,
                silences=self.silences,
                maintenance=self.config.maintenance,
                inhibitions=self.config.inhibitions,
                undelivered={decision.group.key for decision in self.waiting},
                acknowledged=self.acknowledged,
                limits=self.config.limits,
                sent=self.sent,
            )
        )
        self.groups = {k: g for k, g in {**self.groups, **plan.groups}.items() if k not in plan.gone}
        for decision in plan.decisions:
            self.check(decision, plan.decisions)
            if decision.is_sent:
                self.waiting.append(decision)
                self.sent.setdefault(decision.group.channel, []).append(self.now)
            else:
                self.why_not.setdefault(decision.group.key, set()).add(decision.reason)
        for decision in [d for d in self.waiting if d.group.channel not in self.down]:
            self.waiting.remove(decision)
            self.hear(decision)

    def hear(self, decision: Decision) -> None:
        believed = self.believed[decision.group.channel]
        for instance in decision.instances:
            change = believed.add if instance.state in ACTIVE else believed.discard
            change(instance.fingerprint)

    def check(self, decision: Decision, decisions: Sequence[Decision]) -> None:
        """Assert that a message says something new, or repeats after the repeat interval, and that it may be told."""
        key, reason = decision.group.key, decision.reason
        if not decision.is_sent:
            assert decision.detail, "a decision not to send says why in words"
            return
        firing = {i.fingerprint for i in decision.instances if i.state in ACTIVE}
        ended = {i.fingerprint for i in decision.instances} - firing
        for fingerprint in firing:
            assert not self.is_quiet(self.instances[fingerprint]), "told in spite of a silence or its like"
        recent = [at for at in self.sent.get(decision.group.channel, []) if at > self.now - PERIOD]
        assert decision.group.channel != "pager" or len(recent) < LIMIT, "more than the channel takes"
        if reason is Reason.DIGEST:
            for about in decisions:
                if about.reason is Reason.DIGEST and not about.is_sent:
                    self.knows[about.group.key] = set(about.group.told_firing)
                    self.told_at[about.group.key] = self.now
            return
        knows = self.knows.setdefault(key, set())
        is_news = bool(firing - knows) or bool(ended)
        if reason is Reason.REPEAT_INTERVAL:
            assert self.now - self.told_at[key] >= REPEAT
            assert key not in {waiting.group.key for waiting in self.waiting}
            assert not firing <= self.acknowledged.keys()
        else:
            assert reason in NEWS, f"{reason} is no reason to tell"
            assert is_news, f"{reason} told nothing new"
        self.knows[key] = (knows | firing) - ended
        self.told_at[key] = self.now

    def is_quiet(self, instance: Instance) -> bool:
        """Tell whether the alert is kept from being told now, as a person would work it out."""
        labels, is_night = instance.labels, self.now.hour >= 22 or self.now.hour < 6
        if any(all(m.matches(labels) for m in silence.matchers) for silence in self.silences):
            return True
        if self.config is CONFIGS[1]:
            return is_night and labels["agent"] == "c"
        if self.config is not CONFIGS[0]:
            return False
        if labels["agent"] == "b" and is_night:
            return True
        return labels["severity"] == "warning" and any(
            other.state in ACTIVE and (other.alert, other.labels["agent"]) == ("outage", labels["agent"])
            for other in self.instances.values()
        )

    def firing(self) -> set[str]:
        return {key for key, instance in self.instances.items() if instance.state in ACTIVE}

    def reload(self, number: int) -> None:
        self.config = CONFIGS[number]

    def restart(self) -> None:
        """Take everything through what is kept of it."""
        control = open_control("sqlite://")
        with control.begin() as connection:
            save_instances(connection, list(self.instances.values()))
            save_groups(connection, Plan(groups=self.groups))
            self.instances = load_instances(connection)
            self.groups = load_groups(connection)
        control.close()

    def settle(self) -> None:
        """Let the present stay as it is, by day, until everybody who must hear of it has."""
        self.down.clear()
        self.now += timedelta(hours=24)
        self.now = self.now.replace(hour=8, minute=0)
        for _ in range(30):
            self.live(timedelta(minutes=7))


def routed(config: AlertingConfig, instance: Instance) -> set[str]:
    return {channel for route in config.route.match(instance.labels) for channel in route.channels}


GAPS = st.sampled_from(
    [timedelta(seconds=40), timedelta(minutes=3), timedelta(minutes=25), timedelta(hours=5)]
)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("live"), GAPS),
        st.tuples(st.just("live"), GAPS),
        st.tuples(st.just("rate"), st.tuples(st.sampled_from(AGENTS), st.sampled_from([0.5, 0.92, 1.0, None]))),
        st.tuples(st.just("count"), st.tuples(st.sampled_from(AGENTS), st.sampled_from([1, 50]))),
        st.tuples(st.just("silence"), st.tuples(st.sampled_from(AGENTS), st.sampled_from([5, 90]))),
        st.tuples(st.just("unsilence"), st.none()),
        st.tuples(st.just("acknowledge"), st.none()),
        st.tuples(st.just("down"), st.sampled_from(["ear", "pager"])),
        st.tuples(st.just("up"), st.none()),
        st.tuples(st.just("reload"), st.integers(0, len(CONFIGS) - 1)),
        st.tuples(st.just("restart"), st.none()),
    ),
    min_size=5,
    max_size=40,
)  # fmt: skip


def play(it: Installation, moves: Sequence[tuple[str, Any]]) -> None:
    for kind, what in moves:
        match kind:
            case "live":
                it.live(what)
            case "rate":
                it.rates[what[0]] = what[1]
            case "count":
                it.counts[what[0]] = what[1]
            case "silence":
                agent, minutes = what
                matcher, until = parse_matcher(f'agent="{agent}"'), it.now + timedelta(minutes=minutes)
                it.silences.append(Silence(len(it.silences), (matcher,), until))
            case "unsilence":
                it.silences.clear()
            case "acknowledge":
                it.acknowledged |= dict.fromkeys(it.firing(), "ann")
            case "down":
                it.down.add(what)
            case "up":
                it.down.clear()
            case "reload":
                it.reload(what)
            case _:
                it.restart()
        it.acknowledged = {key: who for key, who in it.acknowledged.items() if key in it.firing()}


@settings(max_examples=80)
@given(moves=MOVES)
def test_whatever_routing_does_every_message_has_a_reason_and_every_firing_alert_is_told_or_explained(
    moves: list[tuple[str, Any]],
) -> None:
    it = Installation()
    play(it, moves)
    it.settle()
    firing = it.firing()
    for channel, believed in it.believed.items():
        assert believed <= firing, f"{channel} was not told of an end"
        for fingerprint in firing - believed:
            instance = it.instances[fingerprint]
            if channel not in routed(it.config, instance):
                continue
            assert it.is_quiet(instance), f"{channel} was not told of {instance.alert} {instance.labels}"
            reasons = set[Reason]().union(*(it.why_not.get(key, set()) for key in it.groups))
            assert reasons & WHY_NOT, "the decision not to tell is kept"
    it.rates, it.counts = dict.fromkeys(AGENTS, 1.0), dict.fromkeys(AGENTS, 50)
    it.settle()
    assert it.firing() == set() == it.believed["ear"] | it.believed["pager"]
    assert it.groups == {}, "nothing is remembered of what is over"
