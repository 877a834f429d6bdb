"""Error rates by simulation: no more false findings than promised, and the power that was computed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.compare import statistics
from analytics.compare.statistics import (
    Effect,
    Floats,
    Resampling,
    adjust,
    compare_quantiles,
    compare_ratios,
)

TIMES = 300
VALUES = 1.02 ** np.arange(0, 700, dtype=np.float64)
World = Callable[[np.random.Generator, int, float], Floats]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer resamples: coarser p-values, the same error rates."""
    monkeypatch.setattr(statistics, "RESAMPLES", 199)
    monkeypatch.setattr(statistics, "QUANTILE_RESAMPLES", 99)


def successes(chance: np.random.Generator, sessions: int, lift: float) -> Floats:
    """Runs of sessions that share their luck: a beta-binomial rate around two thirds."""
    luck = chance.beta(8, 4, sessions)
    runs = 1 + chance.poisson(2, sessions)
    return np.column_stack([chance.binomial(runs, np.clip(luck + lift, 0, 1)), runs]).astype(np.float64)


def costs(chance: np.random.Generator, sessions: int, lift: float) -> Floats:
    """Cost per run with a heavy tail, dearer in long sessions."""
    runs = 1 + chance.poisson(2, sessions)
    return np.column_stack([runs * chance.lognormal(0, 1.5, sessions) * (1 + lift), runs]).astype(np.float64)


def resolutions(chance: np.random.Generator, sessions: int, lift: float) -> Floats:
    """Cost of all cases by resolved ones: numerator and denominator hang together."""
    resolved = chance.random(sessions) < 0.7
    cost = chance.lognormal(0, 1, sessions) * np.where(resolved, 1.0, 1.8) + lift * resolved
    return np.column_stack([cost, resolved]).astype(np.float64)


def latencies(chance: np.random.Generator, sessions: int, lift: float) -> Floats:
    """Counts of run durations per bucket."""
    counts = np.zeros((sessions, len(VALUES)))
    slow = chance.lognormal(0, 0.6, sessions)
    for row, times in enumerate(1 + chance.poisson(2, sessions)):
        durations = 1000 * slow[row] * (1 + lift) * chance.lognormal(0, 0.5, times)
        np.add.at(counts[row], np.clip(np.ceil(np.log(durations) / np.log(1.02)).astype(int), 0, 699), 1)
    return counts


def effect_of(world: World, chance: np.random.Generator, sizes: tuple[int, int], lift: float) -> Effect:
    a, b = world(chance, sizes[0], 0.0), world(chance, sizes[1], lift)
    drawn = Resampling(chance)
    return compare_quantiles(a, b, VALUES, 0.9, drawn) if world is latencies else compare_ratios(a, b, drawn)


@pytest.mark.parametrize("sizes", [(60, 60), (150, 40)])
@pytest.mark.parametrize("world", [successes, costs, resolutions, latencies])
def test_same_against_same_is_seldom_a_finding(world: World, sizes: tuple[int, int]) -> None:
    chance = np.random.default_rng(20261121)
    found = [effect_of(world, chance, sizes, 0.0) for _ in range(TIMES)]
    rate = np.mean([effect.p is not None and effect.p <= 0.05 for effect in found])
    assert rate <= 0.05 + 2.33 * np.sqrt(0.05 * 0.95 / TIMES), "beyond what 300 comparisons explain by chance"


@pytest.mark.parametrize(("world", "sessions"), [(successes, 150), (resolutions, 200)])
def test_power_is_the_computed_one(world: World, sessions: int) -> None:
    chance = np.random.default_rng(7)
    pilot = [effect_of(world, chance, (sessions, sessions), 0.0) for _ in range(30)]
    detectable = float(np.mean([effect.detectable or 0.0 for effect in pilot]))
    lift = detectable if world is resolutions else -detectable
    found = [effect_of(world, chance, (sessions, sessions), lift) for _ in range(TIMES)]
    power = np.mean([effect.p is not None and effect.p <= 0.05 for effect in found])
    assert 0.70 <= power <= 0.90


@pytest.mark.parametrize("world", [successes, resolutions])
def test_interval_holds_the_truth(world: World) -> None:
    chance = np.random.default_rng(3)
    found = [effect_of(world, chance, (120, 120), 0.0) for _ in range(TIMES)]
    covered = np.mean([(effect.low or 0.0) <= 0.0 <= (effect.high or 0.0) for effect in found])
    assert 0.91 <= covered <= 0.985


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
    alike = np.ones((10, 2))
    assert compare_ratios(alike, alike, chance).p == 1.0
    assert compare_quantiles(np.zeros((0, 3)), np.zeros((0, 3)), VALUES[:3], 0.5, chance) == Effect(
        None, None
    )


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
