"""Evaluation, shadow and test runs enter no figure unasked, wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from alerts.evidence import StoreEvidence
from analytics.compare import Side, compare
from analytics.economics.resolutions import measure_resolutions
from analytics.golden import choose_runs
from analytics.jobs import JobContext
from analytics.metrics import METRICS, evaluate
from analytics.reports import build_digest
from analytics.rollups import update_rollups
from dashboard.filters import Filters
from spanledger.api.figures import AgentMetrics
from store import Store, open_store
from tests.analytics.building import NOON, StillClock, a_call, a_run, a_tool_call, to_frame

HOUR = timedelta(hours=1)
START = NOON - 4 * HOUR


def some_rows(purpose: str) -> dict[str, list[dict[str, Any]]]:
    """Work that goes well in production and fails elsewhere."""
    is_good = purpose == "production"
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("runs", "llm_calls", "tool_calls", "scores")
    }
    for n in range(40):
        at = NOON - timedelta(minutes=5 * n + 1)
        about: dict[str, Any] = {
            "purpose": purpose, "user_id": f"u{n % 5}", "started_at": at, "run_id": f"{purpose}{n}-1",
            "session_id": f"{purpose}{n}", "cost_usd": Decimal(1 if is_good else 7),
        }  # fmt: skip
        status = {"status": "ok" if is_good else "error"}
        ended = a_run(about["run_id"], input="why?", outcome="success" if is_good else "failure")
        ended |= {"feedback": 1.0 if is_good else -1.0, "duration_ms": 1e3 if is_good else 9e4}
        rows["runs"].append(ended | about)
        rows["llm_calls"].append(a_call(f"c{n}", **about, **status, cost_status="priced"))
        rows["tool_calls"].append(a_tool_call(f"t{n}", **about, **status))
        rows["scores"].append(
            {
                "load_seq": 0, "score_id": f"{purpose}{n}", "target": "run", "target_id": f"{purpose}{n}-1",
                "run_id": f"{purpose}{n}-1", "name": "good", "value": 1.0 if is_good else 0.0, "source": "evaluator",
                "scored_at": at,
            }
        )  # fmt: skip
    rows["cases"] = [_a_case(run, is_good=is_good) for run in rows["runs"]]
    rows["sessions"] = [_a_session(case) for case in rows["cases"]]
    return rows


def _a_case(run: dict[str, Any], *, is_good: bool) -> dict[str, Any]:
    same = {name: run[name] for name in ("user_id", "purpose", "agent", "service", "environment", "cost_usd")}
    outcome = "resolved_confirmed" if is_good else "failed"
    return {
        **same, "case_id": run["session_id"], "opened_at": run["started_at"], "closed_at": run["started_at"],
        "outcome": outcome, "sessions": 1, "runs": 1, "unpriced_calls": 0,
    }  # fmt: skip


def _a_session(case: dict[str, Any]) -> dict[str, Any]:
    left = ("opened_at", "sessions")
    return {name: value for name, value in case.items() if name not in left} | {
        "session_id": case["case_id"], "conversation_id": case["case_id"], "is_conversation": True,
        "case_opened_at": case["opened_at"], "started_at": case["opened_at"], "last_at": case["opened_at"],
        "closes_at": case["opened_at"], "reopened": False,
    }  # fmt: skip


@contextmanager
def a_store(directory: Path, purposes: Sequence[str]) -> Generator[Store]:
    with closing(open_store(directory, clock=StillClock())) as store:
        for purpose in purposes:
            rows = some_rows(purpose)
            store.replace(appends={table: to_frame(table, found) for table, found in rows.items()})
        hours = [
            {"load_seq": 1, "subject": subject, "hour_at": START + n * HOUR}
            for subject in ("run", "llm_call", "tool_call", "session", "case")
            for n in range(5)
        ]
        store.replace(appends={"touched_hours": to_frame("touched_hours", hours)})
        update_rollups(JobContext(store, StillClock()))
        yield store


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    """One store with production alone, and one in which the other purposes stand beside it."""
    directories = tmp_path_factory.mktemp("alone"), tmp_path_factory.mktemp("beside")
    with (
        a_store(directories[0], ["production"]) as alone,
        a_store(directories[1], ["production", "evaluation", "shadow", "test"]) as beside,
    ):
        yield alone, beside


def show_metrics(store: Store) -> Any:
    return evaluate(store, list(METRICS), START, NOON).rows()


def show_prometheus(store: Store) -> Any:
    registry = CollectorRegistry()
    registry.register(AgentMetrics(store, StillClock()))
    return generate_latest(registry)


def show_digest(store: Store) -> Any:
    return build_digest(store, "daily", NOON)


def show_guards(store: Store) -> Any:
    return store.select("alerts/tool_records", {"start": START, "end": NOON}).rows()


def show_rows_of_failures(store: Store) -> Any:
    evidence = StoreEvidence(store)
    found = [
        evidence.count_streaks(subject, START, NOON, {}, [key])
        for subject, key in (("run", "user_id"), ("tool_call", "tool"), ("llm_call", "model"))
    ]
    return [{group: each.values[place] for group, place in each.positions.items()} for each in found]


def show_judgements(store: Store) -> Any:
    params = {"start": START, "until": NOON, **Filters().params()}
    return store.select("quality/scores", params).rows()


def show_comparison(store: Store) -> Any:
    a, b = (Side(name, START + n * 2 * HOUR, START + (n + 1) * 2 * HOUR, {}) for n, name in enumerate("ab"))
    return compare(store, a, b)


def show_resolutions(store: Store) -> Any:
    return measure_resolutions(store, START, NOON)


def show_golden_set(store: Store) -> Any:
    return choose_runs(store, "worst", START, NOON, count=100).rows()


SURFACES: dict[str, Callable[[Store], Any]] = {
    "metrics": show_metrics,
    "Prometheus": show_prometheus,
    "digest": show_digest,
    "guards": show_guards,
    "failures in a row": show_rows_of_failures,
    "judgements": show_judgements,
    "comparison": show_comparison,
    "resolutions": show_resolutions,
    "golden set": show_golden_set,
}


@pytest.mark.parametrize("surface", SURFACES)
def test_what_is_not_production_enters_no_figure_unasked(stores: tuple[Store, Store], surface: str) -> None:
    alone, beside = stores
    assert SURFACES[surface](beside) == SURFACES[surface](alone)


def test_it_enters_when_asked(stores: tuple[Store, Store]) -> None:
    _, beside = stores
    for purpose, rate in (("*", 0.25), ("production", 1.0), ("shadow", 0.0)):
        values = evaluate(beside, "success_rate", START, NOON, where={"purpose": purpose})
        assert values["value"].to_list() == [rate]
