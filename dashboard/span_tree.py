"""Arranges the spans of a trace as a tree, whatever state the trace is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MISSING: Final = -1


@dataclass(frozen=True)
class TreeRow:
    """A row of the waterfall.

    Attributes:
        index: position of the span in the input, or MISSING for a span that others name and nobody sent.
        span_id: its id; of a missing span the id its children name.
        depth: number of rows above it in the tree.
        size: number of rows below it in the tree.
    """

    index: int
    span_id: str
    depth: int
    size: int


def arrange_spans(ids: Sequence[str], parents: Sequence[str | None]) -> list[TreeRow]:
    """Return rows in the order of the tree, siblings in the order of the input.

    Every span is in exactly one row, for any graph of parents: spans whose parent is unknown stand under a row
    for it, and a circle is opened at its earliest span.

    >>> [(row.span_id, row.depth, row.size) for row in arrange_spans(["a", "b", "c"], [None, "a", "x"])]
    [('a', 0, 1), ('b', 1, 0), ('x', 0, 1), ('c', 1, 0)]
    """
    known = {span_id: i for i, span_id in reversed(list(enumerate(ids)))}
    children: dict[str, list[int]] = {}
    tops: list[tuple[int, str]] = []
    for i, parent in enumerate(parents):
        if parent is None or parent == ids[i]:
            tops.append((i, ids[i]))
            continue
        if parent not in known and parent not in children:
            tops.append((MISSING, parent))
        children.setdefault(parent, []).append(i)
    placed = [False] * len(ids)
    rows = _walk(tops, children, ids, placed)
    for i in range(len(ids)):
        if not placed[i]:
            rows += _walk([(i, ids[i])], children, ids, placed)
    return rows


def _walk(
    tops: Sequence[tuple[int, str]], children: dict[str, list[int]], ids: Sequence[str], placed: list[bool]
) -> list[TreeRow]:
    rows: list[TreeRow] = []
    open_rows: list[tuple[int, int, str, int]] = []  # position in rows, index, id, depth
    pending = [(index, span_id, 0) for index, span_id in reversed(tops)]
    while pending:
        index, span_id, depth = pending.pop()
        if index != MISSING and placed[index]:
            continue
        while open_rows and open_rows[-1][3] >= depth:
            _close(rows, open_rows.pop())
        if index != MISSING:
            placed[index] = True
        open_rows.append((len(rows), index, span_id, depth))
        rows.append(TreeRow(index, span_id, depth, 0))
        pending += [(child, ids[child], depth + 1) for child in reversed(children.get(span_id, ()))]
    while open_rows:
        _close(rows, open_rows.pop())
    return rows


def _close(rows: list[TreeRow], opened: tuple[int, int, str, int]) -> None:
    position, index, span_id, depth = opened
    rows[position] = TreeRow(index, span_id, depth, len(rows) - position - 1)
