from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.critical_path import find_critical, find_gaps, find_own_times
from dashboard.span_tree import arrange_spans

TIMES = st.tuples(st.integers(0, 100), st.integers(0, 100)).map(
    lambda pair: (float(min(pair)), float(max(pair)))
)
SPANS = st.lists(st.tuples(TIMES, st.integers(-2, 12)), min_size=1, max_size=13)


def arranged(spans: list[tuple[tuple[float, float], int]]):
    ids = [f"{i}" for i in range(len(spans))]
    parents = [None if parent < 0 else f"{parent}" for _, parent in spans]
    return arrange_spans(ids, parents), [times for times, _ in spans]


def test_the_chain_that_was_waited_for_is_critical_and_what_ran_beside_it_is_not() -> None:
    #  root 0-100, first 0-40, beside 10-30, last 40-90 with its own child 50-90
    rows = arrange_spans(["root", "first", "beside", "last", "child"], [None, "root", "root", "root", "last"])
    times = [(0.0, 100.0), (0.0, 40.0), (10.0, 30.0), (40.0, 90.0), (50.0, 90.0)]
    named = dict(zip((row.span_id for row in rows), find_critical(rows, times), strict=True))
    assert named == {"root": True, "first": True, "beside": False, "last": True, "child": True}
    own = dict(zip((row.span_id for row in rows), find_own_times(rows, times), strict=True))
    assert own == {"root": 10.0, "first": 40.0, "beside": 20.0, "last": 10.0, "child": 40.0}


@given(SPANS)
def test_any_graph_of_spans_has_own_times_within_durations_and_a_critical_end(
    spans: list[tuple[tuple[float, float], int]],
) -> None:
    rows, times = arranged(spans)
    for row, own in zip(rows, find_own_times(rows, times), strict=True):
        if row.index >= 0:
            assert own is not None
            assert 0 <= own <= times[row.index][1] - times[row.index][0]
    critical = find_critical(rows, times)
    assert any(critical)


@given(SPANS)
def test_nothing_that_has_no_children_runs_in_a_gap(spans: list[tuple[tuple[float, float], int]]) -> None:
    rows, times = arranged([((start * 50, end * 50), parent) for (start, end), parent in spans])
    leaves = [times[row.index] for row in rows if row.index >= 0 and row.size == 0]
    for start, end in find_gaps(rows, times, 5_000.0):
        assert not any(first < end and last > start for first, last in leaves)
