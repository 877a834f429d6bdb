"""Why the spans of one trace count or not, seen with the traces in which other libraries tell of its calls."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from analytics.counting.reasons import judge_spans
from analytics.facts.reading import SpanReader

if TYPE_CHECKING:
    from store import Store

_ALL_LOADS: Final = 1 << 40


def judge_trace(store: Store, trace_id: str) -> pl.DataFrame:
    """Return what `judge_spans` says of the spans of a trace; nothing of one too large to be seen as a whole."""
    reader = SpanReader(store, timedelta(0))
    asked = pl.DataFrame({"trace_id": [trace_id], "since_load": [0]})
    spans = reader.read_again(asked, _ALL_LOADS).spans
    if spans.is_empty():
        return pl.DataFrame(schema={"trace_id": pl.String, "span_id": pl.String, "subject": pl.String})
    return judge_spans(spans).filter(pl.col("trace_id") == trace_id)
