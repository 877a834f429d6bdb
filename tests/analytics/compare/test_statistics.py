"""Error rates by simulation: no more false findings than promised, and the power that was computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.compare import statistics
from analytics.compare.statistics import (
    Counted,
    Effect,
    Floats,
    Resampling,
    adjust,
    compare_paired,
    compare_quantiles,
    compare_ratios,
)

TIMES = 300
VALUES = 1.02 ** np.arange(0, 700, dtype=np.float64)
World = Callable[[np.random.Generator, int, float], Any]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer resamples: coarser p-values, the same error rates."""
    monkeypatch.setattr(statistics, "RESAMPLES", 199)


def successes(chance: np.random.Generator, sessions: int, lift: float) -> Floats:
    """Runs of sessions that share their luck: a beta-binomial rate around two thirds."""
    luck = chance.beta(8, 4, sessions)
    runs = 1 + chance.poisson(2, sessions)
    return np.column_stack([chance.binomial(runs, np.clip(luck + lift, 0, 1)), runs]).astype(np.float64)


def rarities(chance: np.random.Generator, sessions: int, lift: float) -> Floats:
    """One run of a hundred, each a session of its own."""
    return np.column_stack([chance.random(sessions) < 0.01 + lift, np.ones(sessions)]).astype(np.float64)


def fortunes(chance: np.random.Generator, sessions: int, lift: float) -> Floats:
    """Sums with a tail so heavy that few sessions make most of it."""
    return np.column_stack([chance.lognormal(0, 2, sessions) * (1 + lift), np.ones(sessions)])


def costs(chance: np.random.Generator, sessions: int, lift: float) -> Floats:
    """Cost per run with a heavy tail, dearer in long sessions."""
    runs = 1 + chance.poisson(2, sessions)
    return np.column_stack([runs * chance.lognormal(0, 1.5, sessions) * (1 + lift), runs]).astype(np.float64)


def resolutions(chance: np.random.Generator, sessions: int, lift: float) -> Floats:
    """Cost of all cases by resolved ones: numerator and denominator hang together."""
    resolved = chance.random(sessions) < 0.7
    cost = chance.lognormal(0, 1, sessions) * np.where(resolved, 1.0, 1.8) + lift * resolved
    return np.column_stack([cost, resolved]).astype(np.float64)


def latencies(chance: np.random.Generator, sessions: int, lift: float) -> Counted:
    """Counts of run durations per bucket."""
    runs = 1 + chance.poisson(2, sessions)
    units = np.repeat(np.arange(sessions), runs)
    slow = chance.lognormal(0, 0.6, sessions)[units]
    durations = 1000 * slow * (1 + lift) * chance.lognormal(0, 0.5, len(units))
    places = np.clip(np.ceil(np.log(durations) / np.log(1.02)).astype(int), 0, len(VALUES) - 1)
    return Counted(units, places, np.ones(len(units)))


def effect_of(world: World, chance: np.random.Generator, sizes: tuple[int, int], lift: float) -> Effect:
    a, b = world(chance, sizes[0], 0.0), world(chance, sizes[1], lift)
    drawn = Resampling(chance)
    if world is latencies:
        return compare_quantiles(a, b, VALUES, 0.9, drawn)
    return compare_ratios(a, b, drawn, is_share=world in (successes, rarities))


@pytest.mark.parametrize("sizes", [(60, 60), (150, 40)])
@pytest.mark.parametrize("world", [successes, rarities, costs, fortunes, resolutions, latencies])
def test_same_against_same_is_seldom_a_finding(world: World, sizes: tuple[int, int]) -> None:
    chance = np.random.default_rng(20261121)
    found = [effect_of(world, chance, sizes, 0.0) for _ in range(TIMES)]
    rate = np.mean([effect.p is not None and effect.p <= 0.05 for effect in found])
    assert rate <= 0.05 + 2.33 * np.sqrt(0.05 * 0.95 / TIMES), "beyond what 300 comparisons explain by chance"


@pytest.mark.parametrize(("world", "sessions"), [(successes, 150), (resolutions, 200), (rarities, 400)])
def test_power_is_the_computed_one(world: World, sessions: int) -> None:
    chance = np.random.default_rng(7)
    pilot = [effect_of(world, chance, (sessions, sessions), 0.0) for _ in range(30)]
    detectable = float(np.mean([effect.detectable or 0.0 for effect in pilot]))
    lift = -detectable if world is successes else detectable
    found = [effect_of(world, chance, (sessions, sessions), lift) for _ in range(TIMES)]
    power = np.mean([effect.p is not None and effect.p <= 0.05 for effect in found])
    assert 0.70 <= power <= 0.90


def cover(found: list[Effect], truth: float) -> float:
    """Return how often the interval holds the truth, or there was too little to give one."""
    return float(np.mean([it.low is None or it.high is None or it.low <= truth <= it.high for it in found]))


@pytest.mark.parametrize("sizes", [(120, 120), (300, 20)])
@pytest.mark.parametrize("world", [successes, rarities, costs, fortunes, resolutions, latencies])
def test_interval_holds_the_truth(world: World, sizes: tuple[int, int]) -> None:
    chance = np.random.default_rng(3)
    found = [effect_of(world, chance, sizes, 0.0) for _ in range(TIMES)]
    assert cover(found, 0.0) >= 0.91


@pytest.mark.parametrize("sizes", [(20, 20), (150, 150), (400, 20)])
def test_interval_of_a_share_holds_a_true_difference_of_rare_events(sizes: tuple[int, int]) -> None:
    chance = np.random.default_rng(4)
    found = [effect_of(rarities, chance, sizes, 0.03) for _ in range(TIMES)]
    assert cover(found, 0.03) >= 0.92


