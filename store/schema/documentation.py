"""Describes the public views and the tables behind them: for `docs/schema.md`, and for pages that offer columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import duckdb

from store.clock import utc_now
from store.engines.duckdb.definitions import define_schema
from store.schema.catalogue import Column, read_tables, read_views

_HEAD = """# Schema

SQL reads these views: `spanledger sql "SELECT …"`, the page Explore, and `/api/sql`. Times are UTC without zone, ids
are lower-case hex, NULL means unknown (never 0). Read an attribute with `attr(attributes, 'key')`.

Also there on every engine: `p50(x)` `p90(x)` `p95(x)` `p99(x)` (exact percentiles), `hour_of(t)`, `day_of(t)`,
`bucket_of(x)` and `bucket_value(i)` (the logarithmic buckets of `hourly_buckets`), `usd(x)`, `head_of(text, n)`,
`json_text(json, key)`. One SELECT is accepted at a time, over the views only; functions that read files, settings or
the catalogue, or that make large values of small ones (`repeat`, `lpad`, `format` …), are refused.
"""

_TABLES_HEAD = """
# Tables

What the views read, in the schema `ledger`. Not open to ad-hoc SQL: columns may move between versions.
"""


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column of a public view."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True, slots=True)
class ViewDescription:
    """A public view with its sentence and columns in order."""

    name: str
    comment: str
    columns: tuple[ViewColumn, ...]


@cache
def describe_views() -> tuple[ViewDescription, ...]:
    """Return the public views by name, with the types both engines give their columns."""
    with duckdb.connect(":memory:") as connection:
        define_schema(connection, "the documentation's database", utc_now)
        rows = connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE schema_name = 'main' AND NOT internal ORDER BY table_name, column_index"
        ).fetchall()
    types = {(view, column): data_type for view, column, data_type in rows}
    return tuple(
        ViewDescription(
            view.name,
            view.comment,
            tuple(
                ViewColumn(column.name, types[view.name, column.name], column.comment)
                for column in view.columns
            ),
        )
        for view in sorted(read_views().values(), key=lambda view: view.name)
    )


def render_schema() -> str:
    """Return the text of `docs/schema.md`."""
    views = (_render("", view.name, view.comment, view.columns) for view in describe_views())
    tables = (
        _render("ledger.", table.name, table.comment, table.columns) for table in read_tables().values()
    )
    return "".join([_HEAD, *views, _TABLES_HEAD, *tables])


def _render(schema: str, name: str, comment: str, columns: Sequence[Column | ViewColumn]) -> str:
    rows = [f"| `{column.name}` | {column.type} | {_escape(column.comment)} |" for column in columns]
    return "\n".join(
        ["", f"## {schema}{name}", "", comment, "", "| column | type | |", "|---|---|---|", *rows, ""]
    )


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
