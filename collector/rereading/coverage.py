"""Attributes that no dialect knows although they look like facts, by service, from the newest spans of a period."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import polars as pl

from collector.dialects import Registry
from collector.rereading.unrecognised import looks_like_ai
from store.port import Store

MAX_SPANS: Final = 50_000
"""Newest spans that are looked at: what a service sends it sends all the time."""
MAX_EXAMPLE_CHARS: Final = 80
MAX_KEYS: Final = 500
_NUMBER: Final = r"([._])\d+([._]|$)"


def list_unknown(
    store: Store, registry: Registry, *, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """Return service, attribute, spans, of these of no dialect, an example and the commonest span name.

    Those on spans that no dialect recognises come first; `N` stands for the numbers in keys.
    """
    period = {"since": since, "until": until}
    any_of = {"dialect": "*", "service": "*", "events": [""]}
    loads = store.select("rereading/loads", {"floor": 0, **period, **any_of}).reverse()
    newest = loads.filter(loads["spans"].cum_sum() - loads["spans"] < MAX_SPANS)
    if newest.is_empty():
        return []
    bounds = {"first": newest["load_seq"].min(), "last": newest["load_seq"].max(), "max_rows": MAX_SPANS}
    spans = store.select("dialects/attributes", bounds | period)
    pairs = (
        spans.filter(pl.col("attributes").list.len() > 0)
        .explode("attributes", empty_as_null=False)
        .unnest("attributes")
    )
    unknown = [
        key for key in pairs["key"].unique() if looks_like_ai(key) and not registry.vocabulary.knows(key)
    ]
    return (
        pairs.filter(pl.col("key").is_in(unknown))
        .with_columns(key=pl.col("key").str.replace_all(_NUMBER, "${1}N${2}"))
        .group_by("service", attribute="key")
        .agg(
            spans=pl.len(),
            example=pl.col("value").max().str.slice(0, MAX_EXAMPLE_CHARS),
            span_name=pl.col("name").mode().sort().first(),
            unrecognised_spans=pl.col("dialect").is_null().sum(),
        )
        .sort(
            "unrecognised_spans",
            "spans",
            "service",
            "attribute",
            descending=[True, True, False, False],
            nulls_last=True,
        )
        .head(MAX_KEYS)
        .to_dicts()
    )
