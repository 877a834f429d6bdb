"""The facts that dialects fill, by what they are: light to import, because the configuration names them, too."""

from __future__ import annotations

from typing import Final

TEXT_FIELDS: Final = (
    "tenant", "agent", "agent_version", "purpose", "status_message", "error_type", "session_id", "user_id",
    "workflow", "operation", "provider", "request_model", "response_model", "response_id", "prompt_name",
    "prompt_version", "finish_reason", "service_tier", "tool", "tool_call_id", "outcome", "outcome_reason",
    "usage_source", "environment",
)  # fmt: skip
COUNT_FIELDS: Final = (
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_5m_tokens",
    "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "total_tokens", "uncached_input_tokens", "retries",
)  # fmt: skip
NUMBER_FIELDS: Final = ("duration_ms", "ttft_ms", "confidence", "feedback", "reported_cost_usd")
FLAG_FIELDS: Final = ("streamed",)
FIELDS: Final = frozenset(TEXT_FIELDS + COUNT_FIELDS + NUMBER_FIELDS + FLAG_FIELDS)
