"""The metrics of the agents in Prometheus text: over the last hour, by service, environment and agent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from analytics.metrics import METRICS, evaluate
from analytics.metrics import Metric as Definition

if TYPE_CHECKING:
    from store import Store
    from store.clock import Clock

WINDOW: Final = timedelta(hours=1)
LABELS: Final = ("service", "environment", "agent")
MOST_GROUPS: Final = 1_000
"""Groups of a metric that are shown; those with most events, when there are more."""
_MS_PER_S: Final = 1_000.0
KEPT_S: Final = 15.0
"""Scrapes within this time get the same answer: several scrapers cost as much as one."""


class AgentMetrics(Collector):
    """Evaluates the metrics when it is scraped, all of one subject by one query."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._families: list[Metric] = []
        self._read_at: float | None = None

    def describe(self) -> list[Metric]:
        """Return nothing: registering must not read the store."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield a family per metric; what is not known, or not whole since facts were deleted, has no sample."""
        with self._lock:
            now = time.monotonic()
            if self._read_at is None or now - self._read_at >= KEPT_S:
                self._families = self._read()
                self._read_at = now
            yield from self._families

    def _read(self) -> list[Metric]:
        end = self._clock()
        names = [name for name, metric in METRICS.items() if all(map(metric.has_dimension, LABELS))]
        values = evaluate(self._store, names, end - WINDOW, end, group_by=LABELS)
        families: list[Metric] = []
        for name in names:
            metric = METRICS[name]
            scale = _MS_PER_S if metric.unit == "ms" else 1.0
            family = GaugeMetricFamily(_name_family(name), _describe(metric), labels=LABELS)
            rows = values.filter(
                (values["metric"] == name) & values["value"].is_not_null() & ~values["is_partial"]
            )
            for row in rows.top_k(MOST_GROUPS, by="n").sort(*LABELS).iter_rows(named=True):
                family.add_metric([row[label] or "" for label in LABELS], row["value"] / scale)
            families.append(family)
        return families


def _name_family(name: str) -> str:
    """Return the name by Prometheus' conventions: base units in full, and `_count` left to histograms."""
    if name.endswith("_ms"):
        name = name.removesuffix("_ms") + "_seconds"
    elif name.endswith("_count"):
        name = name.removesuffix("_count") + "s"
    return f"spanledger_{name}"


def _describe(metric: Definition) -> str:
    unit = "seconds" if metric.unit == "ms" else metric.unit
    return f"{metric.help} Last hour, in {unit}; {metric.population}."
