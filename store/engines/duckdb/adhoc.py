"""Runs ad-hoc queries in DuckDB: inspected, read-only, bounded in time, memory, rows and number."""

from __future__ import annotations

import json
import queue
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from store.adhoc.inspection import QueryInspector, refuse_depth
from store.adhoc.rules import LONGEST_QUERY, FunctionEntry, choose_functions
from store.engines.duckdb.attaching import is_given_up, open_cursor
from store.engines.duckdb.watch import Watch
from store.engines.parameters import narrow_numbers
from store.errors import Overloaded, QueryRejected
from store.schema.catalogue import read_views
from store.settings import StoreSettings, parse_size

_BATCH_ROWS = 8192


class AdhocRunner:
    """Runs queries over the public views, a few side by side.

    It must be made before the configuration is locked: the memory of a query is a setting of its connection.
    """

    def __init__(self, root: duckdb.DuckDBPyConnection, settings: StoreSettings) -> None:
        self._settings = settings
        self._slots: queue.Queue[duckdb.DuckDBPyConnection] = queue.Queue()
        self._connections = [open_cursor(root) for _ in range(settings.query_slots)]
        for connection in self._connections:
            connection.execute(f"SET operator_memory_limit = '{parse_size(settings.query_memory_limit)}B'")
            self._slots.put(connection)
        self._inspector: QueryInspector | None = None

    def run(self, sql: str, *, max_rows: int | None = None, timeout_s: float | None = None) -> pa.Table:
        """Return the answer to one SELECT over the views.

        Raises:
            QueryRejected: It is something else, is wrong, or went over a limit.
            Overloaded: Too many others run.
        """
        rows = self._settings.query_max_rows if max_rows is None else max_rows
        timeout = self._settings.query_timeout_s if timeout_s is None else timeout_s
        with self._slot(timeout) as connection:
            self._inspect(connection, sql)
            watch = Watch(connection, timeout, parse_size(self._settings.memory_limit))
            try:
                with watch:
                    return narrow_numbers(self._fetch(connection, sql, rows))
            except duckdb.Error as error:
                if is_given_up(error):
                    raise
                raise self._explain(error, watch, timeout) from error

    def close(self) -> None:
        """Close the connections; no query may be running."""
        for connection in self._connections:
            connection.close()

    @contextmanager
    def _slot(self, timeout_s: float) -> Generator[duckdb.DuckDBPyConnection]:
        try:
            connection = self._slots.get(timeout=timeout_s)
        except queue.Empty:
            raise Overloaded(
                f"{self._settings.query_slots} ad-hoc queries run already; wait for one of them to end"
            ) from None
        try:
            yield connection
        finally:
            self._slots.put(connection)

    def _inspect(self, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
        if len(sql) > LONGEST_QUERY:
            raise QueryRejected(
                f"the query has {len(sql)} characters, at most {LONGEST_QUERY} are accepted; shorten it"
            )
        try:
            statements = connection.extract_statements(sql)
        except duckdb.Error as error:
            raise QueryRejected(_trim(error)) from error
        if len(statements) != 1:
            raise QueryRejected(f"one SELECT is accepted, these are {len(statements)} statements; send one")
        if statements[0].type != duckdb.StatementType.SELECT:
            kind = statements[0].type.name
            raise QueryRejected(
                f"{kind} is not accepted; only SELECT over the views is, the database is read-only here"
            )
        self._get_inspector(connection).inspect(_parse(connection, sql))

    def _get_inspector(self, connection: duckdb.DuckDBPyConnection) -> QueryInspector:
        if self._inspector is None:
            rows = connection.execute(
                "SELECT lower(function_name), schema_name, function_type, coalesce(has_side_effects, false) "
                "FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate', 'macro')"
            ).fetchall()
            rules = choose_functions(FunctionEntry(*row) for row in rows)
            self._inspector = QueryInspector(frozenset(read_views()), rules)
        return self._inspector

    def _fetch(self, connection: duckdb.DuckDBPyConnection, sql: str, max_rows: int) -> pa.Table:
        connection.execute("BEGIN TRANSACTION READ ONLY")
        try:
            reader = connection.sql(sql).to_arrow_reader(_BATCH_ROWS)
            try:
                return self._read(reader, max_rows)
            finally:
                reader.close()
        finally:
            connection.execute("ROLLBACK")

    def _read(self, reader: Any, max_rows: int) -> pa.Table:
        max_bytes = parse_size(self._settings.query_max_size)
        batches: list[pa.RecordBatch] = []
        rows = size = 0
        for batch in reader:
            rows += batch.num_rows
            size += batch.nbytes
            if rows > max_rows:
                raise QueryRejected(
                    f"the answer has more than {max_rows} rows; add LIMIT {max_rows}, or allow more"
                )
            if size > max_bytes:
                raise QueryRejected(
                    f"the answer is larger than {self._settings.query_max_size}; name fewer columns or rows"
                )
            batches.append(batch)
        return pa.Table.from_batches(batches, reader.schema)

    def _explain(self, error: duckdb.Error, watch: Watch, timeout_s: float) -> QueryRejected:
        if watch.went_over == "time":
            return QueryRejected(
                f"the query took more than {timeout_s:g} s; narrow its time range, or allow more by --timeout "
                "or [store] query_timeout_s"
            )
        if watch.went_over == "memory" or isinstance(error, duckdb.OutOfMemoryException):
            return QueryRejected(
                f"the query needs more memory than the {self._settings.memory_limit} of [store] memory_limit; "
                "narrow its time range or aggregate earlier"
            )
        return QueryRejected(_trim(error))


def _parse(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    text = connection.execute("SELECT json_serialize_sql($sql::VARCHAR)", {"sql": sql}).fetchall()[0][0]
    try:
        tree = json.loads(text)
    except RecursionError as error:
        raise refuse_depth() from error
    if tree["error"]:
        raise QueryRejected(f"{tree['error_message']}; write one SELECT over the views")
    return tree


def _trim(error: duckdb.Error) -> str:
    """Return the engine's words without its proposals, which name what is not accessible here."""
    first = str(error).split("\n\n")[0].split("\nDid you mean")[0].strip()
    return f"{' '.join(first.split())}; docs/schema.md lists the views and their columns"
