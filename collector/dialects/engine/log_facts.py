"""What log records tell of the span they were written in, beyond messages: how an answer ended, usage, ids, errors."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
import polars as pl

from collector.decode.batch import EVENT_ATTRIBUTE_SCHEMA, REJECT_SCHEMA, SPAN_SCHEMA, RecordBatch, SpanBatch
from collector.dialects.engine.derivation import select_rows
from collector.dialects.engine.documents import decode_json
from collector.dialects.engine.messages import CHOICE, DETAILS, EVENT_ROLES
from collector.dialects.engine.normalisation import normalise
from collector.dialects.engine.registry import Registry
from collector.dialects.engine.vocabulary import normalise_finish_reason
from store.terms import LOGGED_FACTS

EXCEPTIONS: Final = ("exception", "gen_ai.client.operation.exception")
"""Events of an exception, where a span event would be."""
TELLING_EVENTS: Final = (DETAILS, CHOICE, *EVENT_ROLES, *EXCEPTIONS)
"""Events that tell of the span they were written in."""
_NOTHING: Final = "{}"


def read_log_facts(batch: RecordBatch, registry: Registry) -> pl.Series:
    """Return `span_facts` of each log record: a JSON object, null where it tells nothing of a span."""
    names, of_span = batch.records["event_name"], batch.records["span_id"].is_not_null()
    tells = (names.is_in(TELLING_EVENTS).fill_null(value=False) & of_span).to_numpy()
    column = pl.Series("span_facts", [None], dtype=pl.String).new_from_index(0, len(names))
    if not tells.any():
        return column
    column = column.scatter(np.flatnonzero(tells), _NOTHING)
    for asked, read in (((DETAILS, *EXCEPTIONS), _read_attributes), ((CHOICE,), _read_choices)):
        taken = tells & names.is_in(asked).fill_null(value=False).to_numpy()
        if taken.any():
            column = column.scatter(np.flatnonzero(taken), read(batch, taken, registry))
    return column


def _read_attributes(batch: RecordBatch, taken: np.ndarray, registry: Registry) -> list[str]:
    """Read the attributes as those of the span."""
    records = batch.records.filter(pl.Series(taken))
    said = {name for name in SPAN_SCHEMA if name in records.columns}
    spans = records.with_columns(
        name="event_name",
        otel_kind=pl.lit("internal"),
        started_at="logged_at",
        status=pl.lit("unset"),
        row=pl.int_range(pl.len(), dtype=pl.UInt32),
        **{
            name: pl.lit(None, dtype)
            for name, dtype in SPAN_SCHEMA.items()
            if name not in said | {"name", "otel_kind", "started_at", "status", "row"}
        },
    ).select(pl.col(name).cast(dtype) for name, dtype in SPAN_SCHEMA.items())
    read = normalise(
        SpanBatch(
            spans=spans,
            attributes=select_rows(batch.attributes, taken),
            resources=batch.resources,
            event_attributes=pl.DataFrame(schema=EVENT_ATTRIBUTE_SCHEMA),
            rejected=pl.DataFrame(schema=REJECT_SCHEMA),
        ),
        registry,
    )
    facts = read.with_columns(
        status=pl.when(pl.col("status") == "error").then("status"),
        kind=pl.when(pl.col("kind") != "other").then("kind"),
        operation=pl.when(pl.col("kind") != "other").then("operation"),
    ).select(*LOGGED_FACTS)
    return [
        _encode({name: said for name, said in row.items() if said is not None}) for row in facts.to_dicts()
    ]


def _read_choices(batch: RecordBatch, taken: np.ndarray, registry: Registry) -> list[str]:
    """Read how each answer ended: the body says it, or an attribute."""
    rows = np.flatnonzero(taken)
    attributes = batch.attributes.filter(
        pl.col("key").cast(pl.String).is_in(["finish_reason", "gen_ai.response.finish_reasons"])
    )
    said = dict(attributes.filter(pl.col("row").is_in(rows)).select("row", "value").iter_rows())
    facts: list[str] = []
    for row, body in zip(rows, batch.records["body_text"].gather(rows), strict=True):
        decoded = decode_json(body or "")
        if isinstance(decoded, str):
            decoded = decode_json(decoded)
        own = decoded.get("finish_reason") if isinstance(decoded, dict) else None
        text = own if isinstance(own, str) else said.get(int(row))
        reason = normalise_finish_reason(text) if text else None
        facts.append(_encode({"finish_reason": reason}) if reason else _NOTHING)
    return facts


def _encode(facts: dict[str, Any]) -> str:
    return msgspec.json.encode(facts).decode()
