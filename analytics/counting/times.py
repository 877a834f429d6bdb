"""Where the time of a run goes: in models, in tools, in waiting to try again; the rest is the agent's own."""

from __future__ import annotations

import polars as pl

from analytics.counting.milliseconds import to_ms
from analytics.counting.runs import RunSet
from analytics.counting.spans import TraceSet

_ORDER = ("model_ms", "tool_ms", "waiting_ms")
"""What happens at the same time counts for the first of these."""


def divide_time(spans: TraceSet, runs: RunSet, steps: pl.DataFrame, attempts: pl.DataFrame) -> pl.DataFrame:
    """Return run, model_ms, tool_ms and waiting_ms: disjoint parts of the time between the run's start and end."""
    extent = pl.DataFrame(
        {
            "run": pl.int_range(runs.count, dtype=pl.Int64, eager=True),
            "from": pl.Series(spans.started_us[runs.root], dtype=pl.Int64),
            "until": pl.Series(spans.ended_us[runs.root], dtype=pl.Int64),
        }
    )
    inside = steps.filter(pl.col("run") < runs.count)
    spent = pl.concat(
        [
            inside.filter(pl.col("step") == "llm").select("run", "start", "end", part=pl.lit(0)),
            inside.filter(pl.col("step") == "tool").select("run", "start", "end", part=pl.lit(1)),
            attempts.filter(pl.col("waited_from").is_not_null()).select(
                "run", pl.col("waited_from").alias("start"), pl.col("start").alias("end"), part=pl.lit(2)
            ),
        ]
    )
    clipped = (
        spent.join(extent, on="run", how="inner")
        .select(
            "run",
            "part",
            start=pl.max_horizontal("start", "from"),
            end=pl.min_horizontal("end", "until"),
        )
        .filter(pl.col("end") > pl.col("start"))
    )
    rows = extent.select("run")
    covered = pl.lit(0, pl.Int64)
    for number, name in enumerate(_ORDER):
        together = _measure_union(clipped.filter(pl.col("part") <= number))
        rows = rows.join(together.rename({"covered": f"covered_{number}"}), on="run", how="left")
        reached = pl.col(f"covered_{number}").fill_null(0)
        rows = rows.with_columns(to_ms(reached - covered).alias(name))
        covered = reached
    return rows.select("run", *_ORDER)


def _measure_union(intervals: pl.DataFrame) -> pl.DataFrame:
    """Return run and covered: the microseconds that lie in at least one of its intervals."""
    ordered = intervals.sort("run", "start").with_columns(
        reached=pl.col("end").cum_max().shift(1).over("run").fill_null(pl.col("start"))
    )
    fresh = (pl.col("end") - pl.max_horizontal("start", "reached")).clip(lower_bound=0)
    return ordered.group_by("run").agg(covered=fresh.sum())
