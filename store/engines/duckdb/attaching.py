"""Attaches a DuckDB file to an instance of its own, in groups of rows that are small enough to write again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import duckdb

from store.engines.duckdb.definitions import quote_text

CATALOG: Final = "spanledger"
_ROW_GROUP_ROWS: Final = 16_384
"""A checkpoint writes the last group of a table anew, content included: it must be little beside what is new."""

_GIVEN_UP: Final = "has been invalidated"
"""What the engine says, in an IOException, of an attached file that broke."""

Config = Mapping[str, str | bool | int | float | list[str]]


def attach_file(path: Path, config: Config) -> duckdb.DuckDBPyConnection:
    """Return a connection whose catalogue is the file at `path`, created as needed.

    Only an attached file takes a size of its row groups, and takes it for as long as it is attached.

    Raises:
        duckdb.Error: It cannot be opened.
    """
    connection = duckdb.connect(":memory:", config=dict(config))
    try:
        connection.execute(
            f"ATTACH {quote_text(str(path))} AS {CATALOG} "
            f"(ROW_GROUP_SIZE {_ROW_GROUP_ROWS}, STORAGE_VERSION 'latest')"
        )
        connection.execute(f"USE {CATALOG}")
    except duckdb.Error:
        connection.close()
        raise
    return connection


def open_cursor(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Return another connection to the same catalogue."""
    cursor = connection.cursor()
    cursor.execute(f"USE {CATALOG}")
    return cursor


def is_given_up(error: duckdb.Error) -> bool:
    """Return whether the engine will not use the file again until it is attached anew."""
    return isinstance(error, duckdb.FatalException) or _GIVEN_UP in str(error)
