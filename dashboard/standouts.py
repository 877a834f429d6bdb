"""What stands out of a window: the stretch of time in which a tool failed, the day that cost more than such days do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

LEAST_EVIDENCE: Final = 12.0
"""Log-likelihood ratio from which a stretch stands out: about five standard deviations."""
LEAST_FAILURES: Final = 10
LEAST_RATIO: Final = 2.0
LEAST_DAY_RATIO: Final = 1.4
LEAST_DEVIATIONS: Final = 4.0
LEAST_DAYS: Final = 3
_SATURDAY: Final = 6


@dataclass(frozen=True)
class Burst:
    """Bins `first` to `last` (inclusive) with the failure rate in them and outside of them."""

    first: int
    last: int
    failures: int
    rate: float
    rate_outside: float
    evidence: float


def find_burst(failures: Sequence[float | None], calls: Sequence[float | None]) -> Burst | None:
    """Return the stretch of bins in which most more failed than outside of it; None when none stands out.

    Scan statistic over all stretches: M. Kulldorff, A spatial scan statistic (1997), for rates.
    """
    hits = np.nan_to_num(np.array([value or 0.0 for value in failures]))
    totals = np.nan_to_num(np.array([value or 0.0 for value in calls]))
    all_hits, all_calls = float(hits.sum()), float(totals.sum())
    if all_hits < LEAST_FAILURES or all_hits >= all_calls:
        return None
    hits_to, calls_to = (np.concatenate([[0.0], np.cumsum(values)]) for values in (hits, totals))
    inside_hits = hits_to[None, 1:] - hits_to[:-1, None]
    inside_calls = calls_to[None, 1:] - calls_to[:-1, None]
    outside_hits, outside_calls = all_hits - inside_hits, all_calls - inside_calls
    possible = np.triu((inside_calls > 0) & (outside_calls > 0) & (inside_hits >= LEAST_FAILURES))
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, rate_outside = inside_hits / inside_calls, outside_hits / outside_calls
        evidence = (
            _likelihood(inside_hits, inside_calls)
            + _likelihood(outside_hits, outside_calls)
            - _likelihood(np.array(all_hits), np.array(all_calls))
        )
        evidence[~possible | (rate < LEAST_RATIO * rate_outside)] = -math.inf
    first, last = (int(place) for place in np.unravel_index(int(np.argmax(evidence)), evidence.shape))
    if evidence[first, last] < LEAST_EVIDENCE:
        return None
    return Burst(
        first,
        last,
        int(inside_hits[first, last]),
        float(rate[first, last]),
        float(rate_outside[first, last]),
        float(evidence[first, last]),
    )


def _likelihood(hits: np.ndarray, calls: np.ndarray) -> np.ndarray:
    """Return the greatest log-likelihood of `hits` among `calls`."""
    rate = np.divide(hits, calls, out=np.zeros_like(hits), where=calls > 0)
    some, others = np.clip(rate, 1e-300, 1), np.clip(1 - rate, 1e-300, 1)
    return hits * np.log(some) + (calls - hits) * np.log(others)


@dataclass(frozen=True)
class DearDay:
    """A day that cost more than such days do, and the part that most of it is due to.

    Attributes:
        part: what explains most of what it cost more, by column; columns that do not matter are left out.
        part_usd: how much more the part cost than usual.
        calls_ratio: model calls of the day against the usual number.
    """

    day: date
    cost_usd: float
    usual_usd: float
    part: dict[str, str | None]
    part_usd: float
    calls_ratio: float

    @property
    def ratio(self) -> float:
        """How many times the usual it cost."""
        return self.cost_usd / self.usual_usd


def find_dear_day(days: pl.DataFrame, by: Sequence[str]) -> DearDay | None:
    """Return the dearest day against the median of such days (weekdays, weekends); None when none stands out.

    `days` has day (whole ones only), the columns `by`, calls and cost_usd; a day needs three others of its kind.
    """
    spent = days.with_columns(
        pl.col("cost_usd").cast(pl.Float64).fill_null(0.0), is_weekend=pl.col("day").dt.weekday() >= _SATURDAY
    )
    best: DearDay | None = None
    for _, alike in spent.group_by("is_weekend"):
        sums = alike.group_by("day").agg(pl.col("cost_usd", "calls").sum()).sort("day")
        if sums.height <= LEAST_DAYS:
            continue
        top = sums.row(int(sums["cost_usd"].arg_max() or 0), named=True)
        others = sums.filter(pl.col("day") != top["day"])
        usual, calls = _median(others["cost_usd"]), _median(others["calls"])
        deviation = 1.4826 * _median((others["cost_usd"] - usual).abs())
        is_far = top["cost_usd"] >= max(usual * LEAST_DAY_RATIO, usual + LEAST_DEVIATIONS * deviation)
        if not usual or not is_far or (best and top["cost_usd"] / usual <= best.ratio):
            continue
        part, part_usd = _explain(alike, top["day"], by, top["cost_usd"] - usual)
        best = DearDay(
            top["day"], top["cost_usd"], usual, part, part_usd, top["calls"] / calls if calls else math.inf
        )
    return best


def _median(values: pl.Series) -> float:
    return float(values.cast(pl.Float64).median() or 0.0)  # pyright: ignore[reportArgumentType]


def _explain(
    alike: pl.DataFrame, day: date, by: Sequence[str], excess_usd: float
) -> tuple[dict[str, str | None], float]:
    """Return the narrowest part that explains most of the excess: all columns together, else the best single one."""
    found = [(_most_excess(alike, day, keys)) for keys in (list(by), *([key] for key in by))]
    whole = found[0]
    best = max(found[1:], key=lambda item: item[1]) if len(found) > 1 else whole
    return whole if whole[1] >= 0.8 * max(best[1], 0.6 * excess_usd) else best


def _most_excess(alike: pl.DataFrame, day: date, keys: list[str]) -> tuple[dict[str, str | None], float]:
    """Return the part of one day that cost most more than its median over the other days, and how much more."""
    others = alike.filter(pl.col("day") != day)["day"].n_unique()
    per_day = alike.group_by("day", *keys).agg(pl.col("cost_usd").sum())
    usual = (
        per_day.filter(pl.col("day") != day)
        .group_by(keys)
        .agg(usual=pl.when(pl.len() * 2 > others).then(pl.col("cost_usd").quantile(0.5)).otherwise(0.0))
    )
    now = per_day.filter(pl.col("day") == day).join(usual, on=keys, how="left", nulls_equal=True)
    row = (
        now.with_columns(excess=pl.col("cost_usd") - pl.col("usual").fill_null(0.0))
        .sort("excess", *keys, descending=[True, *(False for _ in keys)])
        .row(0, named=True)
    )
    return {key: row[key] for key in keys}, float(row["excess"])
