"""A real store in a temporary directory, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from store import Store, open_store
from tests.analytics.building import StillClock, to_frame


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def store(tmp_path: Path, clock: StillClock) -> Iterator[Store]:
    opened = open_store(tmp_path, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def write(store: Store) -> Callable[..., None]:
    """Write rows of a table: `write("runs", a_run(...), ...)`; columns of the table that lack are NULL."""

    def write_rows(table: str, *rows: dict[str, Any]) -> None:
        store.replace(appends={table: to_frame(table, rows)})

    return write_rows
