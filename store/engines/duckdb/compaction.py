"""Writes a DuckDB file again, without the space that deleted rows left."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb

from store.clock import Clock
from store.engines.duckdb.attaching import Config, attach_file
from store.engines.duckdb.definitions import define_schema, quote_text, set_compression
from store.errors import StoreUnavailable
from store.schema.catalogue import read_tables
from store.settings import StoreSettings


def compact_file(path: Path, used_bytes: int, settings: StoreSettings, clock: Clock) -> None:
    """Replace the closed database at `path` by a copy without free space; when that fails it stays as it was.

    Raises:
        StoreUnavailable: There is no room for the copy, or it could not be written.
    """
    free = shutil.disk_usage(path.parent).free
    if free < used_bytes * 1.1:
        raise StoreUnavailable(
            f"compacting {path} needs {used_bytes * 1.1 / 1e6:.0f} MB of free disk beside it, "
            f"there are {free / 1e6:.0f}; make room first"
        )
    copy = name_copy(path)
    remove_copy(path)
    try:
        _write_copy(path, copy, settings, clock)
        copy.replace(path)
        _sync_directory(path.parent)
    except (duckdb.Error, OSError) as error:
        raise StoreUnavailable(f"{path} could not be compacted: {error}; it is unchanged") from error
    finally:
        remove_copy(path)


def name_copy(path: Path) -> Path:
    """Return where the copy is written."""
    return path.with_name(path.name + ".compacting")


def remove_copy(path: Path) -> None:
    """Remove a copy that an earlier attempt left behind."""
    copy = name_copy(path)
    copy.unlink(missing_ok=True)
    copy.with_name(copy.name + ".wal").unlink(missing_ok=True)


def _write_copy(path: Path, copy: Path, settings: StoreSettings, clock: Clock) -> None:
    config: Config = {
        "memory_limit": settings.memory_limit,
        "temp_directory": str(path.with_name("spill")),
        "checkpoint_threshold": settings.checkpoint_threshold,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with attach_file(copy, config) as connection:
        set_compression(connection)
        define_schema(connection, str(copy), clock)
        connection.execute("DELETE FROM ledger.schema_versions").fetchall()
        connection.execute(f"ATTACH {quote_text(str(path))} AS original (READ_ONLY)")
        for table in read_tables().values():
            # In the order of the file: rows of one load stay together, which is what lets the engine skip blocks.
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            connection.execute(
                f'INSERT INTO ledger."{table.name}" ({columns}) SELECT {columns} FROM original.ledger."{table.name}"'
            ).fetchall()
        connection.execute("DETACH original")
        connection.execute("CHECKPOINT").fetchall()
    with copy.open("rb") as written:
        os.fsync(written.fileno())


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
