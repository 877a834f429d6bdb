"""A batch as tables for the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, cast

import numpy as np
import polars as pl
import pyarrow as pa

from collector.decode.attributes import build_maps
from collector.decode.nesting import Flags, count_offsets
from collector.loading.batches import Batch
from collector.loading.bodies import body_rows
from collector.loading.dead_letters import DeadLetter, letter_rows
from collector.loading.resources import resource_rows
from collector.loading.statistics import Tally, statistics_rows
from collector.loading.translation import Piece
from store.port import Frame

_NEWEST: Final = pl.CompatLevel.newest()
_NUMBERED: Final = frozenset({"spans", "logs", "metric_points", "ingest_stats", "load_positions"})
_TABLES: Final = {"traces": "spans", "logs": "logs", "metrics": "metric_points"}


def telemetry_rows(pieces: Sequence[Piece], span_masks: Sequence[Flags]) -> dict[str, pa.Table]:
    """Return rows without load_seq by table; `span_masks` says per traces piece which rows are kept."""
    masks = iter(span_masks)
    tables: dict[str, list[pa.Table]] = {}
    for piece in pieces:
        mask = next(masks) if piece.signal == "traces" else None
        tables.setdefault(_TABLES[piece.signal], []).append(_piece_rows(piece, mask))
    # Spans of records and spans of requests come with their columns in different orders.
    joined = {
        name: pa.concat_tables([part.select(parts[0].column_names) for part in parts])
        for name, parts in tables.items()
    }
    if "logs" in joined:
        numbers = pa.array(np.arange(joined["logs"].num_rows))
        joined["logs"] = joined["logs"].append_column("record_number", numbers)
    return joined


def load_rows(
    batch: Batch, letters: Sequence[DeadLetter], resources: pl.DataFrame, tally: Tally, loaded_at: datetime
) -> dict[str, Frame]:
    """Return the rows about a load by table; empty tables are left out."""
    tables: dict[str, Frame] = {
        "ingest_stats": statistics_rows(batch, tally, loaded_at),
        "load_positions": _position_rows(batch),
    }
    if batch.bodies:
        tables["loaded_bodies"] = body_rows(batch.bodies)
    if letters:
        tables["dead_letters"] = letter_rows(letters)
    if not resources.is_empty():
        tables["resources"] = resource_rows(resources)
    return tables


def number_rows(tables: Mapping[str, Frame], load_seq: int) -> dict[str, Frame]:
    """Return the tables, with load_seq where a table has it."""
    return {name: _number(table, load_seq) if name in _NUMBERED else table for name, table in tables.items()}


def _number(table: Frame, load_seq: int) -> Frame:
    if isinstance(table, pl.DataFrame):
        return table.with_columns(pl.lit(load_seq, pl.Int64).alias("load_seq"))
    return table.append_column("load_seq", pa.repeat(pa.scalar(load_seq, pa.int64()), table.num_rows))


def _position_rows(batch: Batch) -> pl.DataFrame:
    position = batch.position
    return pl.DataFrame(
        {
            "batch_id": [batch.batch_id],
            "segment": [position.segment if position else None],
            "log_offset": [position.offset if position else None],
        },
        schema_overrides={"segment": pl.Int64, "log_offset": pl.Int64},
    )


def _piece_rows(piece: Piece, mask: Flags | None) -> pa.Table:
    rows, attributes = piece.rows, piece.attributes
    owners = attributes["row"].to_numpy()
    if mask is not None and not mask.all():
        rows = rows.filter(pl.Series(mask))
        attributes = attributes.filter(pl.Series(mask[owners]))
        owners = (np.cumsum(mask) - 1)[attributes["row"].to_numpy()]
    table = rows.to_arrow(compat_level=_NEWEST)
    offsets = count_offsets(owners, len(rows))
    maps = build_maps(offsets, attributes["key"].cast(pl.String), attributes["value"])
    table = table.append_column("attributes", maps)
    position = table.schema.get_field_index("other_units")
    if position >= 0:
        table = table.set_column(position, "other_units", _unit_maps(table.column(position)))
    return table


def _unit_maps(column: pa.ChunkedArray) -> pa.MapArray:
    lists = column.combine_chunks()
    narrow = cast("pa.ListArray", lists.cast(pa.list_(lists.type.value_type)))
    # Polars may leave entries without a key behind a row that is null: a map refuses them.
    pairs = cast("pa.StructArray", narrow.flatten())
    lengths = narrow.value_lengths().fill_null(0).to_numpy()
    offsets = pa.array(np.append(0, np.cumsum(lengths)), pa.int32())
    mask = narrow.is_null() if narrow.null_count else None
    return pa.MapArray.from_arrays(offsets, pairs.field("key"), pairs.field("value"), mask=mask)
