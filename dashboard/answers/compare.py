"""What the page of comparison shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analytics.compare import (
    Comparison,
    ShadowReport,
    Side,
    compare,
    compare_shadows,
    find_imbalances,
    say_imbalance,
)
from analytics.metrics import evaluate
from dashboard.answers.measures import where_of
from dashboard.filters import Filters, Window
from dashboard.reading import remembered
from dashboard.services import current
from store.errors import ConfigError

DIMENSIONS: Final = {
    "agent version": "agent_version",
    "prompt version": "prompt_version",
    "model": "model",
    "agent": "agent",
    "environment": "environment",
    "service": "service",
}
OF_AN_AGENT: Final = ("agent_version", "prompt_version")
"""Dimensions whose values mean something only within one agent: version 7 of one is not that of another."""
VALUES_SHOWN: Final = 200


@dataclass(frozen=True)
class Value:
    """A value of a dimension with its runs (or calls), and the agent it is of where that is asked."""

    name: str
    runs: int
    agent: str = ""


@remembered()
def read_values_of(window: Window, filters: Filters, dimension: str) -> list[Value]:
    """Return the values of a dimension in a window, the busiest first; of OF_AN_AGENT those of every agent apart."""
    metric = "llm_call_count" if dimension == "model" else "run_count"
    where = {name: value for name, value in where_of(metric, filters).items() if name != dimension}
    keys = [dimension, "agent"] if dimension in OF_AN_AGENT else [dimension]
    frame = evaluate(current().store, metric, window.start, window.until, where=where, group_by=keys)
    ranked = frame.drop_nulls(keys).sort("n", *keys, descending=[True, *(False for _ in keys)])
    rows = ranked.head(VALUES_SHOWN).iter_rows(named=True)
    return [
        Value(str(row[dimension]), int(row["n"]), str(row["agent"]) if "agent" in keys else "")
        for row in rows
    ]


def list_agents(values: Sequence[Value]) -> list[str]:
    """Return the agents that ran two values or more, first the one whose second value ran most."""
    runs: dict[str, list[int]] = {}
    for value in values:
        runs.setdefault(value.agent, []).append(value.runs)
    several = {agent: sorted(counts)[-2] for agent, counts in runs.items() if len(counts) > 1}
    return sorted(several, key=lambda agent: (-several[agent], agent))


@dataclass(frozen=True)
class Compared:
    """Metrics of side b beside side a, or why they cannot be compared."""

    window: Window
    rows: Sequence[Comparison]
    refused: str = ""
    hints: Sequence[str] = ()
    """What else differs between the sides."""


@remembered(entries=32)
def read_comparison(window: Window, filters: Filters, dimension: str, a: str, b: str) -> Compared:
    """Compare two values of a dimension in one window; a dimension of "" compares the window with the earlier one."""
    before = window.earlier()
    shared = {
        name: values[0]
        for name in ("agent", "environment", "service", "model")
        if len(values := getattr(filters, name)) == 1 and name != dimension
    } | {"purpose": "*" if filters.purpose == "all" else filters.purpose}
    if dimension:
        sides = (
            Side(a, window.start, window.until, {**shared, dimension: a}),
            Side(b, window.start, window.until, {**shared, dimension: b}),
        )
    else:
        sides = (
            Side(a, before.start, before.until, dict(shared)),
            Side(b, window.start, window.until, dict(shared)),
        )
    try:
        store = current().store
        rows = compare(store, *sides)
        return Compared(window, rows, hints=[say_imbalance(it) for it in find_imbalances(store, *sides)])
    except ConfigError as error:
        return Compared(window, (), str(error))


@remembered()
def read_shadows(window: Window, filters: Filters) -> ShadowReport:
    """Pair the shadow runs of a window with the production runs they repeat."""
    return compare_shadows(
        current().store, window.start, window.until, agents=filters.agent, services=filters.service
    )