@pytest.mark.parametrize("is_share", [True, False])
def test_one_event_is_no_finding_whichever_way_the_dice_fall(is_share: bool) -> None:
    chance = np.random.default_rng(12)
    for sizes in ((589, 85), (100, 100)):
        a, b = (
            np.column_stack([np.zeros(size), 1 + chance.poisson(2, size)]).astype(np.float64)
            for size in sizes
        )
        a[0, 0] = 1.0
        effect = compare_ratios(a, b, Resampling(chance), is_share=is_share)
        assert effect.p is not None
        assert effect.p > 0.3


def test_many_sessions_beside_few_are_seldom_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only as many are put together on one side as on the other: a sum of many is no single one's like."""
    monkeypatch.setattr(statistics, "MOST_UNITS", 40)
    chance = np.random.default_rng(11)
    found = [effect_of(fortunes, chance, (1_000, 40), 0.0) for _ in range(TIMES)]
    assert np.mean([effect.p is not None and effect.p <= 0.05 for effect in found]) <= 0.08


def test_pairs_that_differ_by_chance_are_seldom_a_finding_and_their_interval_holds_the_truth() -> None:
    chance = np.random.default_rng(8)
    found: list[Effect] = []
    for _ in range(TIMES):
        shared = chance.lognormal(0, 1, 40)
        found.append(
            compare_paired(shared * chance.lognormal(0, 1, 40), shared * chance.lognormal(0, 1, 40), chance)
        )
    assert np.mean([effect.p is not None and effect.p <= 0.05 for effect in found]) <= 0.08
    assert cover(found, 0.0) >= 0.92


def test_many_sessions_are_put_together_without_changing_the_value() -> None:
    chance = np.random.default_rng(1)
    a, b = successes(chance, 5000, 0.0), successes(chance, 5000, 0.05)
    effect = compare_ratios(a, b, Resampling(chance))
    assert effect.a == pytest.approx(a[:, 0].sum() / a[:, 1].sum())
    assert effect.p is not None
    assert effect.p < 0.01
    assert effect.low is not None
    assert effect.low > 0


def test_nothing_to_compare_is_not_known() -> None:
    chance = Resampling(np.random.default_rng(1))
    empty = np.zeros((0, 2))
    assert compare_ratios(empty, np.array([[1.0, 2.0]]), chance) == Effect(None, 0.5)
    few = compare_ratios(np.array([[1.0, 2.0]]), np.array([[1.0, 1.0]]), chance)
    assert (few.difference, few.p, few.low) == (0.5, None, None)
    nobody = Counted(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    assert compare_quantiles(nobody, nobody, VALUES[:3], 0.5, chance) == Effect(None, None)


def test_what_never_varied_has_no_p_value_and_an_interval_only_where_it_is_a_share() -> None:
    chance = Resampling(np.random.default_rng(1))
    alike = np.array([[0.1, 1.0]] * 20 + [[0.3, 3.0]] * 20)
    effect = compare_ratios(alike, alike, chance)
    assert (effect.a, effect.difference, effect.low, effect.p, effect.detectable) == (
        pytest.approx(0.1), 0.0, None, None, None,
    )  # fmt: skip
    same = Counted(np.arange(30), np.zeros(30, np.int64), np.ones(30))
    assert compare_quantiles(same, same, VALUES[:1], 0.95, chance) == Effect(1.0, 1.0, 0.0)
    assert compare_paired(np.ones(9), np.ones(9), chance.chance) == Effect(1.0, 1.0, 0.0)
    none = np.column_stack([np.zeros(200), np.ones(200)])
    effect = compare_ratios(none, none, chance, is_share=True)
    assert (effect.difference, effect.p) == (0.0, None)
    assert effect.high == pytest.approx(0.0138, abs=1e-3), "none of 200 is compatible with about 1 of 100"
    assert effect.detectable == pytest.approx(0.045, abs=2e-3), "about nine of 200"


def test_sides_that_have_nothing_in_common_are_as_rare_as_their_numbers_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statistics, "RESAMPLES", 9_999)
    none, all_of_them = (np.column_stack([np.full(5, hit), np.ones(5)]) for hit in (0.0, 1.0))
    effect = compare_ratios(none, all_of_them, Resampling(np.random.default_rng(2)), is_share=True)
    assert effect.p == pytest.approx(2 / 252, rel=0.3), "2 of the 252 ways to deal ten into five and five"


def test_metrics_share_draws_and_each_keeps_its_level() -> None:
    chance = np.random.default_rng(5)
    found: list[float] = []
    for _ in range(TIMES // 2):
        shared = Resampling(chance)
        for world in (successes, costs):
            effect = compare_ratios(world(chance, 60, 0.0), world(chance, 60, 0.0), shared)
            found.append(effect.p or 1.0)
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 2.33 * np.sqrt(0.05 * 0.95 / TIMES)


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=12))
def test_adjusted_p_values_are_never_smaller_and_keep_their_order(p_values: list[float | None]) -> None:
    adjusted = adjust(p_values)
    pairs = [(p, q) for p, q in zip(p_values, adjusted, strict=True) if p is not None and q is not None]
    assert len(pairs) == sum(p is not None for p in p_values)
    assert all(p <= q <= 1 for p, q in pairs)
    assert [q for _, q in sorted(pairs)] == sorted(q for _, q in pairs)
