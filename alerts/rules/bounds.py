"""A limit on one side, with a recovery limit inside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.observations import Verdict
from alerts.rules.measured import Flags
from store.configuration.section import Section


@dataclass(frozen=True, slots=True)
class Bound:
    """`limit` is passed when the value lies beyond it; it is recovered from when it lies on or inside `recovery`."""

    side: str
    """above or below."""
    limit: float
    recovery: float

    def judge(self, value: float) -> Verdict:
        """Return on which side of the limits the value is; the limit itself is not passed."""
        sign = 1 if self.side == "above" else -1
        if sign * value > sign * self.limit:
            return Verdict.BREACH
        return Verdict.CLEAR if sign * value <= sign * self.recovery else Verdict.BETWEEN

    def find_breaches(self, values: NDArray[np.float64]) -> Flags:
        """Return which values lie beyond the limit; what is not known does not."""
        return values > self.limit if self.side == "above" else values < self.limit

    def relation(self, verdict: Verdict) -> str:
        """Return how a value of that verdict lies to the limit, in words."""
        if verdict is Verdict.BREACH:
            return self.side
        if verdict is Verdict.BETWEEN:
            return f"still {self.side}"
        return "not above" if self.side == "above" else "not below"


def read_bound(section: Section, above_key: str, below_key: str) -> Bound:
    """Return the bound that one of the two keys sets, with its `recover_` key.

    Raises:
        ConfigError: Both or neither is set, or the recovery limit lies beyond the limit.
    """
    sides = {"above": (above_key, below_key), "below": (below_key, above_key)}
    limits = {side: section.number(key) for side, (key, _) in sides.items()}
    if limits["above"] is not None and limits["below"] is not None:
        section.fail(above_key, f"and {below_key} exclude each other; make two alerts")
    for side, (key, opposite) in sides.items():
        limit = limits[side]
        wrong, recovery = section.number(f"recover_{key}"), section.number(f"recover_{opposite}")
        if limit is None:
            continue
        if wrong is not None:
            section.fail(f"recover_{key}", f"does not go with {key}; use recover_{opposite}")
        bound = Bound(side, limit, limit if recovery is None else recovery)
        if bound.judge(bound.recovery) is Verdict.BREACH:
            section.fail(
                f"recover_{opposite}",
                f"is beyond {key} = {limit:g}, where it would fire; move it back",
            )
        return bound
    return section.fail(above_key, f"or {below_key} is missing; add one of them with a number")
