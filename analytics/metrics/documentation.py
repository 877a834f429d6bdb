"""docs/metrics.md, written from the definitions."""

from __future__ import annotations

from collections.abc import Sequence

from analytics.metrics.definitions import METRICS, Metric, Part

_INTRODUCTION = """\
# Metrics

Written by `make docs` from `analytics/metrics/definitions.py`; the dashboard's help texts and the alert rules use
the same definitions.

Every metric counts runs of the purpose `production` unless a filter on `purpose` says otherwise. A value that
cannot be said is NULL, never 0. Beside money, `unpriced_calls` greater than 0 means “at least”. Percentiles come
from counts per logarithmic bucket and lie within 1 % of exact ones.

`[[alert]]` rules name a metric by its name and filter (`where`) and split (`group_by`) by its dimensions.
"""


def render_metrics() -> str:
    """Return the text of docs/metrics.md."""
    overview = ["| name | title | unit |", "| --- | --- | --- |"]
    overview += [f"| [`{m.name}`](#{m.name}) | {m.title} | {m.unit} |" for m in METRICS.values()]
    return "\n".join([_INTRODUCTION, *overview, *(_describe(metric) for metric in METRICS.values())]) + "\n"


def _describe(metric: Metric) -> str:
    return "\n".join(
        [
            f"\n## {metric.name}\n",
            f"{metric.title}, in {metric.unit}. {metric.help}\n",
            f"* Formula: {_formula(metric)}",
            f"* Population: {metric.population}",
            f"* NULL when: {metric.null_means}",
            f"* Dimensions: {', '.join(f'`{name}`' for name in metric.dimensions)}",
        ]
    )


def _formula(metric: Metric) -> str:
    if metric.quantile is not None:
        return f"quantile {metric.quantile:g} of {metric.measure} over {metric.subjects[0]} events"
    above = _write_parts(metric.numerator)
    return f"{above} ÷ {_write_parts(metric.denominator)}" if metric.denominator else above


def _write_parts(parts: Sequence[Part]) -> str:
    return " + ".join(_write_part(part) for part in parts)


def _write_part(part: Part) -> str:
    what = f"{part.subject} {part.column}"
    return f"{what} ({', '.join(part.outcomes)})" if part.outcomes else what
