from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.facts.recent import RecentKeys, hash_texts

TEXTS = [f"trace {number}" for number in range(30)]


@settings(max_examples=50)
@given(st.lists(st.lists(st.sampled_from(TEXTS), max_size=6), max_size=8), st.integers(1, 5))
def test_everything_remembered_is_found_with_its_numbers(batches: list[list[str]], generation: int) -> None:
    memory = RecentKeys(1_000, generation_entries=generation)
    expected: set[tuple[str, int]] = set()
    for number, batch in enumerate(batches):
        memory.add(hash_texts(pl.Series(batch, dtype=pl.String)), np.full(len(batch), number))
        expected |= {(text, number) for text in batch}
    position, numbers = memory.find(hash_texts(pl.Series(TEXTS)))
    assert {(TEXTS[at], int(number)) for at, number in zip(position, numbers, strict=True)} == expected


def test_the_oldest_are_forgotten_first_and_that_is_said() -> None:
    memory = RecentKeys(max_entries=20, generation_entries=10)
    for number in range(3):
        assert not memory.has_forgotten
        memory.add(hash_texts(pl.Series(TEXTS[number * 10 : number * 10 + 10])), np.arange(10))
    position, _ = memory.find(hash_texts(pl.Series(TEXTS)))
    assert memory.has_forgotten
    assert sorted(position.tolist()) == list(range(10, 30))
