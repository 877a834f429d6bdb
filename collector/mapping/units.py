"""Units that a mapped number may be in, and what it is multiplied by to be in the field's own unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collector.fields import COUNT_FIELDS

TO_MS: Final[Mapping[str, float]] = {
    "ns": 1e-6,
    "us": 1e-3,
    "ms": 1.0,
    "s": 1e3,
    "min": 60e3,
}
TO_TOKENS: Final[Mapping[str, float]] = {"tokens": 1.0, "thousand_tokens": 1e3, "million_tokens": 1e6}
TO_USD: Final[Mapping[str, float]] = {"usd": 1.0, "cents": 1e-2, "milli_usd": 1e-3, "micro_usd": 1e-6}
TO_SHARE: Final[Mapping[str, float]] = {"share": 1.0, "percent": 1e-2}

STARS: Final = "stars"
"""Feedback of one to five stars: one is -1, three 0, five 1."""

UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "duration_ms": TO_MS,
    "ttft_ms": TO_MS,
    "reported_cost_usd": TO_USD,
    "confidence": TO_SHARE,
    "feedback": {"share": 1.0, "percent": 1e-2, STARS: 1.0},
    **{name: TO_TOKENS for name in COUNT_FIELDS if name.endswith("_tokens")},
}
"""Units by field; the one of factor 1 is the field's own."""


def own_unit(field: str) -> str | None:
    """Return the unit a field is kept in; None when it has none."""
    return next((unit for unit, factor in UNITS.get(field, {}).items() if factor == 1.0), None)
