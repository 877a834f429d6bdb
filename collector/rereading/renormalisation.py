"""Reads stored spans again by the present rules, and swaps the rows that are read differently.

A step is a few loads: read, translated, compared, and swapped in one transaction, while loading goes on between. A row
keeps its load, so that nothing takes it for new; what was derived of it follows by the touch that the caller adds. What
is done again, after a crash say, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from collector.dialects import Registry, normalise
from collector.loading.intake import Intake
from collector.rereading.differences import Differences, find_changed
from collector.rereading.selection import Selection
from collector.rereading.stored import rebuild_batch
from store.port import Frame, Replacement, Store

STEP_SPANS: Final = 20_000
_VERSION: Final = ("load_seq", "trace_id", "span_id", "content_hash")
_NEVER_STORED: Final = ("row", "body")


@dataclass(frozen=True, slots=True)
class Step:
    """What some loads come to when they are read again."""

    last_load: int
    spans: int
    changed: pl.DataFrame
    """Whole rows of ledger.spans as they are read now, of spans that are read differently."""


def read_again(store: Store, rows: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Return rows of ledger.spans with every fact as the registry's dialects read it."""
    resources = store.select(
        "rereading/resources", frames={"candidates": rows.select("resource_id").unique()}
    )
    facts = normalise(rebuild_batch(rows, resources), registry)
    kept = [name for name in facts.columns if name in rows.columns and name not in _NEVER_STORED]
    return rows.with_columns(facts[name].cast(rows.schema[name]) for name in kept)


class Renormalisation:
    """One reading of the selected spans."""

    def __init__(
        self, intake: Intake, selection: Selection, registry: Registry, *, step_spans: int | None = None
    ) -> None:
        self._intake = intake
        self._store = intake.store
        self._selection = selection
        self._registry = registry
        self._step_spans = step_spans or STEP_SPANS
        self.differences = Differences()

    def count_spans(self, floor: int = 0) -> int:
        """Return how many spans of loads above `floor` are selected."""
        return int(self._loads(floor)["spans"].sum())

    def newest(self, enough: int) -> tuple[int, int]:
        """Return the load above which about so many selected spans lie, and how many they are."""
        loads = self._loads(0).reverse()
        later = loads["spans"].cum_sum() - loads["spans"]
        wanted = loads.filter(later < enough)
        first = wanted["load_seq"].min()
        return (int(first) - 1 if isinstance(first, int) else 0), int(wanted["spans"].sum())

    def steps(self, floor: int = 0) -> Iterator[Step]:
        """Read the loads above `floor`, oldest first; what is loaded meanwhile is read by the new rules anyway."""
        for first, last in _divide(self._loads(floor), self._step_spans):
            bounds = {"first": first, "last": last} | self._selection.parameters()
            rows = self._store.select("rereading/spans", bounds)
            again = read_again(self._store, rows, self._registry)
            yield Step(last, len(rows), again.filter(find_changed(rows, again, self.differences)))

    def read_traces(self, traces: pl.DataFrame, last: int) -> pl.DataFrame:
        """Return all spans of some traces (trace_id, since_load), the selected ones as they are read now."""
        bounds = {"first": traces["since_load"].min() or 0, "last": last}
        rows = self._store.select("rereading/traces", bounds, {"asked": traces.select("trace_id")})
        selected = [
            self._selection.holds(*span)
            for span in rows.select("dialect", "service", "started_at").iter_rows()
        ]
        mask = pl.Series(selected, dtype=pl.Boolean)
        return pl.concat([rows.filter(~mask), read_again(self._store, rows.filter(mask), self._registry)])

    def swap(self, step: Step, appends: Mapping[str, Frame], *extra: Replacement) -> None:
        """Write the changed rows of a step, together with what the caller adds.

        A span that was replaced or deleted since it was read is left as it is.
        """
        changed = step.changed
        replacements = list(extra)
        with self._intake.paused():
            if not changed.is_empty():
                bounds = {"first": changed["load_seq"].min(), "last": changed["load_seq"].max()}
                present = self._store.select(
                    "rereading/present", bounds, {"candidates": changed.select("trace_id", "span_id")}
                )
                rows = changed.join(present, on=_VERSION, how="semi")
                replacements.append(Replacement("spans", rows.select(_VERSION), rows))
            self._store.replace(*replacements, appends=appends)

    def _loads(self, floor: int) -> pl.DataFrame:
        return self._store.select("rereading/loads", {"floor": floor} | self._selection.parameters())


def _divide(loads: pl.DataFrame, max_spans: int) -> Iterator[tuple[int, int]]:
    """Yield first and last of neighbouring loads that have so many spans together."""
    number = (loads["spans"].cum_sum() - loads["spans"]) // max_spans
    for part in loads.with_columns(part=number).partition_by("part", maintain_order=True):
        yield int(part["load_seq"][0]), int(part["load_seq"][-1])
