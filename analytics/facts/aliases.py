"""Earlier ids of runs: an id that was given out keeps leading to its run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from analytics.touching import TRACE_ID_CHARS
from store.port import Replacement

if TYPE_CHECKING:
    from analytics.counting import Counted
    from analytics.facts.reading import Touched
    from store import Store

_ALIAS: Final = {"old_run_id": pl.String, "run_id": pl.String, "trace_id": pl.String}


@dataclass(frozen=True, slots=True)
class Aliases:
    """Earlier ids of the runs of touched traces."""

    before: pl.DataFrame
    now: pl.DataFrame

    def replacements(self) -> list[Replacement]:
        """Return how to bring the table up to date."""
        if self.before.equals(self.now):
            return []
        return [Replacement("run_aliases", keys=self.before.select("old_run_id"), rows=self.now)]


def trace_aliases(store: Store, touched: Touched, old_runs: pl.DataFrame, counted: Counted) -> Aliases:
    """Return where the ids that runs of these traces ever had lead now.

    An id leads to the run that has its span now, else to a run with a child of that span, else to the first run
    of its trace.
    """
    nothing = pl.DataFrame(schema=_ALIAS)
    if old_runs.is_empty():
        return Aliases(nothing, nothing)
    before = store.select("facts/old_aliases", frames={"asked": touched.known})
    ids = pl.concat(
        [
            before.select("trace_id", old_run_id="old_run_id"),
            old_runs.select("trace_id", old_run_id="run_id"),
        ]
    ).unique()
    gone = ids.join(counted.runs, left_on="old_run_id", right_on="run_id", how="anti")
    if gone.is_empty():
        return Aliases(before, nothing)
    return Aliases(before.sort("old_run_id"), _find_runs(gone, touched.spans, counted))


def _find_runs(gone: pl.DataFrame, spans: pl.DataFrame, counted: Counted) -> pl.DataFrame:
    """Return the run that each id leads to; where a trace has one run only, that is the first of it."""
    asked = gone.with_columns(span_id=pl.col("old_run_id").str.slice(TRACE_ID_CHARS + 1))
    children = (
        spans.sort("started_at", "span_id")
        .select("trace_id", "span_id", "parent_span_id")
        .join(counted.run_spans, on=["trace_id", "span_id"], maintain_order="left")
        .select("trace_id", "run_id", span_id="parent_span_id")
    )
    first = counted.runs.sort("started_at", "run_id").unique("trace_id", keep="first", maintain_order=True)
    found = [
        asked.join(counted.run_spans, on=["trace_id", "span_id"]),
        asked.join(children, on=["trace_id", "span_id"], maintain_order="left_right"),
        asked.join(first.select("trace_id", "run_id"), on="trace_id"),
    ]
    led = pl.concat([rows.select(*_ALIAS) for rows in found])
    return led.unique("old_run_id", keep="first", maintain_order=True).sort("old_run_id")
