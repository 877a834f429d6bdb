"""Metrics against an independent computation, from rollups and facts alike."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics.jobs import JobContext
from analytics.metrics import METRICS, distribution, evaluate, evaluate_twice, part, series, totals
from analytics.metrics.documentation import render_metrics
from analytics.rollups import update_rollups
from store import Store, open_store
from store.errors import ConfigError, NotFound
from tests.analytics.building import NOON, StillClock, a_call, a_run, a_tool_call, to_frame, touched_hours

HOUR = timedelta(hours=1)
START = NOON - 48 * HOUR
Rows = list[dict[str, Any]]


def some_facts(chance: random.Random) -> dict[str, Rows]:
    def at() -> datetime:
        return START + timedelta(seconds=chance.randrange(48 * 3600))

    def shared() -> dict[str, Any]:
        return {
            "agent": chance.choice(["support", "sales", None]),
            "tenant": chance.choice(["acme", "umbrella"]),
            "purpose": chance.choice(["production", "production", "test"]),
        }

    def cents() -> Decimal | None:
        return chance.choice([None, Decimal(chance.randrange(1000)) / 1000])

    runs = [
        a_run(
            f"r{n}-1",
            **shared(),
            started_at=at(),
            outcome=chance.choice(["success", "success", "failure", "escalated", None]),
            feedback=chance.choice([None, 1.0, -1.0]),
            duration_ms=chance.choice([None, chance.lognormvariate(7, 1.5)]),
            cost_usd=cents(),
            unpriced_calls=chance.randrange(2),
        )
        for n in range(300)
    ]
    calls = [
        a_call(
            f"c{n}",
            **shared(),
            started_at=at(),
            status=chance.choice(["ok", "ok", "error"]),
            request_model=chance.choice(["gpt-4o", "gpt-4o-mini"]),
            cost_usd=cents(),
            cost_status=chance.choice(["priced", "unpriced_model"]),
            input_tokens=chance.choice([None, chance.randrange(9000)]),
            output_tokens=chance.randrange(900),
        )
        for n in range(300)
    ]
    tools = [
        a_tool_call(
            f"t{n}", **shared(), started_at=at(), status=chance.choice(["ok", "error"]), cost_usd=cents()
        )
        for n in range(200)
    ]
    cases = [
        {
            "case_id": f"k{n}",
            **shared(),
            "opened_at": START,
            "closed_at": at(),
            "outcome": chance.choice(["resolved_confirmed", "resolved_assumed", "failed", "abandoned"]),
            "sessions": 1,
            "runs": 1,
            "cost_usd": cents(),
            "unpriced_calls": chance.randrange(2),
        }
        for n in range(100)
    ]
    return {"runs": runs, "llm_calls": calls, "tool_calls": tools, "cases": cases}


FACTS = some_facts(random.Random(7))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Two days of facts, rolled up."""
    clock = StillClock()
    store = open_store(tmp_path_factory.mktemp("store"), clock=clock)
    store.replace(appends={table: to_frame(table, rows) for table, rows in FACTS.items()})
    touched = [
        {"load_seq": 1, "subject": subject, "hour_at": START + n * HOUR}
        for subject in ("run", "llm_call", "tool_call", "case")
        for n in range(48)
    ]
    store.replace(appends={"touched_hours": to_frame("touched_hours", touched)})
    update_rollups(JobContext(store, clock))
    yield store
    store.close()


def within(table: str, start: datetime, end: datetime, **where: Any) -> Rows:
    at = "closed_at" if table == "cases" else "started_at"
    wanted = {"purpose": "production"} | where
    return [
        row
        for row in FACTS[table]
        if start <= row[at] < end and all(row.get(name) == value for name, value in wanted.items())
    ]


def share(rows: Rows, chosen: Callable[[dict[str, Any]], bool]) -> float | None:
    return sum(map(chosen, rows)) / len(rows) if rows else None


def money(rows: Rows) -> float | None:
    known = [row["cost_usd"] for row in rows if row.get("cost_usd") is not None]
    return float(sum(known)) if known else None


