"""What else differs between two sides: a difference may be of that, and not of what is compared (Simpson's paradox)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from analytics.compare.sides import Side
from analytics.metrics import evaluate, series
from store.errors import ConfigError

if TYPE_CHECKING:
    from store import Store

_MIXED: Final = (
    ("run_count", "environment"), ("run_count", "tenant"), ("llm_call_count", "model"), ("run_count", "service"),
    ("run_count", "agent"), ("run_count", "agent_version"), ("run_count", "prompt_version"),
)  # fmt: skip
_OF_AN_AGENT: Final = ("agent_version", "prompt_version")
"""Versions mean something within one agent only."""
_WHO: Final = ("service", "agent")
"""Of different services and agents it goes without saying that they run different ones."""
LEAST_APART: Final = 0.15
"""A value whose shares of the sides are less apart is no hint."""
_LEAST_ERRORS: Final = 4.0
"""Nor one that is less apart than so many standard errors: runs hang together, and several dimensions are looked at."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Imbalance:
    """A value of a dimension that is another share of one side than of the other; or days, without a value."""

    dimension: str
    value: str | None
    shares: tuple[float, float]


def find_imbalances(store: Store, a: Side, b: Side) -> list[Imbalance]:
    """Return of each dimension that is not compared the value whose share differs most, the largest first.

    Sides of one window that ran on different days are told as `day`, with the share of runs on days of the other.
    """
    named = {*a.where, *b.where}
    is_of_others = any(a.where.get(name) != b.where.get(name) for name in _WHO)
    found = [
        imbalance
        for metric, dimension in _MIXED
        if dimension not in named
        and not (is_of_others and dimension in (*_WHO, *_OF_AN_AGENT))
        and not ("agent" not in named and dimension in _OF_AN_AGENT)
        and (imbalance := _compare_mix(store, a, b, metric, dimension))
    ]
    found.sort(key=lambda it: -abs(it.shares[1] - it.shares[0]))
    if (a.start, a.end) == (b.start, b.end) and a.end - a.start >= 2 * _DAY:
        found += _compare_days(store, a, b)
    return found


def say_imbalance(imbalance: Imbalance) -> str:
    """Return an imbalance in words.

    >>> say_imbalance(Imbalance("model", "gpt-5", (0.6, 0.12)))
    'model gpt-5: 60 % of the first side, 12 % of the second'
    """
    first, second = (f"{share * 100:.0f} %" for share in imbalance.shares)
    if imbalance.dimension == "day":
        return f"days: {first} of the first side ran on days of the second, {second} of the second on days of the first"
    name = imbalance.dimension.replace("_", " ")
    return f"{name} {(imbalance.value or 'unknown')[:60]}: {first} of the first side, {second} of the second"


def _compare_mix(store: Store, a: Side, b: Side, metric: str, dimension: str) -> Imbalance | None:
    try:
        counts = [_count(store, side, metric, dimension) for side in (a, b)]
    except ConfigError:
        return None
    totals = [sum(count.values()) for count in counts]
    if not all(totals):
        return None
    best: Imbalance | None = None
    for value in sorted({*counts[0], *counts[1]}, key=str):
        shares = (counts[0].get(value, 0.0) / totals[0], counts[1].get(value, 0.0) / totals[1])
        if _is_apart(shares, totals) and (
            best is None or abs(shares[1] - shares[0]) > abs(best.shares[1] - best.shares[0])
        ):
            best = Imbalance(dimension, value, shares)
    return best


def _is_apart(shares: tuple[float, float], totals: Sequence[float]) -> bool:
    both = (shares[0] * totals[0] + shares[1] * totals[1]) / sum(totals)
    error = math.sqrt(both * (1 - both) * (1 / totals[0] + 1 / totals[1]))
    return abs(shares[1] - shares[0]) >= max(LEAST_APART, _LEAST_ERRORS * error)


def _count(store: Store, side: Side, metric: str, dimension: str) -> Mapping[str | None, float]:
    rows = evaluate(store, metric, side.start, side.end, where=side.where, group_by=[dimension])
    return dict(rows.select(dimension, "value").drop_nulls("value").iter_rows())


def _compare_days(store: Store, a: Side, b: Side) -> list[Imbalance]:
    try:
        days = [series(store, "run_count", side.start, side.end, _DAY, where=side.where) for side in (a, b)]
    except ConfigError:
        return []
    first, second = (day["value"].fill_null(0.0).to_numpy() for day in days)
    if not first.sum() or not second.sum():
        return []
    shares = float(first[second > 0].sum() / first.sum()), float(second[first > 0].sum() / second.sum())
    return [Imbalance("day", None, shares)] if min(shares) < 1 - LEAST_APART else []
