"""Writes the SELECTs that add figures up, for both engines, from the lists of dimensions, subjects and sums.

Names come from those lists alone; what a caller asks for, attribute keys included, travels as parameters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from store.errors import NotFound
from store.figures.dimensions import find_attribute
from store.figures.subjects import (
    MEASURES,
    SUBJECTS,
    SUMS,
    Subject,
    rolled_up_measures,
    rolled_up_sums,
)
from store.queries import ComposedQuery

_OF_PART: Final = re.compile(r"\$(first|until|reach)\b")

Condition = tuple[str, tuple[str, ...]]
"""A dimension and the values it may have."""


@dataclass(frozen=True, slots=True)
class Addend:
    """A sum over the events of a subject that meet some conditions."""

    column: str = "events"
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """How a window is cut: $start, and $bin_s unless all of it is one bin."""

    is_one_bin: bool
    group_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dimensions are filtered: by `$in_N`, N being the position in `filtered`; "" stands for unknown."""

    filtered: tuple[str, ...] = ()
    containing: tuple[str, ...] = ()
    """Filtered by the calls inside, by `$in_NAME`, between $first and $reach."""


def compose_totals(
    subject_name: str, addends: Sequence[Addend], grid: Grid, selection: Selection, *, is_rolled_up: bool
) -> ComposedQuery:
    """Return the query for `bin`, a column `gN` per group and `aN` per addend, from $first to before $until."""
    subject = _find_subject(subject_name)
    columns = [
        f"{_aggregate(subject, addend, is_rolled_up=is_rolled_up)} AS a{position}"
        for position, addend in enumerate(addends)
    ]
    where = [f"t.subject = '{subject.name}'"] if is_rolled_up else []
    return _compose("totals", subject, columns, grid, selection, where, "hourly" if is_rolled_up else None)


def compose_buckets(
    subject_name: str, measure: str, grid: Grid, selection: Selection, *, is_rolled_up: bool
) -> ComposedQuery:
    """Return the query for `bin`, `gN`, `bucket_number` and `bucket_events` of a measure."""
    subject = _find_subject(subject_name)
    if is_rolled_up:
        where = [f"t.subject = '{subject.name}'", f"t.measure = '{measure}'"]
        columns = ["t.bucket AS bucket_number", "CAST(sum(t.events) AS BIGINT) AS bucket_events"]
        return _compose(
            "buckets", subject, columns, grid, selection, where, "hourly_buckets", ["bucket_number"]
        )
    value = MEASURES[measure].of[subject.name]
    columns = [f"bucket_of({value}) AS bucket_number", "CAST(count(*) AS BIGINT) AS bucket_events"]
    where = [f"{value} IS NOT NULL"]
    return _compose("buckets", subject, columns, grid, selection, where, None, ["bucket_number"])


def unite(queries: Sequence[ComposedQuery]) -> ComposedQuery:
    """Return one query for the rows of several over parts of a window: of the n-th, $first is $first_n, and so on.

    A short query costs more to begin than to run.
    """
    texts = [_OF_PART.sub(rf"$\1_{number}", query.sql) for number, query in enumerate(queries)]
    return ComposedQuery(" and ".join(query.name for query in queries), "\nUNION ALL\n".join(texts))


def compose_unit_totals(subject_name: str, addends: Sequence[Addend], selection: Selection) -> ComposedQuery:
    """Return the query for `unit_id` (the session) and a column `aN` per addend, from $first to before $until."""
    subject = _find_subject(subject_name)
    columns = [
        f"{_aggregate(subject, addend, is_rolled_up=False)} AS a{position}"
        for position, addend in enumerate(addends)
    ]
    return _compose_units("totals", subject, columns, selection, [], [])


def compose_unit_buckets(subject_name: str, measure: str, selection: Selection) -> ComposedQuery:
    """Return the query for `unit_id`, `bucket_number` and `bucket_events` of a measure."""
    subject = _find_subject(subject_name)
    value = MEASURES[measure].of[subject.name]
    columns = [f"bucket_of({value}) AS bucket_number", "count(*) AS bucket_events"]
    where = [f"{value} IS NOT NULL"]
    return _compose_units("buckets", subject, columns, selection, where, ["bucket_number"])


def _compose_units(
    what: str,
    subject: Subject,
    columns: Sequence[str],
    selection: Selection,
    conditions: Sequence[str],
    also_by: Sequence[str],
) -> ComposedQuery:
    where = [
        f"{subject.at} >= $first AND {subject.at} < $until",
        *conditions,
        *_filter(subject, selection, is_rolled_up=False),
    ]
    sql = (
        f"SELECT {', '.join([f'{subject.unit} AS unit_id', *columns])}\n"
        f"FROM {subject.source}\nWHERE {' AND '.join(where)}\n"
        f"GROUP BY {', '.join(['unit_id', *also_by])}\nORDER BY {', '.join(['unit_id', *also_by])}"
    )
    return ComposedQuery(f"{what} of {subject.name} by session", sql)


def compose_rollup(subject_name: str) -> ComposedQuery:
    """Return the rows of ledger.hourly for the hours of the frame `hours`, which lie in [$first, $until)."""
    subject = _find_subject(subject_name)
    sums = [
        (
            f"usd(sum({item.of[subject.name]}))" if item.is_money else f"sum({item.of[subject.name]})",
            item.name,
        )
        for item in rolled_up_sums(subject.name)
    ]
    return ComposedQuery(f"rollup of {subject.name}", _compose_hours(subject, subject.rolled_up, sums, []))


