"""The job: from loads that are not counted yet to rows of the fact tables, a bounded chunk at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from analytics.facts.again import MAX_TOUCHES, Part, divide_loads, read_touches, split_touches
from analytics.facts.derivation import derive_facts
from analytics.facts.reading import SpanReader
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from analytics.pricing import PriceBook, PriceKeeper
from store.port import Replacement

if TYPE_CHECKING:
    from store import Store

CHUNK_SPANS: Final = 20_000
"""Spans counted at a time: enough to spread the cost of statements, few enough to hold in memory."""

_LOADS_READ: Final = 500
_RUN_SECONDS: Final = 4.0
"""After this long the jobs behind have their turn, so that what is counted becomes visible."""
_PAUSE: Final = timedelta(seconds=1)
"""A run costs as much for ten spans as for a thousand: loads that trickle in are counted together."""


def facts_job(prices: PriceKeeper | None = None) -> Job:
    """Return the job that counts what is loaded, after each load."""
    state = FactsState(prices=prices or PriceKeeper())
    return Job("facts", state.update, wakes_on_load=True, pause=_PAUSE)


@dataclass
class FactsState:
    """What the job keeps between runs; all of it can be read again from the store."""

    reader: SpanReader | None = None
    prices: PriceKeeper = field(default_factory=PriceKeeper)
    chunk_spans: int = CHUNK_SPANS
    declared: tuple[str, ...] = ()
    """Attributes that are kept as dimensions."""

    def update(self, context: JobContext) -> JobReport:
        """Count the loads above the watermark, oldest first, then what else was touched, until time is up."""
        store, self.declared = context.store, context.settings.dimensions
        floor = int(store.select("facts/watermark")["load_seq"][0])
        pending = store.select("facts/pending_loads", {"floor": floor, "max_rows": _LOADS_READ})
        touches = read_touches(store)
        if pending.is_empty() and touches.is_empty():
            return NOTHING_TO_DO
        reader = self._open_reader(context)
        book = self.prices.book(store)
        changed, until = 0, time.monotonic() + _RUN_SECONDS
        chunks = divide_loads(pending, self.chunk_spans)
        for position, (first, last, spans) in enumerate(chunks):
            if position and (context.is_stopping() or time.monotonic() > until):
                break
            changed += self._derive(context, reader, book, first, last, spans)
            floor = last
        again, is_left = self._derive_again(context, reader, book, touches, floor, until)
        has_more = is_left or (not pending.is_empty() and floor < int(pending["load_seq"][-1]))
        return JobReport(
            changed=changed + again, load_seq=floor, has_more=has_more or pending.height == _LOADS_READ
        )

    def _derive(
        self, context: JobContext, reader: SpanReader, book: PriceBook, first: int, last: int, spans: int
    ) -> int:
        """Count one chunk; the watermark moves with its last part."""
        parts = self._parts(context.store, first, last, spans)
        changed = 0
        for position, asked in enumerate(parts, start=1):
            touched = reader.read(first, last, asked)
            replacements, appends = derive_facts(context.store, touched, book, self.declared)
            if position == len(parts):
                replacements.append(_move_watermark(context, last))
            context.store.replace(*replacements, appends=appends)
            changed += sum(len(item.rows) for item in replacements)
        return changed

    def _derive_again(
        self,
        context: JobContext,
        reader: SpanReader,
        book: PriceBook,
        touches: pl.DataFrame,
        floor: int,
        until: float,
    ) -> tuple[int, bool]:
        """Derive touched traces again, one part at least; return rows written and whether some are left."""
        if touches.is_empty():
            return 0, False
        changed = 0
        parts = split_touches(
            context.store,
            touches,
            last=floor,
            max_spans=self.chunk_spans,
            max_trace_spans=reader.max_past_spans,
        )
        for position, part in enumerate(parts):
            if position and (context.is_stopping() or time.monotonic() > until):
                return changed, True
            changed += self._derive_part(context.store, reader, book, part, floor)
        return changed, touches.height == MAX_TOUCHES

    def _derive_part(self, store: Store, reader: SpanReader, book: PriceBook, part: Part, floor: int) -> int:
        if part.traces.is_empty():
            store.replace(*part.done())
            return 0
        touched = (
            reader.read_again(part.traces, floor)
            if part.loads is None
            else reader.read_piece(part.traces, *part.loads)
        )
        replacements, appends = derive_facts(store, touched, book, self.declared)
        store.replace(*replacements, *part.done(), appends=appends)
        return sum(len(item.rows) for item in replacements)

    def _parts(self, store: Store, first: int, last: int, spans: int) -> list[pl.DataFrame | None]:
        """None for all traces at once; for a load beyond the bound, its traces in several frames."""
        if spans <= 2 * self.chunk_spans:
            return [None]
        sizes = store.select("facts/trace_sizes", {"first": first, "last": last})
        part = (sizes["spans"].cum_sum() - sizes["spans"]) // self.chunk_spans
        frames = sizes.with_columns(part=part).partition_by("part", maintain_order=True)
        return [frame.select("trace_id") for frame in frames]

    def _open_reader(self, context: JobContext) -> SpanReader:
        if self.reader is None or self.reader.store is not context.store:
            self.reader = SpanReader(context.store, context.settings.lookback)
            self.reader.warm_up(context.clock())
        return self.reader


def _move_watermark(context: JobContext, load_seq: int) -> Replacement:
    return Replacement(
        "watermarks",
        keys=pl.DataFrame({"job": ["facts"]}),
        rows=pl.DataFrame({"job": ["facts"], "load_seq": [load_seq], "updated_at": [context.clock()]}),
    )
