"""Real parts that the tests of alerts run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store import Control, open_control
from tests.alerts.building import SteppedClock
from tests.alerts.lookalikes import HttpLookalike


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def control(tmp_path: Path, clock: SteppedClock) -> Iterator[Control]:
    control = open_control(tmp_path, clock=clock)
    yield control
    control.close()


@pytest.fixture
def http() -> Iterator[HttpLookalike]:
    lookalike = HttpLookalike()
    yield lookalike
    lookalike.close()
