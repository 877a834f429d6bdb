"""What is watched, in the words and units of the catalogue of metrics: for terminals, messages and pages alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analytics.figures import format_share
from analytics.metrics import METRICS
from analytics.metrics import say_value as say_figure

WHOLE_AGENT: Final = "agent_behaviour"
VOLUME: Final = "run_count"
SHOWN_BY: Final[Mapping[str, str]] = {
    "run_ms": "run_p50_ms", "llm_ms": "llm_p50_ms", "tool_ms": "tool_p50_ms", "llm_ttft_ms": "ttft_p50_ms",
    "run_cost_usd": "cost_per_run_usd", "run_steps": "steps_per_run", "run_confidence": "mean_confidence",
}  # fmt: skip
"""By what is watched value by value, the metric that shows its course, and has its unit."""
SHARES: Final = ("tool_mix", "model_mix", "finish_reasons", "failure_classes", "labels")
"""What is watched as the share that each of several categories has."""
_TITLES: Final[Mapping[str, str]] = {
    "run_ms": "Run latency", "llm_ms": "Model latency", "tool_ms": "Tool latency",
    "llm_ttft_ms": "Time to first token", "run_input_tokens": "Input tokens per run",
    "run_output_tokens": "Output tokens per run", "score": "Score", "tool_mix": "Mix of tools",
    "model_mix": "Mix of models", "finish_reasons": "Finish reasons", "failure_classes": "Classes of failures",
    "labels": "Labels", WHOLE_AGENT: "Behaviour of the agent",
}  # fmt: skip


def title_of(metric: str) -> str:
    """Return what is watched as people call it.

    >>> title_of("success_rate"), title_of("run_ms"), title_of("run_cost_usd")
    ('Success rate', 'Run latency', 'Cost per run')
    """
    shown = metric if metric in METRICS else SHOWN_BY.get(metric, "")
    return _TITLES.get(metric) or (METRICS[shown].title if shown else metric.replace("_", " "))


def say_change(metric: str, direction: str, category: str | None = None, *, of: str = "") -> str:
    """Return in short what changed, `of` what, and which way.

    >>> say_change("tool_mix", "up", "search"), say_change("agent_behaviour", "up")
    ('Mix of tools: search up', 'Behaviour unlike its baseline')
    """
    if metric == WHOLE_AGENT:
        return "Behaviour unlike its baseline"
    return f"{title_of(metric)}{f' of {of}' if of else ''}{f': {category}' if category else ''} {direction}"


def say_value(metric: str, value: float | None) -> str:
    """Return a value of what is watched with its unit.

    >>> say_value("run_ms", 4210.0), say_value("tool_mix", 0.134), say_value("agent_behaviour", 1.064)
    ('4.21 s', '13.4 %', '1.06 times the alarm level')
    """
    if value is None:
        return "unknown"
    if metric == WHOLE_AGENT:
        return f"{value:.2f} times the alarm level"
    if metric in SHARES:
        return format_share(value)
    shown = METRICS.get(SHOWN_BY.get(metric, metric))
    if shown is None or metric == VOLUME:
        number = f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
        return f"{number} an hour" if metric == VOLUME else number
    return say_figure(shown, value)


def is_share(metric: str) -> bool:
    """Return whether what is watched is a share of one: rates, and the part of a category."""
    shown = METRICS.get(SHOWN_BY.get(metric, metric))
    return metric in SHARES or (shown is not None and shown.unit == "ratio")
