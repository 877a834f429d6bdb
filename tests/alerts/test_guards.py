"""What agents are told before they call, from a snapshot that survives whatever happens to the core."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from alerts.guards import GuardPublisher, ToolRecord, judge_tool
from analytics.metrics.breakers import Breaker
from collector.front import FrontStart
from collector.front.access import AccessPolicy
from collector.front.counters import FrontCounters
from collector.front.guards import Guards
from collector.front.http import HttpApp
from collector.settings import CollectorSettings
from spanledger.layout import guards_file, log_dir
from store import Control, Store, open_store
from store.control.tables import budgets
from tests.alerts.building import START, SteppedClock
from tests.analytics.building import a_tool_call, to_frame
from tests.dashboard.seed import fill, simulate

SETTINGS = Breaker()


def record(**changes: Any) -> ToolRecord:
    return ToolRecord(
        **{"tool": "crm", "calls": 10, "failures": 5, "streak": 5, "last_failed_at": START, **changes}
    )


def test_breaker_opens_cools_down_and_closes() -> None:
    assert judge_tool(record(), SETTINGS, START)["state"] == "open"
    assert judge_tool(record(), SETTINGS, START + timedelta(minutes=1))["state"] == "half_open"
    assert judge_tool(record(streak=6, failures=6, last_failed_at=START + timedelta(minutes=1)), SETTINGS,
                      START + timedelta(seconds=70))["state"] == "open"  # fmt: skip
    assert judge_tool(record(streak=0), SETTINGS, START)["state"] == "closed"
    assert judge_tool(record(streak=4), SETTINGS, START)["state"] == "closed"


def test_breaker_opens_by_share_when_there_are_enough_calls() -> None:
    busy = record(calls=40, failures=20, streak=1)
    assert judge_tool(busy, SETTINGS, START)["reason"] == "20 of 40 calls in 10m failed"
    assert judge_tool(record(calls=19, failures=18, streak=1), SETTINGS, START)["state"] == "closed"


@pytest.fixture
def store(tmp_path: Path, clock: SteppedClock) -> Iterator[Store]:
    store = open_store(tmp_path / "store", clock=clock)
    yield store
    store.close()


def ask(guards: Guards, path: str, query: str = "") -> dict[str, Any]:
    body = guards.answer(path, query)
    assert body is not None
    return json.loads(body)


def test_snapshot_of_the_core_is_what_the_front_answers(
    tmp_path: Path, store: Store, control: Control, clock: SteppedClock
) -> None:
    path = guards_file(tmp_path)
    assert FrontStart(log_dir(tmp_path), CollectorSettings()).guards_file == path
    guards = Guards(path)
    guards.refresh()
    assert ask(guards, "/guards/tools/crm") == {
        "tool": "crm", "state": "closed", "allow": True, "known": False, "age_s": None
    }  # fmt: skip
    fill(store, simulate(clock.now.replace(tzinfo=None), days=0.2, runs_per_hour=60))
    with control.begin() as connection:
        for user, used in (("ann", 85), ("bob", 120)):
            connection.execute(
                insert(budgets).values(
                    fingerprint=user, budget="team", labels={"user_id": user}, unit="usd", period="month",
                    limit_value=Decimal(100), used_value=Decimal(used), evaluated_at=clock.now,
                    state="warning" if used < 100 else "exceeded",
                )
            )  # fmt: skip
    GuardPublisher(store, control, path, SETTINGS, clock=clock).publish()
    guards.refresh()
    assert ask(guards, "/guards/budgets/team", "user_id=ann")["state"] == "warning"
    bob = ask(guards, "/guards/budgets/team", "user_id=bob")
    assert (bob["state"], bob["allow"], bob["used"], bob["limit"]) == ("over", False, "120", "100")
    assert ask(guards, "/guards/budgets/team")["labels"] == {"user_id": "bob"}, "the worst without a question"
    assert ask(guards, "/guards/budgets/team", "user_id=eve")["state"] == "left"
    known = ask(guards, "/guards/tools/search_kb")
    assert known["known"]
    assert known["age_s"] == pytest.approx((datetime.now(UTC) - clock.now).total_seconds(), abs=60)
    path.write_text("{ half")
    guards.refresh()
    assert ask(guards, "/guards/tools/search_kb")["known"], "a broken snapshot leaves the last good one"


def test_tools_that_fail_in_tests_and_evaluations_stay_closed_for_production(
    tmp_path: Path, store: Store, control: Control, clock: SteppedClock
) -> None:
    calls = [
        a_tool_call(f"{purpose}{n}", tool=f"{purpose} crm", purpose=purpose, status="error", started_at=clock.now
                    - timedelta(seconds=9 - n))
        for purpose in ("production", "evaluation", "shadow", "test")
        for n in range(6)
    ]  # fmt: skip
    store.replace(appends={"tool_calls": to_frame("tool_calls", calls)})
    path = guards_file(tmp_path)
    GuardPublisher(store, control, path, SETTINGS, clock=clock).publish()
    tools = json.loads(path.read_text())["tools"]
    assert {name: state["state"] for name, state in tools.items()} == {"production crm": "open"}


def test_budget_of_a_period_that_is_over_stops_nobody(tmp_path: Path) -> None:
    """The core may be down when a month begins: what was used of the last one is no reason to refuse a call."""
    path = tmp_path / "guards.json"
    row = {
        "labels": {},
        "unit": "usd",
        "period": "month",
        "limit": "1",
        "used": "2",
        "share": 2.0,
        "state": "over",
    }
    over = [{**row, "resets_at": "2026-03-01T00:00:00Z"}]
    holds = [{**row, "resets_at": "2999-01-01T00:00:00Z"}]
    path.write_text(json.dumps({"written_at": 1.0, "budgets": {"past": over, "present": holds}}))
    guards = Guards(path)
    guards.refresh()
    past, present = (ask(guards, f"/guards/budgets/{name}") for name in ("past", "present"))
    assert (past["allow"], past["known"], past["state"]) == (True, False, "left")
    assert (present["allow"], present["known"], present["state"]) == (False, True, "over")


def test_names_with_slashes_and_percent_signs_are_found(tmp_path: Path) -> None:
    path = tmp_path / "guards.json"
    path.write_text(json.dumps({"written_at": 1.0, "tools": {"a/b 100%25 ü": {"state": "open"}}}))
    guards = Guards(path)
    guards.refresh()
    assert ask(guards, "/guards/tools/a%2Fb%20100%2525%20%C3%BC")["allow"] is False
    assert ask(guards, "/guards/tools/a/b%20100%2525%20%C3%BC")["allow"] is False


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_question_breaks_a_guard(name: str, query: str) -> None:
    guards = Guards(Path("/nonexistent"))
    for path in (f"/guards/tools/{name}", f"/guards/budgets/{name}", f"/guards/{name}"):
        body = guards.answer(path, query)
        assert body is None or json.loads(body)["allow"] is True


def test_front_answers_streams_and_refuses_other_methods(tmp_path: Path) -> None:
    path = tmp_path / "guards.json"
    path.write_text(json.dumps({"written_at": 1.0, "tools": {"crm": {"state": "open", "reason": "x"}}}))
    guards = Guards(path)
    guards.refresh()
    settings = CollectorSettings()
    access = AccessPolicy(allowed_hosts=settings.allowed_hosts, cors_origins=settings.cors_origins)
    app = HttpApp(None, FrontCounters(), access, {}, max_body_bytes=1, body_timeout_s=1, guards=guards)  # type: ignore[arg-type]

    async def call(method: str, where: str, accept: bytes = b"*/*", ends_after: int = 99) -> list[Any]:
        sent: list[Any] = []
        done = asyncio.Event()

        async def receive() -> dict[str, str]:
            await done.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if len(sent) == 2:
                path.write_text(json.dumps({"written_at": 2.0, "tools": {}}))
                guards.refresh()
            if len(sent) >= ends_after:
                done.set()

        scope = {"type": "http", "path": where, "raw_path": where.encode(), "method": method, "query_string": b"",
                 "headers": [(b"host", b"127.0.0.1:4318"), (b"accept", accept)]}  # fmt: skip
        await app(scope, receive, send)
        return sent

    start, body = asyncio.run(call("GET", "/guards/tools/crm"))
    assert start["status"] == 200
    assert json.loads(body["body"])["allow"] is False
    path.write_text(json.dumps({"written_at": 1.0, "tools": {"crm": {"state": "open", "reason": "x"}}}))
    guards.refresh()
    assert asyncio.run(call("POST", "/guards/tools/crm"))[0]["status"] == 405
    assert asyncio.run(call("GET", "/guards/nothing"))[0]["status"] == 404
    path.write_text(json.dumps({"written_at": 3.0, "tools": {"crm": {"state": "open", "reason": "y"}}}))
    guards.refresh()
    streamed = asyncio.run(call("GET", "/guards/tools/crm", b"text/event-stream", ends_after=3))
    events = [m["body"] for m in streamed[1:]]
    assert [b'"allow":false' in events[0], b'"allow":true' in events[1]] == [True, True]