def compose_rollup_buckets(subject_name: str) -> ComposedQuery | None:
    """Return the rows of ledger.hourly_buckets of those hours; None for a subject without measures."""
    subject = _find_subject(subject_name)
    texts: list[str] = []
    for measure in rolled_up_measures(subject.name):
        value = measure.of[subject.name]
        columns = [(f"bucket_of({value})", "bucket"), ("count(*)", "events")]
        text = _compose_hours(subject, subject.bucketed, columns, [f"{value} IS NOT NULL"], bucket=value)
        texts.append(text.replace("\nSELECT", f"\nSELECT '{measure.name}' AS measure,", 1))
    if not texts:
        return None
    return ComposedQuery(f"rollup of {subject.name} per bucket", "\nUNION ALL\n".join(texts))


def _compose_hours(
    subject: Subject,
    dimensions: Sequence[str],
    columns: Sequence[tuple[str, str]],
    conditions: Sequence[str],
    *,
    bucket: str | None = None,
) -> str:
    chosen = [(f"hour_of({subject.at})", "hour_at"), (f"'{subject.name}'", "subject")]
    split = [(subject.dimensions[name], name) for name in dimensions]
    written = ", ".join(f"{text} AS {name}" for text, name in (*chosen, *split, *columns))
    keys = [f"hour_of({subject.at})", *(text for text, _ in split)]
    if bucket is not None:
        keys.append(f"bucket_of({bucket})")
    where = [
        f"{subject.at} >= $first AND {subject.at} < $until",
        f"hour_of({subject.at}) IN (SELECT h.hour_at FROM hours AS h)",
        *conditions,
    ]
    return (
        f"\nSELECT {written}\nFROM {subject.source}\nWHERE {' AND '.join(where)}\nGROUP BY {', '.join(keys)}"
    )


def _compose(
    what: str,
    subject: Subject,
    columns: Sequence[str],
    grid: Grid,
    selection: Selection,
    conditions: Sequence[str],
    rollup: str | None,
    also_by: Sequence[str] = (),
) -> ComposedQuery:
    source = subject.source if rollup is None else f"ledger.{rollup} AS t"
    at = subject.at if rollup is None else "t.hour_at"
    groups = [
        f"{_dimension(subject, name, f'$group_{position}', is_rolled_up=rollup is not None)} AS g{position}"
        for position, name in enumerate(grid.group_by)
    ]
    cut = (
        "CAST(0 AS BIGINT)"
        if grid.is_one_bin
        else f"CAST(floor(date_diff('second', $start, {at}) / $bin_s) AS BIGINT)"
    )
    where = [
        f"{at} >= $first AND {at} < $until",
        *conditions,
        *_filter(subject, selection, is_rolled_up=rollup is not None),
    ]
    keys = ["bin_number", *(f"g{position}" for position in range(len(groups))), *also_by]
    sql = (
        f"SELECT {', '.join([f'{cut} AS bin_number', *groups, *columns])}\n"
        f"FROM {source}\nWHERE {' AND '.join(where)}\nGROUP BY {', '.join(keys)}"
    )
    return ComposedQuery(f"{what} of {subject.name} from {rollup or subject.source}", sql)


def _aggregate(subject: Subject, addend: Addend, *, is_rolled_up: bool) -> str:
    item = SUMS[addend.column]
    value = f"t.{item.name}" if is_rolled_up else item.of[subject.name]
    conditions = [
        f"{_dimension(subject, name, '', is_rolled_up=is_rolled_up)} IN ({', '.join(map(_quote, values))})"
        for name, values in addend.conditions
    ]
    if conditions:
        value = f"CASE WHEN {' AND '.join(conditions)} THEN {value} END"
    if item.is_distinct:
        return f"CAST(count(DISTINCT {value}) AS DOUBLE)"
    # One type for narrow tables and rollups, so that their rows can be united.
    return f"usd(sum({value}))" if item.is_money else f"CAST(sum({value}) AS DOUBLE)"


def _dimension(subject: Subject, name: str, key: str, *, is_rolled_up: bool) -> str:
    if is_rolled_up:
        return f"t.{name}"
    if find_attribute(name) is not None and subject.has_attributes:
        return f"attr(t.dimensions, {key})"
    return subject.dimensions[name]


def _filter(subject: Subject, selection: Selection, *, is_rolled_up: bool) -> list[str]:
    own = [
        f"coalesce({_dimension(subject, name, f'$key_{position}', is_rolled_up=is_rolled_up)}, '') "
        f"IN $in_{position}"
        for position, name in enumerate(selection.filtered)
    ]
    if not selection.containing:
        return own
    inside = " AND ".join(
        f"coalesce({subject.containing[name]}, '') IN $in_{name}" for name in selection.containing
    )
    within = "c.started_at >= $first AND c.started_at < $reach"
    return [*own, f"t.run_id IN (SELECT c.run_id FROM ledger.llm_calls AS c WHERE {within} AND {inside})"]


def _quote(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _find_subject(name: str) -> Subject:
    subject = SUBJECTS.get(name)
    if subject is None:
        raise NotFound(f"nothing is counted as {name!r}; there are {', '.join(SUBJECTS)}")
    return subject
