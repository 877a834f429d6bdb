"""One definition of every metric, and the ways to evaluate it."""

from __future__ import annotations

from analytics.metrics.definitions import DIMENSIONS, METRIC_NAMES, METRICS, Metric
from analytics.metrics.evaluation import evaluate, find_metric, series

__all__ = ["DIMENSIONS", "METRICS", "METRIC_NAMES", "Metric", "evaluate", "find_metric", "series"]
