"""Three weeks of history with known truth: every metric equals a computation straight from the generator."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from analytics.days import update_days
from analytics.jobs import JobContext
from analytics.metrics import METRICS, evaluate
from analytics.rollups import update_rollups
from analytics.sessions import SessionsState
from tests.analytics.facts.building import START, Ledger, Sent, open_ledger
from tests.analytics.truth.answers import answer
from tests.analytics.truth.history import BEGIN_S, DAY, Run, make_history, spans_of

HISTORY = make_history()
NOW = START + timedelta(days=12)
Keep = Callable[[Run], bool]

WINDOWS = {
    "three weeks and all that closes": (BEGIN_S, 11 * DAY),
    "a week, odd ends": (-13 * DAY + 1234.5, -6 * DAY - 777.0),
    "one day": (-9 * DAY, -8 * DAY),
}
FILTERS: dict[str, tuple[dict[str, Any], Keep]] = {
    "production": ({}, lambda run: run.purpose == "production"),
    "agent": ({"agent": "sales"}, lambda run: run.purpose == "production" and run.agent == "sales"),
    "unversioned": (
        {"agent_version": None},
        lambda run: run.purpose == "production" and run.agent == "triage",
    ),
    "tenant": ({"tenant": "acme"}, lambda run: run.purpose == "production" and run.tenant == "acme"),
    "users": (
        {"user_id": ["u1", "u2", "u3"]},
        lambda run: run.purpose == "production" and run.user in ("u1", "u2", "u3"),
    ),
    "evaluation": ({"purpose": "evaluation"}, lambda run: run.purpose == "evaluation"),
    "everything": ({"purpose": "*"}, lambda run: True),
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
    for spans in loads:
        ledger.load(*spans)
        if settle_each:
            settle(ledger, by_day=True)
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
        for _, keep in FILTERS.values():
            for name, value in answer(HISTORY, first, until, keep).items():
                said[name].add(value)
    silent = {name for name, values in said.items() if values <= {0.0, None}}
    # A breaker opens in test_keyed, tools have prices in test_metrics.
    assert silent == {"tool_breaker_state", "cost_per_tool_call_usd"}


@pytest.mark.parametrize("way", ["at once", "bit by bit"])
@pytest.mark.parametrize("filtered", FILTERS)
@pytest.mark.parametrize("window", WINDOWS)
def test_every_metric_tells_the_truth(
    ledgers: dict[str, Ledger], window: str, filtered: str, way: str
) -> None:
    first, until = WINDOWS[window]
    where, keep = FILTERS[filtered]
    expected = answer(HISTORY, first, until, keep)
    assert set(expected) == set(METRICS), "every metric has a truth"
    start, end = START + timedelta(seconds=first), START + timedelta(seconds=until)
    asked = [name for name in METRICS if all(map(METRICS[name].has_filter, where))]
    values = evaluate(ledgers[way].store, asked, start, end, where=where)
    found = dict(values.select("metric", "value").iter_rows())
    wrong = {
        name: (found[name], expected[name]) for name in asked if not agrees(name, found[name], expected[name])
    }
    below, above = (answer(HISTORY, first, until, keep, stretch) for stretch in (0.99, 1.01))
    for name in [name for name in wrong if METRICS[name].kind == "share"]:
        assert (below[name] or 0.0) <= (found[name] or 0.0) <= (above[name] or 0.0)
        del wrong[name]
    assert not wrong
    assert len(HISTORY) > 200


def agrees(name: str, found: float | None, expected: float | None) -> bool:
    if found is None or expected is None:
        return found is expected
    tolerance = 0.0101 if METRICS[name].kind == "percentile" else 1e-6
    return found == pytest.approx(expected, rel=tolerance, abs=1e-9)


@pytest.mark.parametrize(
    "table", ["runs", "llm_calls", "tool_calls", "sessions", "cases", "hourly", "hourly_buckets"]
)
def test_order_lateness_and_repetition_leave_no_trace(ledgers: dict[str, Ledger], table: str) -> None:
    once, bit_by_bit = (ledgers[way].rows(table) for way in ("at once", "bit by bit"))
    assert once.equals(bit_by_bit)
