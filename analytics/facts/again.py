"""Traces that something other than a new span touched, a bounded part at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from store.port import Replacement

if TYPE_CHECKING:
    from store import Store

MAX_TOUCHES: Final = 20_000
"""Rows of the work list looked at in one run."""
_NO_TRACES: Final = {"trace_id": pl.String, "since_load": pl.Int64}


@dataclass(frozen=True, slots=True)
class Part:
    """Touched traces that are derived together."""

    traces: pl.DataFrame
    """trace_id, since_load."""
    touches: pl.DataFrame
    """Rows of the work list that are done with this part."""
    loads: tuple[int, int] | None = None
    """Only what these loads wrote: a piece of a trace that is too large to be seen as a whole."""

    def done(self) -> list[Replacement]:
        """Return how to take the part off the work list."""
        if self.touches.is_empty():
            return []
        return [Replacement("touched_traces", keys=self.touches, rows=self.touches.clear())]


def read_touches(store: Store) -> pl.DataFrame:
    """Return the head of the work list."""
    return store.select("facts/touched_traces", {"max_rows": MAX_TOUCHES})


def split_touches(
    store: Store, touches: pl.DataFrame, *, last: int, max_spans: int, max_trace_spans: int
) -> Iterator[Part]:
    """Yield the touched traces in parts of so many spans; one that is larger by itself comes in pieces.

    A trace without spans, its telemetry deleted since, is only taken off the list.
    """
    traces = touches.group_by("trace_id", maintain_order=True).agg(pl.col("since_load").min())
    bounds = {"first": traces["since_load"].min() or 0, "last": last}
    sizes = store.select("facts/sizes_of_traces", bounds, {"asked": traces.select("trace_id")})
    known = traces.join(sizes, on="trace_id", how="inner", maintain_order="left")
    gone = touches.join(known, on="trace_id", how="anti")
    if not gone.is_empty():
        yield Part(pl.DataFrame(schema=_NO_TRACES), gone)
    whole = known.filter(pl.col("spans") <= max_trace_spans)
    number = (whole["spans"].cum_sum() - whole["spans"]) // max_spans
    for part in whole.with_columns(part=number).partition_by("part", maintain_order=True):
        yield Part(part.select(*_NO_TRACES), touches.join(part, on="trace_id", how="semi"))
    for large in known.filter(pl.col("spans") > max_trace_spans).partition_by("trace_id"):
        yield from _split_trace(store, large.select(*_NO_TRACES), touches, last=last, max_spans=max_spans)


def _split_trace(
    store: Store, trace: pl.DataFrame, touches: pl.DataFrame, *, last: int, max_spans: int
) -> Iterator[Part]:
    bounds = {"first": trace["since_load"][0], "last": last}
    loads = store.select("facts/loads_of_traces", bounds, {"asked": trace.select("trace_id")})
    chunks = divide_loads(loads, max_spans)
    done = touches.join(trace, on="trace_id", how="semi")
    for position, (first, final, _) in enumerate(chunks, start=1):
        yield Part(trace, done if position == len(chunks) else done.clear(), (first, final))


def divide_loads(loads: pl.DataFrame, max_spans: int) -> list[tuple[int, int, int]]:
    """Neighbouring loads together, up to a bound of spans: first load, last load, spans."""
    chunks: list[tuple[int, int, int]] = []
    for load_seq, spans in loads.iter_rows():
        if chunks and chunks[-1][2] + spans <= max_spans:
            first, _, together = chunks[-1]
            chunks[-1] = (first, load_seq, together + spans)
        else:
            chunks.append((load_seq, load_seq, spans))
    return chunks
