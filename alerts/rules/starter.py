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
        "name": "slow runs",
        "metric": "run_p95_ms",
        "above": 20_000,
        "recover_below": 18_000,
        "window": "1h",
        "group_by": ["agent"],
        "min_count": 20,
        "for": "10m",
        "keep_firing_for": "10m",
        "severity": "warning",
        "annotations": {"summary": "5 of 100 runs of {{ labels.agent }} take longer than {{ value }}"},
    },
    {
        "name": "user fails repeatedly",
        "in_a_row": 3,
        "of": "run",
        "group_by": ["user_id"],
        "window": "24h",
        "severity": "warning",
        "annotations": {"summary": "Runs of {{ labels.user_id }} fail: {{ value }}"},
    },
    {
        "name": "tool fails",
        "in_a_row": 3,
        "of": "tool_call",
        "group_by": ["tool"],
        "window": "6h",
        "severity": "warning",
        "annotations": {"summary": "{{ labels.tool }} fails: {{ value }}"},
    },
    {
        "name": "completion rate",
        "metric": "completion_rate",
        "below_change": -0.05,
        "recover_above_change": -0.03,
        "window": "6h",
        "season": "day",
        "baseline": "7d",
        "min_count": 50,
        "for": "15m",
        "keep_firing_for": "15m",
        "severity": "warning",
        "annotations": {"summary": "Fewer runs are completed than usual: {{ value }}"},
    },
    {
        "name": "budget nearly used",
        "budget": "*",
        "at": 0.8,
        "severity": "warning",
    },
    {
        "name": "budget used",
        "budget": "*",
        "at": 1.0,
        "severity": "critical",
    },
    {
        "name": "budget forecast",
        "budget": "*",
        "at": 1.0,
        "forecast": True,
        "for": "1h",
        "severity": "info",
    },
    {
        "name": "unpriced calls",
        "metric": "unpriced_calls",
        "above": 0,
        "window": "24h",
        "group_by": ["model"],
        "for": "5m",
        "severity": "info",
        "annotations": {
            "summary": "Calls of {{ labels.model }} have no price, so that costs are “at least”",
            "description": "Add a price with spanledger prices update, or one of your own.",
        },
    },
    {
        "name": "drift",
        "kind": "drift",
        "window": "24h",
        "severity": "warning",
    },
    {
        "name": "ingest lag",
        "health": "ingest_lag_ms",
        "above": 60_000,
        "for": "2m",
        "severity": "critical",
        "annotations": {"summary": "Data wait to be loaded, the oldest for {{ value }}"},
    },
    {
        "name": "dead letters",
        "health": "dead_letters",
        "above": 0,
        "severity": "warning",
        "annotations": {
            "summary": "Records that could not be loaded in the last hour: {{ value }}",
            "description": "SELECT * FROM dead_letters ORDER BY received_at DESC says why.",
        },
    },
    {
        "name": "disk space",
        "health": "disk_free_rate",
        "below": 0.05,
        "recover_above": 0.08,
        "severity": "critical",
        "annotations": {"summary": "The disk is nearly full: {{ value }} of it is free"},
    },
    {
        "name": "failing jobs",
        "health": "failing_jobs",
        "above": 0,
        "for": "5m",
        "severity": "critical",
        "annotations": {
            "summary": "Jobs that fail again and again, so that figures grow old: {{ value }}",
            "description": "spanledger status says which, and why.",
        },
    },
    {
        "name": "configuration",
        "health": "configuration_errors",
        "above": 0,
        "severity": "warning",
        "annotations": {
            "summary": "The changed configuration is wrong; the last good one holds",
            "description": "spanledger alerts check-config says what is wrong.",
        },
    },
    {
        "name": "notifications",
        "health": "dead_notifications",
        "above": 0,
        "severity": "warning",
        "annotations": {
            "summary": "Notifications that could not be delivered in the last 24 hours: {{ value }}",
            "description": "spanledger alerts replay sends them again.",
        },
    },
)
"""Tables as a configuration would write them."""

_CONDITION_KEYS: Final = (
    "above", "below", "above_baseline", "below_baseline", "above_change", "below_change",
    "objective", "in_a_row", "spike", "silent_for", "budget", "new", "health",
)  # fmt: skip
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
