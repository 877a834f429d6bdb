"""Three weeks of history with known truth: every metric equals a computation straight from the generator."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest

from analytics.days import update_days
from analytics.feedback import read_judgement, record_judgements
from analytics.jobs import JobContext
from analytics.metrics import METRICS, evaluate
from analytics.metrics.intervals import Z_95
from analytics.pricing import PriceKeeper
from analytics.pricing.own import OwnPrices, Span, ToolPrice
from analytics.pricing.source import PriceSource
from analytics.rollups import update_rollups
from analytics.sessions import SessionsState
from tests.analytics.facts.building import START, Ledger, Sent, open_ledger
from tests.analytics.truth.answers import Share, answer, count_unpriced
from tests.analytics.truth.choosing import Chosen, Where, choose, facts_of_run, facts_of_step
from tests.analytics.truth.history import BEGIN_S, BROKEN, DAY, EDGES, HOUR, TOOL_PRICES
from tests.analytics.truth.making import make_history
from tests.analytics.truth.sending import judgements_of, spans_of

HISTORY = make_history()
NOW = START + timedelta(days=12)
OWN = OwnPrices(tools=tuple(ToolPrice("tests", name, usd, Span()) for name, usd in TOOL_PRICES.items()))

WINDOWS = {
    "three weeks and all that closes": (BEGIN_S, 11 * DAY),
    "a week, odd ends": (EDGES[0], EDGES[3]),
    "one day": (EDGES[1], EDGES[2]),
    "two hours": (BROKEN["by share"][1] - 2 * HOUR, BROKEN["by share"][1]),
}
FILTERS: dict[str, Where] = {
    "production": {},
    "agent": {"agent": "sales"},
    "unversioned": {"agent_version": None},
    "tenant": {"tenant": "acme"},
    "users": {"user_id": ["u1", "u2", "u3"]},
    "model": {"model": "gpt-4o-mini-2024-07-18"},
    "evaluation": {"purpose": "evaluation"},
    "everything": {"purpose": "*"},
}


def settle(ledger: Ledger, *, by_day: bool) -> None:
    """Run the jobs until nothing is left; one way reads long windows from days, the other from hours."""
    context = JobContext(ledger.store, lambda: NOW)
    ledger.count()
    sessions = SessionsState()
    for update in (sessions.update, update_rollups, *([update_days] if by_day else [])):
        while update(context).changed:
            pass


def fill(ledger: Ledger, loads: list[list[Sent]], *, settle_each: bool) -> Ledger:
    ledger.now = NOW
    ledger.state.prices = PriceKeeper(PriceSource(OWN))
    said = [read_judgement(told, NOW) for run in HISTORY for told in judgements_of(run)]
    for spans in loads:
        ledger.load(*spans)
        if settle_each:
            settle(ledger, by_day=True)
            record_judgements(ledger.store, said[::2], NOW)
    record_judgements(ledger.store, said, NOW)
    settle(ledger, by_day=settle_each)
    return ledger


def in_order() -> list[list[Sent]]:
    return [[span for run in HISTORY for span in spans_of(run)]]


def late_doubled_and_out_of_order() -> list[list[Sent]]:
    """Everything in any order over four loads, a fifth of it twice, a tenth of the roots last of all."""
    dice = random.Random(3)
    spans = in_order()[0]
    dice.shuffle(spans)
    late = [span for span in spans if span.parent == 0][::10]
    others = [span for span in spans if span not in late]
    doubled = others + dice.sample(others, len(others) // 5)
    dice.shuffle(doubled)
    return [doubled[part::4] for part in range(4)] + [late]


@pytest.fixture(scope="module")
def ledgers() -> Iterator[dict[str, Ledger]]:
    with ExitStack() as stack:
        yield {
            "at once": fill(stack.enter_context(open_ledger()), in_order(), settle_each=False),
            "bit by bit": fill(
                stack.enter_context(open_ledger()), late_doubled_and_out_of_order(), settle_each=True
            ),
        }


def test_history_has_something_to_say_of_every_metric() -> None:
    said = {name: set[float | None]() for name in METRICS}
    for first, until in WINDOWS.values():
        for where in FILTERS.values():
            for name, value in answer(choose(HISTORY, first, until, where)).items():
                said[name].add(value)
    assert not {name for name, values in said.items() if values <= {0.0, None}}
    assert {0.0, 1.0, 2.0, None} == said["tool_breaker_state"]
    assert {run.form for run in HISTORY} == {"whole", "bare", "cut", "open"}
    assert {"resolved", "escalated", None} == {run.said_late for run in HISTORY}
    assert {run.purpose for run in HISTORY} == {"production", "evaluation", "shadow", "test"}
    assert len(HISTORY) > 200


@pytest.mark.parametrize("way", ["at once", "bit by bit"])
@pytest.mark.parametrize("filtered", FILTERS)
@pytest.mark.parametrize("window", WINDOWS)
def test_every_metric_tells_the_truth(
    ledgers: dict[str, Ledger], window: str, filtered: str, way: str
) -> None:
    assert not find_lies(ledgers[way], *WINDOWS[window], FILTERS[filtered])


def find_lies(ledger: Ledger, first: float, until: float, where: Where) -> dict[str, Any]:
    """Return what metrics say other than the truth, and the truth."""
    asked = [name for name in METRICS if all(map(METRICS[name].has_filter, where))]
    rows = evaluate(ledger.store, asked, at(first), at(until), where=where).to_dicts()
    return hold_against_truth(choose(HISTORY, first, until, where), {row["metric"]: row for row in rows})


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def hold_against_truth(chosen: Chosen, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    expected, unpriced = answer(chosen), count_unpriced(chosen)
    assert set(expected) == set(METRICS), "every metric has a truth"
    below, above = answer(chosen, 0.99), answer(chosen, 1.01)
    lies: dict[str, Any] = {}
    for name, row in rows.items():
        if METRICS[name].kind == "share":
            is_true = (below[name] or 0.0) <= (row["value"] or 0.0) <= (above[name] or 0.0)
        else:
            is_true = agrees(name, row["value"], expected[name])
        if not is_true or row["unpriced_calls"] != unpriced.get(name, row["unpriced_calls"]):
            lies[name] = (row["value"], expected[name], row["unpriced_calls"], unpriced.get(name))
        elif not knows_how_sure(row, expected[name]):
            lies[name] = (row, expected[name])
    return lies


def agrees(name: str, found: float | None, expected: float | None) -> bool:
    if found is None or expected is None:
        return found is expected
    tolerance = 0.0101 if METRICS[name].kind == "percentile" else 1e-6
    # Times are whole microseconds: shares of what little time is left over follow them.
    least = 1e-6 if METRICS[name].unit == "ratio" else 1e-9
    return found == pytest.approx(expected, rel=tolerance, abs=least)


def knows_how_sure(row: dict[str, Any], expected: float | None) -> bool:
    """Whether a share has the right n, and bounds from which it lies as far as Wilson's interval allows."""
    if not isinstance(expected, Share) or METRICS[row["metric"]].kind not in ("share", "proportion", "again"):
        return True
    low, high, value = row["low"], row["high"], row["value"]
    is_wilson = all(
        (value - bound) ** 2 == pytest.approx(Z_95**2 * bound * (1 - bound) / expected.n, abs=1e-12)
        for bound in (low, high)
    )
    return row["n"] == expected.n and is_wilson and low - 1e-12 <= value <= high + 1e-12


