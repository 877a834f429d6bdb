"""From figures to messages, with real control state and real servers; restarts at every step."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from alerts.check import list_alerts
from alerts.engine import AlertEngine, alerts_job
from alerts.matchers import parse_matcher
from alerts.rules import AlertingConfig, parse_alerting
from alerts.rules.conditions import DriftAlarm
from alerts.rules.starter import STARTERS as SHIPPED
from alerts.silences import add_silence, expire_silence
from analytics.jobs import JobContext
from store import Control, Store, open_control, open_store
from store.control import alerting
from store.control.alerting import AlertEventRow, OutboxRow
from store.errors import ConfigError, NotFound, StoreUnavailable
from tests.alerts.building import START, Row, ScriptedEvidence, SteppedClock
from tests.alerts.lookalikes import HttpLookalike

RULE: dict[str, Any] = {
    "name": "rate",
    "metric": "success_rate",
    "below": 0.9,
    "group_by": ["agent"],
    "for": "1m",
    "keep_firing_for": "1m",
    "severity": "critical",
}
STARTERS = tuple(str(starter["name"]) for starter in SHIPPED)
QUICK = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "4h"}


@dataclass
class Installation:
    """One control state on disk, and engines that come and go over it."""

    directory: Path
    clock: SteppedClock
    evidence: ScriptedEvidence
    store: Store
    http: HttpLookalike
    control: Control
    engine: AlertEngine

    def restart(self, config: AlertingConfig | None = None) -> None:
        config = config or self.engine.config
        self.control.close()
        self.control = open_control(self.directory, clock=self.clock)
        self.engine = AlertEngine(
            self.store,
            self.control,
            config,
            clock=self.clock,
            dashboard_url="http://dash.example.com",
            evidence=self.evidence,
        )

    def step(self, rate: float | None = None, **gap: float) -> None:
        self.clock.advance(**(gap or {"seconds": 30}))
        if rate is not None:
            self.evidence.show("success_rate", ({"agent": "support"}, rate, 40))
        self.engine.evaluate()

    def deliver(self) -> list[str]:
        """Deliver what is due and return the status of every message received so far."""
        self.engine.outbox.deliver_due()
        return [request.body["status"] for request in self.http.requests]

    @property
    def states(self) -> dict[str, str]:
        return {i.labels.get("agent", i.alert): i.state.value for i in list_alerts(self.control)}

    @property
    def events(self) -> list[AlertEventRow]:
        with self.control.read() as connection:
            return alerting.list_alert_events(connection)[::-1]

    @property
    def decisions(self) -> list[OutboxRow]:
        with self.control.read() as connection:
            return alerting.list_notifications(connection)[::-1]

    @property
    def reasons(self) -> list[str]:
        return [row.reason for row in self.decisions]


Install = Callable[..., Installation]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = open_store(tmp_path_factory.mktemp("store"))
    yield store
    store.close()


@pytest.fixture
def install(tmp_path: Path, store: Store, http: HttpLookalike) -> Iterator[Install]:
    made: list[Installation] = []

    def make(
        *rules: dict[str, Any], route: dict[str, Any] | None = None, channels: bool = True
    ) -> Installation:
        clock = SteppedClock()
        directory = tmp_path / f"control-{len(made)}"
        config = configure(http, *(rules or (RULE,)), route=route, channels=channels)
        control = open_control(directory, clock=clock)
        evidence = ScriptedEvidence()
        engine = AlertEngine(
            store, control, config, clock=clock, dashboard_url="http://dash.example.com", evidence=evidence
        )
        made.append(Installation(directory, clock, evidence, store, http, control, engine))
        return made[-1]

    yield make
    for installation in made:
        installation.control.close()


def configure(
    http: HttpLookalike, *rules: dict[str, Any], route: dict[str, Any] | None = None, channels: bool = True
) -> AlertingConfig:
    hook = {"name": "hook", "type": "webhook", "url": f"{http.url}/hook"}
    off = [{"name": name, "enabled": False} for name in STARTERS if all(name != r["name"] for r in rules)]
    tables = {
        "alert": [*off, *rules],
        "channel": [hook] if channels else [],
        "route": {**QUICK, **(route or {})},
    }
    return parse_alerting(tables, environ={})


def test_alert_goes_through_its_life_and_both_ends_are_received(install: Install) -> None:
    it = install()
    lived: list[str] = []
    for rate in (0.5, 0.5, 0.5, 0.97, 0.97, 0.97):
        it.step(rate)
        lived.append(it.states["support"])
        it.deliver()
    assert lived == ["pending", "pending", "firing", "recovering", "recovering", "resolved"]
    it.step(seconds=2)
    assert it.deliver() == ["firing", "resolved"]
    assert it.reasons == ["first_notification", "all_resolved"]
    first = it.http.requests[0].body
    assert first["alerts"][0]["labels"] == {
        "agent": "support",
        "alert": "rate",
        "alertname": "rate",
        "severity": "critical",
    }
    assert first["alerts"][0]["generatorURL"] == (
        "http://dash.example.com/?range=2026-03-02+09%3A00%2F10%3A02&agent=support"
    )
    assert first["alerts"][0]["reason"] == "Success rate: 50 %, below 90 %, in the last hour (40 runs)"


def test_every_event_has_value_threshold_and_reason(install: Install) -> None:
    it = install()
    for rate in (0.5, 0.5, 0.5, 0.97):
        it.step(rate)
    assert [(e.from_state, e.to_state) for e in it.events] == [
        ("inactive", "pending"),
        ("pending", "firing"),
        ("firing", "recovering"),
    ]
    assert all(event.value is not None and event.threshold == 0.9 and event.reason for event in it.events)


def test_healthy_groups_leave_no_rows(install: Install) -> None:
    it = install()
    for _ in range(5):
        it.step(0.99)
    assert it.states == {}
    assert it.events == []


def test_message_is_kept_in_the_transaction_of_the_state_change(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = install()
    it.step(0.5)
    it.step(0.5)

    def break_down(*_: object, **__: object) -> None:
        raise StoreUnavailable("the disk is full; make room")

    with monkeypatch.context() as patch:
        patch.setattr(alerting, "enqueue", break_down)
        with pytest.raises(StoreUnavailable):
            it.step(0.5)
    assert it.states == {"support": "pending"}
    assert it.decisions == []
    it.step(0.5)
    assert it.states == {"support": "firing"}
    assert it.reasons == ["first_notification"]


SCRIPT = (0.5, 0.5, 0.5, 0.5, 0.97, 0.97, 0.5, 0.97, 0.97, 0.97, 0.97, 0.5)


def run_script(it: Installation, restarts: Sequence[bool]) -> tuple[object, ...]:
    for rate, is_restarted in zip(SCRIPT, restarts, strict=True):
        it.step(rate)
        if is_restarted:
            it.restart()
        it.deliver()
    outline = [(e.happened_at, e.from_state, e.to_state, e.value, e.reason) for e in it.events]
    sent = [(d.decided_at, d.reason, d.state, d.idempotency_key) for d in it.decisions]
    heard = [(r.headers["Idempotency-Key"], r.body["status"]) for r in it.http.requests]
    it.http.requests.clear()
    return outline, sent, heard


def test_restart_after_every_step_changes_nothing(install: Install) -> None:
    plain, restarted = install(), install()
    assert run_script(plain, [False] * len(SCRIPT)) == run_script(restarted, [True] * len(SCRIPT))


@pytest.mark.parametrize("seed", range(4))
def test_restarts_at_random_instants_give_the_same_events_as_none(install: Install, seed: int) -> None:
    chance = random.Random(seed)
    restarts = [chance.random() < 0.5 for _ in SCRIPT]
    assert run_script(install(), restarts) == run_script(install(), [False] * len(SCRIPT))


@pytest.mark.parametrize("steps", range(1, 7))
def test_restart_in_every_state_neither_loses_nor_repeats_nor_resolves(install: Install, steps: int) -> None:
    it = install()
    for rate in (0.5, 0.5, 0.5, 0.97, 0.97, 0.97)[:steps]:
        it.step(rate)
    before, decisions = it.states, it.reasons
    it.restart()
    it.engine.evaluate()
    assert it.states == before
    assert it.reasons == decisions


def test_message_that_waits_survives_a_restart(install: Install) -> None:
    it = install()
    it.http.answers.append((503, {}, "later"))
    for rate in (0.5, 0.5, 0.5):
        it.step(rate)
    it.deliver()
    it.restart()
    it.clock.advance(minutes=1)
    assert it.deliver() == ["firing", "firing"]
    assert [row.state for row in it.decisions] == ["delivered"]


def test_alert_that_fired_and_ended_while_the_channel_was_down_is_told_in_order(install: Install) -> None:
    it = install({**RULE, "for": "0s", "keep_firing_for": "0s"})
    it.http.answers.append((503, {}, "later"))
    it.step(0.5)
    it.deliver()
    it.step(0.99)
    it.restart()
    it.clock.advance(minutes=10)
    it.deliver()
    assert it.deliver() == ["firing", "firing", "resolved"]


def test_outage_shorter_than_an_hour_counts_towards_for(install: Install) -> None:
    it = install({**RULE, "for": "30m"})
    it.step(0.5)
    it.restart()
    it.step(0.5, minutes=45)
    assert it.states == {"support": "firing"}


def test_outage_longer_than_an_hour_starts_for_anew(install: Install) -> None:
    it = install({**RULE, "for": "30m"})
    it.step(0.5)
    it.restart()
    it.step(0.5, hours=2)
    assert it.states == {"support": "pending"}


def test_missing_series_ends_its_alert_after_two_evaluations(install: Install) -> None:
    it = install({**RULE, "for": "0s", "keep_firing_for": "0s"})
    it.step(0.5)
    it.evidence.show("success_rate")
    it.step()
    assert it.states == {"support": "firing"}
    it.step()
    assert it.states == {"support": "resolved"}
    assert it.events[-1].reason.startswith("missing: ")


def test_too_few_events_are_no_data_and_not_a_breach(install: Install) -> None:
    it = install({**RULE, "min_count": 20, "for": "0s"})
    it.evidence.show("success_rate", ({"agent": "support"}, 0.0, 19))
    it.step()
    assert it.states == {}
    it.evidence.show("success_rate", ({"agent": "support"}, 0.0, 20))
    it.step()
    assert it.states == {"support": "firing"}


def test_error_of_one_rule_changes_no_state_and_stops_no_other(install: Install) -> None:
    other = {"name": "slow", "metric": "run_p95_ms", "above": 1000}
    it = install({**RULE, "for": "0s"}, other)
    it.step(0.5)
    it.evidence.figures["success_rate"] = StoreUnavailable("the database cannot be read; try again")
    it.evidence.show("run_p95_ms", ({}, 2000.0, 5))
    it.step()
    assert it.states == {"support": "firing", "slow": "firing"}
    status = it.engine.statuses["rate"]
    assert status.problem == "the rule could not be evaluated: the database cannot be read; try again"
    [problem] = [i.problem for i in list_alerts(it.control) if i.alert == "rate"]
    assert problem == status.problem
    it.evidence.figures["success_rate"] = ZeroDivisionError("a fault of ours")
    it.evidence.show("run_p95_ms", ({}, 20.0, 5))
    it.step()
    assert it.states == {"support": "firing", "slow": "resolved"}
    assert "it failed in an unforeseen way (ZeroDivisionError)" in (it.engine.statuses["rate"].problem or "")


@pytest.mark.parametrize(
    ("error", "level", "has_traceback"),
    [
        (ZeroDivisionError("a fault of ours"), logging.ERROR, True),
        (StoreUnavailable("the database cannot be read; try again"), logging.INFO, False),
    ],
)
def test_fault_in_asking_all_rules_together_is_logged_where_it_is_and_each_rule_asks_for_itself(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    level: int,
    *,
    has_traceback: bool,
) -> None:
    def fail(questions: Sequence[object]) -> None:
        raise error

    it = install({**RULE, "for": "0s"})
    monkeypatch.setattr(it.evidence, "prepare", fail)
    with caplog.at_level(logging.INFO, "alerts.evaluation"):
        it.step(0.5)
    assert it.states == {"support": "firing"}
    [record] = [record for record in caplog.records if record.name == "alerts.evaluation"]
    assert (record.levelno, record.exc_info is not None) == (level, has_traceback)


def test_removed_rule_ends_its_alerts_and_says_so(install: Install) -> None:
    it = install({**RULE, "for": "0s"})
    it.step(0.5)
    it.deliver()
    it.restart(configure(it.http, {"name": "other", "metric": "tokens", "above": 1}))
    it.step()
    assert it.events[-1].reason == "the alert was removed from the configuration"
    assert it.deliver() == ["firing", "resolved"]


def test_switched_off_rule_ends_its_alerts(install: Install) -> None:
    it = install({**RULE, "for": "0s"})
    it.step(0.5)
    it.restart(configure(it.http, {**RULE, "enabled": False}))
    it.step()
    assert it.states == {"support": "resolved"}


def test_baseline_compares_with_earlier_windows_and_needs_enough_of_them(install: Install) -> None:
    it = install({"name": "dear", "metric": "cost_usd", "above_baseline": 2.0, "at_least": 5})
    costs = {0: 30.0, 1: 10.0, 2: 12.0, 3: 8.0}

    def answer(end: datetime) -> list[Row]:
        days_ago = round((it.clock() - end) / timedelta(days=1))
        return [({}, costs.get(days_ago, 0.0), 10 if days_ago in costs else 0)]

    it.evidence.by_end["cost_usd"] = answer
    it.step()
    [alert] = list_alerts(it.control)
    assert (alert.state.value, alert.value, alert.threshold) == ("firing", 30.0, 20.0)
    assert "3× the average of $10.00" in alert.reason
    del costs[3]
    it.step()
    [alert] = list_alerts(it.control)
    assert alert.state.value == "resolved"
    assert "fewer than 3 earlier windows" in alert.reason


def drift_alarm(**changes: Any) -> DriftAlarm:
    given: dict[str, Any] = {
        "labels": {"agent": "support"},
        "metric": "success_rate",
        "direction": "down",
        "raised_at": START,
        "before_value": 0.96,
        "after_value": 0.85,
        "evidence": 3.2,
    }
    return DriftAlarm(**{**given, **changes})


def test_drift_alarm_becomes_an_alert_and_ends_when_no_further_one_comes(install: Install) -> None:
    it = install({"name": "drift"})
    it.evidence.alarms = [drift_alarm()]
    it.step()
    assert it.deliver() == ["firing"]
    item = it.http.requests[0].body["alerts"][0]
    assert (
        item["annotations"]["summary"]
        == item["reason"]
        == "Success rate went down from 96 % to 85 %, 3.2 times the alarm level"
    )
    it.step(hours=24)
    it.step()
    it.step()
    it.deliver()
    assert it.reasons == ["first_notification", "repeat_interval", "all_resolved"]
    assert it.events[-1].reason.startswith("No alarm in the last 24 hours: none came again")


def test_silence_keeps_an_alert_from_being_told_and_is_audited(install: Install) -> None:
    it = install({**RULE, "for": "0s"})
    silence_id = add_silence(
        it.control,
        [parse_matcher("agent=support")],
        starts_at=it.clock(),
        ends_at=it.clock() + timedelta(hours=2),
        author="kim",
        comment="we know",
        now=it.clock(),
    )
    it.step(0.5)
    assert it.deliver() == []
    assert it.decisions[0].reason == "silenced"
    assert it.decisions[0].subject == f"not sent: silenced by {silence_id} until 2026-03-02 12:00 UTC"
    expire_silence(it.control, silence_id, actor="kim", now=it.clock())
    it.step(0.5)
    assert it.deliver() == ["firing"]
    from store.control import auditing

    with it.control.read() as connection:
        changes = auditing.list_changes(connection)
    assert [(c.actor, c.action, c.subject) for c in changes] == [
        ("kim", "silence.expire", str(silence_id)),
        ("kim", "silence.add", str(silence_id)),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"matchers": []}, "needs 1 to 20 matchers"),
        ({"matchers": ['agent=~".*"']}, "match everything"),
        ({"ends_at": START}, "before it begins"),
        ({"author": " "}, "an author and a comment"),
        ({"comment": ""}, "an author and a comment"),
    ],
)
def test_silence_that_makes_no_sense_is_refused(
    control: Control, changes: dict[str, Any], expected: str
) -> None:
    given: dict[str, Any] = {
        "matchers": ["agent=x"],
        "starts_at": START,
        "ends_at": START + timedelta(hours=1),
        "author": "kim",
        "comment": "why",
        "now": START,
        **changes,
    }
    given["matchers"] = [parse_matcher(text) for text in given["matchers"]]
    with pytest.raises(ConfigError, match=expected):
        add_silence(control, given.pop("matchers"), **given)


def test_unknown_silence_cannot_be_ended(control: Control) -> None:
    with pytest.raises(NotFound):
        expire_silence(control, 99, actor="kim", now=START)


def test_alert_without_any_channel_is_recorded_as_such(install: Install) -> None:
    it = install({**RULE, "for": "0s"}, channels=False)
    it.step(0.5)
    assert (it.decisions[0].reason, it.decisions[0].state) == ("no_channel", "suppressed")


def test_job_evaluates_and_mirrors_into_the_sql_views(install: Install, store: Store) -> None:
    it = install({**RULE, "for": "0s"})
    it.evidence.show("success_rate", ({"agent": "support"}, 0.5, 40))
    report = alerts_job(it.engine).run(JobContext(store, it.clock))
    assert report.changed == 2
    [row] = store.query("SELECT alert, state, value, labels['agent'] AS agent FROM alerts").to_pylist()
    assert row == {"alert": "rate", "state": "firing", "value": 0.5, "agent": "support"}
    [row] = store.query("SELECT channel, reason, state FROM notifications").to_pylist()
    assert row == {"channel": "hook", "reason": "first_notification", "state": "queued"}
    it.deliver()
    alerts_job(it.engine).run(JobContext(store, it.clock))
    assert store.query("SELECT state FROM notifications").to_pylist() == [{"state": "delivered"}]


def test_old_history_is_forgotten_and_live_alerts_are_not(install: Install) -> None:
    it = install({**RULE, "for": "0s", "keep_firing_for": "0s"})
    it.step(0.5)
    it.deliver()
    it.step(0.99)
    it.deliver()
    it.evidence.show("success_rate", ({"agent": "other"}, 0.5, 40))
    it.step()
    it.step(days=100)
    assert it.states == {"other": "firing"}
    assert it.events == []


def test_idle_installation_is_evaluated_once_a_minute_until_something_is_loaded(
    install: Install, store: Store
) -> None:
    it = install()
    run = alerts_job(it.engine).run
    asked: list[int] = []
    for _ in range(12):
        it.clock.advance(seconds=15)
        run(JobContext(store, it.clock))
        asked.append(it.evidence.asked)
    assert asked == [1, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5]
    store.append(f"wake-{it.directory}", {"markers": pl.DataFrame(schema={"label": pl.String})})
    it.clock.advance(seconds=1)
    before = it.evidence.asked
    run(JobContext(store, it.clock))
    assert it.evidence.asked == before + 1


def test_installation_with_an_alert_on_its_way_is_not_idle(install: Install, store: Store) -> None:
    it = install()
    it.step(0.5)
    it.clock.advance(minutes=2)
    it.engine.evaluate()
    assert not it.engine.is_idle()


def test_group_wait_is_kept_between_two_evaluations(install: Install) -> None:
    it = install({**RULE, "for": "0s"}, route={"group_wait": "3s"})
    it.step(0.5)
    assert it.engine.notify_due() == it.clock() + timedelta(seconds=3)
    assert it.decisions == []
    it.clock.advance(seconds=3)
    it.engine.notify_due()
    assert it.deliver() == ["firing"]
    assert it.engine.notify_due() == it.clock() + timedelta(seconds=1)
