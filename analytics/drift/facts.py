"""What an alarm says in numbers: the value before and after, with an interval, and when the change began."""

from __future__ import annotations

from dataclasses import dataclass
from math import sinh, sqrt

import numpy as np

from analytics.drift.bank import TRAINING_HOURS, Events
from analytics.drift.catalogue import FALLS_WITH_FAILURES, LINEAR, Catalogue, Series
from analytics.drift.categories import OTHER, UNSEEN, CategoryBank, find_symbols
from analytics.drift.panel import Panel, PanelAlarm
from analytics.drift.seasons import Floats, Ints, group_of
from analytics.drift.spikes import Spike
from analytics.drift.values import BUCKET_LOG, ZERO_BUCKET, weighted_quantiles
from analytics.drift.volumes import VolumeBank

ENOUGH_EVENTS = 300
"""Runs or calls since the change below which an alarm is a hint."""
_LOOKED_BACK = 96
_LIKELY = 4.0
"""Nats below the best start that a start may be. Half of the point of chi-square (Wilks 1938) does not hold for the
place of a change (Siegmund 1988); by simulation of model traffic this covers the true start in 93 to 100 %."""
_Z = 1.96


@dataclass(frozen=True)
class AlarmFacts:
    """The numbers of one alarm, in the units of its metric."""

    direction: str
    type: str
    before: float | None
    after: float | None
    low: float | None
    high: float | None
    events: int
    changed: int
    changed_from: int
    changed_until: int
    category: str | None = None


