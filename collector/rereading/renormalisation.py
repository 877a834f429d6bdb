"""Reads stored spans, and log records that tell of spans, again by the present rules; swaps what is read differently.

A step is a few loads: read, translated, compared, and swapped in one transaction, while loading goes on between. A row
keeps its load, so that nothing takes it for new; what was derived of it follows by the touch that the caller adds. What
is done again, after a crash say, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from collector.dialects import (
    TELLING_EVENTS,
    Registry,
    normalise,
    read_log_facts,
    read_log_messages,
)
from collector.loading.intake import Intake
from collector.rereading.differences import Differences, find_changed
from collector.rereading.selection import Selection
from collector.rereading.stored import rebuild_records, rebuild_spans
from store.port import Frame, Replacement, Store, lie_within

STEP_SPANS: Final = 20_000
_VERSION: Final = ("load_seq", "trace_id", "span_id", "content_hash")
_NEVER_STORED: Final = ("row", "body")
_RECORD: Final = ("load_seq", "record_number", "span_id", "event_name", "logged_at")
_TOLD: Final = ("input_messages", "output_messages", "span_facts")


@dataclass(frozen=True, slots=True)
class Step:
    """What some loads come to when they are read again."""

    last_load: int
    spans: int
    changed: pl.DataFrame
    """Whole rows of ledger.spans as they are read now, of spans that are read differently."""
    changed_records: pl.DataFrame
    """Whole rows of ledger.logs as they are read now, of log records that are read differently."""

    @property
    def traces(self) -> pl.DataFrame:
        """Column `trace_id`: the traces that are read differently."""
        both = [self.changed.select("trace_id"), self.changed_records.select("trace_id").drop_nulls()]
        return pl.concat(both).unique()


def read_again(store: Store, rows: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Return rows of ledger.spans with every fact as the registry's dialects read it."""
    if rows.is_empty():
        return rows
    resources = store.select(
        "rereading/resources", frames={"candidates": rows.select("resource_id").unique()}
    )
    facts = normalise(rebuild_spans(rows, resources), registry)
    kept = [name for name in facts.columns if name in rows.columns and name not in _NEVER_STORED]
    return rows.with_columns(facts[name].cast(rows.schema[name]) for name in kept)


def read_records_again(store: Store, rows: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Return rows of ledger.logs with what each tells of its span as the registry's dialects read it."""
    if rows.is_empty():
        return rows
    resources = store.select(
        "rereading/resources", frames={"candidates": rows.select("resource_id").unique()}
    )
    batch = rebuild_records(rows, resources)
    return rows.with_columns(*read_log_messages(batch), read_log_facts(batch, registry))


class Renormalisation:
    """One reading of the selected spans."""

    def __init__(
        self, intake: Intake, selection: Selection, registry: Registry, *, step_spans: int | None = None
    ) -> None:
        self._intake = intake
        self._store = intake.store
        self._selection = selection
        self._asked = selection.parameters() | {"events": list(TELLING_EVENTS)}
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
            bounds = {"first": first, "last": last} | self._asked
            rows = self._store.select("rereading/spans", bounds)
            again = read_again(self._store, rows, self._registry)
            changed = again.filter(find_changed(rows, again, self.differences))
            yield Step(last, len(rows), changed, self._read_changed_records(bounds))

    def _read_changed_records(self, bounds: Mapping[str, object]) -> pl.DataFrame:
        rows = self._store.select("rereading/records", bounds)
        again = read_records_again(self._store, rows, self._registry)
        return again.filter(find_changed(rows, again, self.differences, of="logs."))

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

    def read_records_of(self, traces: pl.DataFrame) -> pl.DataFrame:
        """Return all log records that tell of spans of some traces, the selected ones as they are read now."""
        rows = self._store.select("rereading/records_of_traces", self._asked, {"asked": traces})
        selected = [
            self._selection.holds_record(*record)
            for record in rows.select("service", "logged_at").iter_rows()
        ]
        mask = pl.Series(selected, dtype=pl.Boolean)
        again = read_records_again(self._store, rows.filter(mask), self._registry)
        return pl.concat([rows.filter(~mask), again])

    def swap(self, step: Step, appends: Mapping[str, Frame], *extra: Replacement) -> None:
        """Write the changed rows of a step, together with what the caller adds.

        A span or record that was replaced or deleted since it was read is left as it is.
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
            if not step.changed_records.is_empty():
                records = step.changed_records.select(*_RECORD, *_TOLD).unique(_RECORD, keep="first")
                within = lie_within("logged_at", records["logged_at"])
                replacements.append(
                    Replacement("logs", records.select(_RECORD), records, within, is_revision=True)
                )
            self._store.replace(*replacements, appends=appends)

    def _loads(self, floor: int) -> pl.DataFrame:
        return self._store.select("rereading/loads", {"floor": floor} | self._asked)


def _divide(loads: pl.DataFrame, max_spans: int) -> Iterator[tuple[int, int]]:
    """Yield first and last of neighbouring loads that have so many spans, and records that tell of them, together."""
    rows = loads["spans"] + loads["records"]
    number = (rows.cum_sum() - rows) // max_spans
    for part in loads.with_columns(part=number).partition_by("part", maintain_order=True):
        yield int(part["load_seq"][0]), int(part["load_seq"][-1])
