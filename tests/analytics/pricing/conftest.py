"""The compiled catalogue, once for all tests."""

from __future__ import annotations

import pytest

from analytics.pricing import PriceBook, compile_catalogue


@pytest.fixture(scope="session")
def book() -> PriceBook:
    return PriceBook(compile_catalogue(), 1)
