"""Touching traces: how to have a trace's calls and runs derived again although no new span of it came.

The facts job derives touched traces again, and sessions and rollups follow: a score or an outcome that came late, a
mapping that was corrected. Write the rows that changed and the touch in one transaction:

    store.replace(appends={"scores": rows, **touched_rows(run_traces(run_ids), reason="score")})
    scheduler.wake()
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

import polars as pl

TRACE_ID_CHARS: Final = 32
"""What an id of a run begins with; a hyphen and the id of its span follow."""

_MOST_LOADS: Final = 10**15
"""More than will ever be written; moments in micro- and nanoseconds are greater."""


def number_touch() -> int:
    """Return what stands for the load in a row of a work list that no load brought: another each time, after all."""
    return time.time_ns()


def find_last_load(touched: pl.DataFrame) -> int | None:
    """Return the last load that brought one of some rows of a work list."""
    last = touched.filter(pl.col("load_seq") < _MOST_LOADS)["load_seq"].max()
    return last if isinstance(last, int) else None


def touched_rows(traces: pl.DataFrame | Iterable[str], *, reason: str) -> dict[str, pl.DataFrame]:
    """Return what to append, with the write that touches them, so that the traces are derived again.

    Args:
        traces: Trace ids; or a frame with `trace_id` and perhaps `since_load`, a load at or before the first span
            of the trace, which spares a search of all history.
        reason: What changed, in a word: score, outcome, mapping.
    """
    frame = (
        traces
        if isinstance(traces, pl.DataFrame)
        else pl.DataFrame({"trace_id": sorted(set(traces))}, schema={"trace_id": pl.String})
    )
    since = pl.col("since_load") if "since_load" in frame.columns else pl.lit(0, pl.Int64)
    rows = frame.select(
        touch=pl.lit(number_touch(), pl.Int64),
        trace_id="trace_id",
        since_load=since,
        reason=pl.lit(reason, pl.String),
    ).unique()
    return {"touched_traces": rows}


def run_traces(run_ids: Iterable[str]) -> list[str]:
    """Return the traces of runs: an id begins with its trace, so it need not be a present one."""
    return sorted({run_id[:TRACE_ID_CHARS] for run_id in run_ids})
