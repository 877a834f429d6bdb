"""Every metric, a file per subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analytics.metrics.catalogue.behaviour import BEHAVIOUR
from analytics.metrics.catalogue.cases import CASES
from analytics.metrics.catalogue.latency import LATENCY
from analytics.metrics.catalogue.models import MODELS
from analytics.metrics.catalogue.money import MONEY
from analytics.metrics.catalogue.quality import QUALITY
from analytics.metrics.catalogue.runs import RUNS
from analytics.metrics.catalogue.tools import TOOLS
from analytics.metrics.catalogue.users import USERS
from analytics.metrics.definitions import Metric

GROUPS: Final[Mapping[str, tuple[Metric, ...]]] = {
    "Runs": RUNS,
    "Latency": LATENCY,
    "Money": MONEY,
    "Cases": CASES,
    "Tools": TOOLS,
    "Models": MODELS,
    "Behaviour": BEHAVIOUR,
    "Users and sessions": USERS,
    "Quality": QUALITY,
}
"""Metrics by what they are about."""
METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for group in GROUPS.values() for metric in group}
"""All metrics by name."""
METRIC_NAMES: Final = tuple(METRICS)
