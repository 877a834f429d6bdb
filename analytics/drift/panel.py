"""All series of one kind, hour by hour: learn, weigh, step. The job and the benchmark run this and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from analytics.drift.bank import TRAINING_HOURS, Bank, Events, grow
from analytics.drift.categories import CategoryBank
from analytics.drift.detector import (
    HOURS_BETWEEN_FALSE_ALARMS,
    OVERSHOOT,
    Fired,
    Statistics,
    measure_closeness,
    step,
)
from analytics.drift.rates import RateBank
from analytics.drift.seasons import DAY, WEEK, Floats, Ints, may_be_shifted, slot_of, week_start
from analytics.drift.values import ValueBank
from analytics.drift.volumes import VolumeBank

BANKS: dict[str, Callable[[], Bank]] = {
    "rate": RateBank,
    "value": ValueBank,
    "category": CategoryBank,
    "volume": VolumeBank,
}
ANCHOR_ODDS = 100.0
"""Share of the threshold at which evidence starts where something known happened: an e-test with an error of 1 %."""
SUSPICIOUS = 0.02
"""Closeness to an alarm from which the hours in doubt teach the baseline nothing."""
_LEAST_CLEAN_HOURS = 14 * DAY
"""Hours of training that must be left; where more are in doubt, the new behaviour has become the normal one."""


@dataclass(frozen=True)
class PanelAlarm:
    """One series fired at the end of an hour."""

    row: int
    hour: int
    since: int
    """Hour in which the change most likely began."""
    change: int
    closeness: float


@dataclass(frozen=True)
class Pin:
    """Hours that a baseline is learnt from, as people decided; without `since` the last 28 days again."""

    at: int
    """Hour from which on it holds."""
    since: int | None
    until: int | None
    """None: all hours since, of the last 28 days: a new level that was accepted."""


@dataclass
class Panel:
    """The series of one kind with their baselines and statistics."""

    kind: str
    threshold: float = HOURS_BETWEEN_FALSE_ALARMS * OVERSHOOT
    bank: Bank = field(init=False)
    statistics: Statistics = field(init=False)
    doubtful: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """Hours that baselines leave out: row, first hour, hour after the last."""
    excluded: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """The same, as people decided; nothing is tested in them."""
    pins: dict[int, list[Pin]] = field(default_factory=dict[int, list[Pin]])
    """By row what its baseline is learnt from, the latest decision last."""
    anchors: dict[int, dict[int, float]] = field(default_factory=dict[int, dict[int, float]])
    """By hour the rows of which something known happened: evidence starts higher, by so many hours' worth at most."""
    special: np.ndarray = field(init=False)
    """Hours of the week that are unlike their season every week, shape (series, 168): they are not tested."""
    suspected: dict[int, int] | None = None
    """What `find_suspected` told when a state was kept: with it come no baselines that could tell it again."""
    _is_grown: np.ndarray = field(init=False)
    """Whether a baseline rests on the whole training window."""

    def __post_init__(self) -> None:
        self.bank = BANKS[self.kind]()
        self.statistics = Statistics.begin(0, len(self.bank.changes))
        self.special, self._is_grown = np.zeros((0, WEEK), bool), np.zeros(0, bool)

    @property
    def size(self) -> int:
        """Return the number of series."""
        return self.statistics.totals.shape[0]

    def resize(self, series: int) -> None:
        """Make room for so many series; rows never move."""
        if series <= self.size:
            return
        more = Statistics.begin(series - self.size, len(self.bank.changes))
        old = self.statistics
        self.statistics = Statistics(
            np.concatenate([old.totals, more.totals]),
            np.concatenate([old.runs, more.runs]),
            np.concatenate([old.since, more.since]),
        )
        self._is_grown = np.concatenate([self._is_grown, np.zeros(series - self._is_grown.size, bool)])
        self.special = grow(self.special, series)
        self.bank.resize(series)

    def measure_closeness(self) -> Floats:
        """Return how near to an alarm each series is."""
        return measure_closeness(self.statistics, self.bank.weights, self.threshold)

    @property
    def is_learning(self) -> np.ndarray:
        """Return which series are not tested yet."""
        return ~np.asarray(self.bank.weights.any(axis=1))

    def find_suspected(self) -> dict[int, int]:
        """Return by row the hour since which something may have changed, of those that are near an alarm."""
        rows = np.flatnonzero(self.measure_closeness() >= SUSPICIOUS)
        return {row: self.find_likeliest(row)[1] for row in rows.tolist()}

    def learn(self, events: Events, hour: int, *, everything: bool = False) -> None:
        """Learn baselines from the 28 days before `hour`: of all series on Mondays, daily of those still growing.

        A decision about a baseline is followed at once; its series begins anew.
        """
        decided = [row for row, pins in self.pins.items() if any(pin.at == hour for pin in pins)]
        for row in decided:
            self.begin_anew(row)
        if everything or week_start(hour) == hour:
            rows = range(self.size)
        else:
            growing = [] if hour % DAY else np.flatnonzero(~self._is_grown).tolist()
            rows = sorted({*growing, *decided})
        if not rows:
            return
        edges = np.searchsorted(events.series, np.arange(self.size + 1))
        suspected = self.find_suspected() if self.suspected is None else self.suspected
        self.suspected = None
        for row in rows:
            own = events.take(slice(int(edges[row]), int(edges[row + 1])))
            self._learn_row(row, own, hour, None if row in decided else suspected.get(row))

    def _learn_row(self, row: int, own: Events, hour: int, suspected: int | None) -> None:
        first, pin = hour - TRAINING_HOURS, self.find_pin(row, hour)
        window = (first, hour)
        if pin is not None and pin.until is not None:
            window = (pin.since or 0, pin.until)
        elif pin is not None:
            own = own.take(own.hours >= (pin.since or 0))
        self._is_grown[row] = bool(own.hours.size and own.hours[0] < first + DAY)
        begin, end = np.searchsorted(own.hours, window)
        own = own.take(slice(int(begin), int(end)))
        if pin is None or pin.until is None:
            own = self._without_doubt(row, own, hour, suspected, accepted=pin.at if pin else 0)
        special = self.bank.learn(row, own, *window)
        self.special[row] = False if special is None else special

    def find_pin(self, row: int, hour: int) -> Pin | None:
        """Return what people decided that a baseline is learnt from at an hour; None: the last 28 days."""
        pin = next((pin for pin in reversed(self.pins.get(row, [])) if pin.at <= hour), None)
        return None if pin is None or pin.since is None else pin

    def _without_doubt(
        self, row: int, events: Events, hour: int, suspected: int | None, *, accepted: int
    ) -> Events:
        """Return events without hours in doubt or excluded; what was in doubt before it was accepted is none."""
        spans = [
            (first, until)
            for of, first, until in (
                *(doubt for doubt in self.doubtful if doubt[2] > accepted),
                *self.excluded,
            )
            if of == row and until > hour - TRAINING_HOURS
        ]
        if suspected is not None:
            spans.append((suspected, hour))
        if not spans or not events.hours.size:
            return events
        is_clean = np.ones(events.hours.size, bool)
        for first, until in spans:
            is_clean &= (events.hours < first) | (events.hours >= until)
        if np.unique(events.hours[is_clean]).size < min(_LEAST_CLEAN_HOURS, np.unique(events.hours).size / 2):
            return events.take(events.hours >= min(first for first, _ in spans))
        return events.take(is_clean)

    def step(self, hour: int, events: Events) -> Fired:
        """Take one hour in: `events` are those of that hour."""
        gain, is_seen = self.bank.gain(hour, events)
        if may_be_shifted(hour):
            self._allow_shift(gain, hour, events)
        muted = self.special[:, int(slot_of(np.array(hour)))].copy()
        muted[[row for row, first, until in self.excluded if first <= hour < until]] = True
        is_seen = is_seen & ~muted
        gain[muted] = 0.0
        for row, most in self.anchors.get(hour, {}).items():
            self.statistics.totals[row] += min(self.threshold / ANCHOR_ODDS, most)
        return step(self.statistics, gain, is_seen, hour, self.bank.weights, self.threshold)

    def _allow_shift(self, gain: Floats, hour: int, events: Events) -> None:
        """Lower the evidence of an hour to what it would be if the hour were its neighbour, where these are unlike."""
        for other in (hour - 1, hour + 1):
            rows = np.flatnonzero(self.bank.is_unlike(hour, other))
            if not rows.size:
                continue
            own = events.take(np.isin(events.series, rows))
            alone = Events(np.searchsorted(rows, own.series), own.hours, own.symbols, own.counts)
            gain[rows] = np.minimum(gain[rows], take_rows(self.bank, rows).gain(other, alone)[0])

    def needs_history(self, hour: int) -> bool:
        """Return whether baselines are learnt at the start of an hour."""
        if any(pin.at == hour for pins in self.pins.values() for pin in pins):
            return True
        return hour % DAY == 0 and (week_start(hour) == hour or not bool(self._is_grown.all()))

    def weigh(self, row: int, events: Events, first: int, until: int) -> Floats:
        """Return the evidence of one series, shape (hours, changes), against its present baseline."""
        bank = take_rows(self.bank, np.array([row]))
        gains = np.zeros((max(until - first, 0), len(self.bank.changes)))
        for hour in range(first, until):
            begin, end = np.searchsorted(events.hours, (hour, hour + 1))
            of_hour = events.take(slice(int(begin), int(end)))
            alone = Events(np.zeros_like(of_hour.series), of_hour.hours, of_hour.symbols, of_hour.counts)
            gains[hour - first] = bank.gain(hour, alone)[0][0]
        return gains

    def advance(self, hour: int, events: Events) -> list[PanelAlarm]:
        """Take one hour in and return its alarms; the hours since each change are in doubt from now on."""
        fired = self.step(hour, events)
        columns = (fired.rows, fired.closeness, fired.change, fired.since)
        alarms = [
            PanelAlarm(row, hour, since, change, closeness)
            for row, closeness, change, since in zip(*(column.tolist() for column in columns), strict=True)
        ]
        self.doubtful += [(alarm.row, alarm.since, hour + 1) for alarm in alarms]
        return alarms

    def find_likeliest(self, row: int) -> tuple[int, int]:
        """Return the change that the evidence of a series speaks for most, and the hour it would have begun in."""
        top = int((self.statistics.totals[row] * self.bank.weights[row]).argmax())
        return top, int(self.statistics.since[row, top])

    def begin_anew(self, row: int) -> None:
        """Forget the evidence of a series, which was told as part of a whole."""
        self.statistics.totals[row], self.statistics.runs[row] = 0.0, 0.0

    def replay(self, events: Events, since: int, until: int, *, learn_first: bool) -> Iterator[PanelAlarm]:
        """Step through hours [since, until), learning on the way; `events` reach back 28 days before `since`."""
        by_hour = EventsByHour(events)
        for hour in range(since, until):
            self.learn(events, hour, everything=learn_first and hour == since)
            yield from self.advance(hour, by_hour.at(hour))


class EventsByHour:
    """Events that are looked up by their hour."""

    def __init__(self, events: Events) -> None:
        self._ordered = events.take(np.argsort(events.hours, kind="stable"))

    def at(self, hour: int) -> Events:
        """Return the events of an hour, by series."""
        begin, end = np.searchsorted(self._ordered.hours, (hour, hour + 1))
        return self._ordered.take(slice(int(begin), int(end)))


def take_rows(bank: Bank, rows: Ints) -> Bank:
    """Return a bank of some series, as their rows stand; what it derives from all rows, it derives anew."""
    taken = type(bank)()
    for name, value in vars(bank).items():
        if name.startswith("_"):
            continue
        if isinstance(value, np.ndarray):
            setattr(taken, name, value[rows])
        elif isinstance(value, list):
            setattr(taken, name, [value[row] for row in rows.tolist()])
    return taken


def sort_events(series: Ints, hours: Ints, symbols: Ints, counts: Floats) -> Events:
    """Return events in the order of their series and hours."""
    order = np.lexsort((symbols, hours, series))
    return Events(series[order], hours[order], symbols[order], counts[order])
