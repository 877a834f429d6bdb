"""What each kind of rule sees, and when it fires."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.observations import Verdict
from alerts.rules.conditions import BudgetStanding, DriftAlarm
from alerts.rules.measured import Attention, Question
from alerts.rules.rule import read_rule
from store.configuration.section import Section
from tests.alerts.building import START, Row, ScriptedEvidence
from tests.alerts.test_documentation import RULES

EVERYTHING = Attention(gaps=True)


@pytest.fixture
def evidence() -> ScriptedEvidence:
    return ScriptedEvidence()


def observe(evidence: ScriptedEvidence, attention: Attention = EVERYTHING, **table: Any) -> dict[str, str]:
    """Return the verdicts by the first label."""
    return {group: verdict for group, (verdict, _) in look(evidence, attention, **table).items()}


def look(
    evidence: ScriptedEvidence, attention: Attention = EVERYTHING, **table: Any
) -> dict[str, tuple[str, str]]:
    rule = read_rule(Section("[[alert]]", {"name": "a", **table}))
    return {
        "/".join(reading.labels.values()): (reading.observation.verdict.value, reading.observation.reason)
        for reading in rule.condition.observe(evidence, START, attention)
    }


def live(**labels: str) -> Attention:
    return Attention([{**labels, "alert": "a"}])


def test_healthy_groups_are_not_spoken_of_unless_their_alert_lives(evidence: ScriptedEvidence) -> None:
    rows = [({"agent": f"a{i}"}, 0.99, 100) for i in range(500)]
    evidence.show("success_rate", ({"agent": "bad"}, 0.5, 100), *rows)
    table = {"metric": "success_rate", "below": 0.9, "group_by": ["agent"]}
    assert observe(evidence, Attention(), **table) == {"bad": "breach"}
    assert observe(evidence, live(agent="a7"), **table) == {"bad": "breach", "a7": "clear"}


def test_few_events_matter_where_no_data_alerts(evidence: ScriptedEvidence) -> None:
    evidence.show("success_rate", ({"agent": "x"}, 0.1, 3))
    table: dict[str, Any] = {"metric": "success_rate", "below": 0.9, "group_by": ["agent"], "min_count": 20}
    assert observe(evidence, Attention(), **table) == {}
    assert observe(evidence, **table) == {"x": "no_data"}


def test_evaluation_delay_moves_the_window(evidence: ScriptedEvidence) -> None:
    asked: list[Question] = []

    def answer(question: Question) -> list[Row]:
        asked.append(question)
        return []

    evidence.by_question = answer
    observe(evidence, metric="success_rate", below=0.9, window="30m", evaluation_delay="2m")
    assert (START - asked[0].end, asked[0].end - asked[0].start) == (
        timedelta(minutes=2),
        timedelta(minutes=30),
    )


@pytest.mark.parametrize("key", [{"new_group_delay": "10m"}, {"full_window": True}])
def test_new_group_is_not_judged_before_its_time(evidence: ScriptedEvidence, key: dict[str, Any]) -> None:
    def answer(question: Question) -> list[Row]:
        if question.end < START:
            return [({"agent": "old"}, 0.9, 5)]
        return [({"agent": "old"}, 0.1, 5), ({"agent": "young"}, 0.1, 5)]

    evidence.by_question = answer
    table: dict[str, Any] = {"metric": "success_rate", "below": 0.9, "group_by": ["agent"], **key}
    assert observe(evidence, **table) == {"old": "breach", "young": "no_data"}
    assert observe(evidence, live(agent="young"), **table)["young"] == "breach", "it fires already"


def test_change_in_points_is_held_against_the_same_hours_before(evidence: ScriptedEvidence) -> None:
    ends: list[timedelta] = []

    def answer(question: Question) -> list[Row]:
        ends.append(START - question.end)
        return [({}, 0.82 if question.end == START else 0.90, 100)]

    evidence.by_question = answer
    table: dict[str, Any] = {"metric": "completion_rate", "window": "2h", "season": "day", "baseline": "7d"}
    [(verdict, reason)] = look(evidence, **table, below_change=-0.05).values()
    assert verdict == "breach"
    assert "82 %" in reason
    assert "-8 points against its average at the same time of the 7 days before, 90 %" in reason
    assert ends[1:] == [timedelta(days=d) for d in range(1, 8)]
    assert observe(evidence, **table, below_change=-0.10) == {}


def test_burn_rate_needs_the_long_and_the_short_window(evidence: ScriptedEvidence) -> None:
    rates = {timedelta(hours=1): 0.80, timedelta(minutes=5): 0.80}
    evidence.by_question = lambda q: [({}, rates[q.end - q.start], 100)]
    table: dict[str, Any] = {"metric": "success_rate", "objective": 0.99, "burn_windows": ["1h 5m 14.4"]}
    [(verdict, reason)] = look(evidence, **table).values()
    assert (verdict, "burns at 20× the pace it allows, at 20× in" in reason) == ("breach", True)
    rates[timedelta(minutes=5)] = 1.0
    assert observe(evidence, live(), **table) == {"": "clear"}, (
        "over, although the long window still shows it"
    )
    rates[timedelta(minutes=5)] = 0.80
    of_failures: dict[str, Any] = {**table, "metric": "failure_rate"}
    assert observe(evidence, **of_failures) == {"": "breach"}, "80 % failures"


def test_failures_in_a_row_of_nobody_are_no_streak(evidence: ScriptedEvidence) -> None:
    evidence.streaks = [({"user_id": "ann"}, 3, 9), ({"user_id": "bob"}, 2, 9), ({}, 40, 90)]
    assert observe(evidence, in_a_row=3) == {"ann": "breach"}
    evidence.streaks = [({"user_id": "ann"}, 0, 10)]
    assert observe(evidence, live(user_id="ann"), in_a_row=3) == {"ann": "clear"}


def test_spike_is_far_from_the_median_of_its_hour(evidence: ScriptedEvidence) -> None:
    hours = [(h, 100.0 + (50 if h == 9 else 0) + (d % 3), 40.0) for d in range(14) for h in range(24)]
    evidence.traces = {("a",): hours, ("b",): hours[:20]}
    table: dict[str, Any] = {"metric": "run_p95_ms", "spike": 6, "group_by": ["agent"]}
    evidence.show("run_p95_ms", ({"agent": "a"}, 152.0, 40), ({"agent": "b"}, 900.0, 40))
    assert observe(evidence, **table) == {"b": "no_data"}, "150 is usual at nine; b is too young"
    evidence.show("run_p95_ms", ({"agent": "a"}, 200.0, 40))
    assert observe(evidence, **table) == {"a": "breach"}
    assert observe(evidence, **table, direction="down") == {}


def test_silence_is_told_of_groups_that_used_to_speak(evidence: ScriptedEvidence) -> None:
    def answer(question: Question) -> list[Row]:
        if question.end - question.start == timedelta(days=1):
            return [({"service": "a"}, 90, 90), ({"service": "b"}, 90, 90), ({"service": "c"}, 2, 2)]
        return [({"service": "a"}, 5, 5)]

    evidence.by_question = answer
    table: dict[str, Any] = {"silent_for": "30m", "group_by": ["service"]}
    assert observe(evidence, Attention(), **table) == {"b": "breach"}
    assert observe(evidence, live(service="a"), **table)["a"] == "clear"


def test_new_value_is_told_once_it_has_something_to_be_new_against(evidence: ScriptedEvidence) -> None:
    def answer(question: Question) -> list[Row]:
        past: list[Row] = [({"failure_class": "timeout"}, 9, 9)]
        return [*past, ({"failure_class": "auth"}, 2, 2), ({}, 7, 7)] if question.end == START else past

    evidence.by_question = answer
    assert observe(evidence, Attention(), new="failure_class") == {"auth": "breach"}
    evidence.by_question = lambda q: answer(q) if q.end == START else []
    assert observe(evidence, Attention(), new="failure_class") == {}
    evidence.by_question = lambda q: [] if q.end == START else answer(q)
    assert observe(evidence, Attention(), new="failure_class") == {}, "nothing happens now"


def test_budget_is_told_at_its_share_and_by_forecast(evidence: ScriptedEvidence) -> None:
    amounts: dict[str, Any] = {"limit": Decimal(100), "used": Decimal(85), "forecast": Decimal(130)}
    standing = BudgetStanding(budget="team", labels={"user": "ann"}, unit="usd", period="month", **amounts)
    evidence.budgets = [standing]
    assert set(observe(evidence, budget="*", at=0.8).values()) == {"breach"}
    assert set(observe(evidence, budget="team").values()) == {"clear"}
    assert set(observe(evidence, budget="team", forecast=True).values()) == {"breach"}
    assert observe(evidence, budget="other") == {}
    [(_, reason)] = look(evidence, budget="*", at=0.8).values()
    assert reason == "$85.00 of $100.00 a month is used (85 %)"
    evidence.budgets = [replace(standing, unit="tokens", period="1h30m", forecast=None, resets_at=START)]
    [(_, reason)] = look(evidence, budget="*", at=0.8).values()
    assert (
        reason == "85 of 100 tokens in any 90 minutes is used (85 %); it begins anew at 2026-03-02 10:00 UTC"
    )
    [(verdict, reason)] = look(evidence, budget="*", forecast=True).values()
    assert (verdict, reason) == ("no_data", "no data: it is too early in its period to say")


def test_health_figure_that_is_not_known_is_no_data(evidence: ScriptedEvidence) -> None:
    assert observe(evidence, health="backlog_bytes", above=10) == {"": "no_data"}
    evidence.health = {"backlog_bytes": 11.0}
    assert observe(evidence, health="backlog_bytes", above=10) == {"": "breach"}


def test_query_speaks_for_itself(evidence: ScriptedEvidence) -> None:
    evidence.show("SELECT 1", ({"region": "eu"}, 7.0, None), ({"region": "us"}, 1.0, None))
    assert observe(evidence, Attention(), query="SELECT 1", above=5) == {"eu": Verdict.BREACH}


def test_drift_that_is_raised_again_is_told_from_its_first_alarm_on(evidence: ScriptedEvidence) -> None:
    """Played back, a rule must not wait for the last repeat of an alarm, which is all that a series keeps."""
    alarm = DriftAlarm(
        labels={"agent": "x"}, metric="success_rate", direction="down", before_value=0.9, after_value=0.8,
        evidence=2.0, first_raised_at=START - timedelta(hours=1), raised_at=START + timedelta(days=2),
    )  # fmt: skip
    evidence.alarms = [alarm]
    assert len(look(evidence, kind="drift")) == 1
    evidence.alarms = [replace(alarm, first_raised_at=START + timedelta(hours=1))]
    assert look(evidence, kind="drift") == {}


FIGURES = st.sampled_from([None, 0.0, 0.5, 1e9])
COUNTS = st.sampled_from([None, 0, 1, 500])
GROUPS = st.dictionaries(st.sampled_from(["a", "b", None]), st.tuples(FIGURES, COUNTS), max_size=3)


@settings(max_examples=40)
@given(answers=st.lists(GROUPS, min_size=1, max_size=4))
@pytest.mark.parametrize("kind", sorted(RULES))
def test_no_kind_of_rule_stumbles_over_what_is_not_there(
    kind: str, answers: list[dict[str | None, tuple[float | None, int | None]]]
) -> None:
    """Present and past may be there, or not, or say nothing, each by itself."""
    table = {"name": "a", **RULES[kind]}
    condition = read_rule(Section("[[alert]]", table)).condition
    split = [*condition.group_by][:1] if kind == "new" else ["agent"]
    if kind not in ("budget", "health", "drift", "in_a_row", "new"):
        condition = read_rule(Section("[[alert]]", {**table, "group_by": split})).condition
    evidence, given_so_far = ScriptedEvidence(), iter(range(10_000))

    def answer(_: Question) -> list[Row]:
        groups = answers[next(given_so_far) % len(answers)]
        return [({} if name is None else {split[0]: name}, *figure) for name, figure in groups.items()]

    evidence.by_question = answer
    evidence.streaks = [row for row in answer(Question("", START, START)) if row[1] is not None]
    evidence.traces = {(name,): [(9, 0.5, 40.0)] * 60 for name in answers[0]}
    for attention in (EVERYTHING, Attention(), live(**{split[0]: "a"})):
        for reading in condition.observe(evidence, START, attention):
            assert reading.observation.reason
