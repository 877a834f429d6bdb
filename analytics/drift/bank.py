"""What the kinds of series have in common: events by hour, what was learnt of each series, evidence for each change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

import numpy as np

from analytics.drift.seasons import DAY, Floats, Ints

MIN_EVENTS = 200
"""Events a training window needs before anything is tested."""
MIN_HOURS = 3 * DAY
"""Hours between the first event and the end of the training window before anything is tested."""
TRAINING_HOURS = 28 * DAY
RISES_SHARE = 0.9
"""Of the error budget: what grows is worth more messages than what shrinks."""
CERTAIN = 4.0
"""A change is tested where it is at least so many standard errors of the baseline."""


@dataclass(frozen=True)
class Events:
    """Events of one kind of series, sorted by series, then hour: so many of a symbol in an hour."""

    series: Ints
    """Row of the series in its bank."""
    hours: Ints
    """Whole hours since 1970."""
    symbols: Ints
    """Of rates 1 for a failure else 0, of values the bucket, of categories the code; of volumes nothing."""
    counts: Floats

    def take(self, chosen: np.ndarray | slice) -> Events:
        """Return some of them."""
        return Events(self.series[chosen], self.hours[chosen], self.symbols[chosen], self.counts[chosen])

    @classmethod
    def none(cls) -> Self:
        """Return no events."""
        empty = np.empty(0, np.int64)
        return cls(empty, empty, empty, np.empty(0))


@dataclass(frozen=True)
class Change:
    """A change of the bank: which way, and how much in the terms of its kind."""

    direction: str
    """up or down; of a category: its share."""
    size: float
    symbol: int = -1
    """Of categories: whose share."""


class Bank(Protocol):
    """The baselines of all series of one kind, in arrays with one row a series."""

    changes: ClassVar[tuple[Change, ...]]
    weights: Floats
    """Share of the error budget of each change, shape (series, changes); a series without any is learning."""

    def resize(self, series: int) -> None:
        """Make room for so many series."""
        ...

    def learn(self, row: int, events: Events, first: int, until: int) -> np.ndarray | None:
        """Learn what is normal for one series from its events in hours [first, until).

        Returns the hours of the week that are unlike their season every week, None without any.
        """
        ...

    def gain(self, hour: int, events: Events) -> tuple[Floats, np.ndarray]:
        """Return the evidence of one hour, shape (series, changes), and which series had events."""
        ...

    def is_unlike(self, hour: int, other: int) -> np.ndarray:
        """Return which series differ so much between the seasons of two hours that one looks like a changed other."""
        ...


def is_enough(events: Events, until: int) -> bool:
    """Return whether a training window says enough to test anything against it."""
    return (
        events.hours.size > 0
        and float(events.counts.sum()) >= MIN_EVENTS
        and until - int(events.hours.min()) >= MIN_HOURS
    )


def share_budget(is_tested: np.ndarray, is_rise: np.ndarray, worth: Floats | float = 1.0) -> Floats:
    """Return the share of the error budget of each change: of rises most of it, of falls the rest; 0 where not tested.

    >>> share_budget(np.array([True, True, True, False]), np.array([True, True, False, False]))
    array([0.45, 0.45, 0.1 , 0.  ])
    """
    rises, falls = (np.where(is_tested & part, worth, 0.0) for part in (is_rise, ~is_rise))
    of_rises = RISES_SHARE if falls.any() else 1.0
    of_falls = 1.0 - RISES_SHARE if rises.any() else 1.0
    return rises * (of_rises / (rises.sum() or 1.0)) + falls * (of_falls / (falls.sum() or 1.0))


def grow(array: np.ndarray, series: int) -> np.ndarray:
    """Return the array with rows of zeros added."""
    if array.shape[0] >= series:
        return array
    return np.concatenate([array, np.zeros((series - array.shape[0], *array.shape[1:]), array.dtype)])
