"""The product's own attributes: what no convention carries, said by the application on any span."""

from __future__ import annotations

import polars as pl

from collector.dialects.engine.conditions import has, has_under
from collector.dialects.engine.declaration import Dialect, Layer
from collector.dialects.engine.readers import KeyReader, constant


def read_feedback(texts: pl.Series) -> pl.Series:
    """Return feedback as a number from -1 to 1: up and down, yes and no, or a number as sent."""
    words = {"up": "1", "positive": "1", "yes": "1", "true": "1", "good": "1", "thumbs_up": "1",
             "down": "-1", "negative": "-1", "no": "-1", "false": "-1", "bad": "-1", "thumbs_down": "-1",
             "neutral": "0"}  # fmt: skip
    return texts.str.to_lowercase().str.strip_chars().replace(words)


DIALECT = Dialect(
    name="spanledger",
    about="Spanledger's own attributes on any span (design: own attributes)",
    layer=Layer.OWN,
    recognise=has_under("spanledger."),
    is_named=False,
    fields={
        "outcome": ("spanledger.outcome",),
        "outcome_reason": ("spanledger.outcome.reason",),
        "confidence": ("spanledger.confidence",),
        "feedback": (KeyReader("spanledger.feedback", convert=read_feedback),),
        "purpose": ("spanledger.purpose", constant("shadow", has("spanledger.shadow_of"))),
        "tenant": ("spanledger.tenant",),
        "agent_version": ("spanledger.agent.version",),
        "service_tier": ("spanledger.service_tier",),
        "reported_cost_usd": ("spanledger.cost_usd",),
    },
)
