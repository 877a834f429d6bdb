"""What things cost, and the tokens that money is paid for."""

from __future__ import annotations

from typing import Final

from analytics.metrics.catalogue.shapes import count, proportion, ratio, total
from analytics.metrics.definitions import CONFIRMED, RESOLVED, Metric, Part, part

_CLOSED: Final = "cases that closed in the window"
_NO_RESOLUTION: Final = "no case was resolved in the window, or nothing is priced"


def _per_resolution(name: str, title: str, text: str, of: tuple[Part, ...], among: tuple[str, ...]) -> Metric:
    return ratio(
        name, title, text, of, part("case", outcome=among), unit="USD", population=_CLOSED,
        null_means=_NO_RESOLUTION, counted=part("case"), is_rise_bad=True,
    )  # fmt: skip


def _per(name: str, title: str, text: str, of: Part, per: Part, null_means: str) -> Metric:
    return ratio(name, title, text, of, per, unit="USD", null_means=null_means, is_rise_bad=True)


def _tokens(name: str, title: str, text: str, *of: Part) -> Metric:
    return total(name, title, text, *of, unit="tokens", null_means="no call of the window reported usage")


_COST: Final = part("case", "cost_usd")

MONEY: Final = (
    total("cost_usd", "Cost", "What model and tool calls cost, at the prices valid when they started.",
          part("llm_call", "cost_usd"), part("tool_call", "cost_usd"), unit="USD",
          population="model and tool calls, inside runs and outside, by their start",
          null_means="no call of the window is priced", is_rise_bad=True),
    _per("cost_per_call_usd", "Cost per request", "Cost of model calls ÷ model calls.",
         part("llm_call", "cost_usd"), part("llm_call"), "no model was called, or no call is priced"),
    _per("cost_per_tool_call_usd", "Cost per tool use", "What tools themselves cost ÷ tool calls.",
         part("tool_call", "cost_usd"), part("tool_call"), "no tool was called, or no tool has a price"),
    _per("cost_per_run_usd", "Cost per run", "Cost of all runs ÷ number of runs.",
         part("run", "cost_usd"), part("run"), "no run in the window, or nothing is priced"),
    _per("cost_per_session_usd", "Cost per session", "Cost of the sessions ÷ sessions.",
         part("session", "cost_usd"), part("session"), "no session began in the window, or nothing is priced"),
    _per("cost_per_user_usd", "Cost per user", "Cost of the runs of known users ÷ these users.",
         part("run", "user_cost_usd"), part("run", "users"), "no user is known, or nothing is priced"),
    _per_resolution("cost_per_resolution_usd", "Cost per resolution",
                    "Cost of all closed cases ÷ resolved cases: failed, abandoned and escalated cases make "
                    "resolved ones dearer.", (_COST,), RESOLVED),
    _per_resolution("cost_per_confirmed_resolution_usd", "Cost per confirmed resolution",
                    "Cost of all closed cases ÷ cases whose resolution was confirmed by an outcome or feedback.",
                    (_COST,), CONFIRMED),
    _per_resolution("direct_cost_per_resolution_usd", "Direct cost per resolution",
                    "Cost of resolved cases alone ÷ resolved cases; the rest of the cost per resolution is the "
                    "overhead of failures.", (part("case", "cost_usd", outcome=RESOLVED),), RESOLVED),
    _per_resolution("failure_overhead_usd", "Failure overhead per resolution",
                    "Cost of the closed cases that were not resolved ÷ resolved cases.",
                    (_COST, part("case", "cost_usd", weight=-1.0, outcome=RESOLVED)), RESOLVED),
    count("unpriced_calls", "Unpriced calls",
          "Model calls whose cost is unknown or only partly known; sums of money beside them are “at least”.",
          part("llm_call", "unpriced_calls"), unit="calls", is_rise_bad=True),
    proportion("unpriced_share", "Unpriced calls, share", "Unpriced model calls ÷ model calls.",
               part("llm_call", "unpriced_calls"), part("llm_call"), is_rise_bad=True),
    _tokens("tokens", "Tokens", "Input and output tokens of model calls, cached input included.",
            part("llm_call", "input_tokens"), part("llm_call", "output_tokens")),
    _tokens("input_tokens", "Input tokens", "Input tokens of model calls, cached ones included.",
            part("llm_call", "input_tokens")),
    _tokens("uncached_input_tokens", "Uncached input tokens",
            "Input tokens that were neither read from a cache nor written to one.",
            part("llm_call", "input_tokens"), part("llm_call", "cache_read_tokens", weight=-1.0),
            part("llm_call", "cache_write_tokens", weight=-1.0)),
    _tokens("cache_read_tokens", "Cached input tokens", "Input tokens that were read from a cache.",
            part("llm_call", "cache_read_tokens")),
    _tokens("cache_write_tokens", "Cache write tokens", "Input tokens that were written to a cache.",
            part("llm_call", "cache_write_tokens")),
    _tokens("output_tokens", "Output tokens", "Output tokens of model calls, reasoning included.",
            part("llm_call", "output_tokens")),
    _tokens("reasoning_tokens", "Reasoning tokens", "Output tokens spent on reasoning.",
            part("llm_call", "reasoning_tokens")),
    ratio("cache_hit_share", "Cache hit share", "Input tokens read from a cache ÷ input tokens.",
          part("llm_call", "cache_read_tokens"), part("llm_call", "input_tokens"), unit="ratio",
          null_means="no call of the window reported cached input", counted=part("llm_call"), is_rise_bad=False),
)  # fmt: skip