def quotient(above: float | None, below: int) -> float | None:
    return above / below if above is not None and below else None


def independent(start: datetime, end: datetime, **where: Any) -> dict[str, float | None]:
    runs, calls = within("runs", start, end, **where), within("llm_calls", start, end, **where)
    tools, cases = within("tool_calls", start, end, **where), within("cases", start, end, **where)
    ended = [run for run in runs if run["outcome"]]
    resolved = [case for case in cases if case["outcome"].startswith("resolved")]
    confirmed = [case for case in cases if case["outcome"] == "resolved_confirmed"]
    return {
        "run_count": len(runs),
        "success_rate": share(ended, lambda run: run["outcome"] == "success"),
        "failure_rate": share(ended, lambda run: run["outcome"] == "failure"),
        "escalation_rate": share(ended, lambda run: run["outcome"] == "escalated"),
        "satisfaction": share([run for run in runs if run["feedback"]], lambda run: run["feedback"] > 0),
        "cost_usd": money([*calls, *tools]) if calls or tools else 0.0,
        "cost_per_tool_call_usd": quotient(money(tools), len(tools)),
        "cost_per_run_usd": quotient(money(runs), len(runs)),
        "cost_per_resolution_usd": quotient(money(cases), len(resolved)),
        "cost_per_confirmed_resolution_usd": quotient(money(cases), len(confirmed)),
        "direct_cost_per_resolution_usd": quotient(money(resolved), len(resolved)),
        "resolution_rate": share(cases, lambda case: case in resolved),
        "confirmed_resolution_rate": share(cases, lambda case: case in confirmed),
        "abandonment_rate": share(cases, lambda case: case["outcome"] == "abandoned"),
        "case_count": len(cases),
        "tool_call_count": len(tools),
        "tool_failure_rate": share(tools, lambda tool: tool["status"] == "error"),
        "llm_call_count": len(calls),
        "llm_error_rate": share(calls, lambda call: call["status"] == "error"),
        "tokens": sum((call["input_tokens"] or 0) + call["output_tokens"] for call in calls),
        "input_tokens": sum(call["input_tokens"] or 0 for call in calls),
        "output_tokens": sum(call["output_tokens"] for call in calls),
        "unpriced_calls": sum(call["cost_status"] != "priced" for call in calls),
    }


WINDOWS = {
    "both days, whole hours": (START, NOON),
    "odd ends": (START + timedelta(minutes=7, seconds=3), NOON - timedelta(minutes=11)),
    "one hour at minute precision": (START + timedelta(minutes=30), START + timedelta(minutes=90)),
    "all before": (START - 9 * HOUR, START + 5 * HOUR),
}


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("where", [{}, {"agent": "sales"}, {"tenant": "acme"}, {"purpose": "test"}])
def test_metrics_equal_an_independent_computation(filled: Store, window: str, where: dict[str, str]) -> None:
    start, end = WINDOWS[window]
    expected = independent(start, end, **where)
    values = evaluate(filled, list(expected), start, end, where=where)
    found = dict(values.select("metric", "value").iter_rows())
    assert found == {
        name: pytest.approx(value) if value is not None else None for name, value in expected.items()
    }


