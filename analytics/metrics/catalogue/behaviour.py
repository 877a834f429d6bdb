"""What runs are made of; tool mix and model mix are call counts split by tool and model."""

from __future__ import annotations

from typing import Final

from analytics.metrics.catalogue.shapes import proportion, ratio
from analytics.metrics.definitions import Metric, part


def _per_run(
    name: str, title: str, text: str, column: str, unit: str, *, is_rise_bad: bool | None = None
) -> Metric:
    return ratio(name, title, text, part("run", column), part("run"), unit=unit, is_rise_bad=is_rise_bad)


BEHAVIOUR: Final = (
    _per_run("steps_per_run", "Steps per run", "Model calls, tool calls and sub-agents ÷ runs.", "steps", "steps/run"),
    _per_run("llm_calls_per_run", "Model calls per run", "Model calls inside runs ÷ runs.", "llm_calls", "calls/run"),
    _per_run("tool_calls_per_run", "Tool calls per run", "Tool calls inside runs ÷ runs.", "tool_calls", "calls/run"),
    _per_run("retries_per_run", "Retries per run", "Repeated attempts inside runs ÷ runs.", "retries", "retries/run",
             is_rise_bad=True),
    _per_run("loops_per_run", "Loops per run", "Repeats of one tool with equal arguments beyond the second ÷ runs.",
             "loops", "loops/run", is_rise_bad=True),
    proportion("loop_rate", "Runs with loops",
               "Runs in which a tool was called more than twice with equal arguments ÷ runs.",
               part("run", "looped"), part("run"), is_rise_bad=True),
    ratio("plan_length", "Plan length", "Steps of the first plan or to-do list of a run ÷ runs that wrote one.",
          part("run", "plan_steps"), part("run", "planned"), unit="steps",
          population="runs that wrote a plan by a tool (TodoWrite, update_plan, …), by their start",
          null_means="no run of the window wrote a plan"),
    ratio("mean_confidence", "Confidence", "Mean of the confidence that runs stated, 0 to 1.",
          part("run", "confidence"), part("run", "confident"), unit="confidence",
          population="runs that stated a confidence, by their start",
          null_means="no run of the window stated a confidence", is_rise_bad=False),
)  # fmt: skip
