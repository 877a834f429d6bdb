from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.port import Store
from tests.stores import open_new_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_new_store(tmp_path / "data")
    yield opened
    opened.close()
