"""Messages that an emitter flattens into numbered keys or sends as span events, gathered into one JSON form.

The form is that of the gen_ai conventions: `[{"role": …, "parts": [{"type": "text", "content": …}, …]}]`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import polars as pl

from collector.decode.values import json_strings
from collector.dialects.engine.columns import Reading, empty_texts
from collector.dialects.engine.flattened import read_flattened
from collector.dialects.engine.index import AttributeIndex
from collector.dialects.engine.registry import Registry

EVENT_ROLES: Final = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
CHOICE: Final = "gen_ai.choice"
DETAILS: Final = "gen_ai.client.inference.operation.details"


def gather_messages(index: AttributeIndex, registry: Registry) -> list[pl.Series]:
    """Return `input_messages` and `output_messages`, null where no message was flattened or sent as an event."""
    inputs = [form for dialect in registry.dialects for form in dialect.flat_input]
    outputs = [form for dialect in registry.dialects for form in dialect.flat_output]
    return [
        _first_found(
            index,
            "input_messages",
            (
                *(read_flattened(index, form) for form in inputs),
                _read_details(index, "gen_ai.input.messages"),
                _read_events(index, list(EVENT_ROLES), ["content"]),
            ),
        ),
        _first_found(
            index,
            "output_messages",
            (
                *(read_flattened(index, form) for form in outputs),
                _read_details(index, "gen_ai.output.messages"),
                _read_events(index, [CHOICE], ["message", "content"]),
            ),
        ),
    ]


def _first_found(index: AttributeIndex, name: str, readings: Iterable[Reading | None]) -> pl.Series:
    """Return for each row what the first reading that has it says."""
    take = np.full(index.row_count, -1, dtype=np.int64)
    pieces: list[pl.Series] = []
    size = 0
    for reading in readings:
        if reading is not None and reading.values is not None:
            is_open = take[reading.rows] < 0
            take[reading.rows[is_open]] = np.flatnonzero(is_open) + size
            pieces.append(reading.values.alias(name))
            size += len(reading.values)
    if not pieces:
        return empty_texts(name, index.row_count)
    pool = pl.concat([*pieces, pl.Series(name, [None], dtype=pl.String)])
    return pool[np.where(take < 0, size, take)]


def _read_details(index: AttributeIndex, key: str) -> Reading | None:
    rows, values = index.events.last_values(DETAILS, key)
    return Reading(rows, values=values) if len(rows) else None


def _read_events(index: AttributeIndex, names: list[str], keys: list[str]) -> Reading | None:
    if not set(names).intersection(index.events.names()):
        return None
    found = (
        index.events.frame.with_columns(pl.col("key").cast(pl.String))
        .filter(pl.col("event_name").is_in(names) & pl.col("key").is_in(keys) & pl.col("value").is_not_null())
        .unique(["row", "event"], keep="first", maintain_order=True)
    )
    if found.is_empty():
        return None
    messages = found.with_columns(
        role=pl.col("event_name").replace_strict(EVENT_ROLES, default="assistant"),
        content=json_strings(found["value"]),
    ).select(
        "row",
        text=pl.concat_str(
            pl.lit('{"role":"'),
            "role",
            pl.lit('","parts":[{"type":"text","content":'),
            "content",
            pl.lit("}]}"),
        ),
    )
    joined = messages.group_by("row", maintain_order=True).agg(pl.col("text").str.join(","))
    texts = joined.select(pl.concat_str(pl.lit("["), "text", pl.lit("]"))).to_series()
    return Reading(joined["row"].to_numpy().astype(np.int64), values=texts)
