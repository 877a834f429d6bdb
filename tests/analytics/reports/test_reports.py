"""The production checklist and the daily and weekly reports."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from alerts.reports import compose_report
from analytics.golden import import_results
from analytics.jobs import JobContext
from analytics.reports import (
    Installed,
    Readiness,
    build_digest,
    check_readiness,
    write_digest_html,
    write_digest_markdown,
    write_readiness_markdown,
)
from analytics.rollups import update_rollups
from store import Store
from store.errors import NotFound
from tests.analytics.building import NOON, StillClock, a_call, a_run, a_tool_call, touched_hours

DAY = timedelta(days=1)


def verdicts(report: Readiness) -> dict[str, str]:
    return {item.name: item.verdict for item in report.items}


def fill(store: Store, write: Any, clock: StillClock, *, failing: float = 0.02) -> None:
    """Three weeks of a service that does everything right, worse in the last day by `failing`."""
    chance = random.Random(8)
    runs, calls, tools = [], [], []
    for n in range(900):
        at = NOON - 21 * DAY * chance.random()
        failed = chance.random() < (failing if at > NOON - DAY else 0.02)
        runs.append(
            a_run(
                f"t{n}-s{n}",
                started_at=at,
                user_id=f"u{n % 40}",
                agent_version="1" if at < NOON - 10 * DAY else "2",
                outcome="escalated" if n == 7 else "failure" if failed else "success",
                failure_class="timeout" if failed and n != 7 else None,
                feedback=1.0 if n % 5 == 0 else None,
                cost_usd=Decimal("0.02"),
            )
        )
        calls.append(
            a_call(f"c{n}", trace_id=f"t{n}", started_at=at, cost_usd=Decimal("0.02"), cost_status="priced")
        )
        tools.append(
            a_tool_call(f"o{n}", trace_id=f"t{n}", started_at=at, status="error" if n % 50 == 0 else "ok")
        )
    write("runs", *runs, *(a_run(f"e{n}-1", purpose="evaluation", input=f"case {n}") for n in range(100)))
    write("llm_calls", *calls)
    write("tool_calls", *tools)
    burst = [a_run(f"b{n}-1", started_at=NOON - 5 * DAY, user_id="u1", duration_ms=900.0) for n in range(120)]
    write("runs", *burst)
    hours = [
        {"load_seq": 1, "subject": subject, "hour_at": NOON - n * timedelta(hours=1)}
        for n in range(1, 22 * 24)
        for subject in ("run", "llm_call", "tool_call")
    ]
    write("touched_hours", *hours)
    while update_rollups(JobContext(store, clock)).changed:
        pass


def test_a_service_that_does_everything_is_ready(store: Store, write: Any, clock: StillClock) -> None:
    fill(store, write, clock)
    write(
        "notifications",
        {"notification_id": 1, "channel": "team", "group_key": "g", "decided_at": NOON - DAY, "reason": "test",
         "state": "delivered", "attempts": 1, "delivered_at": NOON - DAY},
    )  # fmt: skip
    report = check_readiness(store, "shop", NOON + timedelta(minutes=1), Installed(alerts=3, channels=1))
    assert {name for name, verdict in verdicts(report).items() if verdict != "passed"} == set()
    assert report.is_ready


def test_nothing_known_is_unknown_and_says_what_to_do(store: Store) -> None:
    report = check_readiness(store, None, NOON, Installed())
    assert not report.is_ready
    found = verdicts(report)
    assert found["Latency p95 is at most 5 s"] == found["Traces are complete"] == "unknown"
    assert found["Alerts are configured"] == "failed"
    assert all(item.remedy for item in report.items)
    page = write_readiness_markdown(report)
    assert page.count("\n| ") == len(report.items) + 2
    assert "0 passed" in page


def test_versions_of_different_agents_are_none_to_roll_back_to(store: Store, write: Any) -> None:
    runs = [
        a_run(f"v{n}-1", agent=f"agent-{n}", agent_version=str(n), started_at=NOON - timedelta(minutes=20))
        for n in range(3)
    ]
    write("runs", *runs)
    write("touched_hours", *touched_hours("run", *runs))
    while update_rollups(JobContext(store, StillClock())).changed:
        pass
    found = verdicts(check_readiness(store, "shop", NOON + timedelta(hours=1), Installed()))
    assert found["A version to roll back to is known"] == "failed"


def test_a_service_that_no_run_names_is_an_error_that_names_those_there_are(store: Store, write: Any) -> None:
    run = a_run("a-1", service="shop", started_at=NOON - timedelta(minutes=20))
    write("runs", run)
    write("touched_hours", *touched_hours("run", run))
    with pytest.raises(NotFound, match="called 'shoop'; there are shop"):
        check_readiness(store, "shoop", NOON, Installed())


def test_digest_tells_figures_movers_failures_and_money(store: Store, write: Any, clock: StillClock) -> None:
    fill(store, write, clock, failing=0.6)
    write("drift_alarms", {
        "kind": "rate", "type": "drift", "events": 400, "is_hint": False,
        "alarm_id": "a", "series": "success_rate{agent=\"support\"}", "metric": "success_rate", "raised_at": NOON,
        "last_raised_at": NOON, "direction": "down", "evidence": 2.0, "is_historic": False,
    })  # fmt: skip
    digest = build_digest(store, "daily", NOON + timedelta(hours=1), dashboard_url="http://127.0.0.1:8501")
    assert next((mover.agent, mover.figure.metric.name) for mover in digest.movers) == (
        "support",
        "success_rate",
    )
    assert digest.failures[0][:2] == ("support", "timeout")
    assert digest.spenders[0][0] == "gpt-4o-mini"
    assert [change["what"] for change in digest.changes] == ["drift"]
    text = write_digest_markdown(digest)
    for heading in ("Figures", "Top movers", "Failures", "Money by model", "What happened"):
        assert f"## {heading}" in text
    assert "Success rate" in text
    assert "| before | a week ago |" in text
    assert "a week ago" not in write_digest_markdown(build_digest(store, "weekly", NOON + timedelta(hours=1)))
    assert "points" in text
    assert "| [support](http://127.0.0.1:8501/traces?range=2026-" in text
    assert "agent=support&outcome=failure) | timeout |" in text
    assert "[Success rate down](http://127.0.0.1:8501/drift?alarm=a) |" in text
    html = write_digest_html(digest)
    assert "agent=support&amp;outcome=failure" in html
    assert "](http" not in write_digest_markdown(build_digest(store, "daily", NOON + timedelta(hours=1)))


def test_names_from_telemetry_stay_text(store: Store, write: Any) -> None:
    bad = 'x</td><script>alert("1")</script>|\n# [a](http://evil)'
    run = a_run("a-1", agent=bad, outcome="failure", started_at=NOON - timedelta(minutes=20))
    write("runs", run)
    write("touched_hours", *touched_hours("run", run))
    digest = build_digest(store, "weekly", NOON)
    html = write_digest_html(digest)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    row = next(line for line in write_digest_markdown(digest).splitlines() if "script" in line)
    assert row.count(" | ") == 2
    assert "[a](" not in row


def test_what_chance_brings_is_no_mover(store: Store, write: Any, clock: StillClock) -> None:
    """Heavy tails move the mean and the p95 of small agents by more than half from day to day; one really changed."""
    chance = random.Random(3)
    runs = []
    for n in range(4 * 12 * 30):
        agent, day = n % 12, n // 12 % 2
        is_worse = agent == 0 and day == 0
        runs.append(
            a_run(
                f"m{n}-1",
                agent=f"agent-{agent}",
                started_at=NOON - DAY * (day + 0.05 + 0.9 * chance.random()),
                outcome="failure" if chance.random() < (0.5 if is_worse else 0.05) else "success",
                duration_ms=chance.lognormvariate(7, 1.5),
                cost_usd=Decimal(str(round(chance.lognormvariate(-4, 2), 6))),
            )
        )
    write("runs", *runs)
    write("touched_hours", *touched_hours("run", *runs))
    while update_rollups(JobContext(store, clock)).changed:
        pass
    movers = build_digest(store, "daily", NOON).movers
    assert [(it.agent, it.figure.metric.name) for it in movers] == [("agent-0", "success_rate")]


def test_digest_tells_which_cases_of_a_suite_broke(store: Store) -> None:
    before = [{"case_id": f"case-{n}", "passed": True} for n in range(6)]
    import_results(store, "s|uite", "1", before, NOON - 3 * DAY)
    assert "s\\|uite" not in write_digest_markdown(build_digest(store, "daily", NOON)), (
        "nothing to compare with"
    )
    after = [{"case_id": f"case-{n}", "passed": n > 3} for n in range(6)]
    import_results(store, "s|uite", "2", after, NOON - timedelta(hours=2))
    digest = build_digest(store, "daily", NOON)
    told = "| s\\|uite | 1 → 2 | 6 → 2 of 6 | 4: case-0, case-1, case-2 … | 0 |"
    assert told in write_digest_markdown(digest)
    assert "4: case-0" in write_digest_html(digest)
    assert "Suite s|uite, 2 after 1: broken 4: case-0" in compose_report(digest, NOON).items[0].description
    assert not build_digest(store, "daily", NOON + 2 * DAY).suites, "it was told"


def test_quiet_day_says_so(store: Store) -> None:
    assert "Nothing ran." in write_digest_markdown(build_digest(store, "daily", NOON))
