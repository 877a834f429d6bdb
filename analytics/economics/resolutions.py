"""What a resolved case costs, loaded with what the others cost, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from analytics.metrics.intervals import Z_95
from store.errors import ConfigError
from store.figures.dimensions import find_attribute

if TYPE_CHECKING:
    from store import Store

DIMENSIONS: Final = (
    "service",
    "environment",
    "tenant",
    "agent",
    "agent_version",
    "prompt_version",
    "user_id",
)
MODEL: Final = "model"
RESOLVED: Final = ("resolved_confirmed", "resolved_assumed")
LEAST_RESOLVED: Final = 5
"""Fewer resolutions give no interval of their cost."""


@dataclass(frozen=True)
class Resolutions:
    """The cases that closed in a window, of all or of one group. Money is NULL where nothing is priced or resolved."""

    group: str | None
    cases: int
    reopened: int
    """Closed cases in which the user came back after a session had ended: their sessions are merged."""
    by_outcome: Mapping[str, int]
    unpriced_calls: int
    """More than 0: money is "at least"."""
    cost_usd: Decimal | None
    """Cost of all closed cases."""
    fully_loaded_usd: float | None
    """Cost of all closed cases ÷ resolved ones."""
    fully_loaded_low: float | None
    fully_loaded_high: float | None
    """95 % interval of the above."""
    strict_usd: float | None
    """Cost of all closed cases ÷ those whose resolution was confirmed."""
    direct_usd: float | None
    """Cost of the resolved cases alone ÷ resolved ones."""
    overhead_usd: float | None
    """Fully loaded less direct: what failures add to each resolution."""
    per_escalation_usd: float | None
    """Cost of the escalated cases ÷ escalated ones."""
    resolution_rate: float | None
    resolution_rate_low: float | None
    resolution_rate_high: float | None
    """Resolved ÷ closed, with Wilson's 95 % interval."""

    @property
    def resolved(self) -> int:
        """Resolved cases, confirmed or assumed."""
        return sum(self.by_outcome.get(outcome, 0) for outcome in RESOLVED)


def measure_resolutions(
    store: Store,
    first: datetime,
    until: datetime,
    *,
    by: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
) -> list[Resolutions]:
    """Return the figures of the production cases that closed from `first` to before `until`, by a dimension or of all.

    By `model`, a case is of the one that cost most in it; by `attributes.KEY`, of the value that its last run had.

    Raises:
        ConfigError: `by` or `where` names no dimension of cases, or an attribute that none of them has.
    """
    is_by_part = by == MODEL or (by is not None and find_attribute(by) is not None)
    for name in (*([by] if by and not is_by_part else []), *(where or {})):
        if name not in DIMENSIONS:
            raise ConfigError(
                f"cases have no dimension {name!r}; there are {', '.join(DIMENSIONS)}, {MODEL} and attributes.KEY"
            )
    if by is not None and is_by_part:
        if where:
            raise ConfigError(f"cases by {by} cannot be filtered by {', '.join(where)}; leave the filter out")
        return _measure_by_part(store, first, until, by)
    params: dict[str, object] = {"first": first, "until": until}
    params |= {f"by_{name}": name == by for name in DIMENSIONS}
    params |= {
        f"in_{name}": list((where or {}).get(name, ["*"])) for name in DIMENSIONS if name != "prompt_version"
    }
    groups: dict[str | None, list[dict[str, Any]]] = {} if by else {None: []}
    for row in store.select("economics/cases", params).to_dicts():
        groups.setdefault(row[f"by_{by}"] if by else None, []).append(row)
    return [_sum_up(group, rows) for group, rows in groups.items()]


