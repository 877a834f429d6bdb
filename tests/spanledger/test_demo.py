"""The demo: what there is to find, and when; when history is told to be there, and when the player ends."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from opentelemetry.sdk.trace import Tracer, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from analytics.failures import classify_failures
from spanledger.cli import serve
from spanledger.config import load_config
from spanledger.demo import __main__ as demo
from spanledger.demo.cast import AGENTS, OPUS
from spanledger.demo.faults import FAULTS, OPUS_TUESDAY, Weather, last_tuesday, weather_of
from spanledger.demo.settings import write_demo_settings
from spanledger.demo.simulation import Run, Visit
from spanledger.supervisor import Plan

NOW = datetime(2026, 11, 29, 2, 45, tzinfo=UTC)
REVIEWER = next(agent for agent in AGENTS if agent.name == "code-reviewer")


@pytest.mark.parametrize("days", range(7))
def test_the_dear_tuesday_is_over_and_within_the_last_eight_days(days: int) -> None:
    now = NOW + timedelta(days=days)
    start, until = last_tuesday(now)
    assert (start.weekday(), until - start) == (1, timedelta(days=1))
    assert now - timedelta(days=8) < until <= now


def test_two_of_five_calls_of_that_day_go_to_the_dear_model_and_none_after() -> None:
    start, until = OPUS_TUESDAY.period(NOW)
    shares = dict(weather_of(REVIEWER, start, NOW).agent.models)
    assert shares[OPUS] == pytest.approx(0.4)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert OPUS not in dict(weather_of(REVIEWER, until, NOW).agent.models)


def test_every_fault_of_the_demo_lies_in_its_month() -> None:
    for fault in FAULTS:
        start, until = fault.period(NOW)
        assert NOW - timedelta(days=30) < start < min(until, NOW), fault.what


def test_most_failed_runs_of_the_demo_say_why() -> None:
    provider, kept = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("demo")
    assert isinstance(tracer, Tracer)
    visit = Visit("ann", "orbit-de", "s1", NOW)
    for agent in AGENTS:
        dice = random.Random(1)
        for _ in range(400):
            Run(tracer, Weather(agent), visit, dice).play()
    failed = [one for one in kept.get_finished_spans() if one.parent is None and not one.status.is_ok]
    said = [(one.attributes["error.type"], one.status.description) for one in failed if one.attributes]
    errors = pl.DataFrame(said, schema=["error_type", "status_message"], orient="row")
    classes = Counter(classify_failures(errors).to_list())
    assert set(classes) >= {"loop", "timeout", "upstream", "content_filter", "unknown"}
    assert classes["unknown"] < 0.3 * len(failed)


def test_a_demo_brings_a_budget_for_every_user_and_leaves_a_file_alone(tmp_path: Path) -> None:
    write_demo_settings(tmp_path)
    budget = load_config(tmp_path, environ={}).budgets[0]
    assert (float(budget.limit), list(budget.group_by)) == (100.0, ["user_id"])
    (tmp_path / "spanledger.toml").write_text("")
    write_demo_settings(tmp_path)
    assert load_config(tmp_path, environ={}).budgets == ()


def test_history_is_queryable_only_when_the_sums_hold_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def a_status(*, runs: int, due: str = "") -> dict[str, object]:
        jobs = [
            {"name": name, "is_due": name == due, "is_running": False}
            for name in ("facts", "rollups", "drift")
        ]
        return {"rows": {"runs": runs, "spans": 7 * runs}, "jobs": jobs}

    answers = [a_status(runs=4), a_status(runs=5, due="rollups"), a_status(runs=5, due="drift")]

    def ask(*_: object) -> dict[str, object]:
        return answers.pop(0)

    monkeypatch.setattr(demo, "ask", ask)
    assert demo.wait_until_queryable(tmp_path, 5, lambda _: False) == (35, True)
    assert not answers


def test_nobody_waits_for_history_after_the_demo_was_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo, "ask", lambda *_: {"rows": {"runs": 4, "spans": 28}, "jobs": []})
    assert demo.wait_until_queryable(tmp_path, 5, lambda _: True) == (28, False)


def test_the_player_ends_with_its_supervisor_though_nobody_takes_what_it_sends(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    life_read, life_write = os.pipe()
    nobody = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-P", "-m", "spanledger.demo", "--http", nobody, "--grpc", nobody]
    command += ["--data", str(tmp_path), "--backfill", "30d", "--life", str(life_read)]
    player = subprocess.Popen(
        command, pass_fds=[life_read], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert player.stdout is not None
        assert player.stdout.readline() == "Playing 30d of history …\n"
        os.close(life_write)
        assert player.wait(10) == 1
    finally:
        player.kill()
        player.communicate()
        os.close(life_read)


def test_the_player_of_a_demo_sees_the_end_of_its_supervisor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[str] = []
    monkeypatch.setattr(os, "execv", lambda _, argv: started.append(argv[-1]))
    serve.demo(data=tmp_path / "data")
    then = Plan.from_json(started[0]).then
    assert then is not None
    assert then[then.index("--life") + 1] == "{life}"
