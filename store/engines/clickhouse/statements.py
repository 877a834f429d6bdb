"""Stored queries in ClickHouse's terms: typed parameters, and frames sent along."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any, Final

import polars as pl
import pyarrow as pa
from clickhouse_connect.driver.external import ExternalData  # pyright: ignore[reportMissingImports]

from store.engines.clickhouse.types import name_frame_types, name_value_type, write_value
from store.engines.parameters import to_arrow

SELECT_SETTINGS: Final[Mapping[str, int]] = {
    # What DuckDB does too: an unmatched row of a LEFT JOIN is NULL, and a name means the column before the alias.
    "join_use_nulls": 1,
    "prefer_column_name_to_alias": 1,
    # CAST(NULL AS a type) stays NULL.
    "cast_keep_nullable": 1,
    "output_format_arrow_low_cardinality_as_dictionary": 0,
}

_TOKEN: Final = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\$([a-z_][a-z0-9_]*)")


def bind_parameters(sql: str, values: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """Return a query whose `$name` parameters carry their types, and the values; None is written out as NULL."""

    def write(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return found[0]
        return "NULL" if values[name] is None else f"{{{name}:{name_value_type(values[name])}}}"

    bound = {name: write_value(value) for name, value in values.items() if value is not None}
    return _TOKEN.sub(write, sql), bound


def attach_frames(frames: Mapping[str, pl.DataFrame]) -> ExternalData | None:
    """Return the frames in the form in which they travel with a query."""
    data: ExternalData | None = None
    for name, frame in frames.items():
        file: dict[str, Any] = {
            "file_name": name,
            "fmt": "ArrowStream",
            "data": _write_stream(to_arrow(frame)),
            "structure": name_frame_types(frame.schema),
        }
        if data is None:
            data = ExternalData(**file)
        else:
            data.add_file(**file)
    return data


def _write_stream(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()
