"""Resources that the store has already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from collector.decode.attributes import build_maps
from store.port import Store

_MAX_REMEMBERED: Final = 100_000


class KnownResources:
    """Tells new resources from stored ones, by memory first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: set[int] = set()

    def select_new(self, resources: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Return the resources (resource_id, key, value) that the store lacks, each once."""
        if not resources:
            return pl.DataFrame()
        merged = pl.concat(resources).unique(["resource_id", "key"], keep="first", maintain_order=True)
        unknown = [each for each in merged["resource_id"].unique() if each not in self._known]
        if not unknown:
            return pl.DataFrame()
        candidates = pl.DataFrame({"resource_id": pl.Series(unknown, dtype=pl.UInt64)})
        stored = self._store.select("loading/known_resources", frames={"candidates": candidates})[
            "resource_id"
        ]
        self._remember(stored)
        new = candidates.filter(~pl.col("resource_id").is_in(stored.implode()))
        return merged.join(new, on="resource_id", how="semi", maintain_order="left")

    def remember(self, resources: pl.DataFrame) -> None:
        """Remember resources that were written."""
        if not resources.is_empty():
            self._remember(resources["resource_id"])

    def _remember(self, resource_ids: pl.Series) -> None:
        if len(self._known) + len(resource_ids) > _MAX_REMEMBERED:
            self._known.clear()
        self._known.update(resource_ids.unique())


def resource_rows(resources: pl.DataFrame) -> pa.Table:
    """Return the rows of ledger.resources for resources in long form."""
    ordered = resources.sort("resource_id", maintain_order=True)
    counts = ordered.group_by("resource_id", maintain_order=True).len()
    offsets = np.concatenate([[0], np.cumsum(counts["len"].to_numpy())]).astype(np.int32)
    maps = build_maps(offsets, ordered["key"], ordered["value"])
    return pa.table({"resource_id": counts["resource_id"].to_arrow(), "attributes": maps})
