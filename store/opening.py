"""Opens the store that a data directory holds."""

from __future__ import annotations

from pathlib import Path

from store.clock import Clock, utc_now
from store.engines.duckdb import DuckDBStore
from store.errors import ConfigError, StoreUnavailable
from store.port import Store
from store.settings import StoreSettings


def open_store(data_dir: Path, settings: StoreSettings | None = None, *, clock: Clock = utc_now) -> Store:
    """Return the store in `data_dir`, created or migrated as needed.

    Raises:
        StoreUnavailable: Another process holds the file, or it cannot be opened.
        SchemaMismatch: It was written by a newer version.
    """
    settings = settings or StoreSettings()
    if settings.clickhouse_url is not None:
        return _open_clickhouse(settings.clickhouse_url, settings, clock)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"{data_dir} cannot be created: {error.strerror}; pass another --data directory"
        ) from error
    return DuckDBStore(data_dir / "spanledger.duckdb", settings, clock=clock)


def _open_clickhouse(url: str, settings: StoreSettings, clock: Clock) -> Store:
    try:
        from store.engines.clickhouse import ClickHouseStore
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{error.name} is not installed; install clickhouse-connect, or remove [store] clickhouse_url"
        ) from error
    return ClickHouseStore(url, settings, reader_url=settings.clickhouse_reader_url, clock=clock)
