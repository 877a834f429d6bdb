"""The sample is made apart from the real data, through the pipeline, and leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analytics.metrics.breakers import Breaker, breaker_in_force, use_breaker
from spanledger import sample as sample_module
from spanledger.config import Config
from spanledger.sample import SampleData

AFTERNOON = datetime(2026, 11, 20, 15, tzinfo=UTC)
"""Early in a day nobody has spent anything of the day's budget yet."""


@pytest.fixture
def strict() -> Iterator[Breaker]:
    """What the tools of an installation are judged by."""
    strict = Breaker(failures_in_a_row=2)
    use_breaker(strict)
    yield strict
    use_breaker(Breaker())


def await_made() -> None:
    for thread in threading.enumerate():
        if thread.name == "sample":
            thread.join()


def test_whoever_waits_is_told_whatever_went_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("agents are out of order")

    monkeypatch.setattr(sample_module, "import_bodies", fail)
    sample = SampleData(Config(tmp_path), runs=1)
    sample.ask(may_begin=True)
    await_made()
    try:
        assert "agents are out of order" in sample.ask(may_begin=False).failure
    finally:
        sample.remove()


def test_the_sample_lies_in_a_directory_of_its_own_and_can_be_removed(
    tmp_path: Path, strict: Breaker
) -> None:
    sample = SampleData(Config(tmp_path, guards=strict), clock=lambda: AFTERNOON, runs=30)
    assert not sample.ask(may_begin=False).is_begun
    assert sample.ask(may_begin=True).services is None
    await_made()
    state = sample.ask(may_begin=False)
    assert state.services is not None, state.failure
    try:
        assert breaker_in_force() == strict, "the real data is judged as before"
        rows = state.services.store.select("overview/freshness").row(0, named=True)
        assert rows["spans"] > 50
        found = state.services.store.query("SELECT count(DISTINCT agent), sum(cost_usd) FROM runs")
        agents, cost_usd = (column[0].as_py() for column in found.columns)
        assert agents >= 2
        assert cost_usd > 0
        assert state.services.store.query("SELECT DISTINCT budget FROM budgets").num_rows == 2
        assert state.services.alerting is not None
        assert "dear runs" in state.services.rule_statuses()
        assert [path.name for path in tmp_path.iterdir()] == ["sample"]
        assert state.services.clock() >= rows["last_loaded_at"].replace(tzinfo=state.services.clock().tzinfo)
    finally:
        sample.remove()
    assert list(tmp_path.iterdir()) == []
