"""Figures composed for the asker: every sum of every subject, from narrow tables and rollups, on both engines."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from store import Store
from store.figures import (
    MEASURES,
    SUBJECTS,
    SUMS,
    Addend,
    Grain,
    Grid,
    Selection,
    compose_buckets,
    compose_day_buckets,
    compose_days,
    compose_rollup,
    compose_rollup_buckets,
    compose_streaks,
    compose_totals,
    compose_unit_buckets,
    compose_unit_totals,
    unite,
)
from tests.cluster.generated import START
from tests.cluster.parameters import FRAMES
from tests.cluster.test_parity import assert_equal

pytestmark = pytest.mark.cluster

_BEGIN = START.replace(tzinfo=UTC)
_END = _BEGIN + timedelta(days=4)
GRAINS: tuple[Grain, ...] = ("event", "hour", "day")
_TIMES = {"start": _BEGIN, "first": _BEGIN, "until": _END, "reach": _END, "bin_s": 3600.0}
_VALUES = {
    "in_0": ["support", ""],
    "in_1": ["1", ""],
    "in_model": ["gpt-5", ""],
    "key_1": "plan",
    "group_2": "plan",
}


@pytest.mark.parametrize("is_one_bin", [True, False])
@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("name", SUBJECTS)
def test_totals(name: str, grain: Grain, is_one_bin: bool, duckdb: Store, clickhouse: Store) -> None:
    subject = SUBJECTS[name]
    is_rolled_up = grain != "event"
    if is_rolled_up and not subject.is_rolled_up:
        return
    sums = [it.name for it in SUMS.values() if name in it.of and (it.is_rolled_up or not is_rolled_up)]
    first = next(it for it in subject.dimensions if it in ("outcome", "judge"))
    addends = [*map(Addend, sums), Addend("events", ((first, ("success", "error")),))]
    has_attributes = subject.has_attributes and not is_rolled_up
    extra = ("attributes.plan",) if has_attributes else ()
    grid = Grid(is_one_bin, ("service", "agent", *extra))
    containing = ("model",) if subject.containing and not is_rolled_up else ()
    selection = Selection(("service", *extra), containing)
    query = compose_totals(name, addends, grid, selection, grain=grain)
    values = _TIMES | _VALUES
    assert_equal(duckdb.select(query, values), clickhouse.select(query, values))


def test_parts_of_a_window_united(duckdb: Store, clickhouse: Store) -> None:
    queries = [
        compose_totals(
            "llm_call",
            [Addend("events"), Addend("cost_usd")],
            Grid(is_one_bin=True, group_by=("agent",), parts=(n, n + 3)),
            Selection(("service",)),
            grain=grain,
        )
        for n, grain in enumerate(GRAINS)
    ]
    parts = {f"{name}_{n}": value for n in range(6) for name, value in _TIMES.items()}
    values = _TIMES | _VALUES | parts
    assert_equal(duckdb.select(unite(queries), values), clickhouse.select(unite(queries), values))


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("name", MEASURES)
def test_buckets(name: str, grain: Grain, duckdb: Store, clickhouse: Store) -> None:
    for subject in MEASURES[name].of:
        query = compose_buckets(subject, name, Grid(is_one_bin=False), Selection(), grain=grain)
        assert_equal(duckdb.select(query, _TIMES), clickhouse.select(query, _TIMES))


@pytest.mark.parametrize("is_one_bin", [True, False])
@pytest.mark.parametrize(
    ("subject", "key"), [("run", "user_id"), ("run", "agent"), ("llm_call", "model"), ("tool_call", "tool")]
)
def test_streaks(subject: str, key: str, is_one_bin: bool, duckdb: Store, clickhouse: Store) -> None:
    query = compose_streaks(subject, key, Grid(is_one_bin, ("service",)), Selection(("service",)))
    values = _TIMES | _VALUES | {"window_s": 4 * 86_400.0, "recent_s": 600.0}
    assert_equal(duckdb.select(query, values), clickhouse.select(query, values))


@pytest.mark.parametrize("name", SUBJECTS)
def test_sums_by_session(name: str, duckdb: Store, clickhouse: Store) -> None:
    sums = [Addend(it.name) for it in SUMS.values() if name in it.of]
    queries = [compose_unit_totals(name, sums, Selection(("service",)))]
    queries += [compose_unit_buckets(name, it.name, Selection()) for it in MEASURES.values() if name in it.of]
    for query in queries:
        assert_equal(duckdb.select(query, _TIMES | _VALUES), clickhouse.select(query, _TIMES | _VALUES))


@pytest.mark.parametrize("name", [it.name for it in SUBJECTS.values() if it.is_rolled_up])
def test_rollups(name: str, duckdb: Store, clickhouse: Store) -> None:
    for query in (
        compose_rollup(name),
        compose_rollup_buckets(name),
        compose_days(name),
        compose_day_buckets(name),
    ):
        if query is not None:
            assert_equal(duckdb.select(query, _TIMES, FRAMES), clickhouse.select(query, _TIMES, FRAMES))
