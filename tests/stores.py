"""Stores for tests that begin with the same rows: filled once a process, and copied."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from store import Store, open_store


def open_filled_store(directory: Path, fill: Callable[[Store], None]) -> Store:
    """Return a new store that holds what `fill` writes."""
    (filled,) = _make(fill).glob("*.duckdb")
    shutil.copy(filled, directory)
    return open_store(directory)


@cache
def _make(fill: Callable[[Store], None]) -> Path:
    directory = Path(tempfile.mkdtemp(prefix="spanledger-filled-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    store = open_store(directory)
    fill(store)
    store.close()
    return directory
