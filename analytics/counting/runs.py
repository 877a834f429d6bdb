"""Which spans are runs, and which run every span belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.counting.spans import TraceSet
from analytics.counting.tree import Bools, Ints

_FOREVER: Final = 1 << 62
_NESTED_CHAINS: Final = 64
"""Chains above an agent that are looked at; graphs of graphs are a handful deep."""


@dataclass(frozen=True, slots=True)
class RunSet:
    """Runs in canonical order; the index of a run is its row."""

    root: Ints  # index of the run's span; of the first orphan while the span is missing
    is_missing: Bools  # the run's span is not there
    is_sole: Bools  # the only run of its trace
    trace: Ints
    run: Ints  # run of each span, `count` for none
    is_within: Bools  # of each span: at or below its run's span, not merely in the trace of a sole run

    @property
    def count(self) -> int:
        """Number of runs."""
        return len(self.root)


def find_runs(spans: TraceSet, counted: Bools) -> RunSet:
    """Find the runs of each trace; `counted` marks spans that represent a model or tool call.

    Each outermost agent or workflow is a run, unless a tool or model call above it shows that it was called from
    inside, and so is one that begins when the run above it is over. In a trace with calls but no such span the root
    is, or, while that is missing, the orphans' parent.
    """
    none = spans.size
    outermost = _outermost_agents(spans)
    traces = int(spans.trace[-1]) + 1 if none else 0
    with_agent = np.zeros(traces, dtype=np.bool_)
    with_agent[spans.trace[outermost]] = True
    active = (counted | spans.is_agent | spans.is_workflow) & ~with_agent[spans.trace]

    top = spans.home.root
    lost = spans.is_orphan[top] & ~_is_remote(spans)[top]
    has_root = np.zeros(none, dtype=np.bool_)
    has_root[top[active & ~lost]] = True
    incomplete = np.zeros(traces, dtype=np.bool_)
    incomplete[spans.trace[active & lost]] = True
    first_lost = _first_by_trace(spans, lost & spans.is_orphan & incomplete[spans.trace], traces)

    is_root = outermost | has_root
    is_root[first_lost[first_lost < none]] = True
    root = np.flatnonzero(is_root)
    missing = np.zeros(none, dtype=np.bool_)
    missing[first_lost[first_lost < none]] = True
    owner = np.where(is_root, np.arange(none), spans.home.nearest(is_root))
    owner = np.where(lost & (owner == none), np.append(first_lost, none)[spans.trace], owner)
    return _number_runs(spans, root, missing[root], owner, traces)


def _outermost_agents(spans: TraceSet) -> Bools:
    agents = spans.is_agent | spans.is_workflow
    inside = spans.home.nearest(agents | spans.is_call | spans.is_tool) < spans.size
    outer = np.flatnonzero(agents & ~inside)
    mask = np.zeros(spans.size, dtype=np.bool_)
    mask[_own_wrapper(spans, outer)] = True
    mask &= spans.home.nearest(mask) == spans.size
    return mask | _begun_after(spans, agents)


def _begun_after(spans: TraceSet, agents: Bools) -> Bools:
    """Agents that begin when all above them are over: a span of their library stayed the current one by mistake."""
    above = np.append(spans.home.nearest(agents), spans.size)
    # A span without an end goes on, and a record of how a run began has no length.
    end = np.append(np.where(spans.ended_us > spans.started_us, spans.ended_us, _FOREVER), -_FOREVER)
    over, further = end[above], above
    while bool((further < spans.size).any()):
        over, further = np.maximum(over, over[further]), further[further]
    inside = np.flatnonzero(agents & (above[:-1] < spans.size))
    late = spans.started_us[inside] > over[inside]
    for name in ("scope_name", "service"):
        own, its = spans.frame[name].gather(inside), spans.frame[name].gather(above[inside])
        late &= own.eq_missing(its).to_numpy()
    mask = np.zeros(spans.size, dtype=np.bool_)
    mask[inside[late]] = True
    return mask


def _own_wrapper(spans: TraceSet, agents: Ints) -> Ints:
    """The outermost chain of the agent's own library above it (a crew, a graph), else the agent."""
    scope = spans.frame["scope_name"].rank("dense").fill_null(0).cast(int).to_numpy()
    above = np.append(spans.home.nearest(spans.is_chain), spans.size)
    scopes = np.append(scope, -1)
    best, chain = agents.copy(), above[agents]
    for _ in range(_NESTED_CHAINS):
        own = scopes[chain] == scopes[agents]
        best = np.where(own, chain, best)
        chain = above[chain]
        if bool((chain == spans.size).all()):
            break
    return best


def _is_remote(spans: TraceSet) -> Bools:
    return spans.frame["otel_kind"].is_in(["server", "consumer"]).to_numpy()


def _first_by_trace(spans: TraceSet, mask: Bools, traces: int) -> Ints:
    first = np.full(traces, spans.size, dtype=np.int64)
    found = np.flatnonzero(mask)[::-1]
    first[spans.trace[found]] = found
    return first


def _number_runs(spans: TraceSet, root: Ints, missing: Bools, owner: Ints, traces: int) -> RunSet:
    per_trace = np.bincount(spans.trace[root], minlength=traces)
    sole = per_trace[spans.trace[root]] == 1
    number = np.full(spans.size + 1, len(root), dtype=np.int64)
    number[root] = np.arange(len(root))
    run = number[owner]
    within = run < len(root)
    sole_of_trace = np.full(traces, len(root), dtype=np.int64)
    sole_of_trace[spans.trace[root[sole]]] = np.flatnonzero(sole)
    run = np.where(per_trace[spans.trace] == 1, sole_of_trace[spans.trace], run)
    return RunSet(
        root=root, is_missing=missing, is_sole=sole, trace=spans.trace[root], run=run, is_within=within
    )
