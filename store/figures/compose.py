"""Writes the SELECTs that add figures up, for both engines, from the lists of dimensions, subjects and sums.

Names come from those lists alone; what a caller asks for, attribute keys included, travels as parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from store.figures.dimensions import find_attribute
from store.figures.subjects import MEASURES, SUMS, Subject, find_subject
from store.queries import ComposedQuery

Grain = Literal["event", "hour", "day"]
"""What a query adds up: events of the narrow table, or rows of the rollup per hour or per day."""
_ROLLUPS: Final = {"hour": ("hourly", "hour_at"), "day": ("daily", "day_at")}

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
    parts: tuple[int, ...] = ()
    """Numbers of the parts of the window that are read: of part N, $first is $first_N, and so on; none: one part."""


_WHOLE: Final = Grid(is_one_bin=True)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dimensions are filtered: by `$in_N`, N being the position in `filtered`; "" stands for unknown."""

    filtered: tuple[str, ...] = ()
    containing: tuple[str, ...] = ()
    """Filtered by the calls inside, by `$in_NAME`, between $first and $reach."""


def compose_totals(
    subject_name: str, addends: Sequence[Addend], grid: Grid, selection: Selection, *, grain: Grain
) -> ComposedQuery:
    """Return the query for `bin`, a column `gN` per group and `aN` per addend, from $first to before $until."""
    subject = find_subject(subject_name)
    columns = [
        f"{_aggregate(subject, addend, is_rolled_up=grain != 'event')} AS a{position}"
        for position, addend in enumerate(addends)
    ]
    where = [f"t.subject = '{subject.name}'"] if grain != "event" else []
    return _compose("totals", subject, columns, grid, selection, where, grain)


def compose_buckets(
    subject_name: str, measure: str, grid: Grid, selection: Selection, *, grain: Grain
) -> ComposedQuery:
    """Return the query for `bin`, `gN`, `bucket_number` and `bucket_events` of a measure."""
    subject = find_subject(subject_name)
    if grain != "event":
        where = [f"t.subject = '{subject.name}'", f"t.measure = '{measure}'"]
        columns = ["t.bucket AS bucket_number", "CAST(sum(t.events) AS BIGINT) AS bucket_events"]
        return _compose("buckets", subject, columns, grid, selection, where, grain, ["bucket_number"])
    value = MEASURES[measure].of[subject.name]
    columns = [f"bucket_of({value}) AS bucket_number", "CAST(count(*) AS BIGINT) AS bucket_events"]
    where = [f"{value} IS NOT NULL"]
    return _compose("buckets", subject, columns, grid, selection, where, grain, ["bucket_number"])


def unite(queries: Sequence[ComposedQuery]) -> ComposedQuery:
    """Return one query for the rows of several: a short query costs more to begin than to run."""
    is_bounded = any(query.is_bounded for query in queries)
    texts = [query.sql for query in queries]
    return ComposedQuery(
        " and ".join(query.name for query in queries), "\nUNION ALL\n".join(texts), is_bounded
    )


def compose_unit_totals(subject_name: str, addends: Sequence[Addend], selection: Selection) -> ComposedQuery:
    """Return the query for `unit_id` (the session), `user_id` and `aN` per addend, from $first to before $until."""
    subject = find_subject(subject_name)
    columns = [
        f"{_aggregate(subject, addend, is_rolled_up=False)} AS a{position}"
        for position, addend in enumerate(addends)
    ]
    return _compose_units("totals", subject, columns, selection, [], [])


def compose_unit_buckets(subject_name: str, measure: str, selection: Selection) -> ComposedQuery:
    """Return the query for `unit_id`, `user_id`, `bucket_number` and `bucket_events` of a measure."""
    subject = find_subject(subject_name)
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
    where = [lie_in(_WHOLE, subject.at), *conditions, *filter_events(subject, selection)]
    user = subject.dimensions["user_id"]
    sql = (
        f"SELECT {', '.join([f'{subject.unit} AS unit_id', f'max({user}) AS user_id', *columns])}\n"
        f"FROM {subject.source}\nWHERE {' AND '.join(where)}\n"
        f"GROUP BY {', '.join(['unit_id', *also_by])}\nORDER BY {', '.join(['unit_id', *also_by])}"
    )
    return ComposedQuery(f"{what} of {subject.name} by session", sql, is_bounded=True)


