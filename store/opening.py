"""Opens the store that a data directory holds."""

from __future__ import annotations

from pathlib import Path

from store.clock import Clock, utc_now
from store.engines.duckdb import DuckDBStore
from store.errors import StoreUnavailable
from store.port import Store
from store.settings import StoreSettings


def open_store(data_dir: Path, settings: StoreSettings | None = None, *, clock: Clock = utc_now) -> Store:
    """Return the store in `data_dir`, created or migrated as needed.

    Raises:
        StoreUnavailable: Another process holds the file, or it cannot be opened.
        SchemaMismatch: It was written by a newer version.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"{data_dir} cannot be created: {error.strerror}; pass another --data directory"
        ) from error
    return DuckDBStore(data_dir / "spanledger.duckdb", settings or StoreSettings(), clock=clock)
