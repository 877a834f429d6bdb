"""Budgets and rate limits: what they count, since when, and how they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from analytics.budgets import BudgetBoard, measure_budgets, parse_budgets, update_board
from analytics.jobs import JobContext
from store import Control, Store, open_control
from store.errors import ConfigError, NotFound
from tests.analytics.building import NOON, StillClock, a_call, a_run, a_tool_call

Write = Callable[..., None]


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    opened = open_control(tmp_path / "control")
    yield opened
    opened.close()


def stand(store: Store, now: datetime = NOON, **budget: Any) -> list[tuple[dict[str, str], Decimal, str]]:
    found = measure_budgets(store, parse_budgets([{"name": "b", **budget}]), now)
    return [(dict(state.labels), state.used, state.state) for state in found]


def priced(span_id: str, cost: str, **facts: Any) -> dict[str, Any]:
    return a_call(span_id, cost_usd=Decimal(cost), cost_status="priced", **facts)


def test_budget_of_all_adds_model_and_tool_calls_of_the_period(store: Store, write: Write) -> None:
    write("llm_calls", priced("s1", "0.5"), priced("s2", "7", started_at=NOON - timedelta(days=40)))
    write("tool_calls", a_tool_call("s3", cost_usd=Decimal("0.25"), cost_status="priced"))
    assert stand(store, limit=1) == [({}, Decimal("0.75"), "ok")]
    assert stand(store, limit=0.9) == [({}, Decimal("0.75"), "warning")]
    assert stand(store, limit=0.75) == [({}, Decimal("0.75"), "exceeded")]


def test_each_user_has_a_limit_of_its_own(store: Store, write: Write) -> None:
    write("llm_calls", priced("s1", "2", user_id="ann"), priced("s2", "1", user_id="bob"), priced("s3", "3"))
    assert stand(store, limit=2, group_by=["user_id"]) == [
        ({"user_id": ""}, Decimal(3), "exceeded"),
        ({"user_id": "ann"}, Decimal(2), "exceeded"),
        ({"user_id": "bob"}, Decimal(1), "ok"),
    ]


def test_rolling_window_moves_with_the_clock(store: Store, write: Write) -> None:
    write("llm_calls", priced("s1", "1", started_at=NOON - timedelta(hours=23, minutes=59)))
    assert stand(store, limit=1, period="24h") == [({}, Decimal(1), "exceeded")]
    assert stand(store, NOON + timedelta(minutes=2), limit=1, period="24h") == [({}, Decimal(0), "ok")]


@pytest.mark.parametrize(
    ("period", "first"),
    [("hour", "2026-11-02T12"), ("day", "2026-11-02"), ("week", "2026-11-02"), ("month", "2026-11-01")],
)
def test_calendar_periods_begin_in_utc(period: str, first: str) -> None:
    (budget,) = parse_budgets([{"name": "b", "limit": 1, "period": period}])
    assert budget.stretch(NOON + timedelta(minutes=5))[0].isoformat().startswith(first)


def test_sessions_and_tokens_are_limited_like_money(store: Store, write: Write) -> None:
    write(
        "runs", a_run("t1-s1", session_id="c1", user_id="ann"), a_run("t2-s2", session_id="c1", user_id="ann")
    )
    write("runs", a_run("t3-s3", user_id="ann"))
    write("llm_calls", a_call(input_tokens=90, output_tokens=10, user_id="ann"))
    of_user: dict[str, Any] = {"group_by": ["user_id"], "limit": 2, "period": "hour"}
    now = NOON + timedelta(minutes=1)
    assert stand(store, now, unit="sessions", **of_user) == [({"user_id": "ann"}, Decimal(2), "exceeded")]
    assert stand(store, now, unit="tokens", **of_user) == [({"user_id": "ann"}, Decimal(100), "exceeded")]
    assert stand(store, now, unit="runs", **of_user) == [({"user_id": "ann"}, Decimal(3), "exceeded")]


def test_filter_keeps_others_out(store: Store, write: Write) -> None:
    write("llm_calls", priced("s1", "1", tenant="acme"), priced("s2", "5", tenant="other"))
    assert stand(store, limit=9, where={"tenant": "acme"}) == [({}, Decimal(1), "ok")]
    assert stand(store, limit=9, where={"model": "gpt-4o-mini"}) == [({}, Decimal(6), "ok")]


def test_forecast_is_given_once_a_tenth_of_the_period_has_passed(store: Store, write: Write) -> None:
    (budget,) = parse_budgets([{"name": "b", "limit": 10, "period": "day"}])
    write("llm_calls", priced("s1", "6", started_at=datetime(2026, 11, 2, 1, tzinfo=UTC)))
    (early,) = measure_budgets(store, [budget], datetime(2026, 11, 2, 2, tzinfo=UTC))
    (noon,) = measure_budgets(store, [budget], NOON)
    assert early.forecast is None
    assert (noon.forecast, noon.exceeds_at) == (Decimal(12), datetime(2026, 11, 2, 20, tzinfo=UTC))


def test_board_answers_from_memory_and_the_control_state_keeps_it(
    store: Store, write: Write, control: Control
) -> None:
    write("llm_calls", priced("s1", "1", user_id="ann"))
    board = BudgetBoard(
        parse_budgets([{"name": "per user", "limit": 1, "group_by": ["user_id"]}]), clock=StillClock()
    )
    assert update_board(board, control, JobContext(store, StillClock())).changed == 1
    assert update_board(board, control, JobContext(store, StillClock())).changed == 0
    assert board.answer("per user", {"user_id": "ann"}).to_dict()["allowed"] is False
    assert board.answer("per user", {"user_id": "new"}).used == 0
    with pytest.raises(NotFound, match="add user_id=…"):
        board.answer("per user", {})
    with pytest.raises(NotFound, match="there are: per user"):
        board.answer("nobody", {})


def test_board_knows_what_was_used_before_its_job_has_run(store: Store, write: Write) -> None:
    write("llm_calls", priced("s1", "1", user_id="ann"))
    per_user = parse_budgets([{"name": "per user", "limit": 1, "group_by": ["user_id"]}])
    board = BudgetBoard(per_user, StillClock(), partial(measure_budgets, store))
    assert board.answer("per user", {"user_id": "ann"}).state == "exceeded"
    board.adopt(parse_budgets([{"name": "all", "limit": 1}]))
    assert board.answer("all", {}).state == "exceeded"


def test_states_of_budgets_that_were_given_up_meanwhile_are_not_kept(
    store: Store, write: Write, control: Control
) -> None:
    write("llm_calls", priced("s1", "1"))
    board = BudgetBoard(
        parse_budgets([{"name": "old", "limit": 1}]), StillClock(), partial(measure_budgets, store)
    )
    old, states = board.budgets, board.states
    board.adopt(parse_budgets([{"name": "new", "limit": 5}]))
    board.keep(old, states)
    assert [state.budget for state in board.states] == ["new"]


def test_a_period_that_is_over_blocks_nobody(store: Store, write: Write) -> None:
    write("llm_calls", priced("s1", "9"))
    clock = StillClock()
    daily = parse_budgets([{"name": "b", "limit": 1, "period": "day"}])
    board = BudgetBoard(daily, clock, partial(measure_budgets, store))
    assert board.answer("b", {}).state == "exceeded"
    clock.forward(hours=12)
    assert (board.answer("b", {}).state, board.answer("b", {}).used) == ("ok", Decimal(0))


def test_a_budget_that_is_used_up_is_not_said_to_be_used_up_later(store: Store, write: Write) -> None:
    write("llm_calls", priced("s1", "9", started_at=NOON - timedelta(minutes=1)))
    (state,) = measure_budgets(store, parse_budgets([{"name": "b", "limit": 5, "period": "day"}]), NOON)
    assert (state.state, state.exceeds_at) == ("exceeded", None)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"limit": "5"}, "limit"),
        ({"limit": -1}, "negative"),
        ({"limit": 1, "unit": "euros"}, "not one of usd"),
        ({"limit": 1, "period": "fortnight"}, "no period"),
        ({"limit": 1, "group_by": ["planet"]}, "no dimension"),
        ({"limit": 1, "warn_at": 80}, "not a share"),
        ({"limit": 1, "unit": "runs", "group_by": ["model"]}, "have no model"),
        ({"limit": 1, "limt": 1}, "did you mean limit"),
    ],
)
def test_wrong_budgets_say_what_to_change(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_budgets([{"name": "b", **values}])
