"""What is read for a set of metrics, each sum and each distribution once, and the values that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from analytics.metrics.definitions import Metric, Part
from analytics.metrics.keyed import read_keyed, summarise_keys
from analytics.metrics.pieces import Standing, read_standing
from analytics.metrics.reading import (
    Question,
    Reading,
    View,
    are_rolled_up,
    find_view,
    read_buckets,
    read_totals,
)
from analytics.metrics.values import VALUE_SCHEMA, add_pieces, from_buckets, from_sums

if TYPE_CHECKING:
    from store import Store

_Sums = tuple[View, bool]
"""The sums of a view that rollups hold, or the others."""


@dataclass
class _Plan:
    """What is read for a set of metrics: sums by view, and buckets by view and measure, each once.

    Sums that rollups hold stand apart from the others, which would draw them down to what the facts still tell;
    all sums of one metric stand together.
    """

    parts: dict[_Sums, dict[str, Part]] = field(default_factory=dict[_Sums, dict[str, Part]])
    buckets: dict[tuple[View, str], list[str]] = field(default_factory=dict[tuple[View, str], list[str]])
    views: dict[str, list[View]] = field(default_factory=dict[str, list[View]])

    def add(self, metric: Metric, question: Question) -> None:
        views = [find_view(metric, subject, question) for subject in metric.subjects]
        self.views[metric.name] = views
        for view in views:
            if metric.key is not None:
                continue
            if metric.measure is not None:
                self.buckets.setdefault((view, metric.measure), []).append(metric.name)
                continue
            wanted = self.parts.setdefault((view, _is_rolled_up(metric)), {})
            wanted.update({part.key: part for part in metric.parts if part.subject == view.subject})


def _is_rolled_up(metric: Metric) -> bool:
    return are_rolled_up(metric.parts)


@dataclass(frozen=True)
class Facts:
    """What was read for a set of metrics; keyed metrics read by themselves."""

    store: Store
    question: Question
    standing: Standing
    plan: _Plan
    totals: Mapping[_Sums, Reading]
    buckets: Mapping[tuple[View, str], Reading]
    _merged: dict[tuple[_Sums, tuple[str, ...]], pl.DataFrame] = field(
        default_factory=dict[tuple[_Sums, tuple[str, ...]], pl.DataFrame]
    )

    def _merge(self, asked: _Sums, by: list[str]) -> pl.DataFrame:
        """Add up the pieces of some sums, once for all metrics made of them."""
        key = asked, tuple(by)
        if key not in self._merged:
            self._merged[key] = add_pieces(self.totals[asked].rows, list(self.plan.parts[asked].values()), by)
        return self._merged[key]

    def compute(self, metric: Metric, keys: list[str]) -> tuple[pl.DataFrame, frozenset[int]]:
        """Return the values of a metric by `keys`, and the bins in which they speak of a part only."""
        by = keys or ["all"]
        views = self.plan.views[metric.name]
        if metric.key is not None:
            read = [read_keyed(self.store, view, metric, self.question, self.standing) for view in views]
            rows = read[0].rows.with_columns(pl.lit(0).alias("all"))
            values = summarise_keys(metric, rows, self.question, by).with_columns(unpriced_calls=pl.lit(0))
        elif metric.measure is not None:
            read = [self.buckets[view, metric.measure] for view in views]
            values = from_buckets(metric, pl.concat([reading.rows for reading in read]), keys)
        else:
            asked = [(view, _is_rolled_up(metric)) for view in views]
            read = [self.totals[key] for key in asked]
            values = from_sums(metric, [self._merge(key, by) for key in asked], by)
        gaps = frozenset[int]().union(*(reading.gaps for reading in read))
        columns = (pl.col(name).cast(dtype) for name, dtype in VALUE_SCHEMA.items())
        return values.with_columns(is_partial=pl.lit(False)).select(*keys, *columns), gaps


def read_facts(store: Store, metrics: Sequence[Metric], question: Question) -> Facts:
    """Read what a question asks of some metrics."""
    plan = _Plan()
    for metric in metrics:
        plan.add(metric, question)
    standing = read_standing(store, question)
    totals = {
        asked: read_totals(store, asked[0], list(parts.values()), question, standing)
        for asked, parts in plan.parts.items()
    }
    buckets = {
        (view, measure): read_buckets(store, view, measure, question, standing)
        for view, measure in plan.buckets
    }
    return Facts(store, question, standing, plan, totals, buckets)
