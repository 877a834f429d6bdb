"""What a day or a week was like: figures beside those before, who moved most, what failed, what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from analytics.compare import Side, compare, find_discoveries
from analytics.golden import Regressions, find_new_regressions
from analytics.metrics import METRICS, Metric, evaluate, evaluate_beside

if TYPE_CHECKING:
    from store import Store

Period = Literal["daily", "weekly"]
LENGTHS: Final[Mapping[Period, timedelta]] = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
FIGURES: Final = (
    "run_count", "success_rate", "escalation_rate", "satisfaction", "run_p95_ms", "cost_usd", "cost_per_run_usd",
    "resolution_rate", "cost_per_resolution_usd", "tool_failure_rate", "llm_error_rate", "tokens", "active_users",
)  # fmt: skip
_MOVING: Final = ("success_rate", "run_p95_ms", "cost_per_run_usd", "escalation_rate")
UNNAMED: Final = "unnamed"
OTHERS: Final = "tools and others"
"""What stands for agents without a name, and for costs of no model."""
MOST_MOVERS: Final = 8
MOST_TRIED: Final = 24
"""Of so many of the largest changes it is asked whether they are chance."""
MOST_ROWS: Final = 10
FEWEST_EVENTS: Final = 20
"""An agent with fewer events in either period is no mover."""


@dataclass(frozen=True)
class Figure:
    """A metric in the period, before it, and a week earlier."""

    metric: Metric
    value: float | None
    before: float | None
    week_ago: float | None
    n: int
    is_at_least: bool
    is_partial: bool = False
    """Retention has deleted facts that the value needs: it speaks of the rest."""
    were_partial: tuple[bool, bool] = (False, False)
    """The same of `before` and of `week_ago`."""

    @property
    def change(self) -> float | None:
        """How much it changed: of a share in points, else as a share of what it was."""
        if self.value is None or self.before is None or self.is_partial or self.were_partial[0]:
            return None
        if self.metric.unit == "ratio":
            return self.value - self.before
        return (self.value - self.before) / self.before if self.before else None


@dataclass(frozen=True)
class Mover:
    """A metric of one agent that changed much."""

    service: str | None
    agent: str | None
    figure: Figure


@dataclass(frozen=True)
class Digest:
    """All of a report."""

    period: Period
    start: datetime
    end: datetime
    figures: tuple[Figure, ...]
    movers: tuple[Mover, ...]
    failures: tuple[tuple[str, str, int], ...]
    """Agent, class, failed runs."""
    spenders: tuple[tuple[str, float, bool], ...]
    """Model, USD, whether it is an “at least”."""
    suites: Mapping[str, Regressions]
    """What became of the cases of evaluation suites."""
    changes: tuple[Mapping[str, Any], ...]
    """happened_at, what, subject, detail; of drift alarm_id, metric and category, too."""
    dashboard_url: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing ran."""
        return not any(figure.n or figure.is_partial for figure in self.figures)

    @property
    def is_partial(self) -> bool:
        """Whether a figure speaks of what retention left alone."""
        return any(figure.is_partial or any(figure.were_partial) for figure in self.figures)


def build_digest(
    store: Store, period: Period, end: datetime, *, services: Sequence[str] = (), dashboard_url: str = ""
) -> Digest:
    """Return the report of the day or week that ends at `end`."""
    start, where = end - LENGTHS[period], ({"service": list(services)} if services else {})
    rows = evaluate_beside(store, FIGURES, start, end, where=where)
    failed = evaluate(
        store,
        "run_count",
        start,
        end,
        where={**where, "outcome": "failure"},
        group_by=["agent", "failure_class"],
    ).sort("value", "agent", "failure_class", descending=[True, False, False], nulls_last=True)
    spent = (
        evaluate(store, "cost_usd", start, end, where=where, group_by=["model"])
        .filter(pl.col("value") > 0)
        .sort("value", descending=True)
    )
    return Digest(
        period,
        start,
        end,
        tuple(_figure(row) for row in rows.iter_rows(named=True)),
        _find_movers(store, start, end, where),
        tuple(
            (agent or UNNAMED, cause or "unknown", int(count))
            for agent, cause, count in failed.head(MOST_ROWS)
            .select("agent", "failure_class", "value")
            .iter_rows()
        ),
        tuple(
            (model or OTHERS, usd, unpriced > 0)
            for model, usd, unpriced in spent.head(MOST_ROWS)
            .select("model", "value", "unpriced_calls")
            .iter_rows()
        ),
        find_new_regressions(store, start, end),
        tuple(store.select("reports/changes", {"start": start, "until": end}).iter_rows(named=True)),
        dashboard_url,
    )


def _find_movers(store: Store, start: datetime, end: datetime, where: Mapping[str, Any]) -> tuple[Mover, ...]:
    """Return which figures of agents changed by more than chance explains, the largest changes first."""
    rows = evaluate_beside(store, _MOVING, start, end, where=where, group_by=["service", "agent"])
    enough = (pl.col("n") >= FEWEST_EVENTS) & (pl.col("previous_n") >= FEWEST_EVENTS)
    whole = ~(pl.col("is_partial") | pl.col("previous_is_partial"))
    changed = [
        mover
        for row in rows.filter(enough & whole).iter_rows(named=True)
        if (mover := Mover(row["service"], row["agent"], _figure(row))).figure.change
    ]
    changed.sort(key=lambda mover: -abs(mover.figure.change or 0.0))
    tried = changed[:MOST_TRIED]
    chances = [_compare(store, mover, start, end) for mover in tried]
    told = find_discoveries(chances, of=len(changed))
    return tuple(mover for mover, is_told in zip(tried, told, strict=True) if is_told)[:MOST_MOVERS]


def _compare(store: Store, mover: Mover, start: datetime, end: datetime) -> float | None:
    """Return how often chance alone brings what moved, by sessions of both periods."""
    whose = {"service": mover.service, "agent": mover.agent}
    sides = Side("before", start - (end - start), start, whose), Side("now", start, end, whose)
    (row,) = compare(store, *sides, [mover.figure.metric.name])
    return row.effect.p


def _figure(row: Mapping[str, Any]) -> Figure:
    metric = METRICS[row["metric"]]
    return Figure(
        metric,
        row["value"],
        row["previous_value"],
        row["week_value"],
        int(row["n"] or 0),
        metric.is_money and bool(row["unpriced_calls"]),
        bool(row["is_partial"]),
        (bool(row["previous_is_partial"]), bool(row["week_is_partial"])),
    )
