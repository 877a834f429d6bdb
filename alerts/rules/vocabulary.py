"""Which metrics there are, and by what they can be split."""

from __future__ import annotations

from typing import Final

METRIC_NAMES: Final = (
    "run_count",
    "success_rate",
    "failure_rate",
    "escalation_rate",
    "run_p50_ms",
    "run_p95_ms",
    "run_p99_ms",
    "cost_usd",
    "cost_per_run_usd",
    "cost_per_resolution_usd",
    "resolution_rate",
    "tool_failure_rate",
    "llm_error_rate",
    "tokens",
    "satisfaction",
)
DIMENSIONS: Final = (
    "service",
    "environment",
    "tenant",
    "agent",
    "agent_version",
    "purpose",
    "model",
    "tool",
    "user_id",
)
