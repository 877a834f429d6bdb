"""Sums over events for any window: whole hours from the rollups, the rest from the narrow tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from analytics.metrics.definitions import Metric, Part
from analytics.metrics.pieces import SHORT, Piece, Span, Standing, cut, find_gaps
from store.errors import ConfigError
from store.figures import (
    MEASURES,
    SUBJECTS,
    SUMS,
    Addend,
    Grain,
    Grid,
    Selection,
    compose_buckets,
    compose_totals,
    compose_unit_buckets,
    compose_unit_totals,
    find_attribute,
    unite,
)
from store.queries import ComposedQuery

if TYPE_CHECKING:
    from store import Store

Where = Mapping[str, str | Sequence[str | None] | None]

ANY = "*"
REACH = timedelta(days=1)
"""Calls of a run start within this time of it."""


@dataclass(frozen=True)
class Question(Span):
    """What is asked of the store: a window in bins, filters and groups."""

    where: Where
    group_by: tuple[str, ...]

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """Values by dimension, "" for unknown; production alone without a word on purpose."""
        filters = {"purpose": "production"} if "purpose" not in (*self.where, *self.group_by) else {}
        asked = {name: _values(value) for name, value in {**filters, **self.where}.items()}
        return {name: values for name, values in asked.items() if ANY not in values}


@dataclass(frozen=True)
class View:
    """How a question stands to one subject: which dimensions are its own, and which of the calls inside."""

    subject: str
    split: tuple[str, ...]
    """Groups it has; of the others its rows say nothing."""
    selection: Selection
    is_empty: bool
    """A filter asks for a value of something that it lacks."""

    def may_roll_up(self, dimensions: Sequence[str]) -> bool:
        """Return whether a rollup with these dimensions can answer."""
        asked = {*self.split, *self.selection.filtered}
        return not self.selection.containing and asked <= set(dimensions)


def check_question(metrics: Sequence[Metric], question: Question) -> None:
    """Raise ConfigError when the window is empty or a metric lacks a dimension that is asked for."""
    if question.start >= question.end:
        raise ConfigError(
            f"the window {question.start:%Y-%m-%d %H:%M} to {question.end:%Y-%m-%d %H:%M} is empty; "
            "let it end after it starts"
        )
    for metric in metrics:
        for name in question.where:
            if not metric.has_filter(name):
                _refuse(metric, name, metric.filters)
        for name in question.group_by:
            if not metric.has_dimension(name):
                _refuse(metric, name, metric.dimensions)


def _refuse(metric: Metric, name: str, known: Sequence[str]) -> None:
    raise ConfigError(
        f"{metric.name} has no dimension {name!r}; use one of {', '.join(known)}, or attributes.KEY of an "
        "attribute that [analytics] dimensions declares"
    )


def find_view(metric: Metric, subject_name: str, question: Question) -> View:
    """Return how the question stands to one of the metric's subjects."""
    subject = SUBJECTS[subject_name]
    own: list[str] = []
    containing: list[str] = []
    is_empty = False
    for name, values in question.filters.items():
        if metric.lacks(name, subject_name):
            if name in subject.containing and not metric.has_dimension(name):
                containing.append(name)
            else:
                is_empty = is_empty or "" not in values
        else:
            own.append(name)
    split = tuple(name for name in question.group_by if not metric.lacks(name, subject_name))
    return View(subject_name, split, Selection(tuple(own), tuple(containing)), is_empty)


@dataclass(frozen=True)
class Reading:
    """Rows of a view, and the bins of which facts were deleted that were needed."""

    rows: pl.DataFrame
    gaps: frozenset[int]

    @property
    def is_partial(self) -> bool:
        """Whether retention has deleted facts that were needed: the rows speak of the rest."""
        return bool(self.gaps)


def are_rolled_up(parts: Sequence[Part]) -> bool:
    """Return whether the rollups hold all of some sums."""
    return all(
        SUBJECTS[part.subject].rolled_up
        and SUMS[part.column].is_rolled_up
        and {name for name, _ in part.conditions} <= set(SUBJECTS[part.subject].rolled_up)
        for part in parts
    )


def read_totals(
    store: Store, view: View, parts: Sequence[Part], question: Question, standing: Standing
) -> Reading:
    """Return bin, groups and a column per part (named by `part.key`); parts of one sum may stand in several rows."""
    subject = SUBJECTS[view.subject]
    addends = [Addend(part.column, part.conditions) for part in parts]
    may_roll_up = view.may_roll_up(subject.rolled_up) and are_rolled_up(parts)

    def compose(grid: Grid, grain: Grain) -> ComposedQuery:
        return compose_totals(view.subject, addends, grid, view.selection, grain=grain)

    columns = [pl.col(f"a{n}").cast(pl.Float64).alias(part.key) for n, part in enumerate(parts)]
    empty = {f"a{n}": pl.Float64 for n in range(len(parts))}
    frames = _read(
        store, view, question, cut(question, view.subject, standing, may_roll_up=may_roll_up), compose
    )
    return Reading(
        gather(frames, view, question, columns, empty),
        find_gaps(question, view.subject, standing, may_roll_up=may_roll_up),
    )