def _measure_by_part(store: Store, first: datetime, until: datetime, by: str) -> list[Resolutions]:
    """Return the figures by what is told of the calls or runs of a case, the most cases first."""
    bounds: dict[str, object] = {"first": first, "until": until}
    if by == MODEL:
        parts = store.select("economics/case_models", bounds)
        chief = parts.sort("part_usd", "calls", "part", descending=[True, True, False], nulls_last=True)
    else:
        name = find_attribute(by)
        parts = store.select("economics/case_attributes", {**bounds, "name": name})
        if parts.is_empty():
            raise ConfigError(
                f"no case that closed in this time has a run with the attribute {name!r}; declare it under "
                f'[analytics], dimensions = ["{name}"], and runs keep it from then on'
            )
        chief = parts.sort("last_at", "part", descending=[True, False])
    cases = store.select("economics/case_list", bounds).join(
        chief.unique("case_id", keep="first", maintain_order=True).select("case_id", "part"),
        on="case_id",
        how="left",
    )
    sums = (
        cases.group_by("part", "outcome")
        .agg(
            cases=pl.len(),
            reopened=(pl.col("sessions") > 1).sum(),
            total_usd=pl.when(pl.col("cost_usd").is_not_null().any()).then(pl.col("cost_usd").sum()),
            squares=(pl.col("cost_usd").cast(pl.Float64) ** 2).sum(),
            unpriced=pl.col("unpriced_calls").sum(),
        )
        .sort("part", "outcome", nulls_last=True)
    )
    groups: dict[str | None, list[dict[str, Any]]] = {}
    for row in sums.to_dicts():
        groups.setdefault(row["part"], []).append(row)
    found = [_sum_up(group, rows) for group, rows in groups.items()]
    return sorted(found, key=lambda one: -one.cases)


def _sum_up(group: str | None, rows: Iterable[Mapping[str, Any]]) -> Resolutions:
    by = {row["outcome"] or "unknown": row for row in rows}
    count = {outcome: int(row["cases"]) for outcome, row in by.items()}
    cases, resolved = sum(count.values()), sum(count.get(outcome, 0) for outcome in RESOLVED)
    cost, direct = _add(by, tuple(by)), _add(by, RESOLVED)
    loaded = _ratio(cost, resolved)
    spread = _spread(by, loaded, cases, resolved)
    low, high = _wilson(resolved, cases)
    direct_each = _ratio(direct, resolved)
    return Resolutions(
        group,
        cases,
        sum(int(row["reopened"]) for row in by.values()),
        count,
        sum(int(row["unpriced"]) for row in by.values()),
        cost,
        loaded,
        None if loaded is None or spread is None else max(0.0, loaded - spread),
        None if loaded is None or spread is None else loaded + spread,
        _ratio(cost, count.get("resolved_confirmed", 0)),
        direct_each,
        None if loaded is None or direct_each is None else loaded - direct_each,
        _ratio(_add(by, ("escalated",)), count.get("escalated", 0)),
        resolved / cases if cases else None,
        low,
        high,
    )


def _add(by: Mapping[str, Mapping[str, Any]], outcomes: Sequence[str]) -> Decimal | None:
    found = [by[outcome]["total_usd"] for outcome in outcomes if outcome in by]
    priced = [amount for amount in found if amount is not None]
    return sum(priced, Decimal(0)) if priced else None


def _ratio(cost: Decimal | None, count: int) -> float | None:
    return float(cost) / count if cost is not None and count else None


def _spread(
    by: Mapping[str, Mapping[str, Any]], ratio: float | None, cases: int, resolved: int
) -> float | None:
    """Return half the 95 % interval of a ratio of sums, by linearisation: residuals are cost − ratio · resolved."""
    if ratio is None or cases < 2 or resolved < LEAST_RESOLVED:
        return None
    squares = sum(float(row["squares"] or 0.0) for row in by.values())
    crossed = float(_add(by, RESOLVED) or 0)
    residuals = squares - 2 * ratio * crossed + ratio * ratio * resolved
    return Z_95 * math.sqrt(max(0.0, residuals) * cases / (cases - 1)) / resolved


def _wilson(hits: int, events: int) -> tuple[float | None, float | None]:
    if not events:
        return None, None
    share, z = hits / events, Z_95
    middle = (share + z * z / (2 * events)) / (1 + z * z / events)
    spread = (
        z / (1 + z * z / events) * math.sqrt(share * (1 - share) / events + z * z / (4 * events * events))
    )
    return max(0.0, middle - spread), min(1.0, middle + spread)
