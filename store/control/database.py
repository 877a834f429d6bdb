"""Opens the control state and runs transactions on it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from store.clock import Clock, utc_now
from store.control.tables import control_versions, metadata
from store.errors import ConfigError, SchemaMismatch, StoreUnavailable

CONTROL_VERSION = 1
_STEPS: Mapping[int, Sequence[str]] = {}
"""Statements that bring tables of an older version to the one that is the key; new tables need none."""

_BUSY_TIMEOUT_S = 10.0


class Control:
    """The control state; safe to use from any thread and beside other processes."""

    def __init__(self, engine: Engine, *, clock: Clock = utc_now) -> None:
        self._engine = engine
        self.clock = clock

    @contextmanager
    def begin(self) -> Generator[Connection]:
        """Run a transaction that may write: committed when the block ends, rolled back when it raises.

        Raises:
            StoreUnavailable: The database cannot be reached or written.
        """
        with self._connect(write=True) as connection:
            yield connection

    @contextmanager
    def read(self) -> Generator[Connection]:
        """Run a transaction that only reads; it waits for nobody."""
        with self._connect(write=False) as connection:
            yield connection

    def backup(self, directory: Path) -> None:
        """Copy the control state into a directory while it is in use.

        Raises:
            StoreUnavailable: It is not in a file of its own, or the directory cannot be written.
        """
        if self._engine.dialect.name != "sqlite":
            raise StoreUnavailable(
                "the control state is in a database server; back it up with the server's own tools"
            )
        target = directory / "control.db"
        partial = directory / "control.db.partial"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            partial.unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"the backup into {directory} failed: {error}; choose another directory"
            ) from error
        raw = self._engine.raw_connection()
        try:
            raw.cursor().execute("VACUUM INTO ?", (str(partial),))
        finally:
            raw.close()
        partial.chmod(0o600)
        partial.replace(target)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _connect(self, *, write: bool) -> Generator[Connection]:
        try:
            with self._engine.connect().execution_options(writes=write) as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            raise StoreUnavailable(
                f"the control state {self._engine.url.render_as_string()} cannot be used: {error.orig}; "
                "check that its disk is writable and not full"
            ) from error


def open_control(location: Path | str, *, clock: Clock = utc_now) -> Control:
    """Return the control state in a data directory, or at a database URL, created as needed.

    Raises:
        ConfigError: The URL cannot be understood.
        StoreUnavailable: The database cannot be opened.
        SchemaMismatch: It was written by a newer version.
    """
    control = Control(_create_engine(location), clock=clock)
    try:
        _define_tables(control, location)
    except StoreUnavailable:
        control.close()
        raise
    return control


def _create_engine(location: Path | str) -> Engine:
    if isinstance(location, str) and "://" in location:
        engine = _create_server_engine(location)
    else:
        path = Path(location) / "control.db"
        _create_private_file(path)
        engine = create_engine(f"sqlite:///{path}")
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    return engine


def _create_server_engine(location: str) -> Engine:
    # Neither message repeats the URL: it may hold a password.
    try:
        return create_engine(make_url(location), pool_pre_ping=True)
    except (ArgumentError, ValueError):
        raise ConfigError(
            "the control database's URL cannot be read; write postgresql+psycopg://user@host:5432/name"
        ) from None
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{error.name} is not installed; install it to keep the control state in that database"
        ) from error


def _create_private_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreUnavailable(
            f"{path} cannot be created: {error.strerror}; pass another --data directory"
        ) from error


def _prepare_sqlite(engine: Engine) -> None:
    def on_connect(dbapi_connection: Any, _record: object) -> None:
        # The driver must not begin transactions on its own, on_begin does.
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(_BUSY_TIMEOUT_S * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        # A reader that becomes a writer fails at once when another wrote meanwhile: writers say so first.
        writes = connection.get_execution_options().get("writes", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _define_tables(control: Control, location: Path | str) -> None:
    with control.begin() as connection:
        control_versions.create(connection, checkfirst=True)
        version = connection.execute(select(func.max(control_versions.c.version))).scalar()
        if version is not None and version > CONTROL_VERSION:
            raise SchemaMismatch(
                f"the control state in {location} was written by schema {version}, this version reads up to "
                f"{CONTROL_VERSION}; upgrade Spanledger, or pass another --data directory"
            )
        metadata.create_all(connection)
        for step in range(version or CONTROL_VERSION, CONTROL_VERSION):
            for statement in _STEPS[step + 1]:
                connection.exec_driver_sql(statement)
        if version != CONTROL_VERSION:
            connection.execute(
                insert(control_versions).values(version=CONTROL_VERSION, applied_at=control.clock())
            )
