"""The life of an alert instance."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.observations import Observation, Verdict
from alerts.states import (
    ACTIVE,
    MISSING_EVALUATIONS,
    OUTAGE_TOLERANCE,
    TRANSITIONS,
    AlertEvent,
    Instance,
    NoDataPolicy,
    State,
    Timing,
    end_instance,
    fingerprint_labels,
    transition,
)
from tests.alerts.building import START

STEP = timedelta(seconds=15)


def seen(verdict: Verdict, value: float | None = 0.5) -> Observation:
    return Observation(verdict, f"saw {verdict}", value, 0.95)


def fresh() -> Instance:
    labels = {"alert": "a", "severity": "critical", "agent": "x"}
    return Instance(
        fingerprint=fingerprint_labels(labels),
        alert="a",
        severity="critical",
        labels=labels,
        evaluated_at=START,
    )


def play(
    timing: Timing, *steps: tuple[float, Verdict], instance: Instance | None = None
) -> tuple[Instance, list[AlertEvent]]:
    """Show verdicts at minutes since START."""
    instance, events = instance or fresh(), list[AlertEvent]()
    for minute, verdict in steps:
        instance, event = transition(instance, seen(verdict), START + timedelta(minutes=minute), timing)
        events += [event] if event else []
    return instance, events


def states_of(events: list[AlertEvent]) -> list[str]:
    return [event.to_state.value for event in events]


B, C, N, M, E, W = (
    Verdict.BREACH,
    Verdict.CLEAR,
    Verdict.NO_DATA,
    Verdict.MISSING,
    Verdict.ERROR,
    Verdict.BETWEEN,
)


def test_without_for_the_first_breach_fires() -> None:
    instance, events = play(Timing(), (0, B))
    assert states_of(events) == ["firing"]
    assert instance.fired_at == instance.active_at == START


def test_for_holds_the_alert_pending_until_it_passed() -> None:
    timing = Timing(hold=timedelta(minutes=5))
    instance, events = play(timing, (0, B), (4.9, B))
    assert instance.state is State.PENDING
    instance, more = play(timing, (5, B), instance=instance)
    assert states_of(events + more) == ["pending", "firing"]
    assert instance.active_at == START
    assert instance.fired_at == START + timedelta(minutes=5)


def test_pending_alert_that_clears_was_never_there() -> None:
    instance, events = play(Timing(hold=timedelta(minutes=5)), (0, B), (1, C), (2, B), (6.9, B))
    assert states_of(events) == ["pending", "inactive", "pending"]
    assert instance.active_at == START + timedelta(minutes=2)


def test_keep_firing_for_delays_the_end() -> None:
    timing = Timing(keep_firing_for=timedelta(minutes=3))
    instance, events = play(timing, (0, B), (1, C), (3.9, C))
    assert instance.state is State.RECOVERING
    instance, more = play(timing, (4, C), instance=instance)
    assert states_of(events + more) == ["firing", "recovering", "resolved"]
    assert instance.resolved_at == START + timedelta(minutes=4)


def test_breach_while_recovering_fires_on_without_a_new_beginning() -> None:
    timing = Timing(keep_firing_for=timedelta(minutes=3))
    instance, events = play(timing, (0, B), (1, C), (2, B), (3, C), (5.9, C))
    assert states_of(events) == ["firing", "recovering", "firing", "recovering"]
    assert instance.fired_at == START


def test_pending_and_keep_firing_for_together() -> None:
    timing = Timing(hold=timedelta(minutes=1), keep_firing_for=timedelta(minutes=1))
    _, events = play(timing, (0, B), (1, B), (2, C), (3, C), (4, B))
    assert states_of(events) == ["pending", "firing", "recovering", "resolved", "pending"]


def test_between_the_thresholds_nothing_begins_and_nothing_ends() -> None:
    instance, events = play(Timing(), (0, W))
    assert (instance.state, events) == (State.INACTIVE, [])
    instance, events = play(Timing(), (0, B), (1, W), (2, W))
    assert instance.state is State.FIRING
    assert states_of(events) == ["firing"]


def test_between_the_thresholds_a_recovery_begins_anew() -> None:
    timing = Timing(keep_firing_for=timedelta(minutes=3))
    instance, events = play(timing, (0, B), (1, C), (2, W), (3, C), (5.9, C))
    assert states_of(events) == ["firing", "recovering", "firing", "recovering"]
    assert instance.recovering_at == START + timedelta(minutes=3)


def test_error_neither_moves_nor_counts_as_an_evaluation() -> None:
    timing = Timing(hold=timedelta(minutes=5))
    instance, events = play(timing, (0, B), (1, E), (5, E))
    assert instance.state is State.PENDING
    assert instance.problem == "saw error"
    assert instance.evaluated_at == START
    assert states_of(events) == ["pending"]
    firing, _ = play(Timing(), (0, B), (60 * 24, E))
    assert firing.state is State.FIRING


def test_missing_series_ends_after_two_evaluations_and_not_after_one() -> None:
    instance, _ = play(Timing(), (0, B), (1, M))
    assert (instance.state, instance.missing) == (State.FIRING, 1)
    instance, events = play(Timing(), (2, M), instance=instance)
    assert (instance.state, instance.missing) == (State.RESOLVED, MISSING_EVALUATIONS)
    assert events[0].reason == "saw missing"


def test_series_that_comes_back_is_not_missing_any_more() -> None:
    instance, _ = play(Timing(), (0, B), (1, M), (2, B), (3, M))
    assert (instance.state, instance.missing) == (State.FIRING, 1)


@pytest.mark.parametrize(
    ("policy", "state"), [("ok", State.RESOLVED), ("keep", State.FIRING), ("alert", State.FIRING)]
)
def test_no_data_of_a_firing_alert_means_what_the_policy_says(policy: str, state: State) -> None:
    instance, _ = play(Timing(no_data=NoDataPolicy(policy)), (0, B), (1, N))
    assert instance.state is state
    assert instance.problem == "saw no_data"


@pytest.mark.parametrize(("policy", "state"), [("ok", "inactive"), ("keep", "inactive"), ("alert", "firing")])
def test_no_data_of_an_inactive_alert_fires_only_when_asked(policy: str, state: str) -> None:
    assert play(Timing(no_data=NoDataPolicy(policy)), (0, N))[0].state.value == state


def test_pause_shorter_than_the_tolerance_counts_towards_for() -> None:
    timing = Timing(hold=timedelta(minutes=30))
    assert play(timing, (0, B), (50, B))[0].state is State.FIRING


def test_pause_longer_than_the_tolerance_starts_for_anew() -> None:
    timing = Timing(hold=timedelta(minutes=30))
    late = OUTAGE_TOLERANCE / timedelta(minutes=1) + 1
    instance, _ = play(timing, (0, B), (late, B))
    assert instance.state is State.PENDING
    assert instance.active_at == START + timedelta(minutes=late)
    assert play(timing, (late + 30, B), instance=instance)[0].state is State.FIRING


def test_pause_does_not_end_a_firing_alert() -> None:
    instance, events = play(Timing(), (0, B), (60 * 24 * 7, B))
    assert instance.state is State.FIRING
    assert states_of(events) == ["firing"]


def test_longer_for_does_not_take_back_an_alert_that_fires() -> None:
    instance, _ = play(Timing(hold=timedelta(minutes=1)), (0, B), (1, B))
    instance, events = play(Timing(hold=timedelta(hours=1)), (2, B), instance=instance)
    assert (instance.state, events) == (State.FIRING, [])


def test_alert_of_a_removed_rule_ends_with_the_reason() -> None:
    firing, _ = play(Timing(), (0, B))
    ended, event = end_instance(firing, START + STEP, "the alert was removed")
    assert ended.state is State.RESOLVED
    assert event is not None
    assert event.reason == "the alert was removed"


def test_event_carries_value_threshold_and_reason() -> None:
    _, events = play(Timing(), (0, B))
    assert (events[0].value, events[0].threshold, events[0].reason) == (0.5, 0.95, "saw breach")


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4))
def test_fingerprint_does_not_depend_on_the_order_of_labels(labels: dict[str, str]) -> None:
    assert fingerprint_labels(labels) == fingerprint_labels(dict(reversed(labels.items())))


def test_fingerprint_tells_names_from_values() -> None:
    assert fingerprint_labels({"a": "bc"}) != fingerprint_labels({"ab": "c"})


TIMINGS = st.builds(
    Timing,
    hold=st.sampled_from([timedelta(0), STEP, 4 * STEP]),
    keep_firing_for=st.sampled_from([timedelta(0), STEP, 4 * STEP]),
    no_data=st.sampled_from(NoDataPolicy),
)
GAPS = st.sampled_from([STEP, STEP, STEP, 3 * STEP, OUTAGE_TOLERANCE, OUTAGE_TOLERANCE + STEP])
HISTORIES = st.lists(st.tuples(GAPS, st.sampled_from(Verdict)), max_size=40)


def replay(
    timing: Timing, history: list[tuple[timedelta, Verdict]]
) -> list[tuple[datetime, Instance, AlertEvent | None]]:
    now, instance = START, fresh()
    track: list[tuple[datetime, Instance, AlertEvent | None]] = []
    for gap, verdict in history:
        now += gap
        instance, event = transition(instance, seen(verdict), now, timing)
        track.append((now, instance, event))
    return track


@given(TIMINGS, HISTORIES)
def test_no_history_makes_an_illegal_transition(
    timing: Timing, history: list[tuple[timedelta, Verdict]]
) -> None:
    state = State.INACTIVE
    for now, instance, event in replay(timing, history):
        if event is None:
            assert instance.state is state
        else:
            assert (event.from_state, event.to_state) == (state, instance.state)
            assert event.to_state in TRANSITIONS[event.from_state]
            assert event.happened_at == now
        state = instance.state


@given(TIMINGS, HISTORIES)
def test_what_is_remembered_fits_the_state(timing: Timing, history: list[tuple[timedelta, Verdict]]) -> None:
    for now, instance, event in replay(timing, history):
        assert (instance.active_at is not None) == (instance.state in {State.PENDING, *ACTIVE})
        assert (instance.recovering_at is not None) == (instance.state is State.RECOVERING)
        if instance.state in ACTIVE:
            assert instance.fired_at is not None
            assert instance.active_at is not None
            assert instance.fired_at - instance.active_at >= timing.hold
        if event is not None and event.to_state is State.RESOLVED:
            assert instance.resolved_at == now


@given(TIMINGS, HISTORIES)
def test_evaluating_twice_at_one_instant_changes_nothing(
    timing: Timing, history: list[tuple[timedelta, Verdict]]
) -> None:
    now, instance = START, fresh()
    for gap, verdict in history:
        now += gap
        instance, _ = transition(instance, seen(verdict), now, timing)
        again, event = transition(instance, seen(verdict), now, timing)
        assert event is None
        assert replace(again, reason=instance.reason) == instance


@given(TIMINGS, HISTORIES)
def test_firing_never_begins_without_a_breach_or_the_policy(
    timing: Timing, history: list[tuple[timedelta, Verdict]]
) -> None:
    for (_, verdict), (_, _, event) in zip(history, replay(timing, history), strict=True):
        if event is not None and event.to_state is State.FIRING and event.from_state is not State.RECOVERING:
            is_policy = verdict is Verdict.NO_DATA and timing.no_data is NoDataPolicy.ALERT
            assert verdict is Verdict.BREACH or is_policy
