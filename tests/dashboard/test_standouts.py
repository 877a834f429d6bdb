"""What stands out is found where it was put, and nothing is found in chance alone."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from dashboard.standouts import find_burst, find_dear_day

DAY = date(2026, 11, 2)
DAYS = [DAY + timedelta(days=n) for n in range(28)]


def test_a_tool_that_broke_is_found_with_the_bins_in_which_it_did() -> None:
    chance = np.random.default_rng(1)
    calls = np.full(30, 400)
    rates = np.full(30, 0.02)
    rates[20:22] = 0.28
    burst = find_burst(list(chance.binomial(calls, rates)), list(calls))
    assert burst is not None
    assert (burst.first, burst.last) == (20, 21)
    assert burst.rate == pytest.approx(0.28, abs=0.05)
    assert burst.rate_outside == pytest.approx(0.02, abs=0.01)


def test_a_tool_that_is_broken_since_some_time_is_found_to_the_end() -> None:
    burst = find_burst([0] * 18 + [5] * 6, [20] * 24)
    assert burst is not None
    assert (burst.first, burst.last) == (18, 23)


def test_chance_alone_stands_out_in_fewer_than_one_of_a_hundred_tools() -> None:
    chance = np.random.default_rng(2)
    calls = chance.poisson(40, (500, 30))
    failures = chance.binomial(calls, 0.09)
    assert sum(find_burst(list(f), list(c)) is not None for f, c in zip(failures, calls, strict=True)) < 5


@pytest.mark.parametrize(("failures", "calls"), [([], []), ([None] * 4, [None] * 4), ([20, 20], [20, 20])])
def test_nothing_and_everything_failing_do_not_stand_out(failures: list[int], calls: list[int]) -> None:
    assert find_burst(failures, calls) is None


def spent(dear: date | None = None, *, more: float = 40.0, factor: float = 1.0) -> pl.DataFrame:
    rows = [
        {"day": day, "model": model, "agent": agent, "calls": 100, "cost_usd": usd * (0.5 if day.weekday() > 4 else 1)}
        for day in DAYS
        for model, agent, usd in (("sonnet", "reviewer", 25.0), ("haiku", "support", 10.0 + day.day % 3))
    ]  # fmt: skip
    for row in rows:
        if row["day"] == dear:
            row["cost_usd"] *= factor
            row["calls"] *= factor
    if dear and more:
        rows.append({"day": dear, "model": "opus", "agent": "reviewer", "calls": 30, "cost_usd": more})
    return pl.DataFrame(rows, schema_overrides={"cost_usd": pl.Float64, "calls": pl.Float64})


def test_a_day_that_cost_double_is_found_with_the_model_and_agent_that_it_is_due_to() -> None:
    found = find_dear_day(spent(date(2026, 11, 24)), ["model", "agent"])
    assert found is not None
    assert (found.day, found.part) == (date(2026, 11, 24), {"model": "opus", "agent": "reviewer"})
    assert found.part_usd == pytest.approx(40.0)
    assert found.ratio == pytest.approx(2.1, abs=0.1)


def test_a_busy_day_is_found_by_its_calls() -> None:
    found = find_dear_day(spent(date(2026, 11, 24), more=0, factor=2.0), ["model", "agent"])
    assert found is not None
    assert found.calls_ratio == pytest.approx(2.0)


def test_weekends_are_compared_with_weekends() -> None:
    assert find_dear_day(spent(), ["model", "agent"]) is None
    found = find_dear_day(spent(date(2026, 11, 21), more=30.0), ["model", "agent"])
    assert found is not None
    assert found.day == date(2026, 11, 21)


def test_too_few_days_say_nothing() -> None:
    few = spent(date(2026, 11, 3)).filter(pl.col("day") <= date(2026, 11, 4))
    assert find_dear_day(few, ["model", "agent"]) is None