@pytest.mark.parametrize("quantile", [50, 95, 99])
@pytest.mark.parametrize("window", WINDOWS)
def test_percentiles_are_within_one_percent(filled: Store, window: str, quantile: int) -> None:
    start, end = WINDOWS[window]
    values = sorted(run["duration_ms"] for run in within("runs", start, end) if run["duration_ms"])
    exact = values[max(1, -(-quantile * len(values) // 100)) - 1] if values else None
    row = evaluate(filled, f"run_p{quantile}_ms", start, end).row(0, named=True)
    assert row["value"] == (pytest.approx(exact, rel=0.0101) if exact else None)
    assert row["n"] == len(values)


@pytest.mark.parametrize("group_by", [["agent"], ["agent", "tenant"], ["purpose"]])
def test_groups_add_up_to_the_whole(filled: Store, group_by: list[str]) -> None:
    where = {} if "purpose" in group_by else {"purpose": "*"}
    whole = evaluate(filled, "run_count", START, NOON, where={"purpose": "*"})["value"][0]
    groups = evaluate(filled, "run_count", START, NOON, where=where, group_by=group_by)
    assert groups["value"].sum() == whole == 300
    assert groups.select(group_by).is_duplicated().sum() == 0


def test_unknown_dimension_value_is_a_group_and_can_be_asked_for(filled: Store) -> None:
    groups = evaluate(filled, "run_count", START, NOON, group_by=["agent"])
    asked = evaluate(filled, "run_count", START, NOON, where={"agent": None})["value"][0]
    assert dict(groups.select("agent", "value").iter_rows())[None] == asked > 0


def test_one_of_several_values(filled: Store) -> None:
    both = evaluate(filled, "run_count", START, NOON, where={"agent": ["sales", "support"]})["value"][0]
    each = [
        evaluate(filled, "run_count", START, NOON, where={"agent": name})["value"][0]
        for name in ("sales", "support")
    ]
    assert both == sum(each)


def test_model_splits_calls_and_leaves_tools_unnamed(filled: Store) -> None:
    groups = evaluate(filled, "cost_usd", START, NOON, group_by=["model"])
    assert groups["model"].to_list() == ["gpt-4o", "gpt-4o-mini", None]


@pytest.mark.parametrize("step", [timedelta(hours=6), timedelta(hours=5), timedelta(minutes=45)])
def test_series_adds_up_to_the_window(filled: Store, step: timedelta) -> None:
    points = series(filled, "run_count", START, NOON, step)
    assert points.height == -(-(NOON - START) // step)
    assert points["value"].sum() == evaluate(filled, "run_count", START, NOON)["value"][0]
    assert points["at"][1] == START.replace(tzinfo=None) + step


def test_series_has_every_step_of_every_group(filled: Store) -> None:
    points = series(filled, "success_rate", START - 10 * HOUR, NOON, 10 * HOUR, group_by=["agent"])
    assert points.group_by("agent").len()["len"].to_list() == [6, 6, 6]
    assert points.filter(points["n"] == 0)["value"].null_count() == 3


EACH = [name for name, metric in METRICS.items() if metric.key is None]
BESIDE = {
    "the hours before": (START + 30 * HOUR, NOON - HOUR, 17 * HOUR),
    "cut in hours, a gap between": (START + 24 * HOUR, NOON - timedelta(hours=9, minutes=20), 24 * HOUR),
    "at minute precision": (START + timedelta(hours=20, minutes=7), NOON, timedelta(hours=28, minutes=3)),
    "nothing before": (START, NOON, 72 * HOUR),
}


@pytest.mark.parametrize("window", BESIDE)
@pytest.mark.parametrize("where", [{}, {"agent": "sales"}, {"tenant": "acme"}])
def test_two_windows_read_together_are_what_each_is_by_itself(
    filled: Store, window: str, where: dict[str, str]
) -> None:
    start, end, before = BESIDE[window]
    asked = [name for name in EACH if METRICS[name].has_dimension("agent")]
    by_agent, whole = evaluate_twice(
        filled, asked, start, end, before, where=where, groupings=[["agent"], []]
    )
    for found, group_by in ((by_agent, ["agent"]), (whole, [])):
        for number, shift in ((0, timedelta(0)), (-1, before)):
            alone = evaluate(filled, asked, start - shift, end - shift, where=where, group_by=group_by)
            assert_frame_equal(
                found.filter(bin=number).drop("bin"), alone, rel_tol=1e-9, check_row_order=False,
                check_column_order=False,
            )  # fmt: skip


def test_metrics_that_judge_key_by_key_are_not_read_for_two_windows(filled: Store) -> None:
    with pytest.raises(ConfigError, match="evaluate each window by itself"):
        evaluate_twice(filled, list(METRICS), START, NOON, 48 * HOUR)


@pytest.mark.parametrize("step", [HOUR, timedelta(minutes=45)])
def test_sums_and_distributions_of_two_windows_are_those_of_each(filled: Store, step: timedelta) -> None:
    start, end, before = START + 24 * HOUR, NOON - 2 * HOUR, 32 * step
    sums = {"runs": part("run"), "cost": part("run", "cost_usd")}

    def ask(start: datetime, end: datetime, before: timedelta | None = None) -> list[pl.DataFrame]:
        summed = totals(filled, sums, start, end, step, group_by=["agent"], before=before)
        measured = distribution(filled, part("run"), "duration_ms", start, end, step, before=before)
        return [summed.rows, measured.rows]

    for both, now, then in zip(
        ask(start, end, before), ask(start, end), ask(start - before, end - before), strict=True
    ):
        assert_frame_equal(both.filter(pl.col("bin") >= 0), now)
        earlier = both.filter(pl.col("bin") < 0).with_columns(pl.col("bin") + before // step)
        assert_frame_equal(earlier, then)
        assert now.height
        assert then.height


def test_nothing_in_the_window(store: Store) -> None:
    expected = {name: 0.0 if metric.is_additive else None for name, metric in METRICS.items()}
    assert {name: evaluate(store, name, START, NOON)["value"][0] for name in METRICS} == expected
    assert evaluate(store, "run_count", START, NOON, group_by=["agent"]).is_empty()


def test_cost_of_calls_without_any_price_is_unknown(store: Store, write: Callable[..., None]) -> None:
    call = a_call(started_at=NOON - HOUR)
    write("llm_calls", call)
    write("touched_hours", *touched_hours("llm_call", call))
    (row,) = evaluate(store, "cost_usd", START, NOON).to_dicts()
    assert (row["value"], row["n"], row["unpriced_calls"]) == (None, 1, 1)


def test_judgement_of_a_session_has_its_dimensions(store: Store, write: Callable[..., None]) -> None:
    for name, agent, purpose in (("c1", "support", "production"), ("c2", "sales", "evaluation")):
        about = {"session_id": name, "agent": agent, "purpose": purpose, "started_at": START, "runs": 1}
        times = dict.fromkeys(("case_opened_at", "last_at", "closes_at"), START)
        flags = {"conversation_id": name, "case_id": name, "is_conversation": True, "reopened": False}
        write("sessions", {**about, **times, **flags, "unpriced_calls": 0})
        said = {"target": "session", "target_id": name, "name": "feedback", "value": 1.0, "source": "user"}
        write("scores", {**said, "load_seq": 0, "score_id": name, "scored_at": START + HOUR})
    groups = evaluate(store, "score_count", START, NOON, group_by=["agent", "purpose"])
    assert groups.select("agent", "purpose").rows() == [("sales", "evaluation"), ("support", "production")]
    assert evaluate(store, "score_count", START, NOON)["value"].to_list() == [1.0]


def test_last_minutes_do_not_wait_for_the_rollup(store: Store, write: Callable[..., None]) -> None:
    run = a_run("a-1", started_at=NOON - timedelta(minutes=1))
    write("runs", run)
    write("touched_hours", *touched_hours("run", run))
    assert evaluate(store, "run_count", START, NOON)["value"].to_list() == [1.0]


def test_unknown_names_are_refused_with_what_there_is(store: Store) -> None:
    with pytest.raises(NotFound, match=r"no metric is called 'happiness'.*run_count"):
        evaluate(store, "happiness", START, NOON)
    with pytest.raises(ConfigError, match="run_count has no dimension 'model'"):
        evaluate(store, "run_count", START, NOON, group_by=["model"])
    with pytest.raises(ConfigError, match="is empty"):
        evaluate(store, "run_count", NOON, NOON)
    with pytest.raises(ConfigError, match="too many points"):
        series(store, "run_count", START, NOON, timedelta(seconds=1))


def test_page_of_metrics_is_current() -> None:
    page = Path(__file__).parents[3] / "docs" / "metrics.md"
    assert page.read_text("utf-8").endswith(render_metrics()), "run `make docs`"


def test_every_metric_says_all_about_itself() -> None:
    for metric in METRICS.values():
        assert all((metric.title, metric.unit, metric.help, metric.population, metric.null_means))
        assert f"### {metric.name}\n" in render_metrics()
