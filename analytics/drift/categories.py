"""Categories: which tool, which model, which label. The most usual values, the others together, and values never seen.

The share of each is a rate; the bank looks for shares that grow, and for usual ones that halve.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from analytics.drift.bank import CERTAIN, Change, Events, grow, is_enough, share_budget
from analytics.drift.dispersion import judge_hours
from analytics.drift.seasons import DAY, GROUPS, Floats, Ints, add_up, group_of, shrink_season, widen
from analytics.drift.wander import measure_level

USUAL = 8
"""Values told apart; the less usual ones are one symbol, values never seen another."""
OTHER, UNSEEN = USUAL, USUAL + 1
SYMBOLS = USUAL + 2
GROWTHS = (0.03, 0.08, 0.20)
HALVED = 0.5
LEAST_SHARE = 0.001
_HIGHEST_SHARE = 0.995
_NO_CODE = -1
_LOW_BITS = 0xFFFFFFFF


def _changes() -> tuple[Change, ...]:
    growths = [Change("up", growth, symbol) for symbol in range(SYMBOLS) for growth in GROWTHS]
    halves = [Change("down", HALVED, symbol) for symbol in range(USUAL)]
    return (*growths, *halves)


class CategoryBank:
    """Normal share of each usual value of each series, and the changed shares looked for."""

    changes: ClassVar[tuple[Change, ...]] = _changes()

    def __init__(self) -> None:
        changes = len(self.changes)
        self.codes = np.zeros((0, USUAL), np.int64)
        """Codes of the usual values."""
        self.known: list[Ints] = []
        """All codes that the training window had, sorted."""
        self._keys: Ints | None = None
        self.shares = np.zeros((0, GROUPS, SYMBOLS), np.float32)
        self.margins = np.zeros((0, SYMBOLS))
        self.dispersion = np.ones((0, changes))
        self.weights = np.zeros((0, changes))

    def resize(self, series: int) -> None:
        """Make room for so many series."""
        for name in ("codes", "shares", "margins", "dispersion", "weights"):
            setattr(self, name, grow(getattr(self, name), series))
        self.known += [np.empty(0, np.int64)] * (series - len(self.known))

    def learn(self, row: int, events: Events, first: int, until: int) -> np.ndarray | None:
        """Learn what is normal for one series."""
        self.weights[row] = 0.0
        if not is_enough(events, until):
            return None
        codes, place = np.unique(events.symbols, return_inverse=True)
        totals = add_up(place, events.counts)
        usual = codes[np.argsort(-totals, kind="stable")[:USUAL]]
        self.known[row], self._keys = codes, None
        self.codes[row] = np.concatenate([usual, np.full(USUAL - usual.size, _NO_CODE)])
        symbols = find_symbols(events.symbols, self.codes[row], codes)
        hours, hour_place = np.unique(events.hours, return_inverse=True)
        counts = add_up(hour_place * SYMBOLS + symbols, events.counts, hours.size * SYMBOLS)
        counts = counts.reshape(hours.size, SYMBOLS)
        shares, margins = self._learn_shares(hours, counts, _share_of_new(events, codes, place))
        normal = shares[group_of(hours)]
        gain = self._weigh(counts, normal, margins)
        expected = self._weigh(counts.sum(axis=1)[:, None] * normal, normal, margins, counts.sum(axis=1))
        self.shares[row], self.margins[row] = shares, margins
        independent = self._vary(counts.sum(axis=1), normal, margins)
        self.dispersion[row], special = judge_hours(gain, expected, independent, hours)
        self.weights[row] = self._share_budget(shares.mean(axis=0), margins, usual.size)
        return special

    def gain(self, hour: int, events: Events) -> tuple[Floats, np.ndarray]:
        """Return the evidence of one hour and which series had events."""
        size = self.weights.shape[0]
        group = int(group_of(np.array([hour]))[0])
        symbols = self._find_all(events)
        counts = add_up(events.series * SYMBOLS + symbols, events.counts, size * SYMBOLS)
        counts = counts.reshape(size, SYMBOLS)
        gain = self._weigh(counts, self.shares[:, group, :].astype(np.float64), self.margins)
        seen = np.asarray(counts.any(axis=1))
        return np.where(self.weights > 0, gain, 0.0) / np.maximum(self.dispersion, 1.0), seen

    def is_unlike(self, hour: int, other: int) -> np.ndarray:
        """Return which series differ between two hours by half of the smallest change looked for, or more."""
        one, two = group_of(np.array([hour, other]))
        return np.abs(self.shares[:, one] - self.shares[:, two]).max(axis=1) >= min(GROWTHS) / 2

    def _find_all(self, events: Events) -> Ints:
        usual = self.codes[events.series] == events.symbols[:, None]
        symbols = np.where(usual.any(axis=1), usual.argmax(axis=1), UNSEEN).astype(np.int64)
        if self._keys is None:
            rows = [(row << 32) | (codes & _LOW_BITS) for row, codes in enumerate(self.known) if codes.size]
            self._keys = np.sort(np.concatenate(rows)) if rows else np.empty(0, np.int64)
        places = np.flatnonzero(symbols == UNSEEN)
        keys = (events.series[places] << 32) | (events.symbols[places] & _LOW_BITS)
        if self._keys.size:
            found = np.minimum(np.searchsorted(self._keys, keys), self._keys.size - 1)
            symbols[places[self._keys[found] == keys]] = OTHER
        return symbols

    def _weigh(self, counts: Floats, normal: Floats, margins: Floats, totals: Floats | None = None) -> Floats:
        """Return the log-likelihood ratio of each changed share to the normal one plus or minus its margin."""
        total = (counts.sum(axis=1) if totals is None else totals)[:, None]
        gains = np.empty((counts.shape[0], len(self.changes)))
        for places, symbols, null, changed in _compared(normal, margins):
            of_symbol = counts[:, symbols]
            gains[:, places] = of_symbol * np.log(changed / null) + (total - of_symbol) * np.log(
                (1 - changed) / (1 - null)
            )
        return gains

    def _vary(self, totals: Floats, normal: Floats, margins: Floats) -> Floats:
        """Return the variance of `_weigh` if events were independent."""
        variances = np.empty((totals.size, len(self.changes)))
        for places, symbols, null, changed in _compared(normal, margins):
            slope = np.log(changed / null) - np.log((1 - changed) / (1 - null))
            likely = np.maximum(normal[:, symbols], LEAST_SHARE)
            variances[:, places] = totals[:, None] * likely * (1 - likely) * slope**2
        return variances

    @staticmethod
    def _learn_shares(hours: Ints, counts: Floats, new: float) -> tuple[Floats, Floats]:
        total = float(counts.sum())
        seen = counts.sum(axis=1)
        groups = group_of(hours)
        weights = add_up(groups, seen, GROUPS)
        overall = counts.sum(axis=0) / total
        overall[UNSEEN] = new
        shares = np.empty((GROUPS, SYMBOLS))
        days = np.unique(hours // DAY, return_inverse=True)[1]
        margins = np.empty(SYMBOLS)
        for symbol in range(SYMBOLS):
            level = float(overall[symbol])
            noise = max(level * (1 - level), 1e-6)
            raw = add_up(groups, counts[:, symbol], GROUPS)
            raw = np.divide(raw, weights, out=np.full(GROUPS, level), where=weights > 0)
            # Hours wobble together: their own scatter, not that of single events.
            scatter = float(np.sum((counts[:, symbol] - seen * raw[groups]) ** 2)) / max(total * noise, 1e-9)
            hourly = max(1.0, scatter * hours.size / max(hours.size - np.count_nonzero(weights), 1))
            group_noise = hourly * noise / np.maximum(weights, 1e-9)
            shares[:, symbol] = (
                level if symbol == UNSEEN else shrink_season(raw, weights, group_noise, level, is_ratio=True)
            )
            surprise = add_up(days, counts[:, symbol] - seen * shares[groups, symbol])
            chance = noise * hourly * add_up(days, seen)
            daily = 1.0 if symbol == UNSEEN else hourly * measure_level(surprise, chance)
            margins[symbol] = widen(float(np.sqrt(noise * daily / total)), surprise.size)
        return np.clip(shares, 1e-6, _HIGHEST_SHARE), margins

    @staticmethod
    def _share_budget(shares: Floats, margins: Floats, usual: int) -> Floats:
        growths = np.repeat(np.asarray(GROWTHS)[None, :], SYMBOLS, axis=0) >= CERTAIN * margins[:, None]
        growths &= (shares[:, None] + np.asarray(GROWTHS)) < _HIGHEST_SHARE
        growths[usual:USUAL] = False
        halves = shares[:USUAL] * (1 - HALVED) >= np.maximum(CERTAIN * margins[:USUAL], min(GROWTHS))
        is_tested = np.concatenate([growths.ravel(), halves])
        return share_budget(is_tested, np.arange(is_tested.size) < growths.size)


def find_symbols(codes: Ints, usual: Ints, known: Ints) -> Ints:
    """Return the symbol of each code: its place among the usual ones, OTHER, or UNSEEN when it is not known."""
    matches = codes[:, None] == usual[None, :]
    is_known = np.isin(codes, known)
    return np.where(matches.any(axis=1), matches.argmax(axis=1), np.where(is_known, OTHER, UNSEEN))


def _share_of_new(events: Events, codes: Ints, place: Ints) -> float:
    """Return how much of the traffic values never seen before are, from the later half of the training window.

    Half an event is added, so that a new value is surprising, not impossible (Krichevsky, Trofimov 1981).
    """
    middle = (int(events.hours.min()) + int(events.hours.max())) / 2
    is_later = events.hours > middle
    old = np.bincount(place[~is_later], minlength=codes.size) > 0
    later = float(events.counts[is_later].sum())
    fresh = float(events.counts[is_later & ~old[place]].sum())
    return (fresh + 0.5) / (max(later, 1.0) + 1.0)


def _compared(normal: Floats, margins: Floats) -> Iterator[tuple[slice, slice, Floats, Floats]]:
    """Yield for each size of change its columns, whose shares it is about, the normal ones and the changed ones."""
    high = np.clip(normal + margins, LEAST_SHARE, _HIGHEST_SHARE)
    low = np.clip(normal - margins, LEAST_SHARE, _HIGHEST_SHARE)[:, :USUAL]
    split = SYMBOLS * len(GROWTHS)
    for index, growth in enumerate(GROWTHS):
        changed = np.clip(normal + growth * (1 - normal), high, 0.999)
        yield slice(index, split, len(GROWTHS)), slice(None), high, changed
    halved = np.maximum(np.minimum(normal[:, :USUAL] * HALVED, low), LEAST_SHARE / 2)
    yield slice(split, None), slice(0, USUAL), low, halved