def _compose(
    what: str,
    subject: Subject,
    columns: Sequence[str],
    grid: Grid,
    selection: Selection,
    conditions: Sequence[str],
    grain: Grain,
    also_by: Sequence[str] = (),
) -> ComposedQuery:
    is_rolled_up = grain != "event"
    source, at = subject.source, subject.at
    if is_rolled_up:
        rollup, column = _ROLLUPS[grain]
        source, at = f"ledger.{rollup}{'_buckets' if what == 'buckets' else ''} AS t", f"t.{column}"
    groups = [
        f"{name_dimension(subject, name, f'$group_{position}', is_rolled_up=is_rolled_up)} AS g{position}"
        for position, name in enumerate(grid.group_by)
    ]
    cut = cut_bins(at, grid)
    where = [
        lie_in(grid, at),
        *conditions,
        *filter_events(subject, selection, grid, is_rolled_up=is_rolled_up),
    ]
    keys = ["bin_number", *(f"g{position}" for position in range(len(groups))), *also_by]
    sql = (
        f"SELECT {', '.join([f'{cut} AS bin_number', *groups, *columns])}\n"
        f"FROM {source}\nWHERE {' AND '.join(where)}\nGROUP BY {', '.join(keys)}"
    )
    return ComposedQuery(f"{what} of {subject.name} per {grain}", sql)


def lie_in(grid: Grid, at: str, end: str = "until") -> str:
    """Return the condition that a time lies in the parts of the window that are read."""
    ranges = [f"{at} >= $first_{part} AND {at} < ${end}_{part}" for part in grid.parts]
    return f"({' OR '.join(ranges)})" if ranges else f"{at} >= $first AND {at} < ${end}"


def cut_bins(at: str, grid: Grid) -> str:
    """Return the number of the bin that a time lies in."""
    if grid.is_one_bin:
        return "CAST(0 AS BIGINT)"
    return f"CAST(floor(date_diff('second', $start, {at}) / $bin_s) AS BIGINT)"


def _aggregate(subject: Subject, addend: Addend, *, is_rolled_up: bool) -> str:
    item = SUMS[addend.column]
    value = f"t.{item.name}" if is_rolled_up else item.of[subject.name]
    conditions = [
        f"{name_dimension(subject, name, '', is_rolled_up=is_rolled_up)} IN ({', '.join(map(_quote, values))})"
        for name, values in addend.conditions
    ]
    if conditions:
        value = f"CASE WHEN {' AND '.join(conditions)} THEN {value} END"
    if item.is_distinct:
        return f"CAST(count(DISTINCT {value}) AS DOUBLE)"
    # One type for narrow tables and rollups, so that their rows can be united.
    return f"usd(sum({value}))" if item.is_money else f"CAST(sum({value}) AS DOUBLE)"


def name_dimension(subject: Subject, name: str, key: str, *, is_rolled_up: bool = False) -> str:
    """Return a dimension of an event, or of a row of the rollup; `key` is the parameter of an attribute's name."""
    if is_rolled_up:
        return f"t.{name}"
    if find_attribute(name) is not None and subject.has_attributes:
        return f"attr(t.dimensions, {key})"
    return subject.dimensions[name]


def filter_events(
    subject: Subject, selection: Selection, grid: Grid = _WHOLE, *, is_rolled_up: bool = False
) -> list[str]:
    """Return the conditions that keep what is selected."""
    own = [
        f"coalesce({name_dimension(subject, name, f'$key_{position}', is_rolled_up=is_rolled_up)}, '') "
        f"IN $in_{position}"
        for position, name in enumerate(selection.filtered)
    ]
    if not selection.containing:
        return own
    inside = " AND ".join(
        f"coalesce({subject.containing[name]}, '') IN $in_{name}" for name in selection.containing
    )
    within = lie_in(grid, "c.started_at", "reach")
    return [*own, f"t.run_id IN (SELECT c.run_id FROM ledger.llm_calls AS c WHERE {within} AND {inside})"]


def _quote(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
