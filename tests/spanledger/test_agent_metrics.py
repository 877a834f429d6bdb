"""The agents' metrics as Prometheus reads them."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from analytics.metrics import METRICS
from spanledger.api.figures import AgentMetrics
from store import open_store
from tests.analytics.building import NOON, StillClock, a_run, to_frame


def test_each_metric_is_a_family_with_its_meaning_and_a_sample_per_agent(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    clock = StillClock()
    clock.forward(minutes=10)
    runs = [
        a_run("a-1"),
        a_run("b-1", agent='odd "name"\n', outcome="failure"),
        a_run("c-1", started_at=NOON),
    ]
    store.replace(appends={"runs": to_frame("runs", runs)})
    registry = CollectorRegistry()
    registry.register(AgentMetrics(store, clock))
    text = generate_latest(registry).decode()
    store.close()
    assert 'spanledger_success_rate{agent="support",environment="production",service="shop"} 1.0' in text
    assert 'agent="odd \\"name\\"\\n"' in text
    assert f"# HELP spanledger_runs {METRICS['run_count'].help}" in text
    assert "\nspanledger_satisfaction{" not in text, "nobody gave feedback"
    assert text.count("# TYPE spanledger_") > 100
