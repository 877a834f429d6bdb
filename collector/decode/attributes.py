"""Attribute lists as flat columns: one row per attribute, keys as text and as codes, values as text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
import pyarrow as pa

from collector.decode.nesting import Indices, Items, Offsets, count_offsets
from collector.decode.values import Hashes, hash_pairs, value_texts


@dataclass(frozen=True)
class Attributes:
    """The attributes of many owners, in the owners' order; no key twice in one owner, no value empty."""

    parents: Indices
    """Per attribute, its owner; ascending."""
    keys: pl.Series
    texts: pl.Series
    owners: int
    """How many owners there are, those without attributes included."""
    codes: pl.Series
    """The keys as Categorical."""

    def as_frame(self) -> pl.DataFrame:
        """Return row (the owner), key (Categorical) and value."""
        return pl.DataFrame({"row": self.parents, "key": self.codes, "value": self.texts})

    @cached_property
    def offsets(self) -> Offsets:
        """Per owner, its first attribute; one more at the end."""
        return count_offsets(self.parents, self.owners)

    def sum_hashes(self) -> Hashes:
        """Return a hash per owner over its attributes, whatever their order."""
        running = np.zeros(len(self.parents) + 1, dtype=np.uint64)
        np.cumsum(hash_pairs(self.keys, self.texts), out=running[1:])
        return running[self.offsets[1:]] - running[self.offsets[:-1]]


def build_maps(offsets: Offsets, keys: pl.Series, texts: pl.Series) -> pa.MapArray:
    """Return a MAP per owner out of flat columns, without copying text."""
    newest = pl.CompatLevel.newest()
    return pa.MapArray.from_arrays(
        pa.array(offsets, pa.int32()), keys.to_arrow(compat_level=newest), texts.to_arrow(compat_level=newest)
    )


def read_attributes(items: Items, owners: int) -> Attributes:
    """Return the KeyValue items as attributes.

    A value that holds nothing says the same as an absent key and is left out; of a key that stands twice
    in one owner, the last one counts.
    """
    keys = items.column("key")
    texts = value_texts(items.struct("value"))
    parents = items.parents
    if texts.null_count():
        kept = texts.is_not_null()
        keys, texts, parents = keys.filter(kept), texts.filter(kept), parents[kept.to_numpy()]
    codes = keys.cast(pl.Categorical)
    if _has_repeated_keys(parents, codes):
        pairs = pl.DataFrame({"parent": parents, "key": keys})
        kept = pairs.select(pl.struct("parent", "key").is_last_distinct()).to_series()
        keys, texts, parents = keys.filter(kept), texts.filter(kept), parents[kept.to_numpy()]
        codes = codes.filter(kept)
    return Attributes(parents, keys, texts, owners, codes)


def _has_repeated_keys(parents: Indices, codes: pl.Series) -> bool:
    numbers = codes.to_physical().to_numpy().astype(np.uint64)
    pairs = np.sort(parents.astype(np.uint64) << np.uint64(32) | numbers)
    return bool((pairs[1:] == pairs[:-1]).any())
