from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collector.loading.seen import SeenKeys

# Few different low bits, so that keys meet in the same slots.
keys = st.integers(0, 40).map(lambda number: number % 7 + (number << 32))


@given(st.lists(st.sets(keys, min_size=1), max_size=12))
def test_keys_are_found_with_their_last_load(loads: list[set[int]]) -> None:
    seen = SeenKeys(1000)
    expected: dict[int, int] = {}
    for load_seq, members in enumerate(loads, start=1):
        seen.add(np.array(sorted(members), dtype=np.uint64), load_seq)
        expected |= dict.fromkeys(members, load_seq)
    asked = np.array([number % 7 + (number << 32) for number in range(2, 41)], dtype=np.uint64)
    assert seen.find(asked).tolist() == [expected.get(int(key), 0) for key in asked]
    assert seen.floor == 0


def test_what_is_forgotten_lies_below_the_floor() -> None:
    seen = SeenKeys(10_000)
    every = np.random.default_rng(1).integers(2, 2**63, 50_000).astype(np.uint64)
    for load_seq, members in enumerate(np.split(every, 50), start=1):
        seen.add(members, load_seq)
    loads = seen.find(every)
    first_known = int(loads[loads > 0].min())
    assert first_known == seen.floor + 1
    assert (loads[(first_known - 1) * 1000 :] > 0).all()
    assert 50 - first_known >= 9


def test_nothing_is_found_in_an_empty_table() -> None:
    assert SeenKeys(10).find(np.array([0, 1, 5], dtype=np.uint64)).tolist() == [0, 0, 0]
