"""Made-up alerts of any rule, for tests and previews: what they say has the rule's own units and limits."""

from __future__ import annotations

from typing import Any, Final

from alerts.rules import AlertRule

_USUAL_RATE: Final = 0.9
_USUAL: Final = 100.0
_PAST_IT: Final = 1.1
"""How far past its limit a made-up value lies."""


def make_up(rule: AlertRule) -> tuple[dict[str, str], float | None, float | None]:
    """Return the labels, the value and the threshold of an alert such as the rule could raise."""
    condition: Any = rule.condition
    labels = {name: f"example-{name.replace('_', '-')}" for name in condition.group_by}
    usual = _USUAL_RATE if (condition.metric or "").endswith(("_rate", "_share", "_ratio")) else _USUAL
    match condition.kind:
        case "drift":
            return {"metric": "success_rate", "direction": "down", "agent": "example-agent"}, 0.86, 0.97
        case "budget":
            labels = {"budget": "example", "unit": "usd"}
            return labels, _USUAL * condition.share * _PAST_IT, _USUAL * condition.share
        case "in_a_row":
            return labels, condition.least + 1.0, float(condition.least)
        case "silence":
            return labels, 0.0, None
        case "new":
            return {**labels, condition.dimension: f"example-{condition.dimension}"}, 3.0, None
        case "spike":
            return labels, usual * 4, usual
        case "burn_rate":
            return labels, 0.8, condition.objective
        case "baseline":
            threshold = usual * condition.bound.limit
        case "change":
            threshold = usual + condition.bound.limit
        case _:
            threshold = condition.bound.limit
    if condition.bound.side == "below":
        return labels, threshold / _PAST_IT, threshold
    return labels, threshold * _PAST_IT if threshold else 1.0, threshold
