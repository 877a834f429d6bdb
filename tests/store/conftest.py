from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from store import Control, Store, open_control, open_store
from tests.store.rows import NOW


@pytest.fixture
def store(tmp_path: Path) -> Generator[Store]:
    opened = open_store(tmp_path, clock=lambda: NOW)
    yield opened
    opened.close()


@pytest.fixture
def control(tmp_path: Path) -> Generator[Control]:
    opened = open_control(tmp_path, clock=lambda: NOW)
    yield opened
    opened.close()
