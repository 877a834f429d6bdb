"""Lists of structs, flattened without copying, with the index of each item's parent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Indices = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a list column, one after another."""

    rows: pa.StructArray
    parents: Indices
    """Per item, the row of the list it stands in; ascending."""
    offsets: Offsets
    """Per list, its first item; one more at the end."""

    def __len__(self) -> int:
        return len(self.parents)

    def column(self, name: str) -> pl.Series:
        """Return a column of scalars."""
        return as_series(self.rows.field(name), name)

    def struct(self, name: str) -> pa.StructArray:
        """Return a column of structs."""
        return cast("pa.StructArray", self.rows.field(name))

    def items(self, name: str) -> Items:
        """Return the items of a column of lists."""
        return list_items(cast("pa.ListArray", self.rows.field(name)))


def list_items(lists: pa.ListArray) -> Items:
    """Return the items of all lists; a null list has none."""
    offsets = cast("Offsets", lists.offsets.to_numpy())
    values = cast("pa.StructArray", lists.values)
    first, last = int(offsets[0]), int(offsets[-1])
    if first != 0 or last != len(values):
        values = cast("pa.StructArray", values.slice(first, last - first))
        offsets = offsets - offsets[0]
    parents = np.repeat(np.arange(len(lists), dtype=np.uint32), np.diff(offsets))
    return Items(values, parents, offsets)


def as_series(array: pa.Array, name: str = "") -> pl.Series:
    """Return an Arrow array as a Polars series, without copying text."""
    return cast("pl.Series", pl.from_arrow(array)).alias(name)


def count_offsets(parents: npt.NDArray[np.integer], lists: int) -> Offsets:
    """Return the offsets of lists whose items have these ascending parents."""
    counts = np.bincount(parents, minlength=lists)
    offsets = np.zeros(lists + 1, dtype=np.int32)
    np.cumsum(counts, out=offsets[1:])
    return offsets
