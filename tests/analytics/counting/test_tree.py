from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.counting.tree import Tree

Graph = tuple[list[int], list[bool]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any parent pointers, cycles and self-parents included, and a mask."""
    size = draw(st.integers(1, 24))
    parents = draw(st.lists(st.integers(0, size), min_size=size, max_size=size))
    return parents, draw(st.lists(st.booleans(), min_size=size, max_size=size))


def path_up(tree: Tree, node: int) -> list[int]:
    path: list[int] = []
    at = int(tree.parent[node])
    while at != tree.size:
        path.append(at)
        assert len(path) <= tree.size, "a cycle survived"
        at = int(tree.parent[at])
    return path


@given(graphs())
def test_every_graph_becomes_a_forest_that_keeps_its_edges(graph: Graph) -> None:
    parents, _ = graph
    tree = Tree(np.array(parents))
    for node, parent in enumerate(parents):
        assert tree.parent[node] in (parent, tree.size)
        assert tree.depth[node] == len(path_up(tree, node))
        assert tree.root[node] == [node, *path_up(tree, node)][-1]


@given(graphs())
def test_a_graph_without_cycles_is_kept_whole(graph: Graph) -> None:
    parents = [min(parent, node) if parent < node else len(graph[0]) for node, parent in enumerate(graph[0])]
    assert Tree(np.array(parents)).parent.tolist() == parents


@given(graphs())
def test_questions_are_answered_as_by_walking(graph: Graph) -> None:
    parents, mask = graph
    tree = Tree(np.array(parents))
    marked = np.array(mask)
    near, top = tree.nearest(marked), tree.topmost(marked)
    below, total = tree.has_below(marked), tree.sum_within(marked.astype(np.int64))
    paths = [path_up(tree, node) for node in range(tree.size)]
    for node, path in enumerate(paths):
        above = [other for other in path if mask[other]]
        with_self = [other for other in [node, *path] if mask[other]]
        descendants = [other for other in range(tree.size) if node in paths[other]]
        assert near[node] == (above[0] if above else tree.size)
        assert top[node] == (with_self[-1] if with_self else tree.size)
        assert below[node] == any(mask[other] for other in descendants)
        assert total[node] == sum(mask[other] for other in [node, *descendants])


def test_a_chain_of_a_hundred_thousand_spans_is_walked_in_seventeen_steps() -> None:
    tree = Tree(np.append(100_000, np.arange(99_999)))
    assert tree.depth.max() == 99_999
    assert set(tree.root.tolist()) == {0}


def test_no_nodes_is_a_tree() -> None:
    tree = Tree(np.empty(0, dtype=np.int64))
    nothing = np.empty(0, dtype=np.bool_)
    assert (
        tree.nearest(nothing).tolist()
        == tree.topmost(nothing).tolist()
        == tree.has_below(nothing).tolist()
        == []
    )
