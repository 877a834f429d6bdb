"""Which spans are one and the same request to a model: leaves, their wrappers, and agents that stand in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.counting.spans import TraceSet
from analytics.counting.tree import Bools, Ints, Tree


@dataclass(frozen=True, slots=True)
class CallGroups:
    """Which call each span tells of, and why."""

    call: Ints
    """Index of the call, `size` for none."""
    is_leaf: Bools
    is_wrapper: Bools
    stands_in: Bools
    """Agents, workflows or unclear wrappers with usage that none of the spans below them has."""


def group_calls(spans: TraceSet) -> CallGroups:
    """Return for each span the call it tells of.

    A model span with another one below it is a wrapper, unless a tool or an agent lies between (a sub-agent's
    calls are its own). A wrapper around one call tells of that call; failed attempts below it stay calls of
    their own. Where nothing below an agent says what was used, the agent stands in for its calls.
    """
    none = spans.size
    nodes = np.arange(none)
    above = _call_above(spans)
    inner = np.flatnonzero(above < none)
    wrapper = np.zeros(none, dtype=np.bool_)
    wrapper[above[inner]] = True
    leaf = spans.is_call & ~wrapper

    nesting = Tree(above)
    answered, answered_at = _count_and_locate(nesting, leaf & ~spans.is_error)
    tried, tried_at = _count_and_locate(nesting, leaf)
    call = np.full(none, none, dtype=np.int64)
    call[leaf] = nodes[leaf]
    call = np.where(wrapper & (answered == 1), answered_at, call)
    call = np.where(wrapper & (answered == 0) & (tried == 1), tried_at, call)
    stands = _find_stand_ins(spans, wrapper & (call == none))
    return CallGroups(_let_stand_in(spans, call, leaf, stands), leaf, wrapper, stands)


def _call_above(spans: TraceSet) -> Ints:
    """The model span each model span is directly nested in; embeddings are no part of a chat request."""
    border = spans.is_agent | spans.is_workflow | spans.is_tool
    near = spans.tree.nearest(spans.is_call | border)
    lookup = np.append(spans.is_call, False)
    same = np.append(spans.is_embedding, False)[near] == spans.is_embedding
    return np.where(spans.is_call & lookup[near] & same, near, spans.size)


def _count_and_locate(nesting: Tree, mask: Bools) -> tuple[Ints, Ints]:
    """How many nodes of the mask lie within each node, and which one it is where there is but one."""
    count = nesting.sum_within(mask.astype(np.int64))
    place = nesting.sum_within(np.where(mask, np.arange(nesting.size), 0))
    return count, np.where(count == 1, place, nesting.size)


def _find_stand_ins(spans: TraceSet, unclear_wrapper: Bools) -> Bools:
    agents = spans.has_usage & (spans.is_agent | spans.is_workflow)
    able = agents | (spans.has_usage & unclear_wrapper)
    if not able.any():
        return able
    below = spans.tree.has_below
    # Where every request failed nothing was used: the agent's sum is of earlier ones.
    all_failed = below(spans.is_call) & ~below(spans.is_call & ~spans.is_error)
    return able & ~below(spans.has_usage) & ~(agents & all_failed)


def _let_stand_in(spans: TraceSet, call: Ints, leaf: Bools, stands: Bools) -> Ints:
    if not bool(stands.any()):
        return call
    substitute = spans.tree.nearest(stands)
    replaced = leaf & ~spans.is_error & ~spans.is_embedding & (substitute < spans.size)
    taken = np.where(replaced, substitute, np.arange(spans.size))
    call = np.where(call < spans.size, np.append(taken, spans.size)[call], call)
    return np.where(stands, np.arange(spans.size), call)
