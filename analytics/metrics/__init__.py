"""One definition of every metric, and the ways to evaluate it."""

from __future__ import annotations

from analytics.metrics.catalogue import GROUPS, METRIC_NAMES, METRICS
from analytics.metrics.comparison import evaluate_beside
from analytics.metrics.definitions import Metric, part, say_difference, say_meaning, say_value
from analytics.metrics.evaluation import evaluate, evaluate_twice, find_metric, series
from analytics.metrics.totals import distribution, totals
from store.figures import DIMENSIONS

__all__ = [
    "DIMENSIONS",
    "GROUPS",
    "METRICS",
    "METRIC_NAMES",
    "Metric",
    "distribution",
    "evaluate",
    "evaluate_beside",
    "evaluate_twice",
    "find_metric",
    "part",
    "say_difference",
    "say_meaning",
    "say_value",
    "series",
    "totals",
]
