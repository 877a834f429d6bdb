"""What a message about drift says beside the figure, from a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import polars as pl
import pytest

from alerts.check import list_alerts
from alerts.context import look_into
from alerts.engine import AlertEngine
from alerts.explanation import explain_alert
from alerts.rules import parse_alerting
from store import Control, Store, open_store
from tests.alerts.building import SteppedClock
from tests.alerts.lookalikes import HttpLookalike
from tests.analytics.drift.test_explanation import ALARM, RAISED, write_runs


@pytest.fixture
def store(tmp_path: Path, clock: SteppedClock) -> Iterator[Store]:
    clock.now = RAISED.replace(tzinfo=UTC) + timedelta(minutes=2)
    store = open_store(tmp_path / "store", clock=clock)
    yield store
    store.close()


def test_drift_is_told_with_where_when_how_much_and_runs(
    store: Store, control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    write_runs(store, 4_000, 600)
    channel = {"name": "team", "type": "slack", "url": f"{http.url}/services/x"}
    config = parse_alerting({"channel": [channel], "route": {"group_wait": "0s"}})
    engine = AlertEngine(store, control, config, clock=clock, dashboard_url="https://d.example")
    engine.evaluate()
    assert engine.outbox.deliver_due() == 1
    said = json.dumps(http.requests[0].body, ensure_ascii=False)
    for expected in (
        "went down from 96 % to 86 % (83 % to 89 %)",
        "*Before*\\n`96 %`",
        "*Began*\\n`about 2026-11-20 06:00 UTC, between 05:00 and 07:00`",
        "agent version v8, not seen before",
        "*First seen then*\\n`agent version v8`",
        "failed runs, +$",
        "<https://d.example/drift?alarm=a1|Open dashboard>",
        "<https://d.example/trace?id=trace4",
    ):
        assert expected in said
    [alert] = [alert for alert in list_alerts(control) if alert.alert == "drift"]
    context = look_into(store, config.find_rule("drift"), alert, clock(), "https://d.example")
    lines = explain_alert(control, config, alert, clock(), context)
    assert any("where: " in line and "agent version v8" in line for line in lines)


def test_drift_without_runs_is_told_without_an_explanation(
    store: Store, control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    write_runs(store, 50, 0)
    channel = {"name": "team", "type": "slack", "url": f"{http.url}/services/x"}
    config = parse_alerting({"channel": [channel], "route": {"group_wait": "0s"}})
    engine = AlertEngine(store, control, config, clock=clock)
    engine.evaluate()
    assert engine.outbox.deliver_due() == 1
    said = json.dumps(http.requests[0].body)
    assert "*Began*" in said
    assert "*Where*" not in said
    assert "trace?id" not in said


def test_a_whole_agent_is_told_with_its_parts_and_without_a_value_before(
    store: Store, control: Control, clock: SteppedClock, http: HttpLookalike
) -> None:
    parts = (
        "several series together, none alone: Run latency up from 4.20 s to 5.10 s (38 % of it); "
        "Steps per run up from 3.00 to 4.00 (33 % of it)"
    )
    whole = {
        **ALARM, "kind": "multivariate", "metric": "agent_behaviour", "direction": "up", "explanation": parts,
        "before_value": None, "after_value": 1.06, "after_low": None, "after_high": None, "evidence": 1.06,
    }  # fmt: skip
    store.replace(appends={"drift_alarms": pl.DataFrame([whole])})
    channel = {"name": "team", "type": "slack", "url": f"{http.url}/services/x"}
    config = parse_alerting({"channel": [channel], "route": {"group_wait": "0s"}})
    engine = AlertEngine(store, control, config, clock=clock)
    engine.evaluate()
    assert engine.outbox.deliver_due() == 1
    said = json.dumps(http.requests[0].body, ensure_ascii=False)
    assert "unlike its baseline" in said
    assert "1.06× the alarm level" in said
    assert parts in said
    assert "no data" not in said
