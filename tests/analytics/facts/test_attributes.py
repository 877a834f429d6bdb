"""Declared attributes as dimensions: of the run, of each call, and asked for in metrics."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from analytics.jobs import JobContext
from analytics.metrics import evaluate
from analytics.settings import AnalyticsSettings
from tests.analytics.facts.building import START, Ledger, agent, call, other, tool

DECLARED = AnalyticsSettings(dimensions=("plan", "host.name", "service.name"))


def count(ledger: Ledger, settings: AnalyticsSettings = DECLARED) -> None:
    report = ledger.state.update(JobContext(ledger.store, lambda: ledger.now, settings))
    assert not report.has_more


def said(ledger: Ledger, view: str) -> list[dict[str, Any]]:
    order = "run_id" if view == "runs" else "span_id"
    rows = ledger.store.query(f"SELECT dimensions FROM {view} ORDER BY {order}")
    return [dict(pairs or []) for pairs in rows.column("dimensions").to_pylist()]


def test_own_span_comes_before_the_run_and_the_run_before_what_is_within(ledger: Ledger) -> None:
    ledger.load(
        agent(1, lasts=9.0, also={"host.name": "a"}),
        call(2, parent=1, also={"plan": "pro"}),
        tool(3, parent=1, at=2.0, also={"plan": "free", "host.name": "b"}),
        agent(11, trace=2, service="till"),
    )
    count(ledger)
    assert said(ledger, "runs") == [
        {"host.name": "a", "plan": "pro", "service.name": "shop"},
        {"service.name": "till"},
    ]
    assert said(ledger, "llm_calls") == [{"host.name": "a", "plan": "pro", "service.name": "shop"}]
    assert said(ledger, "tool_calls") == [{"host.name": "b", "plan": "free", "service.name": "shop"}]


def test_several_runs_of_a_trace_have_each_their_own(ledger: Ledger) -> None:
    ledger.load(other(9, lasts=9.0), agent(1, parent=9, also={"plan": "pro"}), agent(2, parent=9, at=3.0))
    count(ledger)
    assert [row.get("plan") for row in said(ledger, "runs")] == ["pro", None]


def test_metrics_split_and_filter_by_them(ledger: Ledger) -> None:
    ledger.load(*(agent(n, trace=n, also={"plan": "pro" if n % 3 else "free"}) for n in range(1, 10)))
    count(ledger)
    window = (START - timedelta(hours=1), START + timedelta(hours=1))
    split = evaluate(ledger.store, "run_count", *window, group_by=["attributes.plan"])
    assert dict(split.select("attributes.plan", "value").iter_rows()) == {"free": 3.0, "pro": 6.0}
    asked = evaluate(ledger.store, "run_count", *window, where={"attributes.plan": "free", "service": "shop"})
    assert asked["value"].to_list() == [3.0]
    nobody = evaluate(ledger.store, "run_count", *window, where={"attributes.absent": None})
    assert nobody["value"].to_list() == [9.0]


def test_nothing_declared_leaves_no_trace(ledger: Ledger) -> None:
    ledger.load(agent(1, also={"plan": "pro"}))
    count(ledger, AnalyticsSettings())
    assert said(ledger, "runs") == [{}]


def test_late_span_changes_what_the_run_says(ledger: Ledger) -> None:
    ledger.load(call(2, parent=1, also={"plan": "pro"}))
    count(ledger)
    ledger.load(agent(1, lasts=5.0, also={"plan": "enterprise"}))
    count(ledger)
    assert [row["plan"] for row in said(ledger, "runs")] == ["enterprise"]
