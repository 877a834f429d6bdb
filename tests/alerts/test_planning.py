"""Who is told what, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.matchers import parse_matcher
from alerts.routing.groups import Decision, Group, Reason
from alerts.routing.inhibition import Inhibition
from alerts.routing.limits import RateLimit
from alerts.routing.planning import Situation, plan_notifications
from alerts.routing.quiet import Maintenance
from alerts.routing.routes import Route, read_routes
from alerts.silences import Silence
from alerts.states import ACTIVE, Instance, State
from tests.alerts.building import START, an_instance

WAIT, INTERVAL, REPEAT = timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=4)


class Desk:
    """Plans again and again, keeping what a control state would keep."""

    def __init__(self, route: Mapping[str, Any] | None = None, **channels: bool) -> None:
        self.channels = channels or {"team": True}
        self.route: Route = read_routes(route or {}, tuple(self.channels))
        self.groups: dict[str, Group] = {}
        self.instances: dict[str, Instance] = {}
        self.silences: list[Silence] = []
        self.undelivered: set[str] = set()
        self.maintenance: list[Maintenance] = []
        self.inhibitions: list[Inhibition] = []
        self.acknowledged: dict[str, str] = {}
        self.limits: dict[str, RateLimit] = {}
        self.sent: dict[str, list[datetime]] = {}
        self.now = START

    def put(self, *instances: Instance) -> None:
        self.instances |= {instance.fingerprint: instance for instance in instances}

    def plan(self, after: timedelta = timedelta(0)) -> list[Decision]:
        self.now += after
        plan = plan_notifications(
            Situation(
                now=self.now,
                route=self.route,
                channels=self.channels,
                instances=self.instances,
                groups=self.groups,
                silences=self.silences,
                undelivered=self.undelivered,
                maintenance=self.maintenance,
                inhibitions=self.inhibitions,
                acknowledged=self.acknowledged,
                limits=self.limits,
                sent=self.sent,
            )
        )
        self.groups = {k: g for k, g in {**self.groups, **plan.groups}.items() if k not in plan.gone}
        for decision in plan.decisions:
            if decision.is_sent:
                self.sent.setdefault(decision.group.channel, []).append(self.now)
        return plan.decisions


def firing(name: str = "x", **changes: Any) -> Instance:
    return an_instance(labels={"agent": name}, **changes)


def resolved(name: str = "x", **changes: Any) -> Instance:
    return firing(name, state=State.RESOLVED, active_at=None, resolved_at=START, **changes)


def reasons(decisions: list[Decision]) -> list[str]:
    return [decision.reason.value for decision in decisions]


def told(decision: Decision) -> dict[str, str]:
    return {instance.labels["agent"]: instance.state.value for instance in decision.instances}


def silence(matcher: str, minutes: float = 60) -> Silence:
    return Silence(12, (parse_matcher(matcher),), START + timedelta(minutes=minutes))


def test_first_notification_waits_for_group_wait() -> None:
    desk = Desk()
    desk.put(firing())
    assert desk.plan() == []
    assert desk.plan(timedelta(seconds=29)) == []
    assert reasons(desk.plan(timedelta(seconds=1))) == ["first_notification"]


def test_alerts_of_one_group_come_in_one_message() -> None:
    desk = Desk()
    desk.put(firing("a"))
    desk.plan()
    desk.put(firing("b"))
    [decision] = desk.plan(WAIT)
    assert told(decision) == {"a": "firing", "b": "firing"}


def test_unchanged_group_is_not_told_again_before_the_repeat_interval() -> None:
    desk = Desk()
    desk.put(firing())
    desk.plan()
    desk.plan(WAIT)
    silent = [desk.plan(INTERVAL) for _ in range(47)]
    assert all(decisions == [] for decisions in silent)
    assert reasons(desk.plan(INTERVAL)) == ["repeat_interval"]


def test_new_alert_of_a_known_group_waits_for_group_interval() -> None:
    desk = Desk()
    desk.put(firing("a"))
    desk.plan()
    desk.plan(WAIT)
    desk.put(firing("b"))
    assert desk.plan(timedelta(minutes=4)) == []
    [decision] = desk.plan(timedelta(minutes=1))
    assert decision.reason is Reason.NEW_ALERTS
    assert told(decision) == {"a": "firing", "b": "firing"}


def test_some_and_then_all_resolved() -> None:
    desk = Desk()
    desk.put(firing("a"), firing("b"))
    desk.plan()
    desk.plan(WAIT)
    desk.put(resolved("a"))
    [decision] = desk.plan(INTERVAL)
    assert decision.reason is Reason.NEWLY_RESOLVED
    assert told(decision) == {"a": "resolved", "b": "firing"}
    desk.put(resolved("b"))
    [decision] = desk.plan(INTERVAL)
    assert decision.reason is Reason.ALL_RESOLVED
    assert told(decision) == {"b": "resolved"}
    assert desk.groups == {}
    assert desk.plan(INTERVAL) == []


def test_alert_that_fired_and_ended_before_the_first_message_is_told() -> None:
    desk = Desk()
    desk.put(firing())
    desk.plan()
    desk.put(resolved())
    [decision] = desk.plan(WAIT)
    assert decision.reason is Reason.FIRED_AND_RESOLVED
    assert told(decision) == {"x": "resolved"}


@pytest.mark.parametrize("state", [State.PENDING, State.INACTIVE])
def test_end_is_told_although_the_alert_waits_to_fire_again(state: State) -> None:
    desk = Desk()
    desk.put(firing())
    desk.plan()
    desk.plan(WAIT)
    desk.put(firing(state=state))
    assert reasons(desk.plan(INTERVAL)) == ["all_resolved"]


def test_alert_that_fires_again_between_two_flushes_is_no_news() -> None:
    desk = Desk()
    desk.put(firing())
    desk.plan()
    desk.plan(WAIT)
    desk.put(resolved())
    desk.plan(timedelta(minutes=1))
    desk.put(firing())
    assert desk.plan(timedelta(minutes=4)) == []


def test_alert_that_fires_again_after_its_end_was_told_begins_anew() -> None:
    desk = Desk()
    desk.put(firing())
    desk.plan()
    desk.plan(WAIT)
    desk.put(resolved())
    desk.plan(INTERVAL)
    desk.put(firing())
    assert desk.plan(timedelta(minutes=1)) == []
    assert reasons(desk.plan(WAIT)) == ["first_notification"]


def test_recovering_alert_still_fires_for_everybody_told() -> None:
    desk = Desk()
    desk.put(firing())
    desk.plan()
    desk.plan(WAIT)
    desk.put(firing(state=State.RECOVERING, recovering_at=START))
    assert desk.plan(INTERVAL) == []


def test_silenced_alert_is_not_sent_and_the_silence_is_named_once() -> None:
    desk = Desk()
    desk.silences = [silence('agent="x"')]
    desk.put(firing())
    desk.plan()
    [decision] = desk.plan(WAIT)
    assert (decision.reason, decision.is_sent) == (Reason.SILENCED, False)
    assert decision.detail == "not sent: silenced by 12 until 2026-03-02 11:00 UTC"
    assert desk.plan(INTERVAL) == []


def test_alert_that_still_fires_when_the_silence_ends_is_told() -> None:
    desk = Desk()
    desk.silences = [silence('agent="x"')]
    desk.put(firing())
    desk.plan()
    desk.plan(WAIT)
    desk.silences = []
    assert reasons(desk.plan(INTERVAL)) == ["first_notification"]


def test_silence_hides_only_what_it_matches() -> None:
    desk = Desk()
    desk.silences = [silence('agent=~"a|c"')]
    desk.put(firing("a"), firing("b"))
    desk.plan()
    [decision] = desk.plan(WAIT)
    assert told(decision) == {"b": "firing"}
    [decision] = desk.plan(INTERVAL)
    assert decision.detail.startswith("not sent about a: silenced by"), "b is told, and nothing else is new"


def test_silence_stops_repeats() -> None:
    desk = Desk()
    desk.put(firing())
    desk.plan()
    desk.plan(WAIT)
    desk.silences = [silence('agent="x"', minutes=10_000)]
    assert reasons(desk.plan(REPEAT)) == ["silenced"]


def test_end_of_an_alert_whose_firing_was_told_is_told_in_spite_of_a_silence() -> None:
    desk = Desk()
    desk.put(firing())
    desk.plan()
    desk.plan(WAIT)
    desk.silences = [silence('agent="x"')]
    desk.put(resolved())
    assert reasons(desk.plan(INTERVAL)) == ["all_resolved"]


def test_alert_that_fired_and_ended_in_a_silence_is_recorded_as_silenced() -> None:
    desk = Desk()
    desk.silences = [silence('agent="x"')]
    desk.put(firing())
    desk.plan()
    desk.put(resolved())
    [decision] = desk.plan(WAIT)
    assert (decision.reason, decision.is_sent) == (Reason.SILENCED, False)


def test_channel_that_does_not_want_resolved_gets_none_and_the_reason_is_recorded() -> None:
    desk = Desk(None, team=False)
    desk.put(firing())
    desk.plan()
    desk.plan(WAIT)
    desk.put(resolved())
    [decision] = desk.plan(INTERVAL)
    assert (decision.reason, decision.is_sent) == (Reason.RESOLVED_NOT_WANTED, False)
    assert desk.groups == {}


def test_channel_that_does_not_want_resolved_still_hears_what_it_missed() -> None:
    desk = Desk(None, team=False)
    desk.put(firing())
    desk.plan()
    desk.put(resolved())
    [decision] = desk.plan(WAIT)
    assert (decision.reason, decision.is_sent) == (Reason.FIRED_AND_RESOLVED, True)
    assert told(decision) == {"x": "resolved"}


def test_repeat_waits_while_the_message_before_is_not_delivered() -> None:
    desk = Desk()
    desk.put(firing())
    desk.plan()
    desk.plan(WAIT)
    desk.undelivered = set(desk.groups)
    [decision] = desk.plan(REPEAT)
    assert (decision.reason, decision.is_sent) == (Reason.AWAITING_DELIVERY, False)
    desk.undelivered = set()
    assert desk.plan(INTERVAL) == []
    assert reasons(desk.plan(REPEAT)) == ["repeat_interval"]


def test_alert_without_a_channel_is_recorded_and_not_repeated() -> None:
    desk = Desk()
    desk.channels, desk.route = {}, read_routes({}, ())
    desk.put(firing())
    desk.plan()
    [decision] = desk.plan(WAIT)
    assert (decision.reason, decision.group.channel) == (Reason.NO_CHANNEL, "none")
    assert desk.plan(REPEAT) == []
    desk.put(resolved())
    assert desk.plan(INTERVAL) == []
    assert desk.groups == {}


def test_group_of_a_removed_channel_is_dropped_with_a_note() -> None:
    desk = Desk(None, team=True, mail=True)
    desk.put(firing())
    desk.plan()
    desk.plan(WAIT)
    desk.channels, desk.route = {"mail": True}, read_routes({}, ("mail",))
    assert reasons(desk.plan(timedelta(seconds=1))) == ["channel_removed"]


def test_changed_route_tells_the_end_where_the_beginning_was_told() -> None:
    desk = Desk({"channels": ["team"]}, team=True, mail=True)
    desk.put(firing())
    desk.plan()
    desk.plan(WAIT)
    desk.route = read_routes({"channels": ["mail"]}, ("team", "mail"))
    desk.plan(timedelta(seconds=1))
    assert [d.group.channel for d in desk.plan(INTERVAL)] == ["mail"]
    assert desk.plan(REPEAT - INTERVAL) == []
    desk.put(resolved())
    later = desk.plan(INTERVAL)
    assert {(d.group.channel, d.reason.value) for d in later} == {
        ("team", "all_resolved"),
        ("mail", "all_resolved"),
    }


def test_every_channel_of_a_route_is_told() -> None:
    desk = Desk(None, team=True, mail=True)
    desk.put(firing())
    desk.plan()
    assert {decision.group.channel for decision in desk.plan(WAIT)} == {"team", "mail"}


def test_first_matching_route_takes_the_alert_unless_it_continues() -> None:
    table = {
        "channels": ["team"],
        "routes": [
            {"matchers": ['severity="critical"'], "channels": ["pager"], "continue": True},
            {"matchers": ['agent="x"'], "channels": ["mail"]},
            {"matchers": ['agent=~".*"'], "channels": ["team"]},
        ],
    }
    route = read_routes(table, ("team", "mail", "pager"))
    found = [r.channels for r in route.match({"severity": "critical", "agent": "x"})]
    assert found == [("pager",), ("mail",)]
    assert [r.channels for r in route.match({"severity": "info", "agent": "z"})] == [("team",)]


def test_child_route_inherits_what_it_does_not_say() -> None:
    table = {
        "channels": ["team"],
        "group_by": ["agent"],
        "group_wait": "1s",
        "routes": [{"matchers": ["a=b"], "repeat_interval": "1d"}],
    }
    [child] = read_routes(table, ("team",)).routes
    assert (child.channels, child.group_by, child.group_wait) == (("team",), ("agent",), timedelta(seconds=1))
    assert child.repeat_interval == timedelta(days=1)


def test_three_dots_make_every_alert_a_group() -> None:
    desk = Desk({"group_by": ["..."]})
    desk.put(firing("a"), firing("b"))
    desk.plan()
    assert len(desk.plan(WAIT)) == 2


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([State.FIRING, State.RESOLVED, State.PENDING, State.RECOVERING]),
        st.sampled_from([timedelta(seconds=15), WAIT, INTERVAL, REPEAT]),
        st.sampled_from([None, None, None, 'agent="a"', 'agent=~"a|b"']),
    ),
    max_size=25,
)


Moves = list[tuple[str, State, timedelta, str | None]]


def play(desk: Desk, moves: Moves) -> set[str]:
    """Play the moves, and return the alerts that the channel believes to fire."""
    believed: set[str] = set()
    for name, state, gap, matcher in moves:
        if state in ACTIVE or firing(name).fingerprint in desk.instances:
            desk.put(replace(firing(name), state=state))
        desk.silences = [silence(matcher, 10**6)] if matcher else []
        believed = listen(believed, desk.plan(gap))
    return believed


def listen(believed: set[str], decisions: list[Decision]) -> set[str]:
    for decision in decisions:
        assert bool(decision.instances) == decision.is_sent
        assert decision.is_sent or decision.detail
        for instance in decision.instances:
            change = believed.add if instance.state in ACTIVE else believed.discard
            change(instance.labels["agent"])
    return believed


@settings(max_examples=150)
@given(MOVES)
def test_after_every_history_the_channel_believes_what_is_true(moves: Moves) -> None:
    desk = Desk()
    believed = play(desk, moves)
    desk.silences = []
    for _ in range(2):
        believed = listen(believed, desk.plan(INTERVAL))
    assert believed == {i.labels["agent"] for i in desk.instances.values() if i.state in ACTIVE}


@settings(max_examples=50)
@given(MOVES)
def test_nothing_is_left_when_everything_ended(moves: Moves) -> None:
    desk = Desk()
    believed = play(desk, moves)
    desk.silences = []
    for instance in list(desk.instances.values()):
        desk.put(replace(instance, state=State.RESOLVED))
    assert listen(believed, desk.plan(INTERVAL)) == set()
    assert desk.groups == {}


@settings(max_examples=50)
@given(MOVES)
def test_planning_twice_at_one_instant_decides_once(moves: Moves) -> None:
    desk = Desk()
    for move in moves:
        play(desk, [move])
        assert desk.plan() == []
