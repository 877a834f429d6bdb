"""What the list of runs reads for what is asked of it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from dashboard.data import Search, window_params
from dashboard.filters import Filters, open_window
from store.engines.parameters import take_parameters
from store.queries import read_text
from tests.dashboard.conftest import NOW_UTC


@pytest.mark.parametrize("query", ["traces/runs", "traces/outcomes"])
@pytest.mark.parametrize(
    ("search", "tables"),
    [
        (Search(), set[str]()),
        (Search(outcome=("failure",), sort="cost"), set[str]()),
        (Search(tool="search"), {"tool_calls"}),
        (Search(error="timeout"), {"tool_calls", "llm_calls"}),
    ],
)
def test_calls_are_read_only_where_the_search_is_about_calls(
    query: str, search: Search, tables: set[str], copied_dir: Path
) -> None:
    params = {**window_params(open_window("24h", NOW_UTC), Filters()), **search.params()}
    text = read_text(query)
    with duckdb.connect(copied_dir / "spanledger.duckdb", read_only=True) as connection:
        plan = connection.execute(f"EXPLAIN {text}", take_parameters(text, params)).fetchall()[0][1]
    assert {name for name in ("llm_calls", "tool_calls") if f"ledger.{name}" in plan} == tables
