"""Runs in a real store become messages at a Slack look-alike and a real SMTP server, firing and resolved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from aiosmtpd.controller import Controller

from alerts.check import list_alerts, preview, send_test
from alerts.context import look_into
from alerts.engine import AlertEngine
from alerts.heartbeat import Heartbeat, find_wait
from alerts.messages.model import Context
from alerts.rules import AlertingConfig, parse_alerting
from alerts.rules.rule import read_rule
from analytics.jobs import JobContext
from analytics.rollups import update_rollups
from store import Control, Store, open_store
from store.configuration.secrets import SecretUrl
from store.configuration.section import Section
from store.control import alerting
from store.errors import DeliveryFailed, NotFound
from tests.alerts.building import START, SteppedClock, an_instance
from tests.alerts.lookalikes import HttpLookalike, MailHandler

QUICK = {"group_wait": "0s", "group_interval": "1s"}


@pytest.fixture
def store(tmp_path: Path, clock: SteppedClock) -> Iterator[Store]:
    store = open_store(tmp_path / "store", clock=clock)
    yield store
    store.close()


@pytest.fixture
def mails() -> Iterator[tuple[MailHandler, int]]:
    handler = MailHandler()
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop(no_assert=True)


def add_runs(
    store: Store, batch: str, at: datetime, outcomes: list[str], agent: str | None = "support", **changes: Any
) -> None:
    rows = [
        {
            "load_seq": 1,
            "run_id": f"{batch}-{i}",
            "trace_id": f"{batch}{i:026x}",
            "root_span_id": "0" * 16,
            "is_sole": True,
            "service": "shop",
            "environment": "prod",
            "agent": agent,
            "purpose": "production",
            "started_at": at.replace(tzinfo=None),
            "ended_at": (at + timedelta(seconds=2)).replace(tzinfo=None),
            "duration_ms": 2000.0,
            "outcome": outcome,
            "complete": True,
            **dict.fromkeys(
                ("steps", "llm_calls", "tool_calls", "tool_failures", "retries", "loops", "unpriced_calls"), 0
            ),
            **changes,
        }
        for i, outcome in enumerate(outcomes)
    ]
    store.append(batch, {"runs": pl.DataFrame(rows)})


def configure(http: HttpLookalike, smtp_port: int | None = None, *alerts: dict[str, Any]) -> AlertingConfig:
    channels: list[dict[str, Any]] = [{"name": "team", "type": "slack", "url": f"{http.url}/services/x"}]
    if smtp_port is not None:
        mail = {
            "name": "mail",
            "type": "email",
            "smtp": f"smtp://127.0.0.1:{smtp_port}",
            "from": "s@example.com",
        }
        channels.append({**mail, "to": ["oncall@example.com"]})
    return parse_alerting({"alert": list(alerts), "channel": channels, "route": QUICK}, environ={})


def an_engine(store: Store, control: Control, config: AlertingConfig, clock: SteppedClock) -> AlertEngine:
    return AlertEngine(store, control, config, clock=clock, dashboard_url="http://127.0.0.1:8501")


def test_starter_alert_is_received_firing_and_resolved_by_slack_and_mail(
    store: Store, control: Control, clock: SteppedClock, http: HttpLookalike, mails: tuple[MailHandler, int]
) -> None:
    handler, port = mails
    config = configure(http, port)
    add_runs(store, "bad", clock() - timedelta(minutes=20), ["success"] * 15 + ["failure"] * 15)
    engine = an_engine(store, control, config, clock)
    for _ in range(3):
        engine.evaluate()
        clock.advance(minutes=3)
    assert [i.state.value for i in list_alerts(control)] == ["firing"]
    engine.outbox.deliver_due()

    add_runs(store, "good", clock(), ["success"] * 400)
    for _ in range(5):
        clock.advance(minutes=2)
        an_engine(store, control, config, clock).evaluate()
    an_engine(store, control, config, clock).outbox.deliver_due()

    texts = [request.body["text"] for request in http.requests]
    assert texts == [
        "[FIRING] success rate: Fewer than 95 % of the runs succeed: 50 %",
        "[RESOLVED] success rate: Success rate: 96.5 %, not below 95 %, in the last hour (430 runs)",
    ]
    assert [mail["Subject"] for mail in handler.mails] == ["[FIRING] success rate", "[RESOLVED] success rate"]
    shown = str(http.requests[0].body["blocks"])
    assert "Fewer than 95 % of the runs succeed: 50 %" in shown
    assert "http://127.0.0.1:8501/?range=2026-03-02+09%3A00%2F10%3A07" in shown


def test_imported_history_notifies_nobody(
    store: Store, control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    add_runs(store, "old", clock() - timedelta(days=3), ["failure"] * 100)
    engine = an_engine(store, control, configure(http), clock)
    for _ in range(3):
        engine.evaluate()
        clock.advance(minutes=5)
    assert list_alerts(control) == []


def test_runs_of_an_evaluation_do_not_alert(
    store: Store, control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    add_runs(store, "eval", clock() - timedelta(minutes=9), ["failure"] * 100, purpose="evaluation")
    engine = an_engine(store, control, configure(http), clock)
    engine.evaluate()
    assert list_alerts(control) == []


def test_groups_are_alerts_of_their_own(
    store: Store, control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    add_runs(store, "a", clock() - timedelta(minutes=9), ["failure"] * 10, agent="a")
    add_runs(store, "b", clock() - timedelta(minutes=9), ["success"] * 10, agent="b")
    add_runs(store, "c", clock() - timedelta(minutes=9), ["failure"] * 10, agent=None)
    rule = {"name": "per agent", "metric": "success_rate", "below": 0.5, "group_by": ["agent"]}
    an_engine(store, control, configure(http, None, rule), clock).evaluate()
    found = [i.labels.get("agent", "") for i in list_alerts(control) if i.alert == "per agent"]
    assert sorted(found) == ["", "a"]


def test_drift_alarm_over_present_data_alerts_and_a_historic_one_does_not(
    store: Store, control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    at = (clock() - timedelta(hours=1)).replace(tzinfo=None)
    row = {
        "series": "success_rate{agent=x}",
        "kind": "rate",
        "type": "drift",
        "events": 400,
        "is_hint": False,
        "metric": "success_rate",
        "direction": "down",
        "raised_at": at,
        "last_raised_at": at,
        "before_value": 0.97,
        "after_value": 0.8,
        "evidence": 2.0,
    }
    rows = [
        {**row, "alarm_id": "1", "agent": "x", "is_historic": False},
        {**row, "alarm_id": "2", "agent": "y", "is_historic": True},
    ]
    store.append("alarms", {"drift_alarms": pl.DataFrame(rows)})
    an_engine(store, control, configure(http), clock).evaluate()
    [alert] = list_alerts(control)
    assert (alert.labels["agent"], alert.value, alert.threshold) == ("x", 0.8, 0.97)


def test_failing_query_is_an_error_and_not_a_recovery(
    store: Store, control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    rule = {"name": "rate", "metric": "success_rate", "below": 0.5}
    config = configure(http, None, rule)
    add_runs(store, "a", clock() - timedelta(minutes=9), ["failure"] * 10)
    an_engine(store, control, config, clock).evaluate()
    store.close()
    clock.advance(minutes=1)
    report = an_engine(store, control, config, clock).evaluate()
    assert "rate" in report.problems
    assert [i.state.value for i in list_alerts(control)] == ["firing"]


def test_test_message_is_marked_as_one_and_stands_among_the_notifications(
    http: HttpLookalike, control: Control
) -> None:
    send_test(configure(http), "team", dashboard_url="http://d", clock=lambda: START, control=control)
    with control.read() as connection:
        (row,) = alerting.list_notifications(connection)
    assert (row.channel, row.reason, row.state, row.delivered_at) == ("team", "test", "delivered", START)
    assert http.requests[0].body["text"].startswith("[TEST FIRING]")
    with pytest.raises(NotFound, match="no channel is called 'pager'; known are team"):
        send_test(configure(http), "pager")
    http.answers.append((404, {}, "no_service"))
    with pytest.raises(DeliveryFailed, match="did not take the test: slack at http"):
        send_test(configure(http), "team", control=control)
    with control.read() as connection:
        assert len(alerting.list_notifications(connection)) == 1


def test_preview_shows_what_would_be_sent_and_sends_nothing(http: HttpLookalike) -> None:
    config = configure(http, 2525)
    assert '"blocks"' in preview(config, "cost", "team", clock=lambda: START)
    assert "Subject: [TEST FIRING] cost" in preview(config, "cost", "mail", clock=lambda: START)
    assert http.requests == []
    with pytest.raises(NotFound):
        preview(config, "nothing", "team")


def test_message_says_who_is_affected_and_what_shows_it(
    store: Store, control: Control, http: HttpLookalike, clock: SteppedClock
) -> None:
    at = clock.now - timedelta(minutes=30)
    add_runs(store, "bad", at, ["failure"] * 15 + ["success"] * 5, user_id="ann", cost_usd=0.5)
    add_runs(store, "lately", clock.now - timedelta(minutes=4), ["failure"], user_id="bob", cost_usd=0.5)
    rule = {"metric": "success_rate", "below": 0.9, "group_by": ["agent"]}
    config = configure(http, None, {"name": "bad runs", **rule}, {"name": "lately", "window": "5m", **rule})
    engine = AlertEngine(store, control, config, clock=clock, dashboard_url="http://d")
    engine.evaluate()
    with control.read() as connection:
        rows = alerting.list_notifications(connection)
    items = {item["alert"]: item for row in rows for item in row.payload["items"]}
    assert items["bad runs"]["facts"]["Failing"] == "16 of 21 runs, 2 users"
    assert [example["link"][:18] for example in items["bad runs"]["examples"]] == ["http://d/trace?id="] * 3
    assert items["lately"]["facts"]["Failing"] == "1 of 1 run, 1 user in the last 15 minutes", (
        "not the rule's 5m"
    )


def test_examples_show_what_the_alert_is_about(store: Store, clock: SteppedClock) -> None:
    at = clock.now - timedelta(minutes=30)
    add_runs(store, "quick", at, ["failure"] * 3, duration_ms=100.0, cost_usd=9.0, user_id="ann")
    add_runs(store, "slow", at, ["success"], duration_ms=99_000.0, cost_usd=0.1, user_id="bob")
    add_runs(store, "mute", at, ["success"], has_answer=False, cost_usd=0.1, user_id="eve")

    def look(**table: Any) -> Context:
        rule = read_rule(Section("[[alert]]", {"name": "a", **table}))
        return look_into(store, rule, an_instance("a", labels={}), clock(), "http://d")

    slow = look(metric="run_p95_ms", above=1)
    assert slow.examples[0].title.split()[1:3] == ["99", "s"]
    assert slow.facts["Runs"] == "5, 3 users"
    assert look(metric="cost_per_run_usd", above=1).examples[0].title.split()[1] == "$9.00"
    unanswered = look(metric="completion_rate", below_change=-0.05)
    assert unanswered.facts["Without an answer"] == "1 of 5 runs, 1 user"
    assert [example.title.split()[1] for example in unanswered.examples] == ["unanswered"]
    assert look(metric="success_rate", below=0.9).facts["Failing"] == "3 of 5 runs, 1 user"


def test_failing_tool_is_told_with_its_share_of_the_runs_that_used_it(
    store: Store, clock: SteppedClock
) -> None:
    add_runs(store, "a", clock.now - timedelta(minutes=30), ["success"] * 4)
    calls = [
        {"load_seq": 1, "trace_id": f"a{i:026x}", "span_id": f"{i:016x}", "run_id": f"a-{i}", "tool": "crm",
         "started_at": (clock.now - timedelta(minutes=30)).replace(tzinfo=None), "status": status,
         "purpose": "production", "cost_status": "free"}
        for i, status in enumerate(("error", "ok", "ok"))
    ]  # fmt: skip
    store.append("calls", {"tool_calls": pl.DataFrame(calls)})
    rule = read_rule(Section("[[alert]]", {"name": "a", "in_a_row": 3, "of": "tool_call"}))
    found = look_into(store, rule, an_instance("a", labels={"tool": "crm"}), clock(), "http://d")
    assert found.facts["Failing"] == "1 of 3 runs"
    assert len(found.examples) == 1


def test_counts_are_held_against_the_average_of_a_whole_week_only(store: Store, clock: SteppedClock) -> None:
    rule = read_rule(Section("[[alert]]", {"name": "a", "metric": "run_count", "above": 1, "window": "1h"}))

    def usual(*days: int) -> str | None:
        at = [(clock.now - timedelta(days=day)).replace(tzinfo=None) for day in days]
        touched = [{"load_seq": 1, "subject": "run", "hour_at": hour} for hour in at]
        store.append(f"touched {days}", {"touched_hours": pl.DataFrame(touched)})
        update_rollups(JobContext(store, clock))
        return look_into(store, rule, an_instance("a", labels={}), clock(), "").facts.get("Usual")

    add_runs(store, "lately", clock.now - timedelta(days=2), ["success"] * 168)
    assert usual(2) is None, "five of the seven days are not known"
    add_runs(store, "first", clock.now - timedelta(days=7), ["success"] * 168)
    assert usual(7) == "2, the average hour of the 7 days before"


def test_heart_beats_while_rules_are_evaluated_and_stops_when_they_are_not(
    store: Store, control: Control, http: HttpLookalike, clock: SteppedClock
) -> None:
    config = parse_alerting({"heartbeat": {"url": f"{http.url}/ping/secret"}}, environ={})
    engine = AlertEngine(store, control, config, clock=clock)
    assert not engine.pulse.beat(), "nothing was evaluated yet"
    engine.evaluate()
    assert engine.pulse.beat()
    assert http.requests[-1].path == "/ping/secret"
    clock.advance(minutes=6)
    assert not engine.pulse.beat()
    http.answers.append((500, {}, "no"))
    engine.evaluate()
    assert not engine.pulse.beat()


def test_beats_keep_their_period_and_a_restart_or_a_failure_is_no_reason_to_wait_for_one() -> None:
    heartbeat = Heartbeat(SecretUrl("http://d/ping"), timedelta(hours=1), 10.0)
    slow, soon = timedelta(seconds=9), timedelta(seconds=10)
    assert find_wait(heartbeat, is_taken=True, took=slow) == timedelta(hours=1) - slow
    assert find_wait(heartbeat, is_taken=False, took=slow) == soon
    quick = replace(heartbeat, every=soon)
    assert find_wait(quick, is_taken=True, took=timedelta(seconds=12)) == timedelta(0)
