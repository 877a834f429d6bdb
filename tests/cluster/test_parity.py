from __future__ import annotations

import math
import re
from decimal import Decimal

import polars as pl
import pytest

from store import Store
from store.engines.parameters import to_polars
from store.queries import find_parameters, list_queries, read_query
from store.schema.catalogue import read_views
from tests.cluster.parameters import EXAMPLES, FRAMES, Example, choose_values

pytestmark = pytest.mark.cluster

_ENDS_ORDERED = re.compile(r"\bORDER BY\b[^)]*(?:\([^()]*\)[^()]*)*$")
"""A query that ends so says in which order its rows come, ties included."""

_CASES = [Example(query) for query in list_queries()] + EXAMPLES


def _name_case(case: Example) -> str:
    return f"{case.query}{sorted(case.values) if case.values else ''}"


@pytest.mark.parametrize("case", _CASES, ids=_name_case)
def test_query_answers_the_same_on_both_engines(case: Example, duckdb: Store, clickhouse: Store) -> None:
    sql = read_query(case.query)
    values = choose_values(case.query, find_parameters(sql)) | case.values
    assert_equal(
        duckdb.select(case.query, values, FRAMES),
        clickhouse.select(case.query, values, FRAMES),
        in_order=_ENDS_ORDERED.search(sql) is not None,
    )


@pytest.mark.parametrize("view", sorted(read_views()))
def test_view_shows_the_same_on_both_engines(view: str, duckdb: Store, clickhouse: Store) -> None:
    sql = f"SELECT * FROM {view}"
    assert_equal(to_polars(duckdb.query(sql)), to_polars(clickhouse.query(sql)))


def assert_equal(left: pl.DataFrame, right: pl.DataFrame, *, in_order: bool = False) -> None:
    assert left.columns == right.columns
    assert [_sort_of(dtype) for dtype in left.dtypes] == [_sort_of(dtype) for dtype in right.dtypes]
    mine, theirs = _make_rows(left), _make_rows(right)
    if not in_order:
        mine, theirs = _sort_rows(mine), _sort_rows(theirs)
    assert len(mine) == len(theirs)
    for one, other in zip(mine, theirs, strict=True):
        assert all(_are_close(a, b) for a, b in zip(one, other, strict=True)), (one, other)


def _make_rows(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    return [tuple(_simplify(value) for value in row) for row in frame.rows()]


def _sort_rows(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return sorted(rows, key=lambda row: [_round(value) for value in row])


def _simplify(value: object) -> object:
    if isinstance(value, list):
        return {pair["key"]: pair["value"] for pair in value}
    return value


def _round(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float | Decimal) else repr(value)


def _are_close(one: object, other: object) -> bool:
    if isinstance(one, dict) or isinstance(other, dict):
        # A map cannot be NULL on ClickHouse.
        return (one or {}) == (other or {})
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return one == other


def _sort_of(dtype: pl.DataType) -> str:
    if dtype.is_integer() or dtype == pl.Boolean:
        return "whole"
    if dtype.is_decimal():
        return "decimal"
    return str(dtype.base_type())
