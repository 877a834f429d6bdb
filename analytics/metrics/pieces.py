"""Which part of a window is read from which rollup: whole days, whole hours, the events themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from store.figures import Grain

if TYPE_CHECKING:
    from store import Store

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FRESH = timedelta(hours=1)
"""The rollups lag behind the facts by some seconds: while a last hour waits to be added up, it comes from the facts."""
SHORT = timedelta(hours=3)
"""Windows up to this long are read from the facts alone."""
MOST_PIECES = 8
"""Beyond so many, while a long history is added up, hours alone are read."""

Moments = Mapping[str, frozenset[datetime]]


@dataclass(frozen=True)
class Span:
    """A window, cut into steps from its start."""

    start: datetime
    end: datetime
    step: timedelta
    before: timedelta | None = field(default=None, kw_only=True)
    """Whole steps: the equal window that began so much earlier is looked at too; its steps have negative numbers."""

    @property
    def windows(self) -> tuple[Span, ...]:
        """The window, after the one before where that is looked at too."""
        own = Span(self.start, self.end, self.step)
        if self.before is None:
            return (own,)
        return Span(self.start - self.before, self.end - self.before, self.step), own

    @property
    def is_one_bin(self) -> bool:
        """Whether there is one window, and that not cut."""
        return self.before is None and self.step >= self.end - self.start

    def fits(self, unit: timedelta) -> bool:
        """Return whether no step begins within an hour or a day."""
        begins = _floor(self.start, unit) == self.start
        return self.is_one_bin or (self.step % unit == timedelta(0) and begins)


@dataclass(frozen=True)
class Piece:
    """A part of the window and what it is read from."""

    first: datetime
    until: datetime
    grain: Grain


@dataclass(frozen=True)
class Standing:
    """What the rollups hold of a window, by subject."""

    open_days: Moments = field(default_factory=dict[str, frozenset[datetime]])
    """Days that are to be read by the hour."""
    expired_hours: Moments = field(default_factory=dict[str, frozenset[datetime]])
    """Hours of which facts were deleted, of whole days: the rollups alone know them whole."""
    waiting: frozenset[str] = frozenset()
    """Subjects of which one of the last hours is to be added up again."""

    def find_expired(self, subject: str, window: Span) -> frozenset[datetime]:
        """Return the hours of a subject, within a window, of which facts were deleted."""
        hours = self.expired_hours.get(subject, frozenset())
        return frozenset(hour for hour in hours if hour + HOUR > window.start and hour < window.end)


def read_standing(store: Store, span: Span) -> Standing:
    """Return what the rollups hold of a window."""
    bounds = {
        "first": _floor(span.windows[0].start, DAY),
        "until": span.end,
        "fresh_from": _floor(span.end, HOUR) - FRESH,
    }
    found: dict[str, dict[str, set[datetime]]] = {"open day": {}, "expired hour": {}, "waiting hour": {}}
    for subject, since, what in store.select("rollups/standing", bounds).iter_rows():
        found[what].setdefault(subject, set()).add(since.replace(tzinfo=UTC))
    days, hours = (
        {subject: frozenset(moments) for subject, moments in by_subject.items()}
        for by_subject in (found["open day"], found["expired hour"])
    )
    return Standing(days, hours, frozenset(found["waiting hour"]))


def cut(span: Span, subject: str, standing: Standing, *, may_roll_up: bool) -> list[Piece]:
    """Return the parts of a window, without gaps and overlaps, in time order.

    Where facts were deleted, a window that begins or ends within an hour has all of that hour.
    """
    return [
        piece
        for window in span.windows
        for piece in _cut_window(window, subject, standing, may_roll_up=may_roll_up)
    ]


def _cut_window(span: Span, subject: str, standing: Standing, *, may_roll_up: bool) -> list[Piece]:
    expired = standing.find_expired(subject, span)
    first, until = _ceil(span.start, HOUR), _floor(span.end, HOUR)
    if subject in standing.waiting:
        until -= FRESH
    if expired:
        first = min(first, *expired)
        until = max(until, max(expired) + HOUR)
    is_short = span.end - span.start <= SHORT and not expired
    if not (may_roll_up and span.fits(HOUR)) or is_short or first >= until:
        return [Piece(span.start, span.end, "event")]
    inner = list(_cut_days(first, until, standing.open_days.get(subject, frozenset()), span))
    if len(inner) > MOST_PIECES:
        inner = [Piece(first, until, "hour")]
    pieces = [Piece(span.start, first, "event"), *inner, Piece(until, span.end, "event")]
    return [piece for piece in pieces if piece.first < piece.until]


def find_gaps(span: Span, subject: str, standing: Standing, *, may_roll_up: bool) -> frozenset[int]:
    """Return the steps of a window of which facts were deleted that no rollup can tell either."""
    return frozenset(
        (window.start - span.start) // span.step + step
        for window in span.windows
        for step in _find_gaps(window, subject, standing, may_roll_up=may_roll_up)
    )


def _find_gaps(span: Span, subject: str, standing: Standing, *, may_roll_up: bool) -> frozenset[int]:
    expired = standing.find_expired(subject, span)
    if not expired or (may_roll_up and span.fits(HOUR)):
        return frozenset()
    if span.is_one_bin:
        return frozenset((0,))
    gaps: set[int] = set()
    for hour in expired:
        begin, end = max(hour, span.start), min(hour + HOUR, span.end)
        gaps.update(range((begin - span.start) // span.step, -(-(end - span.start) // span.step)))
    return frozenset(gaps)


def _cut_days(
    first: datetime, until: datetime, open_days: frozenset[datetime], span: Span
) -> Iterator[Piece]:
    begin, end = _ceil(first, DAY), _floor(until, DAY)
    if begin >= end or not span.fits(DAY):
        yield Piece(first, until, "hour")
        return
    hours_from = first
    days_from = begin
    for day in sorted(day for day in open_days if begin <= day < end):
        if day > days_from:
            yield Piece(hours_from, days_from, "hour")
            yield Piece(days_from, day, "day")
            hours_from = day
        days_from = day + DAY
    if days_from < end:
        yield Piece(hours_from, days_from, "hour")
        yield Piece(days_from, end, "day")
        hours_from = end
    yield Piece(hours_from, until, "hour")


def _floor(moment: datetime, unit: timedelta) -> datetime:
    moment = moment.astimezone(UTC)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if unit == DAY else midnight + (moment - midnight) // unit * unit


def _ceil(moment: datetime, unit: timedelta) -> datetime:
    floor = _floor(moment, unit)
    return floor if floor == moment else floor + unit
