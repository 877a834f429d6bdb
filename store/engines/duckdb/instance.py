"""The one DuckDB instance of a file: shared, closed, replaced, and opened again after it broke."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import duckdb

from store.clock import Clock
from store.engines.duckdb.adhoc import AdhocRunner
from store.engines.duckdb.attaching import is_given_up, open_cursor
from store.engines.duckdb.gate import Gate
from store.engines.duckdb.opening import open_database
from store.errors import StoreUnavailable
from store.settings import StoreSettings

_log = logging.getLogger(__name__)

_FAILURES: Final = (
    duckdb.FatalException,
    duckdb.IOException,
    duckdb.InternalException,
    duckdb.OutOfMemoryException,
)
_RETRY_S: Final = 1.0
"""Time between two attempts to open a broken instance again: each reads the write-ahead log."""


class Instance:
    """An open database; many may use it at once.

    A write that fails at the wrong moment, on a full disk for example, makes DuckDB give the instance up. Nothing
    committed is lost, but the file must be opened again, which the next use does.
    """

    def __init__(self, path: Path, settings: StoreSettings, clock: Clock) -> None:
        self._path = path
        self._settings = settings
        self._clock = clock
        self._gate = Gate()
        self._root, self._adhoc = open_database(path, settings, clock)
        self._is_broken = False
        self._retry_at = 0.0

    @contextmanager
    def adhoc(self) -> Generator[AdhocRunner]:
        """Use what runs ad-hoc queries."""
        with self._use("run the query"):
            yield self._adhoc

    @contextmanager
    def cursor(self, doing: str) -> Generator[duckdb.DuckDBPyConnection]:
        """Use a connection of its own; `doing` says in an error what for.

        Raises:
            StoreUnavailable: The database is closed, broken or out of memory or disk.
        """
        with self._use(doing):
            cursor = open_cursor(self._root)
            try:
                yield cursor
            finally:
                cursor.close()

    def rewrite(self, write: Callable[[], None]) -> None:
        """Close the database while `write` replaces its file, and open it again whatever happened."""
        with self._gate.alone():
            self._close_connections()
            try:
                write()
            finally:
                self._is_broken = True
                self._open_again()

    def close(self) -> None:
        """Wait for running uses and close the database; closing again does nothing."""
        if not self._gate.is_closed:
            with self._gate.alone(closing=True):
                self._close_connections()

    @contextmanager
    def _use(self, doing: str) -> Generator[None]:
        if self._is_broken:
            self._recover(doing)
        with self._gate.together():
            try:
                yield
            except _FAILURES as error:
                self._is_broken = self._is_broken or is_given_up(error)
                raise StoreUnavailable(f"could not {doing}: {_trim(error)}") from error

    def _recover(self, doing: str) -> None:
        with self._gate.alone():
            if not self._is_broken:
                return
            if time.monotonic() < self._retry_at:
                raise StoreUnavailable(
                    f"could not {doing}: the database broke and is being opened again; try again"
                )
            self._retry_at = time.monotonic() + _RETRY_S
            _log.warning("opening the database again after it broke: %s", self._path)
            self._close_connections()
            self._open_again()

    def _open_again(self) -> None:
        self._root, self._adhoc = open_database(self._path, self._settings, self._clock)
        self._is_broken = False

    def _close_connections(self) -> None:
        # A broken instance fails at closing too, and is gone all the same.
        with suppress(duckdb.Error):
            self._adhoc.close()
        with suppress(duckdb.Error):
            self._root.close()


def _trim(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]
