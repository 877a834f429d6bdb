"""Figures that no rollup holds have a budget of their own: an answer in time, or a clear refusal."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from analytics.metrics import evaluate
from store import Store, StoreSettings, open_store
from store.errors import Overloaded
from store.queries import ComposedQuery, Query

ENDLESS = "SELECT count(*) AS n FROM range(1000000) AS a(x), range(1000000) AS b(y) WHERE a.x * b.y % 7 = 3"
END = datetime(2026, 11, 2, tzinfo=UTC)


def test_endless_figure_ends_with_what_to_do_and_others_go_on(tmp_path: Path) -> None:
    store = open_store(tmp_path, StoreSettings(figures_timeout_s=0.5, figures_slots=1))
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(store.select, ComposedQuery("runs by user", ENDLESS, is_bounded=True))
            for _ in range(2)
        ]
        assert store.select("facts/watermark").height
        for answer in asked:
            with pytest.raises(Overloaded, match=r"runs by user.*0\.5 s.*shorter window.*figures_timeout_s"):
                answer.result()
    assert time.monotonic() - begun < 20
    assert store.select(ComposedQuery("one", "SELECT 1 AS n", is_bounded=True)).to_dicts() == [{"n": 1}]
    store.close()


@pytest.mark.parametrize(
    ("days", "where", "is_bounded"),
    [(7, {"user_id": "u1"}, True), (7, {"tenant": "acme"}, True), (7, {"attributes.plan": "x"}, True),
     (7, {"agent": "a"}, False), (0.1, {"user_id": "u1"}, False)],
)  # fmt: skip
def test_long_windows_by_what_rollups_lack_are_bounded(
    store: Store, days: float, where: dict[str, str], is_bounded: bool
) -> None:
    asked: list[Query] = []

    class Watched:
        def select(self, query: Query, *arguments: Any) -> Any:
            asked.append(query)
            return store.select(query, *arguments)

    evaluate(cast("Store", Watched()), "run_count", END - timedelta(days=days), END, where=where)
    composed = [query for query in asked if not isinstance(query, str)]
    assert [query.is_bounded for query in composed] == [is_bounded]
