"""How answers are printed: a table for people, CSV, JSON, Arrow and Parquet for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa
from pyarrow import csv, parquet
from rich.console import Console
from rich.table import Table
from rich.text import Text

Format = Literal["table", "csv", "json", "arrow", "parquet"]
_NUMERIC = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
_WIDEST_CELL = 200
_WIDEST_TABLE = 10_000


def print_table(table: pa.Table, form: Format) -> None:
    """Write a result to standard output.

    `json` is one array of row objects: decimals as strings, NULL as null, times as ISO 8601 with Z, maps as
    objects.
    """
    out = sys.stdout.buffer
    if form == "table":
        _print_for_people(table)
    elif form == "json":
        out.write(to_json(table).encode() + b"\n")
    elif form == "csv":
        csv.write_csv(_flat(table), out)
    elif form == "arrow":
        with pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
    else:
        parquet.write_table(table, out, compression="zstd")
    out.flush()


def to_json(table: pa.Table) -> str:
    """Return the rows as one JSON array, one row a line."""
    rows = (
        json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False, allow_nan=False)
        for batch in table.to_batches()
        for row in batch.to_pylist(maps_as_pydicts="lossy")
    )
    return "[" + ",\n".join(rows) + "]"


def _plain(value: Any) -> Any:
    """Make a value that JSON knows; what JSON has no number for becomes text or null."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, float) and value - value != 0:
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value.total_seconds()) if isinstance(value, timedelta) else str(value)


def _flat(table: pa.Table) -> pa.Table:
    """Write nested columns as JSON text, which CSV has no form for."""
    for index, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            texts = [
                None if value is None else json.dumps(_plain(value), ensure_ascii=False)
                for value in table.column(index).to_pylist(maps_as_pydicts="lossy")
            ]
            table = table.set_column(index, field.name, pa.array(texts, pa.string()))
    return table


def _print_for_people(table: pa.Table) -> None:
    # Only a person's terminal has an edge to wrap at.
    width = None if sys.stdout.isatty() else _WIDEST_TABLE
    console = Console(soft_wrap=False, highlight=False, markup=False, width=width)
    grid = Table(header_style="bold", box=None, pad_edge=False)
    for field in table.schema:
        is_number = any(test(field.type) for test in _NUMERIC)
        grid.add_column(Text(field.name), justify="right" if is_number else "left", overflow="fold")
    for row in table.to_pylist(maps_as_pydicts="lossy"):
        grid.add_row(*(_cell(value) for value in row.values()))
    console.print(grid)
    console.print(f"({table.num_rows} {'row' if table.num_rows == 1 else 'rows'})", style="dim")


def _cell(value: Any) -> Text:
    if value is None:
        return Text("NULL", style="dim")
    plain = _plain(value)
    text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
    printable = "".join(c if c.isprintable() or c == "\n" else "�" for c in text)
    return Text(printable if len(printable) <= _WIDEST_CELL else printable[:_WIDEST_CELL] + "…")
