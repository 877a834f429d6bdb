"""Billable units beyond the token classes, gathered into a map."""

from __future__ import annotations

import numpy as np
import polars as pl

from collector.dialects.engine.declaration import Dialect, Layer
from collector.dialects.engine.index import AttributeIndex
from collector.dialects.engine.parsing import parse_numbers
from collector.dialects.engine.registry import Registry

OWN_PREFIX = "spanledger.usage."
UNITS_TYPE = pl.List(pl.Struct({"key": pl.String, "value": pl.Float64}))
MAX_UNITS = 64


def read_units(index: AttributeIndex, registry: Registry) -> pl.Series:
    """Return `other_units`: amounts above zero by unit, sorted by unit; null where there are none.

    The application's own statement of a unit comes before a library's.
    """
    mapped = [
        piece
        for dialect in registry.dialects
        if dialect.layer is Layer.MAPPING and dialect.units
        for piece in _mapped_amounts(index, dialect)
    ]
    named = {key: key.removeprefix(OWN_PREFIX) for key in index.keys_under(OWN_PREFIX)[:MAX_UNITS]}
    for dialect in registry.dialects:
        if dialect.layer is not Layer.MAPPING:
            named.update(
                {key: unit for unit, keys in dialect.units.items() for key in keys if key not in named}
            )
    pieces = mapped + [
        piece for key, unit in named.items() if (piece := _amounts(index, key, unit)) is not None
    ]
    if not pieces:
        return pl.Series("other_units", [None], dtype=UNITS_TYPE).new_from_index(0, index.row_count)
    found = pl.concat(pieces).unique(["row", "key"], keep="first", maintain_order=True).sort("row", "key")
    grouped = found.group_by("row", maintain_order=True).agg(pl.struct("key", "value").alias("other_units"))
    rows = pl.DataFrame({"row": np.arange(index.row_count)})
    return rows.join(grouped, on="row", how="left", maintain_order="left")["other_units"].cast(UNITS_TYPE)


def _mapped_amounts(index: AttributeIndex, dialect: Dialect) -> list[pl.DataFrame]:
    """A library's key means the same on every span, a mapped one only where the mapping is about."""
    where = dialect.recognise.rows(index)
    if where is None:
        return []
    rows = np.flatnonzero(where)
    found = [_amounts(index, key, unit) for unit, keys in dialect.units.items() for key in keys]
    return [piece.filter(pl.col("row").is_in(rows)) for piece in found if piece is not None]


def _amounts(index: AttributeIndex, key: str, unit: str) -> pl.DataFrame | None:
    places = index.positions(key)
    if not len(places) or not unit:
        return None
    frame = pl.DataFrame({"row": index.rows[places], "value": parse_numbers(index.texts_at(places))})
    frame = frame.filter(pl.col("value") > 0).select("row", pl.lit(unit).alias("key"), "value")
    return frame if frame.height else None
