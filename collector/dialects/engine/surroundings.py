"""Facts that stand beside a span's attributes: its resource and its exception events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from collector.dialects.engine.columns import Reading, TextColumn
from collector.dialects.engine.index import AttributeIndex, SpanBatch
from collector.dialects.engine.translation import Translation

RESOURCE_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "service": ("service.name",),
    "environment": ("deployment.environment.name", "deployment.environment"),
    "tenant": ("spanledger.tenant", "tenant.id", "tenant"),
    "purpose": ("spanledger.purpose",),
    "agent_version": ("spanledger.agent.version", "service.version"),
}
"""Resource attributes by fact, in the order they are asked; a span's own statement comes before them."""


def read_resources(batch: SpanBatch) -> pl.DataFrame:
    """Return service, environment, tenant, purpose and agent_version of each span's resource, a row per span."""
    wanted = [key for keys in RESOURCE_KEYS.values() for key in keys]
    known: dict[int, dict[str, str]] = {}
    said = batch.resources.filter(pl.col("key").cast(pl.String).is_in(wanted) & (pl.col("value") != ""))
    for resource_id, key, value in said.select("resource_id", "key", "value").iter_rows():
        known.setdefault(resource_id, {})[key] = value
    facts = [
        {
            "resource_id": resource_id,
            **{
                fact: next((said[key] for key in keys if key in said), None)
                for fact, keys in RESOURCE_KEYS.items()
            },
        }
        for resource_id, said in known.items()
    ]
    schema = {"resource_id": batch.spans.schema["resource_id"], **dict.fromkeys(RESOURCE_KEYS, pl.String)}
    of_resource = pl.DataFrame(facts, schema=schema)
    return batch.spans.select("resource_id").join(
        of_resource, on="resource_id", how="left", maintain_order="left"
    )


def read_exceptions(batch: SpanBatch, translation: Translation) -> None:
    """Fill error type and message from the last exception event, where nothing said them."""
    events = batch.event_attributes
    if events.is_empty():
        return
    exceptions = events.filter(pl.col("event_name") == "exception")
    if exceptions.is_empty():
        return
    for key, field in (("exception.type", "error_type"), ("exception.message", "status_message")):
        found = exceptions.filter((pl.col("key").cast(pl.String) == key) & (pl.col("value") != ""))
        last = found.unique("row", keep="last", maintain_order=True)
        column = translation.texts[field]
        rows = last["row"].to_numpy().astype(np.int64)
        usable = ~column.filled[rows]
        column.fill(Reading(rows[usable], values=last["value"].filter(pl.Series(usable))))


def read_status_message(batch: SpanBatch, index: AttributeIndex) -> TextColumn:
    """Return a column that holds what the span's status says."""
    column = TextColumn(index)
    messages = batch.spans["status_message"]
    rows = np.flatnonzero((messages.str.len_bytes().fill_null(0) > 0).to_numpy())
    if len(rows):
        column.fill(Reading(rows, values=messages.gather(rows)))
    return column
