"""The price books of the tests, each compiled once."""

from __future__ import annotations

import pytest

from analytics.pricing import PriceBook, PriceSource, compile_catalogue


@pytest.fixture(scope="session")
def catalogue() -> PriceBook:
    """The catalogue as it comes, without corrections."""
    return PriceBook(compile_catalogue(), 1)


@pytest.fixture(scope="session")
def book() -> PriceBook:
    """The whole book, as an installation without prices of its own has it."""
    source = PriceSource()
    return PriceBook(source.compile(1), 1, source.names)
