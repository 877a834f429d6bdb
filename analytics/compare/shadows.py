"""Shadow and canary runs beside the production runs they repeat, action by action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import comb
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from analytics.compare.statistics import Effect, compare_paired
from analytics.metrics.intervals import wilson_of
from analytics.metrics.pieces import Span, read_standing

if TYPE_CHECKING:
    from store import Store

MOST_SHADOWS: Final = 20_000
REACH: Final = timedelta(days=7)
"""A run is shadowed, or replayed, within this time."""
_ANY: Final = ["*"]


@dataclass(frozen=True)
class ShadowReport:
    """What the shadow runs of a window did differently."""

    pairs: pl.DataFrame
    """shadow_run_id, run_id, paired_by (id or input), same_tools, differs_at (number of the first tool that
    differs), tools and shadow_tools, outcome, shadow_outcome, cost_usd, shadow_cost_usd, duration_ms,
    shadow_duration_ms."""
    unpaired: int
    same_tools: tuple[float, float, float] | None
    """Share of pairs, and its 95 % interval."""
    same_outcome: tuple[float, float, float] | None
    outcome_p: float | None
    """How often chance alone makes one side succeed that much oftener where they differ (McNemar, exact)."""
    cost_usd: Effect
    """What a run would have cost: shadow less production, pair by pair."""
    total_usd: tuple[float, float] | None
    """What all pairs of known cost together did cost, and would have cost."""
    duration_ms: Effect
    is_partial: bool = False
    """Retention has deleted runs or tool calls of the time in which a pair may lie: the report speaks of the rest."""


def compare_shadows(
    store: Store,
    start: datetime,
    end: datetime,
    *,
    agents: Sequence[str] = (),
    services: Sequence[str] = (),
) -> ShadowReport:
    """Pair the shadow runs of a window with production runs, by the id they name, else by equal input."""
    window = {
        "start": start,
        "until": end,
        "agents": list(agents) or _ANY,
        "services": list(services) or _ANY,
    }
    shadows = store.select("compare/shadow_runs", window | {"max_rows": MOST_SHADOWS})
    named = shadows.select("shadow_of").drop_nulls().unique()
    silent = shadows.filter(pl.col("shadow_of").is_null() & pl.col("input").is_not_null())
    wide = {"start": start - REACH, "until": end + REACH}
    originals = store.select(
        "compare/original_runs", wide, {"named": named, "inputs": silent.select("input").unique()}
    )
    pairs = _compare_actions(store, wide, _pair(shadows, originals))
    costs, durations = (_paired(pairs, name) for name in ("cost_usd", "duration_ms"))
    return ShadowReport(
        pairs,
        shadows.height - pairs.height,
        _share(pairs["same_tools"]),
        _share(pairs.select(_both("outcome").alias("same")).to_series()),
        _judge_outcomes(pairs),
        costs,
        _add_up(pairs),
        durations,
        _has_lost_facts(store, start - REACH, end + REACH),
    )


def _has_lost_facts(store: Store, first: datetime, until: datetime) -> bool:
    span = Span(first, until, until - first)
    standing = read_standing(store, span)
    return any(standing.find_expired(subject, span) for subject in ("run", "tool_call"))


def _pair(shadows: pl.DataFrame, originals: pl.DataFrame) -> pl.DataFrame:
    """Return each shadow with the run it names, else the nearest one with the same input."""
    mine = shadows.rename({name: f"shadow_{name}" for name in shadows.columns if name != "shadow_of"})
    by_run = mine.join(originals, left_on="shadow_of", right_on="run_id", how="inner", coalesce=False)
    by_trace = mine.join(by_run, on="shadow_run_id", how="anti").join(
        originals, left_on="shadow_of", right_on="trace_id", how="inner", coalesce=False
    )
    silent = mine.filter(pl.col("shadow_of").is_null())
    by_input = silent.join(originals, left_on="shadow_input", right_on="input", how="inner", coalesce=False)
    columns = [name for name in by_run.columns if name not in ("shadow_of", "input", "shadow_input")]
    found = [
        frame.select(*columns, paired_by=pl.lit(how))
        for frame, how in ((by_run, "id"), (by_trace, "id"), (by_input, "input"))
    ]
    distance = (pl.col("shadow_started_at") - pl.col("started_at")).abs()
    return (
        pl.concat(found)
        .sort("shadow_run_id", distance, "run_id")
        .unique("shadow_run_id", keep="first", maintain_order=True)
    )


def _compare_actions(store: Store, window: dict[str, datetime], pairs: pl.DataFrame) -> pl.DataFrame:
    asked = pl.concat([pairs.select("run_id"), pairs.select(run_id="shadow_run_id")]).unique()
    used = store.select("compare/tools_of_runs", window, {"asked": asked})
    tools = used.group_by("run_id", maintain_order=True).agg(tools=pl.col("tool").fill_null("?"))
    lists = {run: list(names) for run, names in tools.iter_rows()}
    mine = [lists.get(run, []) for run in pairs["run_id"]]
    others = [lists.get(run, []) for run in pairs["shadow_run_id"]]
    return pairs.select(
        "shadow_run_id", "run_id", "paired_by",
        same_tools=pl.Series([one == other for one, other in zip(mine, others, strict=True)], dtype=pl.Boolean),
        differs_at=pl.Series([_first_difference(*both) for both in zip(mine, others, strict=True)], dtype=pl.Int64),
        tools=pl.Series(mine, dtype=pl.List(pl.String)),
        shadow_tools=pl.Series(others, dtype=pl.List(pl.String)),
        outcome="outcome", shadow_outcome="shadow_outcome",
        cost_usd="cost_usd", shadow_cost_usd="shadow_cost_usd",
        duration_ms="duration_ms", shadow_duration_ms="shadow_duration_ms",
    )  # fmt: skip


def _first_difference(one: Sequence[str], other: Sequence[str]) -> int | None:
    """Return from 1 on at which tool two runs part; None when they never do.

    >>> _first_difference(["search", "refund"], ["search", "lookup"]), _first_difference([], [])
    (2, None)
    """
    for position in range(max(len(one), len(other))):
        if one[position : position + 1] != other[position : position + 1]:
            return position + 1
    return None


def _both(name: str) -> pl.Expr:
    return pl.col(name) == pl.col(f"shadow_{name}")


def _share(same: pl.Series) -> tuple[float, float, float] | None:
    known = same.drop_nulls()
    if known.is_empty():
        return None
    hits = int(known.sum())
    low, high = wilson_of(hits, known.len())
    return hits / known.len(), low, high


def _judge_outcomes(pairs: pl.DataFrame) -> float | None:
    """Exact McNemar test on the pairs of which one alone succeeded."""
    known = pairs.drop_nulls(["outcome", "shadow_outcome"])
    if known.is_empty():
        return None
    mine, other = known["outcome"] == "success", known["shadow_outcome"] == "success"
    gained, lost = int((other & ~mine).sum()), int((mine & ~other).sum())
    differing = gained + lost
    tail = sum(comb(differing, k) for k in range(min(gained, lost) + 1)) / 2**differing
    return min(1.0, 2 * tail)


def _add_up(pairs: pl.DataFrame) -> tuple[float, float] | None:
    known = pairs.drop_nulls(["cost_usd", "shadow_cost_usd"])
    if known.is_empty():
        return None
    return float(known["cost_usd"].sum()), float(known["shadow_cost_usd"].sum())


def _paired(pairs: pl.DataFrame, name: str) -> Effect:
    """Compare pair by pair; shadows of one run hang together, and count by their mean."""
    known = (
        pairs.drop_nulls([name, f"shadow_{name}"])
        .group_by("run_id", maintain_order=True)
        .agg(pl.col(name, f"shadow_{name}").cast(pl.Float64).mean())
    )
    return compare_paired(
        known[name].to_numpy(), known[f"shadow_{name}"].to_numpy(), np.random.default_rng(1)
    )
