"""The store in one DuckDB file, which this process alone opens."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Lock

import duckdb
import polars as pl
import pyarrow as pa

from store.backups import copy_files
from store.clock import Clock, utc_now
from store.engines.duckdb.compaction import compact_file
from store.engines.duckdb.expiry import expire_loads, expire_orphans
from store.engines.duckdb.instance import Instance
from store.engines.duckdb.watch import Watch
from store.engines.duckdb.writing import append_rows, delete_rows, has_batch, record_batch
from store.engines.figures import refuse_figures
from store.engines.parameters import take_parameters, to_arrow, to_polars
from store.errors import RejectedData, StoreUnavailable
from store.port import Frame, Replacement, StoreSize
from store.queries import Query, name_query, read_text
from store.settings import StoreSettings, parse_size

_UNUSABLE_ROWS = (duckdb.ConstraintException, duckdb.ConversionException, duckdb.InvalidInputException)

_log = logging.getLogger(__name__)

# Of the copy that `select` takes into account.
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result", category=UserWarning)


class DuckDBStore:
    """Implements `store.port.Store`: readers side by side, one writer at a time."""

    def __init__(self, path: Path, settings: StoreSettings, *, clock: Clock = utc_now) -> None:
        self.path = path
        self.settings = settings
        self._clock = clock
        self._writing = Lock()
        self._figures = BoundedSemaphore(settings.figures_slots)
        self._callbacks: list[Callable[[int], None]] = []
        self._instance = Instance(path, settings, clock)

    def select(
        self,
        query: Query,
        /,
        params: Mapping[str, object] | None = None,
        frames: Mapping[str, pl.DataFrame] | None = None,
    ) -> pl.DataFrame:
        """Return the rows of a stored query."""
        sql = read_text(query)
        values = take_parameters(sql, params)
        with (
            self._instance.cursor(f"run the query {name_query(query)}") as cursor,
            self._budget(cursor, query),
        ):
            for name, frame in (frames or {}).items():
                cursor.register(name, to_arrow(frame))
            # Not `cursor.sql`: a relation is planned twice, which costs more than the copy of rows that it saves.
            return to_polars(cursor.execute(sql, values).to_arrow_table())

    def append(
        self,
        batch_id: str,
        tables: Mapping[str, Frame],
        replacing: Sequence[Replacement] = (),
    ) -> bool:
        """Write all rows in one transaction; return False without writing when `batch_id` is known."""
        with self._writing, self._transaction(f"append the batch {batch_id}") as cursor:
            if has_batch(cursor, batch_id):
                return False
            for replacement in replacing:
                _replace_rows(cursor, [replacement])
            for table, frame in tables.items():
                append_rows(cursor, table, frame)
            load_seq = record_batch(cursor, batch_id, tables)
        for callback in self._callbacks:
            callback(load_seq)
        return True

    def replace(self, *replacements: Replacement, appends: Mapping[str, Frame] | None = None) -> None:
        """Replace and append rows in one transaction."""
        with self._writing, self._transaction("replace rows") as cursor:
            _replace_rows(cursor, replacements)
            for table, frame in (appends or {}).items():
                append_rows(cursor, table, frame)

    def query(self, sql: str, *, max_rows: int | None = None, timeout_s: float | None = None) -> pa.Table:
        """Return the answer to an ad-hoc SELECT over the public views."""
        with self._instance.adhoc() as adhoc:
            return adhoc.run(sql, max_rows=max_rows, timeout_s=timeout_s)

    def subscribe(self, callback: Callable[[int], None]) -> None:
        """Call `callback` after each append with its highest load_seq, in the thread that appended."""
        self._callbacks.append(callback)

    def expire(self, load_seq: int, *replacements: Replacement) -> None:
        """Replace rows and delete all rows of loads up to `load_seq`, in one transaction."""
        with self._writing, self._transaction(f"delete the loads up to {load_seq}") as cursor:
            _replace_rows(cursor, replacements)
            expire_loads(cursor, load_seq)

    def expire_orphans(self) -> None:
        """Delete what described nothing but deleted rows."""
        with self._writing, self._transaction("delete what nothing refers to") as cursor:
            expire_orphans(cursor)

    def ping(self) -> None:
        """Raise StoreUnavailable unless the database answers."""
        with self._instance.cursor("ping the database") as cursor:
            cursor.execute("SELECT 1").fetchall()

    def size(self) -> StoreSize:
        """Return how large the database is."""
        with self._instance.cursor("measure the database") as cursor:
            rows = cursor.execute(
                "SELECT block_size * used_blocks FROM pragma_database_size() "
                "WHERE database_name = current_database()"
            ).fetchall()
        return StoreSize(rows[0][0], _measure(self.path), _measure(self._wal))

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the file; return False when running queries did not let it."""
        with self._writing, self._instance.cursor("write a checkpoint") as cursor:
            try:
                cursor.execute("CHECKPOINT").fetchall()
            except duckdb.TransactionException as error:
                _log.info("the checkpoint waits for running queries: %s", error)
                return False
        return True

    def compact(self) -> StoreSize:
        """Rewrite the database without free space and return its new size; everybody else waits."""
        used_bytes = self.size().used_bytes
        with self._writing:
            self._instance.rewrite(lambda: compact_file(self.path, used_bytes, self.settings, self._clock))
        return self.size()

    def backup(self, directory: Path) -> None:
        """Copy the database into a directory while it is in use; writers wait.

        File and write-ahead log change only when somebody writes, so a copy of both is one moment of the database.
        """
        self.checkpoint()
        with self._writing, self._instance.cursor("back up the database"):
            copy_files([self.path, self._wal], directory)

    def close(self) -> None:
        """Wait for running calls and close the database; closing again does nothing."""
        self._instance.close()

    @contextmanager
    def _budget(self, cursor: duckdb.DuckDBPyConnection, query: Query) -> Generator[None]:
        if isinstance(query, str) or not query.is_bounded:
            yield
            return
        timeout_s = self.settings.figures_timeout_s
        until = time.monotonic() + timeout_s
        if not self._figures.acquire(timeout=timeout_s):
            raise refuse_figures(query, timeout_s)
        try:
            with Watch(cursor, until - time.monotonic(), parse_size(self.settings.memory_limit)) as watch:
                try:
                    yield
                except duckdb.InterruptException as error:
                    raise refuse_figures(query, timeout_s, watch.went_over) from error
        finally:
            self._figures.release()

    @property
    def _wal(self) -> Path:
        return self.path.with_name(self.path.name + ".wal")

    @contextmanager
    def _transaction(self, doing: str) -> Generator[duckdb.DuckDBPyConnection]:
        with self._instance.cursor(doing) as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            except _UNUSABLE_ROWS as error:
                _roll_back(cursor)
                raise RejectedData(f"could not {doing}: {error}") from error
            except BaseException:
                _roll_back(cursor)
                raise
            try:
                cursor.execute("COMMIT")
            except duckdb.TransactionException as error:
                raise StoreUnavailable(f"could not {doing}: {error}") from error


def _replace_rows(cursor: duckdb.DuckDBPyConnection, replacements: Sequence[Replacement]) -> None:
    for replacement in replacements:
        delete_rows(cursor, replacement)
    for replacement in replacements:
        if not replacement.is_revision:
            append_rows(cursor, replacement.table, replacement.rows)


def _roll_back(cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        cursor.execute("ROLLBACK")
    except (duckdb.TransactionException, duckdb.FatalException):
        _log.debug("the engine had rolled back already")


def _measure(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
