from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.analytics.facts.building import Ledger, open_ledger


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with open_ledger() as opened:
        yield opened
