"""An installation for each test that asks for one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from installation import Installation


@pytest.fixture
def installation(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Installation]:
    found = Installation(tmp_path, free_port)
    yield found
    found.stop()
