"""The closed vocabularies of the SQL contract; a column that holds one of them holds nothing else."""

from __future__ import annotations

from typing import Final

KINDS: Final = (
    "agent",
    "workflow",
    "llm",
    "embedding",
    "tool",
    "retriever",
    "guardrail",
    "evaluator",
    "chain",
    "other",
)
STATUSES: Final = ("ok", "error", "unset")
OUTCOMES: Final = ("success", "failure", "escalated")
PURPOSES: Final = ("production", "evaluation", "shadow", "test")
COST_STATUSES: Final = (
    "priced",
    "free",
    "partial",
    "unpriced_model",
    "no_usage",
    "inconsistent",
)
FAILURE_CLASSES: Final = (
    "rate_limit",
    "timeout",
    "network",
    "auth",
    "invalid_request",
    "content_filter",
    "context_length",
    "upstream",
    "tool_error",
    "loop",
    "budget",
    "cancelled",
    "unknown",
)
USAGE_SCOPES: Final = ("call", "agent", "cumulative", "counter")
SIGNALS: Final = ("traces", "logs", "metrics")
LOGGED_FACTS: Final = (
    "kind",
    "operation",
    "provider",
    "request_model",
    "response_model",
    "response_id",
    "finish_reason",
    "service_tier",
    "streamed",
    "ttft_ms",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "usage_source",
    "usage_note",
    "status",
    "status_message",
    "error_type",
    "agent",
    "session_id",
    "user_id",
)
"""Facts of a span that a log record may tell."""
