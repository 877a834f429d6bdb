"""How sure a proportion is."""

from __future__ import annotations

import math

import polars as pl

Z_95 = 1.959963984540054


def wilson(hits: pl.Expr, events: pl.Expr, *, z: float = Z_95) -> tuple[pl.Expr, pl.Expr]:
    """Return the bounds of Wilson's interval of a proportion; null without events.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).

    >>> low, high = wilson(pl.lit(8.0), pl.lit(10.0))
    >>> pl.select(low.round(4).alias("low"), high.round(4).alias("high")).row(0)
    (0.4902, 0.9433)
    """
    share = pl.when(events > 0).then(hits / events).clip(0.0, 1.0)
    middle = (share + z * z / (2 * events)) / (1 + z * z / events)
    spread = z / (1 + z * z / events) * (share * (1 - share) / events + z * z / (4 * events * events)).sqrt()
    return (middle - spread).clip(0.0, 1.0), (middle + spread).clip(0.0, 1.0)


def wilson_of(hits: float, events: float, *, z: float = Z_95) -> tuple[float, float]:
    """Return the bounds of Wilson's interval of one proportion; 0 and 1 without events.

    >>> [round(bound, 4) for bound in wilson_of(8, 10)]
    [0.4902, 0.9433]
    """
    if events <= 0:
        return 0.0, 1.0
    share = hits / events
    middle = (share + z * z / (2 * events)) / (1 + z * z / events)
    spread = (
        z / (1 + z * z / events) * math.sqrt(share * (1 - share) / events + z * z / (4 * events * events))
    )
    return max(0.0, middle - spread), min(1.0, middle + spread)
