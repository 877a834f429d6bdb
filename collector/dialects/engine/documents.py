"""JSON inside an attribute that holds several facts at once."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import polars as pl

from collector.dialects.engine.conditions import Condition


def decode_json(text: str) -> object:
    """Return the decoded JSON, None when it is none or nests too deeply."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


MAX_LITERAL_CHARS: Final = 20_000


def decode_literal(text: str) -> object:
    """Return the value of a printed Python literal, None when it is none or too long."""
    if len(text) > MAX_LITERAL_CHARS or "\\" in text:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


DocumentFacts = Mapping[str, object]

MAX_DOCUMENT_CHARS: Final = 2_000_000
"""Longer documents are not searched for facts."""


@dataclass(frozen=True, slots=True)
class Document:
    """A key whose JSON text holds several fields.

    `read` gets the decoded value and returns facts by field name; it runs once per value, only for spans that
    still lack one of the fields. Token counts it returns include cached input and reasoning output, unless
    it also returns `exclusive_input` or `exclusive_output` as true.
    """

    key: str
    fields: Sequence[str]
    read: Callable[[object], DocumentFacts]
    when: Condition | None = None
    decode: Callable[[str], object] = decode_json

    def read_values(self, texts: pl.Series) -> list[DocumentFacts]:
        """Return the facts of each text; a text that occurs often is read once."""
        known: dict[str, DocumentFacts] = {}
        facts: list[DocumentFacts] = []
        for text in texts.to_list():
            if text not in known:
                known[text] = self.read(self.decode(text)) if len(text) <= MAX_DOCUMENT_CHARS else {}
            facts.append(known[text])
        return facts
