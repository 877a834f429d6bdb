"""Where the time of a trace went: each span's own share of it, the chain that set the end, and when nothing worked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboard.span_tree import MISSING, TreeRow

LEAST_GAP_SHARE = 0.01
LEAST_GAP_MS = 100.0

Interval = tuple[float, float]


def find_own_times(rows: Sequence[TreeRow], times: Sequence[Interval]) -> list[float | None]:
    """Return for each row how long its span ran while none of its children did, ms; None for a missing span.

    `times` holds start and end of each span, in the order of the input that the rows name.
    """
    own: list[float | None] = []
    for at, row in enumerate(rows):
        if row.index == MISSING:
            own.append(None)
            continue
        start, end = times[row.index]
        inside = [
            (max(first, start), min(last, end))
            for first, last in (times[rows[child].index] for child in _children(rows, at))
        ]
        own.append(max(0.0, end - start - _covered(inside)))
    return own


def find_critical(rows: Sequence[TreeRow], times: Sequence[Interval]) -> list[bool]:
    """Return which spans set the time at which the trace ended: had one of them been faster, it had ended earlier.

    From the end of a span backwards, the child that ended last is the one that was waited for; before its start, the
    child that had ended last by then; and so on.
    """
    critical = [False] * len(rows)
    pending: list[tuple[list[int], float]] = [(list(_tops(rows)), float("inf"))]
    while pending:
        siblings, cursor = pending.pop()
        known = [at for at in siblings if rows[at].index != MISSING]
        for at in siblings:
            if rows[at].index == MISSING:
                known += _children(rows, at)
        for at in sorted(known, key=lambda at: -times[rows[at].index][1]):
            start, end = times[rows[at].index]
            if start >= cursor:
                continue
            critical[at] = True
            pending.append((list(_children(rows, at)), min(end, cursor)))
            cursor = start
    return critical


def find_gaps(rows: Sequence[TreeRow], times: Sequence[Interval], total: float) -> list[Interval]:
    """Return when no span without children ran, from the first to the last moment; short pauses are left out."""
    leaves = sorted(times[row.index] for row in rows if row.index != MISSING and row.size == 0)
    gaps: list[Interval] = []
    reached = leaves[0][1] if leaves else 0.0
    for start, end in leaves:
        if start - reached >= max(LEAST_GAP_MS, total * LEAST_GAP_SHARE):
            gaps.append((round(reached, 3), round(start, 3)))
        reached = max(reached, end)
    return gaps


def _tops(rows: Sequence[TreeRow]) -> Iterator[int]:
    at = 0
    while at < len(rows):
        yield at
        at += rows[at].size + 1


def _children(rows: Sequence[TreeRow], at: int) -> Iterator[int]:
    child, last = at + 1, at + rows[at].size
    while child <= last:
        yield child
        child += rows[child].size + 1


def _covered(intervals: Sequence[Interval]) -> float:
    total, reached = 0.0, float("-inf")
    for start, end in sorted(intervals):
        begin = max(start, reached)
        if end > begin:
            total += end - begin
            reached = end
    return total
