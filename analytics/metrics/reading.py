"""Sums over events for any window: whole hours from the rollups, the rest from the narrow tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import polars as pl

from analytics.metrics.definitions import Metric, Part
from store.errors import ConfigError
from store.figures import (
    MEASURES,
    SUBJECTS,
    SUMS,
    Addend,
    Grid,
    Selection,
    compose_buckets,
    compose_totals,
    compose_unit_buckets,
    compose_unit_totals,
    find_attribute,
    unite,
)

if TYPE_CHECKING:
    from store import Store

Where = Mapping[str, str | Sequence[str | None] | None]

ANY = "*"
HOUR = timedelta(hours=1)
FRESH = timedelta(hours=1)
"""The rollups of the last hours may lag behind the facts by some seconds: these come from the facts."""
SHORT = timedelta(hours=3)
"""Windows up to this long are read from the facts alone."""
REACH = timedelta(days=1)
"""Calls of a run start within this time of it."""


@dataclass(frozen=True)
class Piece:
    """A part of the window and where it is read from."""

    first: datetime
    until: datetime
    is_rolled_up: bool


@dataclass(frozen=True)
class Question:
    """What is asked of the store: a window in bins, filters and groups."""

    start: datetime
    end: datetime
    step: timedelta
    where: Where
    group_by: tuple[str, ...]

    @property
    def is_one_bin(self) -> bool:
        """Whether the window is not cut."""
        return self.step >= self.end - self.start

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """Values by dimension, "" for unknown; production alone without a word on purpose."""
        filters = {"purpose": "production"} if "purpose" not in (*self.where, *self.group_by) else {}
        asked = {name: _values(value) for name, value in {**filters, **self.where}.items()}
        return {name: values for name, values in asked.items() if ANY not in values}

    def pieces(self, *, may_roll_up: bool) -> list[Piece]:
        """Return the parts of the window, without gaps and overlaps, in time order."""
        rolled_from, rolled_until = _ceil_hour(self.start), _floor_hour(self.end) - FRESH
        fits = self.is_one_bin or (self.step % HOUR == timedelta(0) and self.start == rolled_from)
        is_short = self.end - self.start <= SHORT or rolled_from >= rolled_until
        if not (may_roll_up and fits) or is_short:
            return [Piece(self.start, self.end, is_rolled_up=False)]
        pieces = [
            Piece(self.start, rolled_from, is_rolled_up=False),
            Piece(rolled_from, rolled_until, is_rolled_up=True),
            Piece(rolled_until, self.end, is_rolled_up=False),
        ]
        return [piece for piece in pieces if piece.first < piece.until]


Standing = Literal["own", "containing", "absent"]


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


def read_totals(store: Store, view: View, parts: Sequence[Part], question: Question) -> pl.DataFrame:
    """Return bin, groups and a column per part (named by `part.key`); parts of one sum may stand in several rows."""
    subject = SUBJECTS[view.subject]
    grid = Grid(question.is_one_bin, view.split)
    addends = [Addend(part.column, part.conditions) for part in parts]
    asked = {name for part in parts for name, _ in part.conditions}
    is_kept = asked <= set(subject.rolled_up) and all(SUMS[part.column].is_rolled_up for part in parts)
    may_roll_up = view.may_roll_up(subject.rolled_up) and is_kept
    pieces = question.pieces(may_roll_up=may_roll_up)
    queries = [
        compose_totals(view.subject, addends, grid, view.selection, is_rolled_up=piece.is_rolled_up)
        for piece in pieces
    ]
    frames = [] if view.is_empty else [store.select(unite(queries), _params_of(view, question, pieces))]
    columns = [pl.col(f"a{n}").cast(pl.Float64).alias(part.key) for n, part in enumerate(parts)]
    empty = {f"a{n}": pl.Float64 for n in range(len(parts))}
    return _gather(frames, view, question, columns, empty)


def read_buckets(store: Store, view: View, measure: str, question: Question) -> pl.DataFrame:
    """Return counts per logarithmic bucket by bin and groups; equal buckets may stand in several rows."""
    subject = SUBJECTS[view.subject]
    grid = Grid(question.is_one_bin, view.split)
    may_roll_up = view.may_roll_up(subject.bucketed) and MEASURES[measure].is_rolled_up
    pieces = question.pieces(may_roll_up=may_roll_up)
    queries = [
        compose_buckets(view.subject, measure, grid, view.selection, is_rolled_up=piece.is_rolled_up)
        for piece in pieces
    ]
    frames = [] if view.is_empty else [store.select(unite(queries), _params_of(view, question, pieces))]
    columns = [
        pl.col("bucket_number").cast(pl.Int64).alias("bucket"),
        pl.col("bucket_events").cast(pl.Int64).alias("events"),
    ]
    return _gather(frames, view, question, columns, {"bucket_number": pl.Int64, "bucket_events": pl.Int64})


def read_unit_totals(store: Store, view: View, parts: Sequence[Part], question: Question) -> pl.DataFrame:
    """Return unit_id (the session) and a column per part, straight from the narrow table."""
    query = compose_unit_totals(
        view.subject, [Addend(part.column, part.conditions) for part in parts], view.selection
    )
    found = store.select(query, _params(view, question, _whole(question)))
    return found.head(0 if view.is_empty else found.height).select(
        pl.col("unit_id").cast(pl.String),
        *(pl.col(f"a{n}").cast(pl.Float64).alias(part.key) for n, part in enumerate(parts)),
    )


def read_unit_buckets(store: Store, view: View, measure: str, question: Question) -> pl.DataFrame:
    """Return unit_id, bucket and events of a measure, straight from the narrow table."""
    query = compose_unit_buckets(view.subject, measure, view.selection)
    found = store.select(query, _params(view, question, _whole(question)))
    return found.select(
        pl.col("unit_id").cast(pl.String),
        pl.col("bucket_number").cast(pl.Int64).alias("bucket"),
        pl.col("bucket_events").cast(pl.Int64).alias("events"),
    )


def _whole(question: Question) -> Piece:
    return Piece(question.start, question.end, is_rolled_up=False)


def _gather(
    frames: list[pl.DataFrame],
    view: View,
    question: Question,
    columns: Sequence[pl.Expr],
    empty: Mapping[str, type[pl.DataType]],
) -> pl.DataFrame:
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


def _params_of(view: View, question: Question, pieces: Sequence[Piece]) -> dict[str, object]:
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


def _floor_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _ceil_hour(moment: datetime) -> datetime:
    floor = _floor_hour(moment)
    return floor if floor == moment else floor + HOUR
