"""Log requests to rows of ledger.logs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import polars as pl

from collector.decode.arrow import read_requests
from collector.decode.attributes import Attributes, read_attributes
from collector.decode.batch import RecordBatch
from collector.decode.nesting import Items
from collector.decode.owners import read_owners, resource_facts, text_or_null
from collector.decode.times import as_timestamps, to_microseconds
from collector.decode.values import value_texts
from collector.decode.verdicts import judge_records

_LISTS: Final = ("resource_logs", "scope_logs", "log_records")
_EVENT_NAME: Final = "event.name"


def decode_logs(payloads: Sequence[bytes], received_at: Sequence[datetime]) -> RecordBatch:
    """Return the log records of protobuf requests, as columns of ledger.logs without load_seq.

    The time of a record is that of the event, else when it was observed, else when it was received. An id
    of a wrong length is left out: a log record may stand outside a trace.

    Raises:
        RejectedData: A body is no valid log request.
    """
    owners = read_owners(read_requests("logs", payloads), _LISTS)
    records = owners.records
    attributes = read_attributes(records.items("attributes"), len(records))
    received = to_microseconds(received_at)
    frame = pl.concat([owners.columns, _own_columns(records)], how="horizontal").with_columns(
        pl.lit(received).gather("body").alias("received_at")
    )
    frame = (
        frame.with_columns(
            pl.coalesce("event_name", _event_names(attributes)).alias("event_name"),
            pl.coalesce("occurred_at", "observed_at", "received_at").alias("logged_at"),
        )
        .drop("occurred_at", "observed_at")
        .join(resource_facts(owners.resources), on="resource_id", how="left", maintain_order="left")
    )
    return judge_records(frame, "logged_at", attributes, owners.resources)


def _own_columns(records: Items) -> pl.DataFrame:
    raw = pl.DataFrame(
        {
            "trace_id": records.column("trace_id"),
            "span_id": records.column("span_id"),
            "event_name": records.column("event_name"),
            "severity": records.column("severity_text"),
            "severity_number": records.column("severity_number").cast(pl.Int64),
            "occurred": records.column("time_unix_nano"),
            "observed": records.column("observed_time_unix_nano"),
            "body_text": value_texts(records.struct("body")),
        }
    )
    return raw.select(
        _id_or_null("trace_id", 16),
        _id_or_null("span_id", 8),
        text_or_null("event_name"),
        text_or_null("severity"),
        pl.when(pl.col("severity_number") > 0).then("severity_number").alias("severity_number"),
        pl.when(pl.col("occurred") > 0).then(as_timestamps("occurred")).alias("occurred_at"),
        pl.when(pl.col("observed") > 0).then(as_timestamps("observed")).alias("observed_at"),
        "body_text",
    )


def _id_or_null(column: str, length: int) -> pl.Expr:
    is_id = (pl.col(column).bin.size() == length) & (pl.col(column) != bytes(length))
    return pl.when(is_id).then(pl.col(column).bin.encode("hex")).alias(column)


def _event_names(attributes: Attributes) -> pl.Series:
    named = attributes.keys == _EVENT_NAME
    names = pl.Series([None], dtype=pl.String).new_from_index(0, attributes.owners)
    return names.scatter(attributes.parents[named.to_numpy()], attributes.texts.filter(named))
