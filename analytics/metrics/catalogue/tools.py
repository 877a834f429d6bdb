"""Whether tools work."""

from __future__ import annotations

from typing import Final

from analytics.metrics.breakers import Breaker, say_breaker
from analytics.metrics.catalogue.shapes import count, keyed, proportion
from analytics.metrics.definitions import Metric, part


def _failures(name: str, title: str, text: str, failure_class: str) -> Metric:
    return proportion(
        name, title, text, part("tool_call", outcome="error", failure_class=failure_class), part("tool_call"),
        is_rise_bad=True,
    )  # fmt: skip


TOOLS: Final = (
    count("tool_call_count", "Tool calls", "Executions of tools.", part("tool_call"), unit="calls"),
    count("tool_failure_count", "Failed tool calls", "Executions of tools that failed.",
          part("tool_call", outcome="error"), unit="calls", is_rise_bad=True),
    proportion("tool_failure_rate", "Tool failure rate",
               "Executions of tools that failed ÷ all; a failure the agent dealt with counts all the same.",
               part("tool_call", outcome="error"), part("tool_call"), is_rise_bad=True),
    _failures("tool_timeout_rate", "Tool timeouts", "Executions of tools that took too long ÷ all.", "timeout"),
    _failures("tool_rate_limit_rate", "Tool rate limits", "Executions of tools that met a rate limit ÷ all.",
              "rate_limit"),
    proportion("tool_retry_rate", "Tool retries",
               "Executions that repeat one with equal arguments that failed just before ÷ all.",
               part("tool_call", "retries"), part("tool_call"), is_rise_bad=True),
    keyed("tool_failures_in_a_row", "Tool failures in a row",
          "Failures of a tool since its last success, at the end of the window; of several tools the most.",
          "tool_call", "streak", "tool", unit="calls", population="calls of named tools, by their start",
          null_means="no named tool was called in the window"),
    keyed("tool_breaker_state", "Breaker of a tool",
          "Whether a circuit breaker in front of the tool would let calls through at the end of the window: "
          "0 closed, 1 half open, 2 open; of several tools the worst. By the thresholds of `[guards]`; as shipped: "
          + say_breaker(Breaker()),
          "tool_call", "breaker", "tool", unit="state",
          population="calls of named tools in the last minutes of the window (`[guards] window`), by their start",
          null_means="no named tool was called in them"),
)  # fmt: skip