def find_facts(
    panel: Panel, alarm: PanelAlarm, series: Series, events: Events, catalogue: Catalogue
) -> AlarmFacts:
    """Return the facts of an alarm; `events` are those of its series, back to 28 days before."""
    hour = alarm.hour
    first = max(hour - _LOOKED_BACK, alarm.since - _LOOKED_BACK // 2, 0)
    gains = panel.weigh(alarm.row, events, first, hour + 1)
    changed, earliest, latest = date_change(gains[:, alarm.change], first)
    changed = min(max(changed, alarm.since - _LOOKED_BACK // 2), hour)
    begin, middle, end = np.searchsorted(events.hours, (changed - TRAINING_HOURS, changed, hour + 1))
    before, after = events.take(slice(int(begin), int(middle))), events.take(slice(int(middle), int(end)))
    change = panel.bank.changes[alarm.change]
    count = int(after.counts.sum())
    category = None
    if series.kind == "rate":
        direction = "down" if series.metric in FALLS_WITH_FAILURES else "up"
        numbers = _rates(before, after, is_share_of_good=series.metric in FALLS_WITH_FAILURES)
    elif series.kind == "value":
        level = 0.95 if change.direction == "tail" else 0.5
        direction = "up" if change.direction == "tail" else change.direction
        numbers = _quantiles(before, after, level, is_linear=series.metric in LINEAR)
    elif series.kind == "category":
        assert isinstance(panel.bank, CategoryBank)
        direction, bank = change.direction, panel.bank
        category = _name_symbol(bank, alarm.row, change.symbol, after, catalogue)
        symbols = (_symbols(bank, alarm.row, part.symbols) == change.symbol for part in (before, after))
        counted = [
            Events(p.series, p.hours, s.astype(np.int64), p.counts)
            for p, s in zip((before, after), symbols, strict=True)
        ]
        numbers = _rates(counted[0], counted[1], is_share_of_good=False)
    else:
        assert isinstance(panel.bank, VolumeBank)
        direction = change.direction
        numbers = _volumes(panel.bank.volumes[alarm.row], after, changed, hour + 1)
    type_ = "spike" if changed == hour else "drift"
    return AlarmFacts(direction, type_, *numbers, count, changed, earliest, latest, category)


def describe_spike(spike: Spike, series: Series) -> AlarmFacts:
    """Return the facts of one hour that stood out, in the units of its metric."""

    def in_units(level: float) -> float:
        if series.kind == "value":
            return _value_of(level, series.metric in LINEAR)
        if series.kind == "volume":
            return level**2
        return 1 - level if series.metric in FALLS_WITH_FAILURES else level

    is_up = (spike.after > spike.before) != (series.metric in FALLS_WITH_FAILURES)
    ends = (spike.hour, spike.hour, spike.hour)
    numbers = in_units(spike.before), in_units(spike.after), None, None
    return AlarmFacts("up" if is_up else "down", "spike", *numbers, spike.events, *ends)


def date_change(gain: Floats, first: int) -> tuple[int, int, int]:
    """Return the most likely start of a change that still lasts, and the earliest and latest likely ones.

    `gain` is the evidence by hour, from hour `first`. The likelihood of a start is that of all evidence since.

    >>> date_change(np.array([-5.0, -5.0, 5.0, 5.0]), 100)
    (102, 102, 102)
    >>> date_change(np.array([-5.0, 0.5, 5.0, 5.0]), 100)
    (101, 101, 102)
    """
    backward = np.cumsum(gain[::-1])[::-1]
    likely = np.flatnonzero(backward >= backward.max() - _LIKELY)
    return first + int(backward.argmax()), first + int(likely[0]), first + int(likely[-1])


def wilson(part: float, total: float) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927).

    >>> tuple(round(end, 3) for end in wilson(5, 10))
    (0.237, 0.763)
    """
    if total <= 0:
        return 0.0, 1.0
    share, z2 = part / total, _Z**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z * sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, centre - half), min(1.0, centre + half)


_Numbers = tuple[float | None, float | None, float | None, float | None]


def _rates(before: Events, after: Events, *, is_share_of_good: bool) -> _Numbers:
    shares: list[float | None] = []
    for part in (before, after):
        total = float(part.counts.sum())
        shares.append(float((part.counts * part.symbols).sum()) / total if total else None)
    low, high = wilson(float((after.counts * after.symbols).sum()), float(after.counts.sum()))
    if is_share_of_good:
        return (*(None if share is None else 1 - share for share in shares), 1 - high, 1 - low)  # type: ignore[return-value]
    return shares[0], shares[1], low, high


def _quantiles(before: Events, after: Events, level: float, *, is_linear: bool) -> _Numbers:
    """Return a quantile before and after; its interval is that of the order statistics around it."""
    answers: list[float | None] = []
    for part in (before, after):
        if part.counts.size:
            answers.append(
                _value_of(float(weighted_quantiles(part.symbols, part.counts, (level,))[0]), is_linear)
            )
        else:
            answers.append(None)
    if not after.counts.size:
        return answers[0], None, None, None
    half = _Z * sqrt(level * (1 - level) / max(float(after.counts.sum()), 1.0))
    ends = weighted_quantiles(after.symbols, after.counts, (max(level - half, 0.0), min(level + half, 1.0)))
    return answers[0], answers[1], _value_of(float(ends[0]), is_linear), _value_of(float(ends[1]), is_linear)


def _value_of(symbol: float, is_linear: bool) -> float:
    if is_linear:
        return sinh(symbol / 50)
    return 0.0 if symbol <= ZERO_BUCKET else float(np.exp((symbol - 0.5) * BUCKET_LOG))


def _volumes(normal: Floats, after: Events, first: int, until: int) -> _Numbers:
    hours = np.arange(first, until)
    expected = float(normal[group_of(hours)].sum())
    seen = float(after.counts.sum())
    half = _Z * sqrt(max(seen, 1.0))
    size = max(hours.size, 1)
    return expected / size, seen / size, max(0.0, seen - half) / size, (seen + half) / size


def _symbols(bank: CategoryBank, row: int, codes: Ints) -> Ints:
    return find_symbols(codes, bank.codes[row], bank.known[row])


def _name_symbol(bank: CategoryBank, row: int, symbol: int, after: Events, catalogue: Catalogue) -> str:
    if symbol < OTHER:
        return catalogue.categories.get(int(bank.codes[row, symbol]), "?")
    is_it = _symbols(bank, row, after.symbols) == symbol
    names = sorted({catalogue.categories.get(int(code), "?") for code in np.unique(after.symbols[is_it])[:5]})
    return f"{'never seen before' if symbol == UNSEEN else 'rare ones'}: {', '.join(names)}"
