"""Odd traffic: no crash, no false alarm, and the behaviour that docs/drift.md states."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from analytics.drift.bank import Events
from analytics.drift.panel import Panel, sort_events
from analytics.drift.seasons import DAY, hour_number, slot_of, week_start
from analytics.drift.spikes import SpikeMonitor
from analytics.drift.values import ZERO_BUCKET

START = week_start(490_000)
HOURS = np.arange(START - 28 * DAY, START + 28 * DAY)
SERIES = 4


def events_of(hours: np.ndarray, symbols: np.ndarray, row: int = 0) -> Events:
    """One event for each hour and symbol given."""
    return sort_events(np.full(hours.size, row), hours, symbols.astype(np.int64), np.ones(hours.size))


def count_alarms(kind: str, events: Events, until: int = START + 28 * DAY) -> int:
    panel = Panel(kind)
    panel.resize(SERIES)
    return len(list(panel.replay(events, START, until, learn_first=True)))


def busy(dice: np.random.Generator, per_hour: float = 30) -> np.ndarray:
    return np.repeat(HOURS, dice.poisson(per_hour * (1 + 0.5 * np.sin(2 * np.pi * HOURS / 24))))


@pytest.fixture
def dice() -> np.random.Generator:
    return np.random.default_rng(4)


def test_one_run_a_day_is_never_tested(dice: np.random.Generator) -> None:
    hours = HOURS[::24]
    assert count_alarms("rate", events_of(hours, dice.random(hours.size) < 0.5)) == 0


def test_nothing_at_all_and_a_single_event_are_quiet() -> None:
    for kind in ("rate", "value", "category", "volume"):
        assert count_alarms(kind, Events.none()) == 0
        assert count_alarms(kind, events_of(HOURS[:1], np.array([1]))) == 0


@pytest.mark.parametrize("bucket", [ZERO_BUCKET, 81, 0, -30_000, 30_000])
def test_constants_are_quiet_and_so_is_a_constant_that_moves_by_two_percent(
    dice: np.random.Generator, bucket: int
) -> None:
    hours = busy(dice)
    assert count_alarms("value", events_of(hours, np.full(hours.size, bucket))) == 0
    moved = np.where(hours >= START + 50, bucket + (bucket != ZERO_BUCKET), bucket)
    assert count_alarms("value", events_of(hours, moved)) == 0


def test_a_category_with_ten_thousand_values_is_quiet(dice: np.random.Generator) -> None:
    hours = busy(dice)
    assert count_alarms("category", events_of(hours, np.minimum(dice.zipf(1.3, hours.size), 10_000))) == 0


def test_an_agent_that_sleeps_at_night_and_a_gap_of_a_week_are_quiet(dice: np.random.Generator) -> None:
    hours = busy(dice, 60)
    awake = hours[(hours % 24 >= 7) & (hours % 24 < 19)]
    gap = awake[(awake < START + 100) | (awake > START + 268)]
    assert count_alarms("rate", events_of(gap, dice.random(gap.size) < 0.04)) <= 1
    assert count_alarms("value", events_of(gap, np.ceil(dice.normal(300, 25, gap.size)))) <= 1


def test_events_far_in_the_future_change_nothing_before_they_are_due(dice: np.random.Generator) -> None:
    hours = busy(dice)
    failed = dice.random(hours.size) < 0.04
    skewed = np.concatenate([hours, np.full(5, START + 900_000)])
    whole = events_of(skewed, np.concatenate([failed, np.ones(5, bool)]))
    assert count_alarms("rate", whole) == count_alarms("rate", events_of(hours, failed))


def test_an_hour_of_summer_time_moves_no_alarm(dice: np.random.Generator) -> None:
    hours = busy(dice, 60)
    local = hours + (hours >= START + 7 * DAY)
    rate = 1 / (1 + np.exp(3.2 - 0.15 * np.sin(2 * np.pi * (local % 24) / 24)))
    assert count_alarms("rate", events_of(hours, dice.random(hours.size) < rate)) == 0


def test_a_value_never_seen_before_is_found_within_two_hours(dice: np.random.Generator) -> None:
    hours = busy(dice, 60)
    symbols = dice.choice(3, hours.size)
    new = np.where((hours >= START + 40) & (dice.random(hours.size) < 0.2), 77, symbols)
    panel = Panel("category")
    panel.resize(1)
    alarms = list(panel.replay(events_of(hours, new), START, START + 60, learn_first=True))
    assert START + 40 <= alarms[0].hour <= START + 41


def test_silence_and_double_volume_are_found_and_a_usual_night_is_not(dice: np.random.Generator) -> None:
    hours = busy(dice, 60)
    silent = hours[hours < START + 50]
    panel = Panel("volume")
    panel.resize(2)
    doubled = np.concatenate([hours, hours[hours >= START + 90]])
    both = [events_of(silent, np.zeros(silent.size)), events_of(doubled, np.zeros(doubled.size), row=1)]
    parts = zip(*((part.series, part.hours, part.symbols, part.counts) for part in both), strict=True)
    events = sort_events(*(np.concatenate(column) for column in parts))
    first: dict[int, int] = {}
    for alarm in panel.replay(events, START, START + 120, learn_first=True):
        first.setdefault(alarm.row, alarm.hour - START)
    assert 50 <= first[0] <= 52
    assert 90 <= first[1] <= 93


def test_an_incident_in_the_training_window_does_not_make_the_detector_deaf(
    dice: np.random.Generator,
) -> None:
    hours = busy(dice, 60)
    incident = (hours >= START - 200) & (hours < START - 197)
    fault = hours >= START + 30
    failed = dice.random(hours.size) < np.where(incident, 0.8, np.where(fault, 0.14, 0.04))
    panel = Panel("rate")
    panel.resize(1)
    alarms = list(panel.replay(events_of(hours, failed), START, START + 80, learn_first=True))
    assert START + 30 <= alarms[0].hour <= START + 42


def test_a_level_that_lasts_is_one_spike_and_one_on_top_of_it_another(dice: np.random.Generator) -> None:
    hours = busy(dice, 60)
    shifted = np.concatenate([hours, *[hours[hours >= START + 50]] * 2, *[hours[hours == START + 150]] * 9])
    monitor, events = SpikeMonitor("volume"), events_of(shifted, np.zeros(shifted.size))
    monitor.learn(events, SERIES, START - 28 * DAY, START)
    found = [spike.hour - START for spike in monitor.find(events, START)]
    assert found[0] in range(50, 56)
    assert found[1:] == [150]


def test_a_batch_that_comes_every_monday_is_quiet(dice: np.random.Generator) -> None:
    hours = busy(dice, 60)
    is_batch = (slot_of(hours) == 3) & (dice.random(hours.size) < 0.9)
    assert count_alarms("category", events_of(hours, np.where(is_batch, 7, dice.choice(3, hours.size)))) == 0


def test_failures_that_come_in_bursts_are_seldom_alarms(dice: np.random.Generator) -> None:
    alarms = 0
    for _ in range(6):
        hours = busy(dice, 60)
        seen = np.bincount(hours - HOURS[0], minlength=HOURS.size)
        tasks = dice.binomial(seen, 0.01)
        failed = np.minimum([dice.geometric(0.25, count).sum() for count in tasks], seen)
        symbols = np.concatenate(
            [np.arange(count) < fails for count, fails in zip(seen, failed, strict=True)]
        )
        alarms += count_alarms("rate", events_of(np.repeat(HOURS, seen), symbols))
    assert alarms <= 3


def test_rates_that_wander_over_days_are_seldom_alarms(dice: np.random.Generator) -> None:
    alarms = 0
    for _ in range(8):
        days = HOURS.size // DAY
        level = np.zeros(days)
        for day in range(1, days):
            level[day] = 0.7 * level[day - 1] + dice.normal(0, 0.2)
        hours = busy(dice, 60)
        rate = 1 / (1 + np.exp(3.2 - level[(hours - HOURS[0]) // DAY]))
        alarms += count_alarms("rate", events_of(hours, dice.random(hours.size) < rate))
    assert alarms <= 4, "half of what would be told if single days were all that varied"


def test_weekends_that_are_worse_every_week_are_quiet(dice: np.random.Generator) -> None:
    alarms = 0
    for _ in range(6):
        hours = busy(dice, 60)
        is_weekend = ((hours // DAY + 3) % 7) >= 5
        hours = hours[~is_weekend | (dice.random(hours.size) < 0.5)]
        is_weekend = ((hours // DAY + 3) % 7) >= 5
        logit = -2.4 + 0.8 * np.sin(2 * np.pi * (hours % 24) / 24) + 0.5 * is_weekend
        alarms += count_alarms("rate", events_of(hours, dice.random(hours.size) < 1 / (1 + np.exp(-logit))))
    assert alarms <= 1


def test_a_rate_that_falls_for_good_is_found_and_says_so(dice: np.random.Generator) -> None:
    hours = busy(dice, 60)
    failed = dice.random(hours.size) < np.where(hours >= START + 40, 0.05, 0.15)
    panel = Panel("rate")
    panel.resize(1)
    first = next(panel.replay(events_of(hours, failed), START, START + 120, learn_first=True))
    assert START + 40 <= first.hour <= START + 64
    assert panel.bank.changes[first.change].direction == "down"


def test_clocks_that_change_are_no_change_of_a_steep_day_and_a_change_then_is_found(
    dice: np.random.Generator,
) -> None:
    start = week_start(hour_number(datetime(2026, 3, 2, tzinfo=UTC)))
    shift = start - START
    hours = busy(dice, 60) + shift
    local = hours + (hours >= start + 27 * DAY)
    level = 300 + 40 * np.sin(2 * np.pi * (local % 24) / 24)
    values = np.ceil(level + dice.normal(0, 25, hours.size))

    def alarm_hours(symbols: np.ndarray) -> list[int]:
        panel = Panel("value")
        panel.resize(1)
        events = events_of(hours, symbols)
        return [
            alarm.hour for alarm in panel.replay(events, start + 20 * DAY, start + 28 * DAY, learn_first=True)
        ]

    assert alarm_hours(values) == []
    fault = start + 24 * DAY
    assert fault <= alarm_hours(values + 15 * (hours >= fault))[0] <= fault + 10
