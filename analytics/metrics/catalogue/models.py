"""How models behave as their clients see them."""

from __future__ import annotations

from typing import Final

from analytics.metrics.catalogue.shapes import count, keyed, percentile, proportion, ratio
from analytics.metrics.definitions import Metric, part

_WITH_OUTPUT: Final = "model calls with known output tokens, by their start"


def _errors(name: str, title: str, text: str, failure_class: str) -> Metric:
    return proportion(
        name, title, text, part("llm_call", outcome="error", failure_class=failure_class), part("llm_call"),
        is_rise_bad=True,
    )  # fmt: skip


MODELS: Final = (
    count("llm_call_count", "Model calls", "Requests to models, each counted once.", part("llm_call"), unit="calls"),
    proportion("llm_error_rate", "Model error rate", "Model calls that failed ÷ all; retried ones count.",
               part("llm_call", outcome="error"), part("llm_call"), is_rise_bad=True),
    _errors("rate_limit_rate", "Rate limits", "Model calls refused for their rate ÷ all.", "rate_limit"),
    _errors("llm_timeout_rate", "Model timeouts", "Model calls that took too long ÷ all.", "timeout"),
    _errors("context_length_rate", "Context too long", "Model calls whose input did not fit ÷ all.",
            "context_length"),
    proportion("length_stop_rate", "Cut answers", "Model calls that stopped at their output limit ÷ all.",
               part("llm_call", finish_reason="length"), part("llm_call"), is_rise_bad=True),
    proportion("refusal_rate", "Refusals", "Model calls that the model or a filter refused ÷ all.",
               (part("llm_call", outcome="error", failure_class="content_filter"),
                part("llm_call", outcome="ok", finish_reason="content_filter")),
               part("llm_call"), is_rise_bad=True),
    proportion("fallback_rate", "Fallbacks", "Calls of another model right after one that failed ÷ all.",
               part("llm_call", "fallbacks"), part("llm_call"), is_rise_bad=True),
    ratio("llm_retry_rate", "Retries per model call",
          "Attempts after a failed one, those hidden in a client where visible ÷ model calls.",
          part("llm_call", "retries"), part("llm_call"), unit="retries/call", is_rise_bad=True),
    ratio("output_tokens_per_call", "Output length", "Output tokens ÷ model calls that reported them.",
          part("llm_call", "output_tokens"), part("llm_call", "with_output"), unit="tokens/call",
          population=_WITH_OUTPUT, null_means="no call of the window reported output"),
    keyed("llm_failures_in_a_row", "Model failures in a row",
          "Failed calls of a model, as it was asked for, since its last success, at the end of the window; of several "
          "models the most.",
          "llm_call", "streak", "model", unit="calls", population="calls of named models, by their start",
          null_means="no named model was called in the window"),
    percentile("output_p50_tokens", "Output length p50", "Half of the answers have at most so many tokens.",
               ("llm_call",), "output_tokens", 0.50, unit="tokens", population=_WITH_OUTPUT),
    percentile("output_p95_tokens", "Output length p95", "95 of 100 answers have at most so many tokens.",
               ("llm_call",), "output_tokens", 0.95, unit="tokens", population=_WITH_OUTPUT),
)  # fmt: skip
