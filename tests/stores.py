"""New stores for tests: copies of one, for creating all tables and views takes seven times as long as opening them."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from store import Store, open_store
from store.clock import Clock, utc_now
from store.settings import StoreSettings

_FILE = "spanledger.duckdb"


def open_new_store(
    directory: Path,
    settings: StoreSettings | None = None,
    *,
    clock: Clock = utc_now,
    filled_by: Callable[[Store], None] | None = None,
) -> Store:
    """Return a store that did not exist before; what `filled_by` writes is written once a process."""
    assert not (directory / _FILE).exists(), f"{directory} has a store; open it with open_store"
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_template(filled_by), directory / _FILE)
    return open_store(directory, settings, clock=clock)


@cache
def _template(filled_by: Callable[[Store], None] | None) -> Path:
    directory = Path(tempfile.mkdtemp(prefix="spanledger-template-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    store = open_store(directory)
    if filled_by is not None:
        filled_by(store)
    store.close()
    return directory / _FILE
