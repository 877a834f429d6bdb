"""Parent pointers of many traces at once, as arrays: every question is answered in a logarithm of the depth."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Tree:
    """A forest over nodes 0 to size - 1; the index `size` stands for "none".

    A cycle is cut at its lowest node, which becomes a root, so that any parent graph is a forest.
    """

    def __init__(self, parent: Ints) -> None:
        self.size = len(parent)
        self._up: Ints = _cut_cycles(np.append(parent, self.size).astype(np.int64))

    @property
    def parent(self) -> Ints:
        """Index of the parent of each node."""
        return self._up[:-1]

    @cached_property
    def _jumps(self) -> list[Ints]:
        """Ancestors at distances 1, 2, 4, … until nobody has one."""
        jumps: list[Ints] = []
        step = self._up
        while bool((step[:-1] != self.size).any()):
            jumps.append(step)
            step = step[step]
        return jumps

    @cached_property
    def depth(self) -> Ints:
        """Number of ancestors of each node."""
        hops = (self._up != self.size).astype(np.int64)
        for step in self._jumps:
            hops = hops + hops[step]
        return hops[:-1]

    @cached_property
    def root(self) -> Ints:
        """Topmost ancestor of each node, itself for a root."""
        return self.topmost(self.parent == self.size)

    def nearest(self, mask: Bools) -> Ints:
        """Return the nearest ancestor of each node that is in the mask, never the node itself."""
        return _settle(np.where(np.append(mask, True), np.arange(self.size + 1), self._up))[self.parent]

    def topmost(self, mask: Bools) -> Ints:
        """Return the highest node of the mask among each node and its ancestors."""
        own = np.arange(self.size)
        near = self.nearest(mask)
        top = _settle(np.append(np.where(mask & (near == self.size), own, near), self.size))
        return np.where(mask, top[:-1], top[near])

    def has_below(self, mask: Bools) -> Bools:
        """Tell of each node whether a proper descendant is in the mask."""
        marked = np.append(mask, False)
        for step in self._jumps:
            marked[step[np.flatnonzero(marked)]] = True
            marked[-1] = False
        above = np.zeros(self.size + 1, dtype=np.bool_)
        above[self._up[np.flatnonzero(marked)]] = True
        return above[:-1]

    def sum_within(self, values: Ints) -> Ints:
        """Return for each node the sum of the values of itself and its descendants."""
        total = np.append(values, 0).astype(np.float64)
        for step in self._jumps:
            total = total + np.bincount(step, weights=total, minlength=self.size + 1)
            total[-1] = 0.0
        return total[:-1].astype(np.int64)


def _settle(pointer: Ints) -> Ints:
    """Follow each pointer to the node that points at itself."""
    while True:
        further = pointer[pointer]
        if np.array_equal(further, pointer):
            return pointer
        pointer = further


def _cut_cycles(up: Ints) -> Ints:
    none = len(up) - 1
    if none == 0:
        return up
    far = up
    rounds = max(1, int(none).bit_length())
    for _ in range(rounds):
        if bool((far == none).all()):
            return up
        far = far[far]
    stuck = far != none
    if not bool(stuck.any()):
        return up
    on_cycle = np.unique(far[stuck])
    lowest = np.arange(none + 1)
    step = up
    for _ in range(rounds):
        lowest = np.minimum(lowest, lowest[step])
        step = step[step]
    cut = up.copy()
    cut[on_cycle[lowest[on_cycle] == on_cycle]] = none
    return cut
