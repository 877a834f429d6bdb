"""Which step of one run is which of another: the same kind of step in the same order."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from dashboard.span_tree import MISSING, arrange_spans

STEPS: Final = 1_500
"""Steps of a run that are aligned; what it takes grows with their square at worst."""
_SHOWN: Final = ("agent", "workflow", "llm", "tool", "embedding", "retriever", "guardrail", "evaluator")

Span = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """A step of one run and the same of the other; one of them is None where only the other run has it."""

    left: Span | None
    right: Span | None

    @property
    def either(self) -> Span:
        """The step, of whichever run has it."""
        found = self.left or self.right
        assert found is not None
        return found


def list_steps(spans: Sequence[Span]) -> list[Span]:
    """Return the spans that are steps, in the order of the tree, at most STEPS; wrappers only where they failed."""
    rows = arrange_spans([span["span_id"] for span in spans], [span["parent_span_id"] for span in spans])
    ordered = [spans[row.index] for row in rows if row.index != MISSING]
    return [span for span in ordered if span["kind"] in _SHOWN or span["status"] == "error"][:STEPS]


def align_steps(left: Sequence[Span], right: Sequence[Span]) -> list[Pair]:
    """Return all steps of both, the same ones side by side, in the order of both.

    Steps are the same by what they are (kind, and tool or agent), never by their numbers or words: these are what is
    compared.

    >>> def step(tool): return {"kind": "tool", "tool": tool, "name": tool, "agent": None}
    >>> pairs = align_steps([step("a"), step("b")], [step("a"), step("c"), step("b")])
    >>> [(pair.left and pair.left["tool"], pair.right and pair.right["tool"]) for pair in pairs]
    [('a', 'a'), (None, 'c'), ('b', 'b')]
    """
    matcher = SequenceMatcher(None, [_name(s) for s in left], [_name(s) for s in right], autojunk=False)
    pairs: list[Pair] = []
    for kind, i, until_i, j, until_j in matcher.get_opcodes():
        if kind == "equal":
            pairs += [Pair(a, b) for a, b in zip(left[i:until_i], right[j:until_j], strict=True)]
        else:
            pairs += [Pair(step, None) for step in left[i:until_i]]
            pairs += [Pair(None, step) for step in right[j:until_j]]
    return pairs


def _name(span: Span) -> Hashable:
    kind = span["kind"]
    if kind == "tool":
        return kind, span["tool"] or span["name"]
    return (
        (kind, span["agent"]) if kind in ("llm", "embedding", "agent", "workflow") else (kind, span["name"])
    )


@dataclass(frozen=True)
class TextRow:
    """Lines of two texts side by side; None where only the other has one."""

    left: str | None
    right: str | None
    is_same: bool


def align_texts(left: str, right: str) -> list[TextRow]:
    """Return the lines of two texts, the same ones side by side.

    >>> [(row.left, row.right, row.is_same) for row in align_texts("a\\nb", "a\\nc")]
    [('a', 'a', True), ('b', 'c', False)]
    """
    a, b = left.splitlines()[:_LINES], right.splitlines()[:_LINES]
    rows: list[TextRow] = []
    for kind, i, until_i, j, until_j in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        for at in range(max(until_i - i, until_j - j)):
            one = a[i + at] if i + at < until_i else None
            other = b[j + at] if j + at < until_j else None
            rows.append(TextRow(one, other, kind == "equal"))
    return rows


_LINES: Final = 1_000
