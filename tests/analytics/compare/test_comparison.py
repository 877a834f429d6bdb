"""Versions and periods out of a store, side by side; shadow runs beside the runs they repeat."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.compare import (
    DEFAULT_METRICS,
    Comparison,
    compare,
    compare_shadows,
    find_imbalances,
    read_side,
    say_imbalance,
)
from analytics.compare.comparison import is_comparable
from analytics.metrics import METRICS, evaluate
from store import Store
from store.errors import ConfigError
from tests.analytics.building import NOON, a_run, a_tool_call

DAY = timedelta(days=1)
WINDOW = (NOON - 14 * DAY, NOON)


def fill(write: Callable[..., None], chance: random.Random) -> None:
    """Version 2 fails oftener and is slower; the first and the second week are alike."""
    runs = []
    for n in range(900):
        version = chance.choice(["1", "2"])
        failed = chance.random() < (0.1 if version == "1" else 0.25)
        runs.append(
            a_run(
                f"t{n}-s{n}",
                session_id=f"c{n // 3}-{version}",
                prompt_version=version,
                started_at=NOON - DAY * 14 * chance.random(),
                outcome="failure" if failed else "success",
                duration_ms=chance.lognormvariate(7.0 if version == "1" else 7.5, 0.8),
                cost_usd=Decimal(str(round(chance.lognormvariate(-4, 1), 6))),
            )
        )
    write("runs", *runs)


def by_name(rows: list[Comparison]) -> dict[str, Comparison]:
    return {row.metric.name: row for row in rows}


def test_worse_version_is_found_and_alike_periods_are_not(store: Store, write: Any) -> None:
    fill(write, random.Random(6))
    a, b = (read_side(f"prompt_version={n}", *WINDOW, {}) for n in (1, 2))
    rows = by_name(compare(store, a, b))
    assert rows["success_rate"].verdict == rows["run_p95_ms"].verdict == "worse"
    assert rows["cost_per_run_usd"].verdict == "no difference seen"
    assert rows["satisfaction"].verdict == "too little data"
    assert set(rows) == set(DEFAULT_METRICS)
    weeks = [
        f"{NOON - 14 * DAY:%Y-%m-%d}/{NOON - 7 * DAY:%Y-%m-%d}",
        f"{NOON - 7 * DAY:%Y-%m-%d}/{NOON:%Y-%m-%d}",
    ]
    earlier, later = (read_side(week, *WINDOW, {"agent": "support"}) for week in weeks)
    periods = compare(store, earlier, later)
    assert all(row.verdict in ("no difference seen", "too little data") for row in periods)
    assert compare(store, a, b) == compare(store, a, b), "the same question has the same answer"


def test_both_sides_show_the_values_of_the_metric(store: Store, write: Any) -> None:
    fill(write, random.Random(5))
    a, b = (read_side(f"prompt_version={n}", *WINDOW, {}) for n in (1, 2))
    for row in compare(store, a, b, ["success_rate", "cost_per_run_usd", "run_p50_ms"]):
        for side, value, events in ((a, row.effect.a, row.events[0]), (b, row.effect.b, row.events[1])):
            where = {**side.where, "tenant": None}
            known = evaluate(store, row.metric.name, side.start, side.end, where=where).row(0, named=True)
            assert (value, events) == (pytest.approx(known["value"]), known["n"])


def test_users_are_compared_where_each_side_has_its_own(store: Store, write: Any) -> None:
    chance = random.Random(1)
    runs = []
    for n in range(600):
        user = n % 60
        runs.append(
            a_run(
                f"u{n}-1",
                session_id=f"c{n}",
                user_id=f"user-{user}",
                prompt_version="1" if user % 2 else "2",
                agent_version=chance.choice(["1", "2"]),
                outcome="failure" if random.Random(user).random() < 0.2 else "success",
                started_at=NOON - timedelta(hours=n % 100 + 1),
            )
        )
    write("runs", *runs)
    a, b = (read_side(f"prompt_version={n}", *WINDOW, {}) for n in (1, 2))
    (row,) = compare(store, a, b, ["success_rate"])
    assert (row.unit, row.units, row.events) == ("user", (30, 30), (300, 300)), "given out by user"
    (row,) = compare(store, a, b, ["run_p50_ms"])
    assert row.units == (30, 30)
    a, b = (read_side(f"agent_version={n}", *WINDOW, {}) for n in (1, 2))
    (row,) = compare(store, a, b, ["success_rate"])
    assert (row.unit, sum(row.units)) == ("session", 600), "every user saw both"


def test_what_else_differs_is_told(store: Store, write: Any) -> None:
    def runs(version: str, environment: str, days: int) -> list[dict[str, Any]]:
        return [
            a_run(
                f"{version}{environment}{n}-1",
                agent="support",
                prompt_version=version,
                environment=environment,
                started_at=NOON - DAY * (days + n % 4),
            )
            for n in range(100)
        ]

    rows = [*runs("1", "eu", 6), *runs("1", "us", 6), *runs("2", "eu", 1), *runs("3", "eu", 6)]
    write("runs", *rows)
    where = {"agent": "support", "tenant": None}
    side = {n: read_side(f"prompt_version={n}", *WINDOW, where) for n in (1, 2, 3)}
    said = [say_imbalance(it) for it in find_imbalances(store, side[1], side[2])]
    assert said == [
        "environment eu: 50 % of the first side, 100 % of the second",
        "days: 0 % of the first side ran on days of the second, 0 % of the second on days of the first",
    ]
    assert [it.dimension for it in find_imbalances(store, side[1], side[3])] == ["environment"]
    assert find_imbalances(store, side[1], side[1]) == []


def test_what_depends_on_the_window_is_refused(store: Store) -> None:
    side = read_side("agent=support", *WINDOW, {})
    with pytest.raises(ConfigError, match="run_count cannot be compared"):
        compare(store, side, side, ["run_count"])
    with pytest.raises(ConfigError, match="has no dimension"):
        compare(store, read_side("tool=x", *WINDOW, {}), side, ["resolution_rate"])
    for text in ("", "support", "2026-11-02/2026-11-01", "a/b"):
        with pytest.raises(ConfigError):
            read_side(text, *WINDOW, {})


def test_every_rate_can_be_asked_for_on_an_empty_store(store: Store) -> None:
    side = read_side("service=shop", *WINDOW, {})
    names = [name for name, metric in METRICS.items() if is_comparable(metric)]
    assert len(names) > 70
    assert {row.verdict for row in compare(store, side, side, names)} == {"too little data"}


def test_shadows_are_paired_by_id_or_input_and_compared_action_by_action(store: Store, write: Any) -> None:
    def tools(run: str, *names: str) -> list[dict[str, Any]]:
        return [
            a_tool_call(f"{run}{n}", run_id=run, tool=name, started_at=NOON + timedelta(seconds=n))
            for n, name in enumerate(names)
        ]

    write(
        "runs",
        a_run("p1-1", input="where is it?", cost_usd=Decimal(1), duration_ms=10.0),
        a_run("p2-1", input="refund me", cost_usd=Decimal(2), outcome="failure"),
        a_run("x1-1", input="where is it?", purpose="shadow", cost_usd=Decimal(3), duration_ms=30.0),
        a_run("x2-1", purpose="shadow", cost_usd=Decimal(1)),
        a_run("x3-1", input="something else", purpose="shadow"),
        *(a_run(f"x{n}-1", input="where is it?", purpose="shadow", cost_usd=Decimal(3)) for n in range(4, 9)),
    )
    span = {
        "load_seq": 1, "received_at": NOON, "trace_id": "x2", "span_id": "1", "name": "n", "kind": "agent",
        "otel_kind": "internal", "started_at": NOON, "status": "ok", "is_pending": False, "content_hash": 1,
        "attribute_count": 1, "resource_id": 1, "attributes": [{"key": "spanledger.shadow_of", "value": "p2"}],
    }  # fmt: skip
    write("spans", span)
    write("tool_calls", *tools("p1-1", "search"), *tools("x1-1", "search", "refund"), *tools("p2-1", "lookup"),
          *tools("x2-1", "lookup"))  # fmt: skip
    report = compare_shadows(store, NOON - DAY, NOON + DAY)
    rows = {row["shadow_run_id"]: row for row in report.pairs.iter_rows(named=True)}
    assert (rows["x1-1"]["run_id"], rows["x1-1"]["paired_by"], rows["x1-1"]["differs_at"]) == (
        "p1-1",
        "input",
        2,
    )
    assert (rows["x2-1"]["run_id"], rows["x2-1"]["paired_by"], rows["x2-1"]["same_tools"]) == (
        "p2-1",
        "id",
        True,
    )
    assert (rows["x2-1"]["outcome"], rows["x2-1"]["shadow_outcome"]) == ("failure", "success")
    assert report.unpaired == 1
    assert report.total_usd == (8.0, 19.0)
    assert report.cost_usd.difference == pytest.approx(0.5), "six shadows of one run are one pair"
    assert report.cost_usd.p is None
    assert report.outcome_p == 1.0
