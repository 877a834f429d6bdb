"""What the rest of Spanledger sees of the store, whichever engine holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import polars as pl
import pyarrow as pa

from store.queries import Query

Frame = pl.DataFrame | pa.Table


@dataclass(frozen=True, slots=True)
class Replacement:
    """Rows of `table` that equal a row of `keys` in all its columns (NULL equals NULL) give way to `rows`."""

    table: str
    keys: pl.DataFrame
    rows: Frame
    within: Mapping[str, tuple[datetime, datetime]] = field(
        default_factory=dict[str, tuple[datetime, datetime]]
    )
    """Bounds, both inclusive, in which all rows to be deleted are known to lie: the engine skips the rest."""
    is_revision: bool = False
    """The rows hold keys and some columns only, each key once: these columns change, all else of the rows stays."""


def find_bounds(moments: pl.Series) -> tuple[datetime, datetime] | None:
    """Return the first and last of some times of a frame, as instants; None when there are none."""
    first, last = moments.min(), moments.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return None
    return first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)


def lie_within(column: str, moments: pl.Series) -> dict[str, tuple[datetime, datetime]]:
    """Return `within` of a replacement whose rows have these times in a column."""
    bounds = find_bounds(moments)
    return {} if bounds is None else {column: bounds}


@dataclass(frozen=True, slots=True)
class StoreSize:
    """Bytes of the database: in use, of the file (free blocks included), and of the write-ahead log."""

    used_bytes: int
    file_bytes: int
    wal_bytes: int


class Store(Protocol):
    """Telemetry and what is derived from it. Safe to use from any thread."""

    def select(
        self,
        query: Query,
        /,
        params: Mapping[str, object] | None = None,
        frames: Mapping[str, pl.DataFrame] | None = None,
    ) -> pl.DataFrame:
        """Return the rows of a stored query.

        Args:
            query: "subject/name" of a file in `store/queries`, or one that `store.figures` composed.
            params: Values of the query's `$name` parameters; aware datetimes are converted to UTC.
            frames: Data frames the query reads as tables of these names.

        Raises:
            NotFound: No such query.
            Overloaded: A figure over narrow tables took more than its budget.
        """
        ...

    def append(
        self,
        batch_id: str,
        tables: Mapping[str, Frame],
        replacing: Sequence[Replacement] = (),
    ) -> bool:
        """Write all rows in one transaction; return False without writing when `batch_id` is known.

        Columns that a frame lacks are NULL. A batch without rows for `load_positions` gets one of its own, so
        that it is recognised when it comes again.
        """
        ...

    def replace(self, *replacements: Replacement, appends: Mapping[str, Frame] | None = None) -> None:
        """Replace and append rows in one transaction."""
        ...

    def query(self, sql: str, *, max_rows: int | None = None, timeout_s: float | None = None) -> pa.Table:
        """Return the answer to an ad-hoc SELECT over the public views.

        Raises:
            QueryRejected: It is something else, is wrong, or went over a limit.
        """
        ...

    def subscribe(self, callback: Callable[[int], None]) -> None:
        """Call `callback` after each append with its highest load_seq, in the thread that appended."""
        ...

    def expire(self, load_seq: int, *replacements: Replacement) -> None:
        """Replace rows and delete all rows of loads up to `load_seq`, in one transaction."""
        ...

    def expire_orphans(self) -> None:
        """Delete what described nothing but deleted rows: resources, aliases, old logs of jobs."""
        ...

    def ping(self) -> None:
        """Raise StoreUnavailable unless the database answers."""
        ...

    def size(self) -> StoreSize:
        """Return how large the database is."""
        ...

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the file; return False when running queries did not let it."""
        ...

    def compact(self) -> StoreSize:
        """Rewrite the database without free space and return its new size; everybody else waits."""
        ...

    def backup(self, directory: Path) -> None:
        """Copy the database into a directory while it is in use; writers wait."""
        ...

    def close(self) -> None:
        """Wait for running calls and close the database."""
        ...
