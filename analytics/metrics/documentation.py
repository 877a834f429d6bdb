"""docs/metrics.md, written from the definitions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analytics.metrics.catalogue import GROUPS, METRICS
from analytics.metrics.definitions import Metric, Part
from store.figures import DIMENSIONS
from store.figures.dimensions import NOT_IN_BUCKETS, ROLLED_UP

_INTRODUCTION = """\
# Metrics

Written by `make docs` from `analytics/metrics/catalogue`; the dashboard's help texts, the alert rules and `/metrics`
use the same definitions.

Every metric counts runs of the purpose `production` unless a filter on `purpose` says otherwise. A value that
cannot be said is NULL, never 0. Beside money, `unpriced_calls` greater than 0 means “at least”. Percentiles come
from counts per logarithmic bucket and lie within 1 % of exact ones; the limits of `…_within_…` metrics are kept to 1 %.
Proportions come with the 95 % interval of Wilson.

`[[alert]]` rules name a metric by its name and filter (`where`) and split (`group_by`) by its dimensions. Beside the
dimensions below there is `attributes.KEY` for each attribute that `[analytics] dimensions` declares; it is kept from
then on for runs, model calls and tool calls. A filter on `model` or `provider` of a metric that counts runs or tools
keeps the runs that called that model.

Whole days and hours are answered from the rollups where these hold what is asked for. They lack declared attributes and
{not_rolled_up}, for percentiles also
{not_in_buckets}, and hold nothing of users, plans, scores and the distribution of output lengths. Everything else
comes from the narrow tables; over long windows these have a budget (`[store] figures_timeout_s`) beyond which they are
refused.

Retention deletes single events and keeps rollups. Where events of a window were deleted, figures from rollups stay what
they were (windows of such time are told by whole hours); the others speak of the rest and say so (`is_partial`), and
where nothing is left they are NULL, not 0.
"""


_KEYED = {
    "streak": "largest count of failures after the last success",
    "breaker": "worst state of a breaker",
    "again": "values with two or more failures ÷ values",
}


def render_metrics() -> str:
    """Return the text of docs/metrics.md."""
    dimensions = ["## Dimensions\n", "| name | what it says |", "| --- | --- |"]
    dimensions += [f"| `{name}` | {meaning} |" for name, meaning in DIMENSIONS.items()]
    overview = ["\n## All metrics\n", "| name | title | unit |", "| --- | --- | --- |"]
    overview += [f"| [`{m.name}`](#{m.name}) | {m.title} | {m.unit} |" for m in METRICS.values()]
    groups = [
        "\n".join([f"\n## {title}", *(_describe(metric) for metric in metrics)])
        for title, metrics in GROUPS.items()
    ]
    introduction = _INTRODUCTION.format(
        not_rolled_up=_list(name for name in DIMENSIONS if name not in ROLLED_UP),
        not_in_buckets=_list(NOT_IN_BUCKETS),
    )
    return "\n".join([introduction, *dimensions, *overview, *groups]) + "\n"


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _describe(metric: Metric) -> str:
    return "\n".join(
        [
            f"\n### {metric.name}\n",
            f"{metric.title}, in {metric.unit}. {metric.help}\n",
            f"* Formula: {_formula(metric)}",
            f"* Population: {metric.population}",
            f"* NULL when: {metric.null_means}",
            f"* Dimensions: {_list(metric.dimensions)}",
        ]
    )


def _formula(metric: Metric) -> str:
    events = " and ".join(metric.subjects)
    if metric.quantile is not None:
        return f"quantile {metric.quantile:g} of {metric.measure} over {events} events"
    if metric.limit is not None:
        return f"{events} events with {metric.measure} ≤ {metric.limit:g} ÷ events with {metric.measure}"
    if metric.key is not None:
        return f"{_KEYED[metric.kind]} over {events} events of each {metric.key}"
    above = _write_parts(metric.numerator)
    if not metric.denominator:
        return above
    return f"{f'({above})' if len(metric.numerator) > 1 else above} ÷ {_write_parts(metric.denominator)}"


def _write_parts(parts: Sequence[Part]) -> str:
    text = ""
    for item in parts:
        sign = " − " if item.weight < 0 else " + " if text else ""
        factor = "" if abs(item.weight) == 1 else f"{abs(item.weight):g} × "
        text += f"{sign}{factor}{_write_part(item)}"
    return text


def _write_part(item: Part) -> str:
    conditions = "; ".join(f"{name} {' or '.join(values)}" for name, values in item.conditions)
    return f"{item.subject} {item.column}" + (f" ({conditions})" if conditions else "")
