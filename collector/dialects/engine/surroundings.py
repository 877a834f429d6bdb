"""Facts that stand beside a span's attributes: its resource, its status and its exception events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from collector.dialects.engine.columns import Reading
from collector.dialects.engine.index import Labels, Mask, SpanBatch
from collector.dialects.engine.translation import Translation

RESOURCE_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "service": ("service.name",),
    "environment": ("deployment.environment.name", "deployment.environment"),
    "tenant": ("spanledger.tenant", "tenant.id", "tenant"),
    "purpose": ("spanledger.purpose",),
    "agent_version": ("spanledger.agent.version", "service.version"),
}
"""Resource attributes by fact, in the order they are asked; a span's own statement comes before them."""


def read_resources(batch: SpanBatch) -> dict[str, pl.Series]:
    """Return service, environment, tenant, purpose and agent_version of each span's resource."""
    ids, places = np.unique(batch.spans["resource_id"].to_numpy(), return_inverse=True)
    wanted = {key for keys in RESOURCE_KEYS.values() for key in keys}
    known: dict[int, dict[str, str]] = {}
    for resource_id, key, value in batch.resources.select("resource_id", "key", "value").iter_rows():
        if key in wanted and value:
            known.setdefault(resource_id, {})[key] = value
    said = [known.get(int(resource_id), {}) for resource_id in ids]
    return {
        fact: pl.Series(
            fact, [next((one[key] for key in keys if key in one), None) for one in said], dtype=pl.String
        )[places]
        for fact, keys in RESOURCE_KEYS.items()
    }


def read_exceptions(translation: Translation) -> None:
    """Fill error type and message from the last exception event, where nothing said them."""
    for key, field in (("exception.type", "error_type"), ("exception.message", "status_message")):
        column = translation.texts[field]
        rows, values = translation.index.events.last_values("exception", key)
        usable = ~column.filled[rows]
        if usable.any():
            column.fill(Reading(rows[usable], values=values.filter(pl.Series(usable))))


def read_status_messages(translation: Translation) -> None:
    """Take the status descriptions: they come before what attributes and events say."""
    messages = translation.index.spans["status_message"]
    rows = np.flatnonzero((messages.str.len_bytes().fill_null(0) > 0).to_numpy())
    if len(rows):
        translation.texts["status_message"].fill(Reading(rows, values=messages[rows]))


_PAUSES: Final = re.compile(
    r"(?:.*\.)?(?:GraphInterrupt|NodeInterrupt|ParentCommand|GraphBubbleUp|CallDeferred|ApprovalRequired"
    r"|InterruptException)"
)
_SAYS_PAUSE: Final = re.compile(r"(?:GraphInterrupt|NodeInterrupt|ParentCommand)\(")


def find_pauses(translation: Translation) -> Mask | None:
    """Return the spans that an exception ended which is none: to wait for a person, or to go on elsewhere.

    LangGraph (interrupts, commands for a parent graph), Pydantic AI (deferred calls) and Strands steer by them.
    """
    found: Mask | None = None
    for field, test in (("error_type", _PAUSES.fullmatch), ("status_message", _SAYS_PAUSE.match)):
        column = translation.texts[field]
        if not column.is_empty():
            hits = Labels(column.finish(field)).where(lambda text, test=test: test(text) is not None)
            found = hits if found is None else found if hits is None else found | hits
    return found
