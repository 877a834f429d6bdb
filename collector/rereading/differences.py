"""What reading again changed: which rows, which fields, from what to what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

MAX_EXAMPLES: Final = 200
"""Pairs of a value before and after that are told apart for each field."""
MAX_VALUE_CHARS: Final = 80


@dataclass(slots=True)
class Differences:
    """Changes over many spans, by field."""

    fields: Counter[str] = field(default_factory=Counter[str])
    examples: dict[str, Counter[tuple[str | None, str | None]]] = field(
        default_factory=dict[str, Counter[tuple[str | None, str | None]]]
    )

    def add(self, name: str, before: pl.Series, after: pl.Series) -> None:
        """Count the changes of one field."""
        self.fields[name] += len(before)
        known = self.examples.setdefault(name, Counter())
        for pair, count in Counter(zip(_shown(before), _shown(after), strict=True)).items():
            if pair in known or len(known) < MAX_EXAMPLES:
                known[pair] += count

    def describe(self) -> Iterator[Mapping[str, object]]:
        """Yield field, spans and its most frequent changes, the field with most changes first."""
        for name, count in self.fields.most_common():
            examples = [
                {"before": before, "after": after, "spans": spans}
                for (before, after), spans in self.examples[name].most_common(3)
            ]
            yield {"field": name, "spans": count, "examples": examples}


def find_changed(
    stored: pl.DataFrame, again: pl.DataFrame, differences: Differences, *, of: str = ""
) -> pl.Series:
    """Return which rows are read differently now, and count how in `differences`, fields under `of` and their name.

    Both frames have the same rows in the same order; columns of `again` that the store has not are left alone.
    """
    changed = pl.Series([False]).new_from_index(0, len(stored))
    for name in again.columns:
        if name not in stored.columns:
            continue
        before, after = stored[name], again[name]
        differs = before.ne_missing(after)
        if differs.any():
            differences.add(of + name, before.filter(differs), after.filter(differs))
            changed |= differs
    return changed


def _shown(values: pl.Series) -> list[str | None]:
    return [None if value is None else _cut(str(value)) for value in values.to_list()]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[: MAX_VALUE_CHARS - 1]}…"
