"""Endpoints bound to a region, where some providers ask more: told by the server's address or by the answer."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from collector.dialects.engine.index import AttributeIndex, Mask

REGIONAL: Final = "regional"
ADDRESS_KEYS: Final = ("server.address", "net.peer.name")
GEO_KEYS: Final = ("anthropic.usage.inference_geo", "anthropic.response.inference_geo")
ENDPOINT_KEYS: Final = frozenset(ADDRESS_KEYS + GEO_KEYS)

_BOUND: Final = re.compile(
    r"(?:https?://)?(?:"
    r"[a-z]+(?:-[a-z]+)+\d+-aiplatform\.googleapis\.com"
    r"|aiplatform\.[a-z]+\.rep\.googleapis\.com"
    r"|[a-z]{2}\.api\.openai\.com"
    r"|bedrock-runtime(?:-fips)?\.(?!us-east-[12]\.|us-west-2\.)[a-z0-9-]+\.amazonaws\.com(?:\.cn)?"
    r")(?:[:/].*)?"
)
"""Vertex AI's places, OpenAI's data residency, and Bedrock outside the regions whose prices are its list prices.

Sources: Google's "Vertex AI locations" and multi-regional endpoints (`aiplatform.eu.rep.googleapis.com`), OpenAI's
"Your data" (`eu.api.openai.com`), AWS's "Amazon Bedrock endpoints and quotas".
"""


def say_place(tiers: pl.Series, index: AttributeIndex) -> pl.Series:
    """Return the service tiers, with the word `regional` wherever the call went to an endpoint bound to a region."""
    bound = _bound_rows(index)
    if bound is None:
        return tiers
    said = tiers.fill_null("")
    with_place = pl.select(
        pl.when(said.str.contains(REGIONAL, literal=True))
        .then(said)
        .otherwise((said + f" {REGIONAL}").str.strip_chars())
    ).to_series()
    return with_place.zip_with(pl.Series(bound), tiers).alias(tiers.name)


def _bound_rows(index: AttributeIndex) -> Mask | None:
    found = [
        index.equal(key, lambda text: _BOUND.fullmatch(text.lower()) is not None) for key in ADDRESS_KEYS
    ]
    found += [index.equal(key, lambda text: text.lower() == "us") for key in GEO_KEYS]
    masks = [mask for mask in found if mask is not None]
    if not masks:
        return None
    bound = masks[0]
    for mask in masks[1:]:
        bound = bound | mask
    return bound
