"""What is judged tool by tool and user by user: failures in a row, breakers, users who fail again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.guards import ToolRecord, judge_tool
from analytics.metrics import evaluate, series
from analytics.metrics.breakers import Breaker, use_breaker
from store import Store
from tests.analytics.building import NOON, a_run, a_tool_call

SECOND = timedelta(seconds=1)


@pytest.fixture
def tools(write: Callable[..., None]) -> Callable[..., None]:
    """Write calls of a tool, `.` for one that went well and `x` for a failure, a second apart, the last at a time."""

    def write_calls(tool: str, marks: str, last: datetime, **facts: Any) -> None:
        rows = [
            a_tool_call(
                f"{tool}{n}",
                tool=tool,
                started_at=last - (len(marks) - 1 - n) * SECOND,
                status="error" if mark == "x" else "ok",
                **facts,
            )
            for n, mark in enumerate(marks)
        ]
        write("tool_calls", *rows)

    return write_calls


def ask(store: Store, metric: str, end: datetime = NOON, **more: Any) -> list[float | None]:
    return evaluate(store, metric, end - timedelta(hours=1), end, **more)["value"].to_list()


def test_failures_since_the_last_success_of_each_tool(store: Store, tools: Any) -> None:
    tools("search", "xxxx.xx", NOON - 30 * SECOND)
    tools("refund", "..xxx", NOON - 90 * SECOND)
    tools("lookup", "xxxx.", NOON - 20 * SECOND)
    assert ask(store, "tool_failures_in_a_row") == [3.0]
    assert ask(store, "tool_failures_in_a_row", group_by=["tool"]) == [0.0, 3.0, 2.0]
    assert ask(store, "tool_failures_in_a_row", where={"tool": ["search", "lookup"]}) == [2.0]
    assert ask(store, "tool_failures_in_a_row", where={"tool": "none"}) == [None]


CASES = {
    "few failures": (".xxxx", 5, 0.0),
    "five in a row": (".xxxxx", 5, 2.0),
    "five in a row, a minute ago": ("xxxxx", 61, 1.0),
    "half of twenty": ("." * 8 + "x" * 3 + "." + "x" * 7 + ".x" * 2, 5, 2.0),
    "half of twenty, then well": ("xxxx." * 5, 5, 0.0),
    "long ago": ("xxxxx", 601, None),
}


@pytest.mark.parametrize("name", CASES)
def test_breaker_is_open_half_open_or_closed_as_guards_say(store: Store, tools: Any, name: str) -> None:
    marks, ago_s, expected = CASES[name]
    tools("search", marks, NOON - ago_s * SECOND)
    assert ask(store, "tool_breaker_state") == [expected]
    if expected is not None:
        last = NOON - ago_s * SECOND - marks[::-1].find("x") * SECOND
        record = ToolRecord("search", len(marks), marks.count("x"), len(marks) - len(marks.rstrip("x")), last)
        state = judge_tool(record, Breaker(), NOON)["state"]
        assert ["closed", "half_open", "open"].index(state) == expected


def test_breaker_goes_by_the_thresholds_of_the_installation(
    store: Store, tools: Any, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(lambda: use_breaker(Breaker()))
    tools("search", "xxx", NOON - 200 * SECOND)
    assert ask(store, "tool_breaker_state") == [0]
    strict = Breaker(failures_in_a_row=3, cool_down=timedelta(minutes=5))
    use_breaker(strict)
    assert ask(store, "tool_breaker_state") == [2]
    use_breaker(replace(strict, window=timedelta(minutes=1)))
    assert ask(store, "tool_breaker_state") == [None]


def test_breaker_over_time_and_worst_of_several_tools(store: Store, tools: Any) -> None:
    tools("search", "xxxxxx", NOON - timedelta(minutes=40) - 2 * SECOND)
    tools("refund", "......", NOON - 2 * SECOND)
    start = NOON - timedelta(hours=1)
    states = series(store, "tool_breaker_state", start, NOON, timedelta(minutes=20))["value"].to_list()
    assert states == [2.0, None, 0.0]
    late = evaluate(store, "tool_breaker_state", start, NOON - timedelta(minutes=39, seconds=30))
    assert late["value"].to_list() == [2.0]
    later = evaluate(store, "tool_breaker_state", start, NOON - timedelta(minutes=38))
    assert later["value"].to_list() == [1.0]


def test_users_who_fail_again(store: Store, write: Callable[..., None]) -> None:
    fates = {"ann": "ffs", "bob": "fs", "cyd": "sss", "dan": "sff", None: "ffff"}
    write(
        "runs",
        *(
            a_run(
                f"{user}{n}-1",
                user_id=user,
                outcome="failure" if fate == "f" else "success",
                started_at=NOON - timedelta(minutes=30 - n),
            )
            for user, told in fates.items()
            for n, fate in enumerate(told)
        ),
    )
    row = evaluate(store, "repeated_failure_share", NOON - timedelta(hours=1), NOON).row(0, named=True)
    assert (row["value"], row["n"], row["numerator"]) == (0.5, 4, 2.0)
    assert row["low"] < 0.5 < row["high"]
    assert ask(store, "user_failures_in_a_row") == [2.0]
    assert ask(store, "user_failures_in_a_row", group_by=["user_id"]) == [0.0, 0.0, 0.0, 2.0]


def test_runs_without_an_outcome_neither_fail_nor_go_well(store: Store, write: Callable[..., None]) -> None:
    outcomes = ["success", "failure", None, "failure", None]
    write(
        "runs",
        *(
            a_run(f"{n}-1", outcome=it, started_at=NOON - timedelta(minutes=9 - n))
            for n, it in enumerate(outcomes)
        ),
    )
    assert ask(store, "run_failures_in_a_row") == [2.0]
