"""Opens the DuckDB file and shuts every door that SQL could leave by."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from store.clock import Clock
from store.engines.duckdb.adhoc import AdhocRunner
from store.engines.duckdb.attaching import Config, attach_file
from store.engines.duckdb.compaction import remove_copy
from store.engines.duckdb.definitions import define_schema, set_compression
from store.errors import SchemaMismatch, StoreInUse, StoreUnavailable
from store.settings import StoreSettings

_UNREADABLE: Final = ("not a valid DuckDB database file", "Corrupt database file")
"""What DuckDB says of a file that no other attempt will open."""


def open_database(
    path: Path, settings: StoreSettings, clock: Clock
) -> tuple[duckdb.DuckDBPyConnection, AdhocRunner]:
    """Return a connection to the database at `path`, created or migrated as needed, and what runs ad-hoc queries.

    Raises:
        StoreInUse: Another process has the file.
        StoreUnavailable: It cannot be opened.
        SchemaMismatch: It belongs to a newer version, or to another program, or is no database.
    """
    remove_copy(path)
    try:
        connection = attach_file(path, _configure(path, settings))
    except duckdb.Error as error:
        raise _explain(path, error) from error
    try:
        connection.execute("SET enable_external_access = false")
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        if settings.threads is not None:
            connection.execute(f"SET threads = {settings.threads:d}")
        set_compression(connection)
        adhoc = AdhocRunner(connection, settings)
        connection.execute("SET lock_configuration = true")
        define_schema(connection, str(path), clock)
    except SchemaMismatch:
        connection.close()
        raise
    except duckdb.Error as error:
        connection.close()
        raise StoreUnavailable(
            f"{path} could not be prepared: {error}; restore a backup, or pass another --data"
        ) from error
    return connection, adhoc


def _configure(path: Path, settings: StoreSettings) -> Config:
    return {
        "python_enable_replacements": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_unsigned_extensions": False,
        "checkpoint_threshold": settings.checkpoint_threshold,
        "memory_limit": settings.memory_limit,
        "temp_directory": str(path.with_name("spill")),
        "max_temp_directory_size": settings.spill_limit,
        # Rows come back in the order a query asks for; keeping that of the file costs memory in every insert.
        "preserve_insertion_order": False,
    }


def _explain(path: Path, error: duckdb.Error) -> StoreUnavailable:
    text = str(error)
    if "lock on file" in text:
        return StoreInUse(
            f"{path} is in use by another process; stop that one, or give commands by its --data directory "
            f"({text.splitlines()[0]})"
        )
    kind = SchemaMismatch if any(sign in text for sign in _UNREADABLE) else StoreUnavailable
    if isinstance(error, duckdb.IOException | duckdb.SerializationException):
        return kind(f"{path} could not be opened: {text}; check permissions and disk, or restore a backup")
    return kind(f"{path} could not be opened: {text}; check the settings under [store]")
