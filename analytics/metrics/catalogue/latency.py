"""How long runs, model calls and tools take, and where the time goes."""

from __future__ import annotations

from typing import Final

from analytics.metrics.catalogue.shapes import percentile, ratio, within
from analytics.metrics.definitions import Metric, SubjectName, part

_QUANTILES: Final = {
    "p50": (0.50, "Half of the {} took at most this long."),
    "p90": (0.90, "90 of 100 {} took at most this long."),
    "p95": (0.95, "95 of 100 {} took at most this long."),
    "p99": (0.99, "99 of 100 {} took at most this long."),
    "max": (1.00, "The longest of the {} took this long."),
}
_TIMED: Final[dict[str, tuple[str, str, tuple[SubjectName, ...], str, str]]] = {
    "run": ("Run latency", "runs", ("run",), "duration_ms", "runs with an end, by their start"),
    "step": (
        "Step latency",
        "steps",
        ("llm_call", "tool_call"),
        "duration_ms",
        "model and tool calls with an end, by their start",
    ),
    "llm": (
        "Model latency",
        "model calls",
        ("llm_call",),
        "duration_ms",
        "model calls with an end, by their start",
    ),
    "ttft": (
        "Time to first token",
        "answers that were timed",
        ("llm_call",),
        "ttft_ms",
        "model calls with a known time to the first token, by their start",
    ),
    "tool": (
        "Tool latency",
        "tool calls",
        ("tool_call",),
        "duration_ms",
        "tool calls with an end, by their start",
    ),
}
LIMITS_S: Final = (1, 2, 5, 10, 30, 60)
_RUNS_IN_TIME: Final = "runs whose duration is known, by their start"


def _percentiles(prefix: str) -> list[Metric]:
    title, plural, subjects, measure, population = _TIMED[prefix]
    return [
        percentile(
            f"{prefix}_{name}_ms", f"{title} {name}", text.format(plural), subjects, measure, quantile,
            population=population,
        )
        for name, (quantile, text) in _QUANTILES.items()
    ]  # fmt: skip


def _within(prefix: str, seconds: int) -> Metric:
    title, plural, (subject, *_), measure, population = _TIMED[prefix]
    return within(
        f"{prefix}_within_{seconds}s", f"{title} within {seconds} s",
        f"Share of {plural} that took at most {seconds} s.", subject, measure, seconds * 1e3,
        population=population,
    )  # fmt: skip


def _time_share(name: str, title: str, text: str, *columns: str, whole: float = 0.0) -> Metric:
    rest = (part("run", "duration_ms", weight=whole),) if whole else ()
    weight = -1.0 if whole else 1.0
    return ratio(
        name, title, text, (*rest, *(part("run", column, weight=weight) for column in columns)),
        part("run", "duration_ms"), unit="ratio", population=_RUNS_IN_TIME,
        counted=part("run", "timed_events"),
    )  # fmt: skip


LATENCY: Final = (
    *(metric for prefix in _TIMED for metric in _percentiles(prefix)),
    *(_within(prefix, seconds) for prefix in ("run", "llm", "ttft", "tool") for seconds in LIMITS_S),
    ratio("run_mean_ms", "Mean run latency", "Sum of durations ÷ runs with a duration.",
          part("run", "duration_ms"), part("run", "timed_events"), unit="ms", population=_RUNS_IN_TIME,
          is_rise_bad=True),
    ratio("tokens_per_second", "Output tokens per second",
          "Output tokens ÷ time their calls took, the wait for the first token included.",
          part("llm_call", "generated_tokens", weight=1e3), part("llm_call", "generating_ms"),
          unit="tokens/s",
          population="model calls that did not fail and whose output and duration are known, by their start",
          counted=part("llm_call", "with_output"), is_rise_bad=False),
    _time_share("model_time_share", "Time in models", "Share of the runs' time in which a model was at work.",
                "model_ms"),
    _time_share("tool_time_share", "Time in tools",
                "Share of the runs' time in which tools were at work and no model.", "tool_ms"),
    _time_share("waiting_time_share", "Time waiting to try again",
                "Share of the runs' time between a failed call and its next attempt in which nothing else was at work.",
                "waiting_ms"),
    _time_share("own_time_share", "The agent's own time",
                "Share of the runs' time in which neither a model nor a tool was at work, nor a retry awaited.",
                "model_ms", "tool_ms", "waiting_ms", whole=1.0),
)  # fmt: skip
