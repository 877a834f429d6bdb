"""The store in a ClickHouse database."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import clickhouse_connect  # pyright: ignore[reportMissingImports]
import polars as pl
import pyarrow as pa
from clickhouse_connect.driver.exceptions import ClickHouseError  # pyright: ignore[reportMissingImports]
from urllib3.exceptions import HTTPError

from store.clock import Clock, utc_now
from store.engines.clickhouse.definitions import define_schema
from store.engines.clickhouse.statements import SELECT_SETTINGS, attach_frames, bind_parameters
from store.engines.clickhouse.types import align_types, name_column_type
from store.engines.expiry import ORPHANS, list_expiring_tables, say_expired
from store.engines.figures import refuse_figures
from store.engines.parameters import (
    convert_value,
    find_highest_load,
    find_table,
    narrow_numbers,
    select_known_columns,
    take_parameters,
    to_arrow,
    to_polars,
)
from store.errors import QueryRejected, StoreUnavailable
from store.port import Frame, Replacement, StoreSize
from store.queries import ComposedQuery, Query, name_query, read_text
from store.schema.catalogue import read_tables
from store.settings import StoreSettings, parse_size

_DELETE_SETTINGS = {"mutations_sync": 1, "lightweight_deletes_sync": 1, "allow_nondeterministic_mutations": 1}


class ClickHouseStore:
    """Implements `store.port.Store`. ClickHouse has no transactions: an interrupted write is repeated as a whole."""

    def __init__(
        self, url: str, settings: StoreSettings, *, reader_url: str | None = None, clock: Clock = utc_now
    ) -> None:
        """Connect as a user who may create tables; ad-hoc queries run as the user of `reader_url`."""
        self.settings = settings
        self._location = _hide_password(url)
        self._writing = Lock()
        self._callbacks: list[Callable[[int], None]] = []
        with self._reporting("connect"):
            first = _connect(url, "default")
            define_schema(
                first.command, lambda sql: list(first.query(sql).result_rows), self._location, clock
            )
            first.close()
            self._client = _connect(url, "main")
            self._reader = None if reader_url is None else _connect(reader_url, "main")

    def select(
        self,
        query: Query,
        /,
        params: Mapping[str, object] | None = None,
        frames: Mapping[str, pl.DataFrame] | None = None,
    ) -> pl.DataFrame:
        """Return the rows of a stored query."""
        text = read_text(query)
        sql, values = bind_parameters(text, take_parameters(text, params))
        settings: dict[str, float] = dict(SELECT_SETTINGS)
        bounded = query if isinstance(query, ComposedQuery) and query.is_bounded else None
        if bounded is not None:
            settings["max_execution_time"] = self.settings.figures_timeout_s
        with self._reporting(f"run the query {name_query(query)}"):
            try:
                table = self._client.query_arrow(
                    sql,
                    parameters=values,
                    settings=settings,
                    external_data=attach_frames(frames or {}),
                    use_strings=True,
                )
            except ClickHouseError as error:
                if bounded is not None and "TIMEOUT_EXCEEDED" in str(error):
                    raise refuse_figures(bounded, self.settings.figures_timeout_s) from error
                raise
        return to_polars(align_types(table))

    def append(
        self,
        batch_id: str,
        tables: Mapping[str, Frame],
        replacing: Sequence[Replacement] = (),
    ) -> bool:
        """Write all rows; return False without writing when `batch_id` is known.

        The load position is written last: without it the batch comes again, and what was written then is recognised.
        """
        with self._writing, self._reporting(f"append the batch {batch_id}"):
            if self._has_batch(batch_id):
                return False
            for replacement in replacing:
                self._replace(replacement, f"{batch_id}/replacing")
            for name, frame in tables.items():
                if name != "load_positions":
                    self._insert(name, frame, batch_id)
            load_seq = max((find_highest_load(frame) for frame in tables.values()), default=0)
            position = tables.get("load_positions")
            if position is None:
                position = pl.DataFrame({"load_seq": [load_seq], "batch_id": [batch_id]})
            self._insert("load_positions", position, batch_id)
        for callback in self._callbacks:
            callback(load_seq)
        return True

    def replace(self, *replacements: Replacement, appends: Mapping[str, Frame] | None = None) -> None:
        """Replace and append rows, appended ones first: watermarks come last."""
        token = uuid4().hex
        with self._writing, self._reporting("replace rows"):
            for name, frame in (appends or {}).items():
                self._insert(name, frame, token)
            for replacement in sorted(
                replacements, key=lambda replacement: replacement.table == "watermarks"
            ):
                self._replace(replacement, token)

    def query(self, sql: str, *, max_rows: int | None = None, timeout_s: float | None = None) -> pa.Table:
        """Return the answer to an ad-hoc SELECT; the server holds the reader to the views it was granted."""
        if self._reader is None:
            raise QueryRejected(
                "ad-hoc SQL on ClickHouse runs as a user who may read the database `main` only; "
                "set [store] clickhouse_reader_url"
            )
        limits = {
            "readonly": 1,
            "max_execution_time": self.settings.query_timeout_s if timeout_s is None else timeout_s,
            "max_result_rows": self.settings.query_max_rows if max_rows is None else max_rows,
            "max_result_bytes": parse_size(self.settings.query_max_size),
            "max_memory_usage": parse_size(self.settings.query_memory_limit),
            "result_overflow_mode": "throw",
            "timeout_overflow_mode": "throw",
        }
        try:
            table = self._reader.query_arrow(sql, settings={**SELECT_SETTINGS, **limits}, use_strings=True)
        except (ClickHouseError, HTTPError) as error:
            raise QueryRejected(f"{error}; docs/schema.md lists the views and their columns") from error
        return narrow_numbers(align_types(table))

    def subscribe(self, callback: Callable[[int], None]) -> None:
        """Call `callback` after each append with its highest load_seq, in the thread that appended."""
        self._callbacks.append(callback)

    def expire(self, load_seq: int, *replacements: Replacement) -> None:
        """Replace rows and delete all rows of loads up to `load_seq`."""
        self.replace(*replacements)
        for table in list_expiring_tables():
            self._delete(f"ledger.{table}", say_expired(load_seq))

    def expire_orphans(self) -> None:
        """Delete what described nothing but deleted rows."""
        for table, condition in ORPHANS:
            self._delete(f"ledger.{table}", condition)

    def ping(self) -> None:
        """Raise StoreUnavailable unless the database answers."""
        with self._reporting("ping the database"):
            self._client.query("SELECT 1")

    def size(self) -> StoreSize:
        """Return how large the database is; a server has no free blocks and no log of its own."""
        with self._reporting("measure the database"):
            rows = self._client.query(
                "SELECT sum(bytes_on_disk) FROM system.parts WHERE database = 'ledger' AND active"
            ).result_rows
        return StoreSize(int(rows[0][0]), int(rows[0][0]), 0)

    def checkpoint(self) -> bool:
        """Do nothing: the server writes its parts itself."""
        return True

    def compact(self) -> StoreSize:
        """Merge the parts of every table, which drops deleted rows from disk."""
        with self._reporting("compact the database"):
            for name in read_tables():
                self._client.command(f"OPTIMIZE TABLE ledger.{name} FINAL")
        return self.size()

    def backup(self, directory: Path) -> None:
        """Refuse: a server's files are its own.

        Raises:
            StoreUnavailable: Always, with the remedy.
        """
        raise StoreUnavailable(
            f"the data is in {self._location}, not in {directory}; back it up with ClickHouse's BACKUP DATABASE ledger"
        )

    def command(self, sql: str) -> None:
        """Run a statement of an operator's; nothing in Spanledger needs it."""
        with self._reporting("run a command"):
            self._client.command(sql)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        if self._reader is not None:
            self._reader.close()

    def _has_batch(self, batch_id: str) -> bool:
        rows = self._client.query(
            "SELECT 1 FROM ledger.load_positions WHERE batch_id = {batch_id:String} LIMIT 1",
            parameters={"batch_id": batch_id},
        ).result_rows
        return bool(rows)

    def _insert(self, name: str, frame: Frame, token: str) -> None:
        rows = select_known_columns(to_arrow(frame, find_table(name)), find_table(name))
        if rows.num_rows:
            settings = {
                "insert_deduplicate": 1,
                "insert_deduplication_token": f"{token}/{name}",
                "async_insert": 0,
            }
            self._client.insert_arrow(name, rows, database="ledger", settings=settings)

    def _replace(self, replacement: Replacement, token: str) -> None:
        if replacement.is_revision:
            replacement = self._complete(replacement)
        if not replacement.keys.is_empty():
            self._delete_keys(replacement)
        self._insert(replacement.table, replacement.rows, f"{token}/{uuid4().hex}")

    def _complete(self, revision: Replacement) -> Replacement:
        """Return a revision as the whole rows that it makes: parts of a column store are never changed in place."""
        names = ", ".join(f"`{name}`" for name in revision.keys.columns)
        table = self._client.query_arrow(
            f"SELECT * FROM ledger.{revision.table} WHERE ({names}) IN (SELECT {names} FROM asked){_bound(revision)}",
            settings=SELECT_SETTINGS,
            external_data=attach_frames({"asked": revision.keys.unique()}),
            use_strings=True,
        )
        rows = pl.DataFrame(revision.rows)
        kept = to_polars(align_types(table)).drop(name for name in rows.columns if name not in revision.keys)
        return replace(revision, rows=kept.join(rows, on=revision.keys.columns), is_revision=False)

    def _delete_keys(self, replacement: Replacement) -> None:
        table = find_table(replacement.table)
        columns = [column for column in table.columns if column.name in replacement.keys.columns]
        keys = f"ledger.keys_{uuid4().hex}"
        fields = ", ".join(f"`{column.name}` {name_column_type(column)}" for column in columns)
        self._client.command(f"CREATE TABLE {keys} ({fields}) ENGINE = Memory")
        try:
            rows = to_arrow(replacement.keys.unique(), table)
            self._client.insert_arrow(keys.removeprefix("ledger."), rows, database="ledger")
            # As text with a mark, because NULL is not IN anything.
            terms = ", ".join(f"ifNull(concat('=', toString(`{column.name}`)), '')" for column in columns)
            condition = f"({terms}) IN (SELECT {terms} FROM {keys})"
            self._delete(f"ledger.{table.name}", condition + _bound(replacement))
        finally:
            self._client.command(f"DROP TABLE {keys}")

    def _delete(self, table: str, condition: str) -> None:
        with self._reporting(f"delete from {table}"):
            self._client.command(f"DELETE FROM {table} WHERE {condition}", settings=_DELETE_SETTINGS)

    @contextmanager
    def _reporting(self, doing: str) -> Generator[None]:
        try:
            yield
        except (ClickHouseError, HTTPError) as error:
            raise StoreUnavailable(f"could not {doing} in {self._location}: {error}") from error


def _connect(url: str, database: str) -> Any:
    return clickhouse_connect.get_client(dsn=url, database=database, autogenerate_session_id=False)


def _hide_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))


def _write_time(value: object) -> str:
    return f"toDateTime64('{convert_value(value)}', 6, 'UTC')"


def _bound(replacement: Replacement) -> str:
    """Return the times within which a replacement's rows lie, as more of a condition."""
    return "".join(
        f" AND `{name}` BETWEEN {_write_time(first)} AND {_write_time(last)}"
        for name, (first, last) in replacement.within.items()
    )
