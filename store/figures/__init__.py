"""Figures over calls, runs, sessions and cases: one list of dimensions and sums, from which their SQL is written."""

from __future__ import annotations

from store.figures.compose import (
    Addend,
    Grain,
    Grid,
    Selection,
    compose_buckets,
    compose_totals,
    compose_unit_buckets,
    compose_unit_totals,
    unite,
)
from store.figures.dimensions import ATTRIBUTE_PREFIX, DIMENSIONS, find_attribute
from store.figures.rolling import (
    compose_day_buckets,
    compose_days,
    compose_rollup,
    compose_rollup_buckets,
)
from store.figures.streaks import compose_streaks
from store.figures.subjects import MEASURES, SUBJECTS, SUMS, Subject, Sum

__all__ = [
    "ATTRIBUTE_PREFIX",
    "DIMENSIONS",
    "MEASURES",
    "SUBJECTS",
    "SUMS",
    "Addend",
    "Grain",
    "Grid",
    "Selection",
    "Subject",
    "Sum",
    "compose_buckets",
    "compose_day_buckets",
    "compose_days",
    "compose_rollup",
    "compose_rollup_buckets",
    "compose_streaks",
    "compose_totals",
    "compose_unit_buckets",
    "compose_unit_totals",
    "find_attribute",
    "unite",
]
