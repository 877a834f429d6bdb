"""Answers many questions about metrics with few queries: rules that differ in metric or in a value share one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from alerts.rules.measured import Measured, Question
from analytics.metrics import METRICS, evaluate
from store import Store

MOST_GROUPS: Final = 10_000
LONGEST_LABEL: Final = 500
_MOST_MERGED: Final = 2_000
"""Values of a filter that are asked for together."""


class _Source(NamedTuple):
    """What questions must have in common to be answered by one query."""

    start: datetime
    end: datetime
    split: tuple[str, ...]
    """Dimensions filtered to one value each; the query splits by them, and each question takes its part."""
    where: tuple[tuple[str, str | tuple[str, ...]], ...]
    group_by: tuple[str, ...]


def answer_together(store: Store, questions: Sequence[Question]) -> dict[Question, Measured]:
    """Return the answer to each question; those of one source are asked at once."""
    sources: dict[_Source, list[Question]] = {}
    for question in questions:
        sources.setdefault(_find_source(question), []).append(question)
    answers: dict[Question, Measured] = {}
    for source, asked in sources.items():
        for part in _cut(asked):
            answers.update(_answer(store, source, part))
    return answers


def _cut(questions: Sequence[Question]) -> Iterable[Sequence[Question]]:
    for start in range(0, len(questions), _MOST_MERGED):
        yield questions[start : start + _MOST_MERGED]


def _find_source(question: Question) -> _Source:
    metric = METRICS[question.metric]
    split, rest = list[str](), list[tuple[str, str | tuple[str, ...]]]()
    for name, wanted in question.where:
        is_value = isinstance(wanted, str) and wanted not in ("*", "")
        if is_value and name not in question.group_by and metric.has_dimension(name):
            split.append(name)
        else:
            rest.append((name, wanted))
    return _Source(question.start, question.end, tuple(split), tuple(rest), question.group_by)


def _answer(store: Store, source: _Source, questions: Sequence[Question]) -> Mapping[Question, Measured]:
    parts = {question: tuple(dict(question.where)[name] for name in source.split) for question in questions}
    values = list(dict.fromkeys(parts.values()))
    split = list(source.split) if len(values) > 1 else []
    where: dict[str, str | tuple[str, ...]] = dict(source.where)
    for place, name in enumerate(source.split):
        wanted = tuple(dict.fromkeys(str(value[place]) for value in values))
        where[name] = wanted[0] if len(wanted) == 1 else wanted
    metrics = list(dict.fromkeys(question.metric for question in questions))
    frame = evaluate(
        store, metrics, source.start, source.end, where=where, group_by=[*split, *source.group_by]
    )
    found = _divide(frame, split, source.group_by)
    return {
        question: found.get((question.metric, *(part if split else ())))
        or _nothing(question.metric, source.group_by)
        for question, part in parts.items()
    }


def _divide(
    frame: pl.DataFrame, split: Sequence[str], group_by: Sequence[str]
) -> Mapping[tuple[object, ...], Measured]:
    """Return the figures by metric and values of the split."""
    labelled = frame.select(
        "metric", *split, *(pl.col(name).cast(pl.String).str.slice(0, LONGEST_LABEL) for name in group_by),
        "value", "n",
    )  # fmt: skip
    pieces = labelled.partition_by(["metric", *split], as_dict=True, maintain_order=True)
    return {key: Measured.from_frame(_bound(piece), group_by) for key, piece in pieces.items()}


def _bound(piece: pl.DataFrame) -> pl.DataFrame:
    return piece if piece.height <= MOST_GROUPS else piece.top_k(MOST_GROUPS, by="n")


def _nothing(metric: str, group_by: Sequence[str]) -> Measured:
    """Return what is measured where nothing happened: no group, or one of everything."""
    if group_by:
        return Measured.of([])
    value = 0.0 if METRICS[metric].is_additive else np.nan
    return Measured((), np.array([value]), np.array([0.0]), pl.DataFrame())
