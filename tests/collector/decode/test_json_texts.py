"""Texts inside JSON: written anew only where a byte must be escaped, and always what a JSON writer gives."""

from __future__ import annotations

import json

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.decode import values
from collector.decode.values import json_escaped

SPECIAL = '"\\\n\t\r\b\f\x00\x1f !#]^\x7f€😀'
TEXTS = st.lists(st.text(st.sampled_from(SPECIAL) | st.characters(codec="utf-8"), max_size=12), max_size=8)


@given(TEXTS, st.integers(0, 3))
@settings(max_examples=60)
def test_an_escaped_text_between_quotes_is_read_back_as_it_was(texts: list[str], skipped: int) -> None:
    own = pl.Series(texts, dtype=pl.String)[skipped:]
    assert [json.loads(f'"{text}"') for text in json_escaped(own).to_pylist()] == own.to_list()


def test_texts_longer_than_the_pieces_that_are_searched_are_escaped_everywhere() -> None:
    long = "a" * (values._CACHED_BYTES - 1) + '"\n' + "b" * values._CACHED_BYTES + "\\"
    assert [json.loads(f'"{text}"') for text in json_escaped(pl.Series([long, "c", long])).to_pylist()] == [
        long,
        "c",
        long,
    ]
