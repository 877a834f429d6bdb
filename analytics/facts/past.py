"""Traces whose spans nobody remembers: those of long ago, and those that were forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import polars as pl

from analytics.known_names import KnownNames

if TYPE_CHECKING:
    from store import Store

_LOADS_READ: Final = 50_000
"""Loads whose traces are read at once."""


@dataclass
class PastTraces:
    """Knows of every trace whether it may have been here, and asks the store where it begins."""

    store: Store
    known: KnownNames

    @classmethod
    def read(cls, store: Store) -> Self:
        """Return the traces that something in the store was derived from, runs or nothing."""
        extent = store.select("facts/past_extent").row(0, named=True)
        known = KnownNames(2 * int(extent["traces"]))
        for first in range(0, int(extent["last_load"]) + 1, _LOADS_READ):
            bounds = {"first": first, "last": first + _LOADS_READ - 1}
            known.add(store.select("facts/past_traces", bounds)["trace_id"])
        return cls(store, known)

    def add(self, traces: pl.Series) -> None:
        """Remember traces; when there are too many to tell apart, read them all again."""
        if self.known.is_full:
            self.known = PastTraces.read(self.store).known
        self.known.add(traces)

    def find(self, traces: pl.DataFrame) -> pl.DataFrame:
        """Return those of some traces that were here, with the load at which they begin."""
        asked = traces.filter(self.known.may_contain(traces["trace_id"]))
        if asked.is_empty():
            return pl.DataFrame(schema={"trace_id": pl.String, "load_seq": pl.Int64})
        found = self.store.select("facts/past_beginnings", frames={"asked": asked})
        return found.with_columns(pl.col("load_seq").fill_null(0))
