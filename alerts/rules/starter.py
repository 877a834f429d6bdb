"""The alerts that are on from the first run; an [[alert]] of the same name changes one or switches it off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

STARTERS: Final[tuple[Mapping[str, object], ...]] = (
    {
        "name": "success rate",
        "metric": "success_rate",
        "below": 0.95,
        "window": "1h",
        "min_count": 20,
        "for": "5m",
        "keep_firing_for": "5m",
        "severity": "critical",
        "annotations": {"summary": "Fewer than {{ threshold }} of the runs succeed: {{ value }}"},
    },
    {
        "name": "cost",
        "metric": "cost_usd",
        "above_baseline": 2.0,
        "recover_below_baseline": 1.8,
        "window": "24h",
        "baseline": "7d",
        "at_least": 1.0,
        "severity": "warning",
        "annotations": {"summary": "The last 24 hours cost {{ value }}, far above the daily average"},
    },
    {
        "name": "drift",
        "kind": "drift",
        "window": "24h",
        "severity": "warning",
        "annotations": {
            "summary": "{{ labels.metric }} changed for good: {{ threshold }} before, {{ value }} since"
        },
    },
)
"""Tables as a configuration would write them."""

_CONDITION_KEYS: Final = ("above", "below", "above_baseline", "below_baseline")
_KEPT_KEYS: Final = ("name", "metric", "window", "min_count", "for", "keep_firing_for", "severity")
"""What a starter still says when its condition is replaced."""


def merge_starter(starter: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """Return a starter alert as changed by the table of the same name.

    A table with a metric or a kind stands for itself; one with another limit keeps what has nothing to do with
    the limit; any other changes single keys.
    """
    if "kind" in own or "metric" in own:
        return dict(own)
    if any(key in own and key not in starter for key in _CONDITION_KEYS):
        return {**{key: starter[key] for key in _KEPT_KEYS if key in starter}, **own}
    changed = {**starter, **own}
    if any(key in own for key in _CONDITION_KEYS):
        # The starter's recovery belongs to the starter's limit.
        changed = {
            key: value for key, value in changed.items() if key in own or not key.startswith("recover_")
        }
    return changed
