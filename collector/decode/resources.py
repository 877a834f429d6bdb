"""Resources: each distinct set of attributes once, under a key made of its content."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec
import numpy as np
import polars as pl

from collector.decode.attributes import Attributes, read_attributes
from collector.decode.nesting import Items, list_items
from collector.decode.values import Hashes

RESOURCE_SCHEMA: Final = {"resource_id": pl.UInt64, "key": pl.String, "value": pl.String}


def read_resources(owners: Items) -> tuple[Hashes, pl.DataFrame]:
    """Return the resource_id of each owner of a resource, and the distinct resources in long form."""
    attributes = read_attributes(list_items(owners.struct("resource").field("attributes")), len(owners))
    _, firsts, places = np.unique(attributes.sum_hashes(), return_index=True, return_inverse=True)
    ids = np.empty(len(firsts), dtype=np.uint64)
    frames: list[pl.DataFrame] = []
    for place, owner in enumerate(firsts):
        frame = _one_resource(attributes, int(owner))
        ids[place] = resource_key(frame)
        frames.append(frame.select(pl.lit(ids[place], pl.UInt64).alias("resource_id"), "key", "value"))
    return ids[places], pl.concat([pl.DataFrame(schema=RESOURCE_SCHEMA), *frames])


def resource_key(attributes: pl.DataFrame) -> int:
    """Return the key of a set of (key, value) rows: the same in every process and release."""
    text = msgspec.json.encode(sorted(attributes.select("key", "value").rows()))
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def _one_resource(attributes: Attributes, owner: int) -> pl.DataFrame:
    first, last = int(attributes.offsets[owner]), int(attributes.offsets[owner + 1])
    return pl.DataFrame({"key": attributes.keys[first:last], "value": attributes.texts[first:last]})
