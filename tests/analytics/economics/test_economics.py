"""Resolutions, waste, savings, forecasts and projections against figures worked out by hand."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.economics.forecast import forecast_costs
from analytics.economics.hosting import measure_hosted
from analytics.economics.projection import Population, fees_of_last_month, measure_population, project
from analytics.economics.repetition import find_repeats
from analytics.economics.resolutions import measure_resolutions
from analytics.economics.savings import Amount, compare_model, find_savings, find_waste
from analytics.pricing import OwnPrices, PriceBook, PriceSource, parse_pricing
from store import Store
from store.errors import ConfigError
from tests.analytics.building import NOON, a_call, a_run, a_tool_call

Write = Callable[..., None]
WINDOW = (NOON - timedelta(days=1), NOON + timedelta(days=1))


@pytest.fixture(scope="module")
def book() -> PriceBook:
    source = PriceSource()
    return PriceBook(source.compile(1), 1, source.names)


def a_case(number: int, outcome: str | None, cost: str | None, **facts: Any) -> dict[str, Any]:
    return {
        "case_id": f"c{number}",
        "agent": "support",
        "purpose": "production",
        "opened_at": NOON,
        "closed_at": None if outcome is None else NOON,
        "outcome": outcome,
        "sessions": 1,
        "runs": 1,
        "cost_usd": None if cost is None else Decimal(cost),
        "unpriced_calls": 0 if cost is not None else 1,
        **facts,
    }


def test_failures_make_resolutions_dearer(store: Store, write: Write) -> None:
    write(
        "cases",
        *(a_case(number, "resolved_assumed", "1") for number in range(6)),
        a_case(6, "resolved_confirmed", "2", sessions=2),
        a_case(7, "escalated", "5"),
        a_case(8, "failed", "3"),
        a_case(9, "abandoned", "4"),
        a_case(10, None, "100"),
        a_case(11, "failed", "50", purpose="test"),
    )
    (found,) = measure_resolutions(store, *WINDOW)
    assert (found.cases, found.resolved, found.reopened, found.cost_usd) == (10, 7, 1, Decimal(20))
    assert found.fully_loaded_usd == pytest.approx(20 / 7)
    assert (found.strict_usd, found.per_escalation_usd) == (20.0, 5.0)
    assert found.direct_usd == pytest.approx(8 / 7)
    assert found.overhead_usd == pytest.approx(12 / 7)
    assert found.resolution_rate == 0.7
    low, high = found.fully_loaded_low, found.fully_loaded_high
    assert low is not None and high is not None and low < 20 / 7 < high


def test_no_resolution_is_no_cost_per_resolution(store: Store, write: Write) -> None:
    (nothing,) = measure_resolutions(store, *WINDOW)
    assert (nothing.cases, nothing.fully_loaded_usd, nothing.resolution_rate) == (0, None, None)
    write("cases", a_case(1, "failed", "3"), a_case(2, "failed", None))
    (found,) = measure_resolutions(store, *WINDOW)
    assert (found.fully_loaded_usd, found.resolution_rate, found.unpriced_calls) == (None, 0.0, 1)


def test_resolutions_are_told_by_dimension(store: Store, write: Write) -> None:
    write("cases", a_case(1, "failed", "3", agent="a"), a_case(2, "resolved_assumed", "1", agent="b"))
    assert {one.group: one.fully_loaded_usd for one in measure_resolutions(store, *WINDOW, by="agent")} == {
        "a": None,
        "b": 1.0,
    }
    with pytest.raises(ConfigError, match="no dimension 'planet'"):
        measure_resolutions(store, *WINDOW, by="planet")
    with pytest.raises(ConfigError, match=r"attribute 'planet'; declare it under \[analytics\]"):
        measure_resolutions(store, *WINDOW, by="attributes.planet")


def amounts(found: list[Amount]) -> dict[str, tuple[int, float]]:
    return {one.kind: (one.events, round(float(one.usd or 0), 9)) for one in found if one.events}


def test_waste_is_named_by_kind(store: Store, write: Write, book: PriceBook) -> None:
    sonnet = {"provider": "anthropic", "request_model": "claude-sonnet-4-5", "output_tokens": 0}
    write(
        "runs",
        a_run("t1-s1", outcome="failure", cost_usd="3"),
        a_run("t2-s2", loops=1, steps=4, cost_usd="2"),
    )
    write(
        "llm_calls",
        a_call("s1", is_retry=True, cost_usd=Decimal("0.5")),
        a_call("s2", run_id="r2", input_tokens=10_000, cache_write_tokens=10_000, **sonnet),
        a_call("s3", run_id="r3", input_tokens=10_000, cache_write_tokens=9_000, **sonnet),
        a_call("s4", run_id="r3", input_tokens=10_000, cache_read_tokens=9_000, **sonnet),
        a_call("s5", run_id="r4", input_tokens=300_000, **sonnet),
    )
    found = amounts(find_waste(store, book, *WINDOW))
    assert found["failed runs"] == (1, 3.0)
    assert found["loops in runs"] == (1, 0.5)
    assert found["retried model calls"] == (1, 0.5)
    assert found["cache written and not read"] == (1, 0.0075)
    assert found["oversize contexts"] == (1, 0.9)


def test_waste_without_a_price_is_unknown_and_beside_priced_waste_at_least(
    store: Store, write: Write, book: PriceBook
) -> None:
    failed: dict[str, Any] = {"status": "error"}
    write(
        "runs",
        a_run("t1-s1", outcome="failure", cost_usd="3", unpriced_calls=1),
        a_run("t2-s2", outcome="failure", cost_usd=None, unpriced_calls=2),
    )
    write("llm_calls", a_call("s1", **failed, cost_usd=None, cost_status="unpriced_model"))
    write(
        "tool_calls",
        a_tool_call("s2", tool="search", **failed, cost_usd=None),
        a_tool_call("s3", tool="lookup", cost_usd=None, arguments="{}"),
        a_tool_call("s4", tool="lookup", cost_usd=None, arguments="{}"),
    )
    found = {one.kind: (one.usd, one.unpriced) for one in find_waste(store, book, *WINDOW) if one.events}
    assert found == {
        "failed runs": (3, 3),
        "failed model calls": (None, 1),
        "failed tool calls": (None, 1),
        "repeated identical tool calls": (None, 2),
    }
    write("tool_calls", a_tool_call("s5", tool="tavily", **failed, cost_usd=Decimal("0.01")))
    found = {one.kind: (one.usd, one.unpriced) for one in find_waste(store, book, *WINDOW)}
    assert found["failed tool calls"] == (Decimal("0.01"), 1)


def test_savings_price_the_same_usage_otherwise(store: Store, write: Write, book: PriceBook) -> None:
    used: dict[str, Any] = {"input_tokens": 1_000_000, "output_tokens": 100_000}
    write(
        "llm_calls",
        a_call("s1", request_model="gpt-5-mini", cache_read_tokens=1_000_000, **used),
        a_call("s2", service_tier="batch", **used),
        # What cached input costs in a batch of this model is not known, so nothing is said of it.
        a_call("s3", request_model="gpt-4o", cache_read_tokens=1_000_000, **used),
    )
    found = amounts(find_savings(store, book, *WINDOW))
    assert found["saved by caching"] == (2, 0.225 + 1.25)
    assert found["saved by batches"] == (1, 0.105)
    assert found["batches would save"][0] == 1
    old, new = compare_model(
        store, book, *WINDOW, instead_of="gpt-4o-mini", provider="openai", model="gpt-4.1-nano"
    )
    assert (old.events, new.events) == (1, 1)
    assert float(new.usd or 0) < float(old.usd or 0)


def days(costs: list[float], until: date) -> dict[date, float]:
    return {until - timedelta(days=len(costs) - number): cost for number, cost in enumerate(costs)}


MIDDLE = datetime(2026, 11, 16, tzinfo=UTC)


def test_even_spending_is_continued() -> None:
    found = forecast_costs(days([10.0] * 40, MIDDLE.date()), MIDDLE, limit_usd=200)
    assert found.spent_usd == 150
    assert found.expected_usd == pytest.approx(300)
    assert (found.low_usd, found.high_usd) == (pytest.approx(300), pytest.approx(300))
    assert found.exceeds_on == date(2026, 11, 20)


def test_weekends_are_told_from_weekdays() -> None:
    costs = {MIDDLE.date() - timedelta(days=n): 0.0 for n in range(1, 57)}
    costs = {day: 2.0 if day.weekday() >= 5 else 10.0 for day in costs}
    found = forecast_costs(costs, MIDDLE)
    # 16 to 30 November 2026 are eleven weekdays and four days of weekends.
    assert found.expected_usd == pytest.approx(found.spent_usd + 11 * 10 + 4 * 2, rel=0.05)


def test_short_history_says_so() -> None:
    found = forecast_costs(days([10.0, 12.0], MIDDLE.date()), MIDDLE)
    assert found.expected_usd is None
    assert "too short" in found.method
    assert forecast_costs({}, MIDDLE).spent_usd == 0


@given(st.lists(st.floats(0, 1_000), min_size=3, max_size=60), st.integers(0, 23))
def test_forecast_lies_in_its_interval_and_not_below_what_is_spent(costs: list[float], hour: int) -> None:
    found = forecast_costs(days(costs, MIDDLE.date()), MIDDLE + timedelta(hours=hour))
    assert found.expected_usd is not None and found.low_usd is not None and found.high_usd is not None
    assert found.spent_usd <= found.low_usd <= found.expected_usd + 1e-9
    assert found.expected_usd <= found.high_usd + 1e-9


def test_projection_widens_by_how_users_differ(store: Store, write: Write) -> None:
    assert measure_population(store, *WINDOW) is None
    write("runs", *(a_run(f"t{n}-s{n}", user_id=f"u{n}", cost_usd=str(n)) for n in range(1, 21)))
    population = measure_population(store, *WINDOW)
    assert population is not None
    assert population.mean_usd == pytest.approx(10.5 * 30.4375 / 2)
    assert population.top_share == pytest.approx(20 / 210)
    small, large = project(population, [100, 10_000], fees_usd=900)
    assert small.expected_usd == pytest.approx(100 * population.mean_usd)
    assert (large.high_usd - large.low_usd) / large.expected_usd < (
        small.high_usd - small.low_usd
    ) / small.expected_usd
    assert small.per_user_usd == pytest.approx(population.mean_usd + 9)


@pytest.mark.parametrize(
    ("until", "usd"), [("2026-12-01", 900), ("2026-12-01T00:00:01", 100), ("2026-11-16", 900)]
)
def test_fees_of_a_report_are_those_of_the_month_it_ends_in(until: str, usd: float) -> None:
    pricing = """
        fee = [
            { name = "large", usd_per_month = 900, until = 2026-12-01 },
            { name = "small", usd_per_month = 100, from = 2026-12-01 },
        ]
    """
    fees = parse_pricing(tomllib.loads(pricing)).fees
    assert fees_of_last_month(fees, datetime.fromisoformat(until).replace(tzinfo=UTC)) == usd


def test_users_that_are_all_alike_project_without_spread() -> None:
    alike = Population(50, 30.0, 2.0, 0.0, 2.0, 2.0, 2.0, 0.02, 1.0, 1.0, 0)
    (found,) = project(alike, [1_000])
    assert (found.low_usd, found.expected_usd, found.high_usd) == (2_000, 2_000, 2_000)


def an_input(span_id: str, text: str | None) -> dict[str, Any]:
    attributes = None if text is None else [{"key": "gen_ai.input.messages", "value": text}]
    return {
        "load_seq": 1,
        "trace_id": "t1",
        "span_id": span_id,
        "started_at": NOON,
        "received_at": NOON,
        "otel_kind": "client",
        "is_pending": False,
        "content_hash": 1,
        "attribute_count": 1,
        "resource_id": 1,
        "name": "chat",
        "kind": "llm",
        "status": "ok",
        "attributes": attributes,
        "input_key": None if text is None else "gen_ai.input.messages",
    }


def test_calls_repeat_where_session_model_and_input_are_the_same(store: Store, write: Write) -> None:
    same = {"session_id": "c1", "input_tokens": 100, "cost_usd": Decimal("0.5"), "cost_status": "priced"}
    write(
        "llm_calls",
        a_call("a", **same),
        a_call("b", **same | {"started_at": NOON + timedelta(seconds=1)}),
        a_call("c", **same | {"started_at": NOON + timedelta(seconds=2), "cost_usd": Decimal("0.25")}),
        a_call("other text", **same),
        a_call("other model", **same, request_model="gpt-4o"),
        a_call("other session", **same | {"session_id": "c2"}),
        a_call("not sent", **same),
        a_call("also not sent", **same),
        a_call("failed", **same | {"status": "error"}),
        a_call("retry", **same, is_retry=True),
    )
    texts = {"a": "q", "b": "q", "c": "q", "other text": "r", "other model": "q", "other session": "q"}
    texts |= {"failed": "q", "retry": "q"}
    write("spans", *(an_input(span, texts.get(span)) for span in (*texts, "not sent", "also not sent")))
    assert find_repeats(store, *WINDOW) == (2, Decimal("0.75"), 0)


def test_repeated_calls_without_a_price_have_no_cost(store: Store, write: Write) -> None:
    same = {"session_id": "c1", "input_tokens": 100, "cost_usd": None, "cost_status": "unpriced_model"}
    write("llm_calls", a_call("a", **same), a_call("b", **same))
    write("spans", an_input("a", "q"), an_input("b", "q"))
    assert find_repeats(store, *WINDOW) == (1, None, 1)


def hosted(**facts: Any) -> OwnPrices:
    return parse_pricing({"hosted": [{"provider": "vllm", "model": "acme/*", "usd_per_hour": 2.5, **facts}]})


def test_idle_time_is_what_was_paid_and_no_call_used(store: Store, write: Write) -> None:
    own = hosted(machines=2)
    price_model = own.models[0].price_model
    write("llm_calls", a_call("a", price_model=price_model, cost_usd=Decimal("20")))
    (use,) = measure_hosted(store, own.models, *WINDOW)
    # Paid since the first call, a day before the window ends: two machines for 24 hours.
    assert (use.hours, use.paid_usd, use.allocated_usd) == (48.0, Decimal("120"), Decimal("20"))
    assert (use.idle_usd, use.busy_share) == (Decimal("100"), pytest.approx(1 / 6))


def test_machines_are_paid_from_and_until_their_days_even_without_a_call(store: Store) -> None:
    own = hosted(**{"from": NOON.date(), "until": (NOON + timedelta(hours=20)).replace(tzinfo=None)})
    (use,) = measure_hosted(store, own.models, *WINDOW)
    assert (use.calls, use.hours, use.idle_usd) == (0, 32.0, Decimal("80"))
    assert measure_hosted(store, hosted().models, *WINDOW) == []


def test_machines_are_never_idle_below_nothing(store: Store, write: Write) -> None:
    own = hosted()
    write("llm_calls", a_call("a", price_model=own.models[0].price_model, cost_usd=Decimal("100")))
    (use,) = measure_hosted(store, own.models, *WINDOW)
    assert (use.idle_usd, use.busy_share) == (Decimal(0), pytest.approx(100 / 60))
