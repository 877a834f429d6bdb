from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.span_tree import MISSING, arrange_spans

graphs = st.integers(min_value=0, max_value=30).flatmap(
    lambda count: st.lists(
        st.one_of(st.none(), st.integers(min_value=0, max_value=count + 3)), min_size=count, max_size=count
    )
)


@given(graphs)
def test_every_span_is_in_exactly_one_row_for_any_graph_of_parents(parents: list[int | None]) -> None:
    ids = [f"s{i}" for i in range(len(parents))]
    rows = arrange_spans(ids, [None if parent is None else f"s{parent}" for parent in parents])
    assert sorted(row.index for row in rows if row.index != MISSING) == list(range(len(ids)))


@given(graphs)
def test_sizes_and_depths_describe_one_forest(parents: list[int | None]) -> None:
    ids = [f"s{i}" for i in range(len(parents))]
    rows = arrange_spans(ids, [None if parent is None else f"s{parent}" for parent in parents])
    for at, row in enumerate(rows):
        inside = rows[at + 1 : at + 1 + row.size]
        assert len(inside) == row.size
        assert all(below.depth > row.depth for below in inside)
        after = at + 1 + row.size
        assert after == len(rows) or rows[after].depth <= row.depth


@given(graphs)
def test_children_stand_below_their_parent_unless_a_circle_had_to_be_opened(
    parents: list[int | None],
) -> None:
    ids = [f"s{i}" for i in range(len(parents))]
    rows = arrange_spans(ids, [None if parent is None else f"s{parent}" for parent in parents])
    above: list[str] = []
    for row in rows:
        above = above[: row.depth]
        parent = None if row.index == MISSING else parents[row.index]
        if above:
            assert above[-1] == f"s{parent}"
        above.append(row.span_id)


def test_orphans_of_one_missing_parent_stand_together_under_it() -> None:
    rows = arrange_spans(["a", "b", "c"], [None, "gone", "gone"])
    assert [(row.span_id, row.depth) for row in rows] == [("a", 0), ("gone", 0), ("b", 1), ("c", 1)]
    assert rows[1].index == MISSING


def test_ten_thousand_levels_are_no_recursion() -> None:
    ids = [f"s{i}" for i in range(10_000)]
    rows = arrange_spans(ids, [None, *ids[:-1]])
    assert rows[-1].depth == 9_999
    assert rows[0].size == 9_999
