"""Stored spans and log records as the batch that decoding made of them, for the dialects to read once more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
import polars as pl

from collector.decode.batch import EVENT_ATTRIBUTE_SCHEMA, REJECT_SCHEMA, SPAN_SCHEMA, RecordBatch, SpanBatch

_NOT_STORED: Final = ("row", "body")
_SHORTEST_STATED_MS: Final = 0.001
"""Starts and ends are kept to the microsecond: a span whose ends are equal and that is longer had its length stated."""
_RESOURCE: Final = {"resource_id": pl.UInt64, "key": pl.String, "value": pl.String}


class _Event(msgspec.Struct):
    name: str | None = None
    attributes: dict[str, msgspec.Raw] = {}


_decoder: Final = msgspec.json.Decoder(list[_Event])


def rebuild_spans(rows: pl.DataFrame, resources: pl.DataFrame) -> SpanBatch:
    """Return rows of ledger.spans, and of ledger.resources, as the batch they were translated from."""
    numbered = rows.with_columns(row=pl.int_range(pl.len(), dtype=pl.UInt32), body=pl.lit(0, pl.UInt32))
    return SpanBatch(
        spans=_as_sent(numbered).select(pl.col(name).cast(dtype) for name, dtype in SPAN_SCHEMA.items()),
        attributes=_read_attributes(numbered),
        resources=_read_resources(resources),
        event_attributes=_read_events(numbered),
        rejected=pl.DataFrame(schema=REJECT_SCHEMA),
    )


def rebuild_records(rows: pl.DataFrame, resources: pl.DataFrame) -> RecordBatch:
    """Return rows of ledger.logs, and of ledger.resources, as the batch they were read from."""
    numbered = rows.rename({"body": "body_text"}).with_columns(row=pl.int_range(pl.len(), dtype=pl.UInt32))
    return RecordBatch(
        records=numbered.drop("row", "attributes").with_columns(body=pl.lit(0, pl.UInt32)),
        attributes=_read_attributes(numbered),
        resources=_read_resources(resources),
        rejected=pl.DataFrame(schema=REJECT_SCHEMA),
    )


def _as_sent(rows: pl.DataFrame) -> pl.DataFrame:
    is_stated = (pl.col("ended_at") == pl.col("started_at")) & (pl.col("duration_ms") >= _SHORTEST_STATED_MS)
    return rows.with_columns(
        status=pl.coalesce("sent_status", "status"),
        status_message=pl.when(pl.col("is_found_message").fill_null(False).not_()).then("status_message"),
        duration_ms=pl.when(is_stated.fill_null(False)).then(0.0).otherwise("duration_ms"),
    )


def _read_attributes(rows: pl.DataFrame) -> pl.DataFrame:
    return _explode(rows, "row").with_columns(pl.col("key").cast(pl.Categorical))


def _read_resources(rows: pl.DataFrame) -> pl.DataFrame:
    return _explode(rows, "resource_id").cast(_RESOURCE)  # pyright: ignore[reportArgumentType]


def _explode(rows: pl.DataFrame, owner: str) -> pl.DataFrame:
    return (
        rows.select(owner, "attributes")
        .filter(pl.col("attributes").list.len() > 0)
        .explode("attributes", empty_as_null=False)
        .unnest("attributes")
    )


def _read_events(rows: pl.DataFrame) -> pl.DataFrame:
    filled = rows.select("row", "events").drop_nulls()
    found = [
        (row, ordinal, event.name, key, text)
        for row, events in filled.iter_rows()
        for ordinal, event in enumerate(_decoder.decode(events))
        for key, text in _texts(event)
    ]
    return pl.DataFrame(found, schema=EVENT_ATTRIBUTE_SCHEMA, orient="row")


def _texts(event: _Event) -> Iterator[tuple[str, str]]:
    """Yield the attributes as text: a JSON string without its quotes, all other JSON as it stands."""
    for key, raw in event.attributes.items():
        written = bytes(raw)
        if written == b"null":
            continue
        yield key, msgspec.json.decode(written) if written.startswith(b'"') else written.decode()
