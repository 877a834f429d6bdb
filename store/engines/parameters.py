"""Values and frames on their way into and out of an engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pyarrow as pa

from store.errors import NotFound, RejectedData
from store.port import Frame
from store.queries import find_parameters
from store.schema.catalogue import Relation, read_tables


def find_table(name: str) -> Relation:
    """Return the table of the schema called `name`.

    Raises:
        NotFound: No such table.
    """
    table = read_tables().get(name)
    if table is None:
        raise NotFound(f"no table is called {name!r}; tables are the files store/schema/tables/<name>.sql")
    return table


def take_parameters(sql: str, params: Mapping[str, object] | None) -> dict[str, object]:
    """Return the values of the parameters that `sql` uses, in the engine's terms.

    Raises:
        NotFound: A parameter of the query has no value.
    """
    names = find_parameters(sql)
    given = params or {}
    missing = [name for name in names if name not in given]
    if missing:
        raise NotFound(f"the query needs a value for ${missing[0]}; pass it in params")
    return {name: convert_value(given[name]) for name in names}


def convert_value(value: object) -> object:
    """Return a time without zone, in UTC; other values as they are."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, list | tuple | set | frozenset):
        return [convert_value(item) for item in value]
    return value


def find_highest_load(frame: Frame) -> int:
    """Return the highest load_seq of a frame, 0 when it has none."""
    names = frame.columns if isinstance(frame, pl.DataFrame) else frame.column_names
    highest = pl.Series(frame["load_seq"]).max() if "load_seq" in names else None
    return int(highest) if isinstance(highest, int) else 0


def select_known_columns(rows: pa.Table, table: Relation) -> pa.Table:
    """Return the rows when all their columns are the table's.

    Raises:
        RejectedData: One is not.
    """
    unknown = [name for name in rows.column_names if name not in table.column_names]
    if unknown:
        raise RejectedData(
            f"ledger.{table.name} has no column {unknown[0]!r}; add it to the schema or leave it out"
        )
    return rows


def to_arrow(frame: Frame, table: Relation | None = None) -> pa.Table:
    """Return a frame as an Arrow table whose times have no zone, and with maps where `table` has them."""
    if isinstance(frame, pa.Table):
        return frame
    zoned = [
        name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime) and dtype.time_zone
    ]
    if zoned:
        frame = frame.with_columns(pl.col(zoned).dt.convert_time_zone("UTC").dt.replace_time_zone(None))
    arrow = frame.to_arrow()
    maps = [column.name for column in table.columns if column.type.startswith("MAP(")] if table else []
    for name in maps:
        position = arrow.schema.get_field_index(name)
        if position >= 0:
            arrow = arrow.set_column(position, name, _to_maps(arrow.column(position)))
    return arrow


def _to_maps(entries: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_map(entries.type) or pa.types.is_null(entries.type):
        return entries
    pair = entries.type.value_type
    chunks = [_to_map(chunk.cast(pa.list_(pair))) for chunk in entries.chunks]
    return pa.chunked_array(chunks, type=pa.map_(pair.field("key").type, pair.field("value").type))


def _to_map(narrow: pa.ListArray) -> pa.MapArray:
    # Polars may leave entries without a key behind a row that is null: a map refuses them.
    pairs = narrow.flatten()
    offsets = np.append(0, np.cumsum(narrow.value_lengths().fill_null(0).to_numpy()))
    return pa.MapArray.from_arrays(
        pa.array(offsets, pa.int32()),
        pairs.field("key"),
        pairs.field("value"),
        mask=narrow.is_null() if narrow.null_count else None,
    )


def to_polars(table: pa.Table) -> pl.DataFrame:
    """Return an answer as a data frame: times without zone, maps as lists of pairs, no number of 128 bits."""
    table = narrow_numbers(table)
    for position, field in enumerate(table.schema):
        column = table.column(position)
        if pa.types.is_map(field.type):
            table = table.set_column(position, field.name, _to_pairs(column))
        elif pa.types.is_timestamp(field.type) and field.type.tz:
            table = table.set_column(position, field.name, column.cast(pa.timestamp(field.type.unit)))
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def narrow_numbers(table: pa.Table) -> pa.Table:
    """Return a table in which whole numbers of 128 bits, as sums are, have 64 where they fit."""
    for position, field in enumerate(table.schema):
        if pa.types.is_decimal128(field.type) and field.type.precision == 38 and field.type.scale == 0:
            try:
                column = table.column(position).cast(pa.int64())
            except pa.ArrowInvalid:
                continue
            table = table.set_column(position, field.name, column)
    return table


def _to_pairs(maps: pa.ChunkedArray) -> pa.ChunkedArray:
    pairs = pa.struct([("key", maps.type.key_type), ("value", maps.type.item_type)])
    return maps.cast(pa.list_(pairs))
