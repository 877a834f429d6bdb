"""An installation for each test that asks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.installation import Installation


@pytest.fixture
def installation(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Installation]:
    found = Installation(tmp_path, free_port)
    yield found
    found.stop()