def read_buckets(store: Store, view: View, measure: str, question: Question, standing: Standing) -> Reading:
    """Return counts per logarithmic bucket by bin and groups; equal buckets may stand in several rows."""
    subject = SUBJECTS[view.subject]
    may_roll_up = view.may_roll_up(subject.bucketed) and MEASURES[measure].is_rolled_up

    def compose(grid: Grid, grain: Grain) -> ComposedQuery:
        return compose_buckets(view.subject, measure, grid, view.selection, grain=grain)

    columns = [
        pl.col("bucket_number").cast(pl.Int64).alias("bucket"),
        pl.col("bucket_events").cast(pl.Int64).alias("events"),
    ]
    empty = {"bucket_number": pl.Int64, "bucket_events": pl.Int64}
    frames = _read(
        store, view, question, cut(question, view.subject, standing, may_roll_up=may_roll_up), compose
    )
    return Reading(
        gather(frames, view, question, columns, empty),
        find_gaps(question, view.subject, standing, may_roll_up=may_roll_up),
    )


def _read(
    store: Store,
    view: View,
    question: Question,
    pieces: Sequence[Piece],
    compose: Callable[[Grid, Grain], ComposedQuery],
) -> list[pl.DataFrame]:
    if view.is_empty:
        return []
    parts: dict[Grain, tuple[int, ...]] = {}
    for number, piece in enumerate(pieces):
        parts[piece.grain] = (*parts.get(piece.grain, ()), number)
    query = unite(
        [compose(Grid(question.is_one_bin, view.split, numbers), grain) for grain, numbers in parts.items()]
    )
    is_long = any(piece.grain == "event" and piece.until - piece.first > SHORT for piece in pieces)
    return [store.select(replace(query, is_bounded=is_long), params_of(view, question, pieces))]


def read_unit_totals(store: Store, view: View, parts: Sequence[Part], question: Question) -> pl.DataFrame:
    """Return unit_id (the session), user_id and a column per part, straight from the narrow table."""
    query = compose_unit_totals(
        view.subject, [Addend(part.column, part.conditions) for part in parts], view.selection
    )
    found = store.select(query, _params(view, question, whole(question)))
    return found.head(0 if view.is_empty else found.height).select(
        pl.col("unit_id", "user_id").cast(pl.String),
        *(pl.col(f"a{n}").cast(pl.Float64).alias(part.key) for n, part in enumerate(parts)),
    )


def read_unit_buckets(store: Store, view: View, measure: str, question: Question) -> pl.DataFrame:
    """Return unit_id, user_id, bucket and events of a measure, straight from the narrow table."""
    query = compose_unit_buckets(view.subject, measure, view.selection)
    found = store.select(query, _params(view, question, whole(question)))
    return found.head(0 if view.is_empty else found.height).select(
        pl.col("unit_id", "user_id").cast(pl.String),
        pl.col("bucket_number").cast(pl.Int64).alias("bucket"),
        pl.col("bucket_events").cast(pl.Int64).alias("events"),
    )


def whole(question: Question) -> Piece:
    """Return the window as one piece, read from the events."""
    return Piece(question.start, question.end, "event")


def gather(
    frames: list[pl.DataFrame],
    view: View,
    question: Question,
    columns: Sequence[pl.Expr],
    empty: Mapping[str, type[pl.DataType] | pl.DataType],
) -> pl.DataFrame:
    """Return what was read with bin and groups under their names; groups that the view lacks are unknown."""
    names = {name: f"g{position}" for position, name in enumerate(view.split)}
    groups = [
        pl.col(names[name]).cast(pl.String).alias(name)
        if name in names
        else pl.lit(None, pl.String).alias(name)
        for name in question.group_by
    ]
    nothing = pl.DataFrame(
        schema={"bin_number": pl.Int64, **dict.fromkeys(names.values(), pl.String), **empty}
    )
    return pl.concat(
        [
            frame.select(pl.col("bin_number").cast(pl.Int64).alias("bin"), *groups, *columns)
            for frame in (frames or [nothing])
        ]
    )


def _params(view: View, question: Question, piece: Piece) -> dict[str, object]:
    filters = question.filters
    params: dict[str, object] = {
        "start": question.start,
        "bin_s": question.step.total_seconds(),
        "first": piece.first,
        "until": piece.until,
        "reach": piece.until + REACH,
    }
    for position, name in enumerate(view.split):
        params[f"group_{position}"] = find_attribute(name)
    for position, name in enumerate(view.selection.filtered):
        params[f"key_{position}"] = find_attribute(name)
        params[f"in_{position}"] = list(filters[name])
    for name in view.selection.containing:
        params[f"in_{name}"] = list(filters[name])
    return params


def params_of(view: View, question: Question, pieces: Sequence[Piece]) -> dict[str, object]:
    """Return the parameters of the united queries of all parts of a window."""
    params = _params(view, question, pieces[0])
    for number, piece in enumerate(pieces):
        params |= {
            f"first_{number}": piece.first,
            f"until_{number}": piece.until,
            f"reach_{number}": piece.until + REACH,
        }
    return params


def _values(asked: str | Sequence[str | None] | None) -> tuple[str, ...]:
    if asked is None:
        return ("",)
    return (asked,) if isinstance(asked, str) else tuple(value or "" for value in asked)
