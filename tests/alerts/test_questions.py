"""Rules that are asked together get the answers they would get alone, and real data give real figures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.engine import AlertEngine
from alerts.evidence import StoreEvidence
from alerts.questions import answer_together
from alerts.rules import parse_alerting
from alerts.rules.measured import Question
from analytics.metrics import METRICS, evaluate
from store import Control, Store, open_store
from tests.alerts.building import SteppedClock
from tests.analytics.building import a_call, to_frame
from tests.dashboard.seed import fill, simulate

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
METRIC_NAMES = (
    "success_rate", "run_p95_ms", "cost_usd", "tool_failure_rate", "run_count", "unpriced_calls"
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = open_store(tmp_path_factory.mktemp("store"))
    fill(store, simulate(NOW.replace(tzinfo=None), days=2, runs_per_hour=15))
    yield store
    store.close()


@st.composite
def questions(draw: st.DrawFn, agents: list[str]) -> Question:
    metric = draw(st.sampled_from(METRIC_NAMES))
    dimensions = [
        d for d in ("service", "agent", "environment", "tool", "model") if d in METRICS[metric].dimensions
    ]
    wanted = st.sampled_from([*agents, "nobody", "*"]) | st.just(("a", agents[0]))
    where = draw(st.dictionaries(st.sampled_from(["agent", "purpose"]), wanted, max_size=1))
    if "purpose" in where:
        where["purpose"] = draw(st.sampled_from(["production", "evaluation", "*"]))
    group_by = draw(st.lists(st.sampled_from(dimensions), max_size=2, unique=True))
    hours = draw(st.sampled_from([1, 6, 24]))
    return Question(metric, NOW - timedelta(hours=hours), NOW, tuple(sorted(where.items())), tuple(group_by))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_questions_asked_together_are_answered_as_each_alone(store: Store, data: st.DataObject) -> None:
    agents = store.query("SELECT DISTINCT agent FROM runs WHERE agent IS NOT NULL ORDER BY 1")[
        "agent"
    ].to_pylist()
    asked = data.draw(st.lists(questions(agents), min_size=1, max_size=12))
    together = answer_together(store, asked)
    for question in asked:
        alone = answer_together(store, [question])[question]
        found = together[question]
        assert set(found.positions) == set(alone.positions)
        for group, place in alone.positions.items():
            here = found.positions[group]
            assert found.counts[here] == alone.counts[place]
            assert np.isclose(found.values[here], alone.values[place], equal_nan=True)


def test_streaks_are_those_of_the_events_themselves(store: Store) -> None:
    evidence, streaks = StoreEvidence(store), 0
    for subject, table, key, bad in (("run", "runs", "user_id", "outcome = 'failure'"),
                                     ("tool_call", "tool_calls", "tool", "status = 'error'")):  # fmt: skip
        column = "outcome" if subject == "run" else "status"
        rows = store.query(
            f"SELECT {key} AS k, {bad} AS bad FROM {table} WHERE started_at >= TIMESTAMP '2026-03-01 10:00' "
            f"AND started_at < TIMESTAMP '2026-03-02 10:00' AND purpose = 'production' AND {column} IS NOT NULL "
            "ORDER BY started_at",
            max_rows=100_000,
        ).to_pylist()
        expected: dict[str | None, int] = {}
        for row in rows:
            expected[row["k"]] = expected.get(row["k"], 0) + 1 if row["bad"] else 0
        found = evidence.count_streaks(subject, NOW - timedelta(days=1), NOW, {}, [key])
        assert {group[0]: int(found.values[i]) for group, i in found.positions.items()} == expected
        streaks += sum(expected.values())
    assert streaks > 0


def test_answer_of_a_model_ends_a_row_of_its_failures_whatever_its_status_and_name(tmp_path: Path) -> None:
    marks = "x.x.xx"
    calls = [
        a_call(
            f"c{n}",
            started_at=NOW - timedelta(minutes=len(marks) - n),
            status="error" if mark == "x" else "unset",
            response_model=None if mark == "x" else "gpt-4o-mini-2024-07-18",
        )
        for n, mark in enumerate(marks)
    ]
    with closing(open_store(tmp_path)) as store:
        store.replace(appends={"llm_calls": to_frame("llm_calls", calls)})
        found = StoreEvidence(store).count_streaks("llm_call", NOW - timedelta(days=1), NOW, {}, ["model"])
        assert {group: found.values[i] for group, i in found.positions.items()} == {("gpt-4o-mini",): 2}
        start = NOW - timedelta(hours=1)
        values = evaluate(store, "llm_failures_in_a_row", start, NOW, group_by=["model"])
        assert values.select("model", "value").rows() == [("gpt-4o-mini", 2.0)]
        assert evaluate(store, "llm_failures_in_a_row", start, NOW)["value"].to_list() == [2.0]


def test_every_starter_and_every_kind_can_be_evaluated_on_real_data(
    store: Store, control: Control, clock: SteppedClock
) -> None:
    clock.now = NOW
    own: list[dict[str, object]] = [
        {"name": "burn", "metric": "success_rate", "objective": 0.999, "group_by": ["agent"]},
        {"name": "spike", "metric": "run_p95_ms", "spike": 3, "group_by": ["agent"]},
        {"name": "silent", "silent_for": "30m", "group_by": ["service"]},
        {"name": "new", "new": "failure_class", "baseline": "1d"},
        {
            "name": "sql",
            "query": "SELECT agent, count(*) AS value FROM runs WHERE started_at >= $start GROUP BY 1",
            "above": 0,
        },
        {"name": "wrong sql", "query": "SELECT nothing FROM nowhere", "above": 0},
    ]
    engine = AlertEngine(store, control, parse_alerting({"alert": own}, environ={}), clock=clock)
    report = engine.evaluate()
    assert list(report.problems) == ["wrong sql"]
    assert report.events > 0
    assert engine.statuses["sql"].groups > 1
