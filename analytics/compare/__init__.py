"""Comparison of two versions or periods, with what a statistician asks for: effect, interval, p-value, power."""

from __future__ import annotations

from analytics.compare.comparison import DEFAULT_METRICS, Comparison, compare
from analytics.compare.mix import Imbalance, find_imbalances, say_imbalance
from analytics.compare.shadows import ShadowReport, compare_shadows
from analytics.compare.sides import Side, read_side
from analytics.compare.statistics import Effect, find_discoveries

__all__ = [
    "DEFAULT_METRICS",
    "Comparison",
    "Effect",
    "Imbalance",
    "ShadowReport",
    "Side",
    "compare",
    "compare_shadows",
    "find_discoveries",
    "find_imbalances",
    "read_side",
    "say_imbalance",
]
