"""Bounds and cleans texts before they enter a message; telemetry may hold anything."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

LONGEST_LABEL: Final = 200
LONGEST_TEXT: Final = 2_000
_KEPT: Final = {"\n", "\t"}
# Cc: control, Cf: invisible format characters that can turn the reading direction, Cs: lone surrogates.
_DROPPED: Final = {"Cc", "Cf", "Cs", "Co", "Cn"}


def clean_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return the text without control, invisible and reordering characters, cut to `longest` characters."""
    head = text[: longest * 2]
    cleaned = "".join(c for c in head if c in _KEPT or unicodedata.category(c) not in _DROPPED).strip()
    return shorten(cleaned, longest)


def clean_line(text: str, longest: int = LONGEST_LABEL) -> str:
    """Return the text on one line."""
    return shorten(" ".join(clean_text(text, longest * 2).split()), longest)


def capitalise(text: str) -> str:
    """Return the text with a capital at its beginning, as a sentence of its own.

    >>> capitalise("no data: nothing happened")
    'No data: nothing happened'
    """
    return text[:1].upper() + text[1:]


def clean_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels with one-line values."""
    return {clean_line(name, 100): clean_line(value) for name, value in labels.items()}


def shorten(text: str, longest: int) -> str:
    """Return the text, cut with an ellipsis when it is longer."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
