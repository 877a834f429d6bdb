"""A limit on one side, with a recovery limit inside it."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.observations import Verdict
from alerts.settings.section import Section


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
    above, below = section.number(above_key), section.number(below_key)
    recover_above, recover_below = (
        section.number(f"recover_{above_key}"),
        section.number(f"recover_{below_key}"),
    )
    if above is not None and below is not None:
        section.fail(above_key, f"and {below_key} exclude each other; make two alerts")
    if above is not None:
        if recover_above is not None:
            section.fail(f"recover_{above_key}", f"does not go with {above_key}; use recover_{below_key}")
        if recover_below is not None and recover_below > above:
            section.fail(
                f"recover_{below_key}", f"is beyond {above_key} = {above:g}; it must be at most that"
            )
        return Bound("above", above, above if recover_below is None else recover_below)
    if below is not None:
        if recover_below is not None:
            section.fail(f"recover_{below_key}", f"does not go with {below_key}; use recover_{above_key}")
        if recover_above is not None and recover_above < below:
            section.fail(
                f"recover_{above_key}", f"is beyond {below_key} = {below:g}; it must be at least that"
            )
        return Bound("below", below, below if recover_above is None else recover_above)
    section.fail(above_key, f"or {below_key} is missing; add one of them with a number")
