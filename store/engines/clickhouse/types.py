"""How the types of the schema, of values and of frames are called in ClickHouse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import polars as pl
import pyarrow as pa

from store.errors import RejectedData
from store.schema.catalogue import Column, read_tables

_SCALARS: Final[Mapping[str, str]] = {
    "VARCHAR": "String",
    "BIGINT": "Int64",
    "UBIGINT": "UInt64",
    "DOUBLE": "Float64",
    "BOOLEAN": "Bool",
    "TIMESTAMP": "DateTime64(6, 'UTC')",
}
_DECIMAL: Final = re.compile(r"DECIMAL\((\d+), (\d+)\)")
_MAP: Final = re.compile(r"MAP\((\w+), (\w+)\)")
_FEW_VALUES: Final = frozenset(
    {
        "service",
        "environment",
        "tenant",
        "agent",
        "agent_version",
        "purpose",
        "scope_name",
        "scope_version",
        "dialect",
        "kind",
        "otel_kind",
        "status",
        "operation",
        "provider",
        "request_model",
        "response_model",
        "model",
        "tool",
        "outcome",
        "failure_class",
        "signal",
        "metric",
        "type",
    }
)
"""Columns whose values repeat so much that a dictionary pays."""


def name_column_type(column: Column) -> str:
    """Return the type of a column of the schema."""
    if found := _MAP.fullmatch(column.type):
        key, value = (_SCALARS[part] for part in found.groups())
        # A map itself cannot be NULL here: it is empty then.
        return f"Map({key}, Nullable({value}))"
    decimal = _DECIMAL.fullmatch(column.type)
    bare = f"Decimal({decimal[1]}, {decimal[2]})" if decimal else _SCALARS[column.type]
    if column.name in _FEW_VALUES and bare == "String":
        return "LowCardinality(String)" if column.not_null else "LowCardinality(Nullable(String))"
    return bare if column.not_null else f"Nullable({bare})"


def name_value_type(value: object) -> str:
    """Return the type of a parameter's value.

    Raises:
        RejectedData: Values of its kind cannot be parameters.
    """
    if isinstance(value, list):
        return f"Array({name_value_type(value[0]) if value else 'String'})"
    for python_type, name in _VALUES:
        if isinstance(value, python_type):
            return name
    raise RejectedData(
        f"a value of type {type(value).__name__} cannot be a parameter; pass a number, text or time"
    )


_VALUES: Final[tuple[tuple[type, str], ...]] = (
    (bool, "Bool"),
    (int, "Int64"),
    (float, "Float64"),
    (Decimal, "Decimal(38, 12)"),
    (str, "String"),
    (datetime, "DateTime64(6, 'UTC')"),
    (date, "Date32"),
)


def write_value(value: object) -> object:
    """Return a parameter's value as the driver must get it: times as text, or it would shift them to its zone."""
    if isinstance(value, list):
        return [write_value(item) for item in value]
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


def name_frame_types(schema: pl.Schema) -> list[str]:
    """Return the columns of a frame with their types, as the structure of an external table."""
    return [f"`{name}` {_name_dtype(dtype)}" for name, dtype in schema.items()]


def _name_dtype(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"Nullable(Decimal({dtype.precision or 38}, {dtype.scale}))"
    if isinstance(dtype, pl.List):
        return "Map(String, Nullable(String))"
    for polars_type, name in _DTYPES:
        if dtype == polars_type:
            return f"Nullable({name})"
    raise RejectedData(f"a frame column of type {dtype} cannot be read by a query; cast it before")


_DTYPES: Final[tuple[tuple[type[pl.DataType], str], ...]] = (
    (pl.String, "String"),
    (pl.Boolean, "Bool"),
    (pl.Int64, "Int64"),
    (pl.Int32, "Int32"),
    (pl.Int16, "Int16"),
    (pl.Int8, "Int8"),
    (pl.UInt64, "UInt64"),
    (pl.UInt32, "UInt32"),
    (pl.UInt16, "UInt16"),
    (pl.UInt8, "UInt8"),
    (pl.Float64, "Float64"),
    (pl.Float32, "Float32"),
    (pl.Datetime, "DateTime64(6, 'UTC')"),
    (pl.Date, "Date32"),
    (pl.Null, "String"),
)


def align_types(table: pa.Table) -> pa.Table:
    """Return an answer with the types DuckDB would give it: counts signed, text without dictionary."""
    for position, field in enumerate(table.schema):
        column = table.column(position)
        if pa.types.is_dictionary(field.type):
            table = table.set_column(position, field.name, column.cast(field.type.value_type))
        elif pa.types.is_uint64(field.type) and field.name not in _UNSIGNED:
            table = table.set_column(position, field.name, column.cast(pa.int64()))
    return table


_UNSIGNED: Final = frozenset(
    column.name for table in read_tables().values() for column in table.columns if column.type == "UBIGINT"
)
