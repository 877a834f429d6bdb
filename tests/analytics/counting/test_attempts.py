"""Another attempt at a call, and where a run's time goes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.counting.building import a_span, count


def marks(*spans: dict[str, Any], of: str = "llm_calls") -> dict[str, tuple[bool | None, ...]]:
    rows = getattr(count(*spans), of)
    names = ["is_retry", "is_fallback"] if of == "llm_calls" else ["is_retry"]
    return {row["span_id"]: tuple(row[name] for name in names) for row in rows.iter_rows(named=True)}


def test_same_model_again_after_a_failure_is_a_retry_and_another_one_a_fallback() -> None:
    spans = (
        a_span("run", "agent", lasts=20),
        a_span("c1", "llm", "run", at=1, status="error"),
        a_span("c2", "llm", "run", at=3, status="error"),
        a_span("c3", "llm", "run", at=5, used=(1, 1), request_model="claude"),
        a_span("c4", "llm", "run", at=7, used=(1, 1)),
    )
    assert marks(*spans) == {
        "c1": (False, False),
        "c2": (True, False),
        "c3": (False, True),
        "c4": (True, False),
    }


def test_tool_with_equal_arguments_again_is_a_retry() -> None:
    def call(span_id: str, at: float, text: str, **facts: Any) -> dict[str, Any]:
        return a_span(span_id, "tool", "run", at=at, tool="search", input=text, **facts)

    spans = (
        a_span("run", "agent", lasts=20),
        call("t1", 1, "a", status="error"),
        call("t2", 3, "b"),
        call("t3", 5, "a"),
        call("t4", 7, "a"),
    )
    assert marks(*spans, of="tool_calls") == {"t1": (False,), "t2": (False,), "t3": (True,), "t4": (False,)}


def test_time_is_divided_and_nothing_counts_twice() -> None:
    spans = (
        a_span("run", "agent", lasts=20),
        a_span("c1", "llm", "run", at=1, lasts=2, status="error"),
        a_span("c2", "llm", "run", at=6, lasts=4, used=(1, 1)),
        a_span("t1", "tool", "run", at=5, lasts=2),
        a_span("t2", "tool", "run", at=18, lasts=9),
    )
    (run,) = count(*spans).runs.select("model_ms", "tool_ms", "waiting_ms").rows()
    assert run == pytest.approx((6000.0, 1000.0 + 2000.0, 2000.0))


def test_time_of_a_run_without_its_root_is_unknown() -> None:
    (run,) = count(a_span("c1", "llm", "gone", used=(1, 1))).runs.select("model_ms", "waiting_ms").rows()
    assert run == (None, None)


SPANS = st.lists(
    st.tuples(st.sampled_from(["llm", "tool"]), st.integers(-5, 30), st.integers(0, 12), st.booleans()),
    max_size=12,
)


@given(SPANS)
def test_parts_never_exceed_the_whole(drawn: list[tuple[str, int, int, bool]]) -> None:
    inside = [
        a_span(f"s{n}", kind, "run", at=at, lasts=lasts, status="error" if failed else "ok", used=(1, 1))
        for n, (kind, at, lasts, failed) in enumerate(drawn)
    ]
    (row,) = count(a_span("run", "agent", lasts=20), *inside).runs.rows(named=True)
    parts = [row[name] for name in ("model_ms", "tool_ms", "waiting_ms")]
    assert all(part >= 0 for part in parts)
    assert sum(parts) <= row["duration_ms"] + 1e-6