@pytest.mark.parametrize(
    "table", ["runs", "llm_calls", "tool_calls", "sessions", "cases", "scores", "hourly", "hourly_buckets"]
)
def test_order_lateness_and_repetition_leave_no_trace(ledgers: dict[str, Ledger], table: str) -> None:
    once, bit_by_bit = (ledgers[way].rows(table) for way in ("at once", "bit by bit"))
    assert once.equals(bit_by_bit)


@pytest.mark.parametrize("seed", range(12))
def test_any_dimensions_combine_over_any_window(ledgers: dict[str, Ledger], seed: int) -> None:
    dice = random.Random(seed)
    first, until = sorted(dice.uniform(BEGIN_S, 3 * DAY) for _ in range(2))
    if seed % 2:
        first, until = first // DAY * DAY - 12 * HOUR, until // HOUR * HOUR
    where = choose_dimensions(dice, dice.choice([0, 1, 2]))
    group_by = [name for name in choose_dimensions(dice, 1 + seed % 2) if name not in where]
    asked = [
        name
        for name, metric in METRICS.items()
        if all(map(metric.has_filter, where)) and all(map(metric.has_dimension, group_by))
    ]
    ledger = ledgers[dice.choice(list(ledgers))]
    found = evaluate(ledger.store, asked, at(first), at(until), where=where, group_by=group_by).to_dicts()
    groups: dict[tuple[str | None, ...], dict[str, dict[str, Any]]] = {}
    for row in found:
        groups.setdefault(tuple(row[name] for name in group_by), {})[row["metric"]] = row
    for values in dice.sample(list(groups), min(12, len(groups))):
        chosen = choose(HISTORY, first, until, {**where, **dict(zip(group_by, values, strict=True))})
        assert not hold_against_truth(chosen, groups[values]), (where, group_by, values)
    if "run_count" in asked:
        whole = len(choose(HISTORY, first, until, dict.fromkeys(group_by, "*") | where).runs)
        assert whole == sum(rows["run_count"]["value"] for rows in groups.values() if "run_count" in rows)


def choose_dimensions(dice: random.Random, count: int) -> dict[str, list[str | None]]:
    """Return some dimensions, each with values that occur."""
    run = dice.choice(HISTORY)
    step = dice.choice([*run.calls, *run.tools])
    facts = {**facts_of_run(run), **facts_of_step(run, step)}
    return {name: [facts[name], "nobody"] for name in dice.sample(sorted(facts), count)}
