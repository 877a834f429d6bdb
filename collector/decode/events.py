"""Span events and links: JSON for reading, flat attributes for the dialects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from collector.decode.attributes import read_attributes
from collector.decode.batch import EVENT_ATTRIBUTE_SCHEMA
from collector.decode.nesting import Items, Offsets
from collector.decode.times import as_timestamps, iso_texts
from collector.decode.values import is_json, json_strings, value_texts


@dataclass(frozen=True, slots=True)
class Events:
    """The events of many spans."""

    texts: pl.Series
    """Per span, a JSON array of {name, time, attributes}; null where there are none."""
    attributes: pl.DataFrame
    """row, event, event_name, key, value; ordered by row and event."""


def read_events(events: Items) -> Events:
    """Return the events of each span; the rows of `attributes` count spans from 0."""
    if not len(events):
        return Events(_no_texts(len(events.offsets) - 1), pl.DataFrame(schema=EVENT_ATTRIBUTE_SCHEMA))
    names = events.column("name")
    attributes = read_attributes(events.items("attributes"), len(events))
    ordinals = np.arange(len(events), dtype=np.uint32) - events.offsets[events.parents].astype(np.uint32)
    flat = pl.DataFrame(
        {
            "row": events.parents[attributes.parents],
            "event": ordinals[attributes.parents],
            "event_name": names.gather(attributes.parents),
            "key": attributes.keys,
            "value": attributes.texts,
        }
    )
    times = pl.DataFrame({"ns": events.column("time_unix_nano")}).select(at=as_timestamps("ns"))
    objects = pl.DataFrame(
        {
            "name": json_strings(names),
            "time": json_strings(times.select(iso_texts("at")).to_series()),
            "attributes": _join_attributes(events.items("attributes"), len(events)),
        }
    ).select(_object("name", "time", "attributes"))
    return Events(_join_arrays(objects.to_series(), events.offsets), flat)


def join_links(links: Items) -> pl.Series:
    """Return per span a JSON array of {trace_id, span_id, attributes}; null where there are none."""
    if not len(links):
        return _no_texts(len(links.offsets) - 1)
    objects = pl.DataFrame(
        {
            "trace_id": json_strings(links.column("trace_id").bin.encode("hex")),
            "span_id": json_strings(links.column("span_id").bin.encode("hex")),
            "attributes": _join_attributes(links.items("attributes"), len(links)),
        }
    ).select(_object("trace_id", "span_id", "attributes"))
    return _join_arrays(objects.to_series(), links.offsets)


def _object(*names: str) -> pl.Expr:
    """Return a JSON object per row, of columns that hold JSON."""
    parts: list[pl.Expr] = []
    for name in names:
        parts += [pl.lit(f'{"," if parts else "{"}"{name}":'), pl.col(name)]
    return pl.concat_str(*parts, pl.lit("}"))


def _join_attributes(pairs: Items, owners: int) -> pl.Series:
    """Return the attributes of each owner as a JSON object; values keep their types."""
    values = pairs.struct("value")
    texts = value_texts(values)
    plain = pl.DataFrame({"json": is_json(values), "text": texts, "string": json_strings(texts)})
    fields = pl.DataFrame(
        {
            "key": json_strings(pairs.column("key")),
            "value": plain.select(pl.when("json").then("text").otherwise("string")).to_series(),
        }
    ).select(pl.concat_str("key", "value", separator=":"))
    return _join(fields.to_series(), pairs.offsets, "{", "}")


def _join_arrays(objects: pl.Series, offsets: Offsets) -> pl.Series:
    filled = np.flatnonzero(np.diff(offsets))
    arrays = _no_texts(len(offsets) - 1)
    return arrays.scatter(filled, _join(objects, np.append(offsets[filled], offsets[-1:]), "[", "]"))


def _no_texts(length: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, length)


def _join(texts: pl.Series, offsets: Offsets, opening: str, closing: str) -> pl.Series:
    lists = pa.LargeListArray.from_arrays(
        pa.array(offsets, pa.int64()), texts.to_arrow(compat_level=pl.CompatLevel.newest())
    )
    joined = pl.DataFrame({"lists": pl.from_arrow(lists)}).select(
        pl.concat_str(pl.lit(opening), pl.col("lists").list.join(","), pl.lit(closing))
    )
    return joined.to_series()
