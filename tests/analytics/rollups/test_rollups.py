"""Hourly rollups: equal to the facts, whatever the order and the batches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.jobs import NOTHING_TO_DO, JobContext
from analytics.metrics import evaluate
from analytics.metrics.percentiles import GAMMA, ZERO_BUCKET, percentile_by_group
from analytics.rollups import MAX_HOURS, MAX_SPANS, split_hours, update_rollups
from store import Replacement, Store
from tests.analytics.building import NOON, StillClock, a_call, a_run, a_tool_call, to_frame

HOUR = timedelta(hours=1)
HOUR_OF_NOON = NOON.replace(tzinfo=None)


@pytest.fixture
def roll_up(store: Store, clock: StillClock, write: Callable[..., None]) -> Callable[..., Any]:
    """Roll up hours of a subject: `roll_up("run", NOON, ...)`; without hours, what is waiting."""

    def run(subject: str = "", *hours: Any) -> Any:
        for hour in hours:
            write("touched_hours", {"load_seq": 1, "subject": subject, "hour_at": hour})
        return update_rollups(JobContext(store, clock))

    return run


def read(store: Store, table: str = "totals") -> list[dict[str, Any]]:
    return store.select(f"rollups/all_{table}").to_dicts()


def test_nothing_waiting_is_nothing_to_do(roll_up: Callable[..., Any]) -> None:
    assert roll_up() == NOTHING_TO_DO


def test_runs_of_an_hour_are_added_up(write: Any, roll_up: Any, store: Store) -> None:
    write(
        "runs",
        a_run("a-1", cost_usd="0.1", input_tokens=10, feedback=1.0),
        a_run("b-1", cost_usd="0.2", input_tokens=None, feedback=-1.0, unpriced_calls=2),
        a_run("c-1", outcome="failure", failure_class="timeout", duration_ms=None),
        a_run("d-1", started_at=NOON + HOUR),
    )
    roll_up("run", NOON)
    failed, fine = sorted(read(store), key=lambda row: row["outcome"])
    assert (fine["hour_at"], fine["subject"], fine["outcome"]) == (HOUR_OF_NOON, "run", "success")
    assert (fine["events"], fine["cost_usd"], fine["unpriced_calls"]) == (2, Decimal("0.3"), 2)
    assert (fine["input_tokens"], fine["output_tokens"]) == (10, None)
    assert (fine["timed_events"], fine["duration_ms"]) == (2, 4000.0)
    assert (fine["rated"], fine["liked"]) == (2, 1)
    assert (failed["events"], failed["failure_class"], failed["cost_usd"]) == (1, "timeout", None)
    assert (failed["timed_events"], failed["duration_ms"]) == (0, None)


def test_calls_are_counted_by_the_model_that_answered(write: Any, roll_up: Any, store: Store) -> None:
    write(
        "llm_calls",
        a_call("s1", response_model="gpt-4o-mini-2024-07-18", cost_status="priced", cost_usd=Decimal("0.5")),
        a_call("s2", cost_status="free", cost_usd=Decimal(0)),
        a_call("s3", status="error", failure_class="rate_limit", cost_status="no_usage"),
        a_call("s4", status="unset", cost_status="partial", cost_usd=Decimal("0.25")),
    )
    roll_up("llm_call", NOON)
    rows = {(row["model"], row["outcome"]): row for row in read(store)}
    assert rows["gpt-4o-mini-2024-07-18", "ok"]["cost_usd"] == Decimal("0.5")
    assert rows["gpt-4o-mini", "ok"]["events"] == 2
    assert rows["gpt-4o-mini", "ok"]["unpriced_calls"] == 1
    assert rows["gpt-4o-mini", "error"]["failure_class"] == "rate_limit"


def test_absurd_token_counts_do_not_stop_the_rollup(write: Any, roll_up: Any, store: Store) -> None:
    write("llm_calls", *(a_call(f"s{n}", input_tokens=2**62) for n in range(3)), a_call("s9", input_tokens=7))
    write("runs", *(a_run(f"r{n}-1", output_tokens=2**62, duration_ms=1e300) for n in range(3)))
    roll_up("llm_call", NOON)
    roll_up("run", NOON)
    assert [row["input_tokens"] for row in read(store) if row["subject"] == "llm_call"] == [7]


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_what_is_no_number_is_unknown_and_spoils_nothing_beside_it(
    odd: float, write: Any, roll_up: Any, store: Store
) -> None:
    times = ("duration_ms", "model_ms", "tool_ms", "waiting_ms", "feedback", "confidence")
    write("runs", a_run("a-1", **dict.fromkeys(times, odd)), a_run("b-1", **dict.fromkeys(times, 0.5)))
    write(
        "llm_calls",
        *(a_call(f"s{n}", duration_ms=x, ttft_ms=x, output_tokens=9) for n, x in enumerate([odd, 0.5])),
    )
    write("tool_calls", a_tool_call("s8", duration_ms=odd), a_tool_call("s9", duration_ms=0.5))
    for subject in ("run", "llm_call", "tool_call"):
        roll_up(subject, NOON)
    for row in read(store):
        told = ["duration_ms", *(["generating_ms"] if row["subject"] == "llm_call" else [])]
        told += ["rating", *times[1:4], "confidence"] if row["subject"] == "run" else []
        assert [row[name] for name in told] == [0.5] * len(told), row["subject"]
        assert (row["events"], row["timed_events"]) == (2, 1)
    rows = read(store, "buckets")
    assert {(row["bucket"], row["events"]) for row in rows if row["measure"] != "cost_usd"} == {(-35, 1)}
    for window in (HOUR, 9 * HOUR):
        values = evaluate(store, ["run_p95_ms", "run_mean_ms", "mean_rating"], NOON, NOON + window)
        assert values["value"].to_list() == pytest.approx([0.5] * 3, rel=0.01)


def test_tools_and_cases_have_their_hours(write: Any, roll_up: Any, store: Store) -> None:
    write("tool_calls", a_tool_call("s1"), a_tool_call("s2", status="error"))
    case = {"case_id": "c1", "purpose": "production", "sessions": 1, "runs": 1, "unpriced_calls": 0}
    write("cases", {**case, "opened_at": NOON - 90 * HOUR, "closed_at": NOON, "outcome": "failed"})
    roll_up("tool_call", NOON)
    roll_up("case", NOON)
    assert [(row["subject"], row["outcome"], row["events"]) for row in read(store)] == [
        ("case", "failed", 1),
        ("tool_call", "error", 1),
        ("tool_call", "ok", 1),
    ]


def test_hour_is_replaced_not_added_to(write: Any, roll_up: Any, store: Store) -> None:
    write("runs", a_run("a-1"))
    roll_up("run", NOON)
    write("runs", a_run("b-1"))
    roll_up("run", NOON)
    assert [row["events"] for row in read(store)] == [2]
    assert [row["events"] for row in read(store, "buckets")] == [2]


def test_hour_that_lost_its_runs_disappears(write: Any, roll_up: Any, store: Store) -> None:
    write("runs", a_run("a-1"))
    roll_up("run", NOON)
    empty = to_frame("runs", [a_run("a-1")]).clear()
    store.replace(Replacement("runs", keys=pl.DataFrame({"run_id": ["a-1"]}), rows=empty))
    assert roll_up("run", NOON).changed
    assert read(store) == read(store, "buckets") == []


def test_only_touched_hours_and_subjects_change(write: Any, roll_up: Any, store: Store) -> None:
    write("runs", a_run("a-1"), a_run("b-1", started_at=NOON + HOUR))
    write("llm_calls", a_call("s1"))
    roll_up("run", NOON)
    assert [(row["subject"], row["hour_at"]) for row in read(store)] == [("run", HOUR_OF_NOON)]


def test_year_of_hours_is_rolled_up_in_bounded_steps(write: Any, roll_up: Any, store: Store) -> None:
    hours = [NOON - n * HOUR for n in range(MAX_HOURS + 50)]
    write("runs", *(a_run(f"t{n}-1", started_at=hour) for n, hour in enumerate(hours)))
    assert roll_up("run", *hours).has_more
    assert len(read(store)) == MAX_HOURS
    first = min(row["hour_at"] for row in read(store))
    assert first == HOUR_OF_NOON - (MAX_HOURS - 1) * HOUR, "what is live does not wait behind the rest"
    assert not roll_up().has_more
    assert sum(row["events"] for row in read(store)) == len(hours)


def test_scattered_hours_are_read_in_stretches() -> None:
    hours = pl.Series([HOUR_OF_NOON + n * HOUR for n in (0, 1, 5, 40, 41, 400)])
    assert [stretch.len() for stretch in split_hours(hours, 6 * HOUR)] == [3, 2, 1]
    assert [stretch.len() for stretch in split_hours(hours, 40 * HOUR)] == [5, 1]


def test_what_lies_between_scattered_hours_is_read_where_it_is_little(
    write: Any, roll_up: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = [NOON - n * 50 * HOUR for n in range(MAX_SPANS + 20)]
    write("runs", *(a_run(f"t{n}-1", started_at=hour) for n, hour in enumerate(hours)))
    assert not roll_up("run", *hours).has_more
    assert sorted(row["hour_at"] for row in read(store)) == sorted(
        hour.replace(tzinfo=None) for hour in hours
    )
    monkeypatch.setattr("analytics.rollups.READ_THROUGH", 1)
    assert roll_up("run", *hours).has_more, (
        "where they are many, a bounded number of stretches is read in one run"
    )


@given(st.lists(st.integers(0, 500), unique=True, min_size=1))
def test_stretches_hold_every_hour_once(numbers: list[int]) -> None:
    hours = pl.Series([HOUR_OF_NOON + n * HOUR for n in sorted(numbers)])
    assert pl.concat(split_hours(hours, 6 * HOUR)).equals(hours)


DURATIONS = st.floats(0, 1e9, allow_nan=False)


def test_buckets_of_the_engine_hold_their_values(write: Any, roll_up: Any, store: Store) -> None:
    durations = [0.0, 1e-9, 0.5, 1.0, 1.02, 1.0200001, 2000.0, 86_400_000.0]
    write("runs", *(a_run(f"t{n}-1", duration_ms=value) for n, value in enumerate(durations)))
    roll_up("run", NOON)
    rows = [row for row in read(store, "buckets") if row["measure"] == "duration_ms"]
    assert sum(row["events"] for row in rows) == len(durations)
    for row in rows:
        if row["bucket"] != ZERO_BUCKET:
            low, high = GAMMA ** (row["bucket"] - 1), GAMMA ** row["bucket"]
            assert any(low * 0.999999 < value <= high * 1.000001 for value in durations)


def bucketed(values: list[float]) -> pl.DataFrame:
    numbers = [int(np.ceil(np.log(value) / np.log(GAMMA))) if value > 0 else ZERO_BUCKET for value in values]
    return pl.DataFrame({"bucket": numbers, "events": 1}, schema={"bucket": pl.Int64, "events": pl.Int64})


@given(st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=300), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_percentile_is_within_one_percent_of_the_exact_one(values: list[float], quantile: float) -> None:
    rank = max(1, int(np.ceil(quantile * len(values))))
    exact = sorted(values)[rank - 1]
    (found,) = percentile_by_group(bucketed(values), [], quantile)["value"]
    assert found == pytest.approx(exact, rel=0.0100001)


@given(st.lists(DURATIONS, min_size=1, max_size=100), st.integers(1, 5), st.randoms())
def test_percentile_does_not_depend_on_the_order_of_merging(
    values: list[float], parts: int, chance: Any
) -> None:
    whole = bucketed(values)
    shuffled = values.copy()
    chance.shuffle(shuffled)
    merged = pl.concat([bucketed(shuffled[part::parts]) for part in range(parts)])
    counted = merged.group_by("bucket").agg(pl.col("events").sum())
    for frame in (merged, counted):
        assert percentile_by_group(frame, [], 0.95).equals(percentile_by_group(whole, [], 0.95))
    assert counted["events"].sum() == len(values)
