"""What every metric is: one definition, from which evaluation, help texts, alert rules and docs are fed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Subject = Literal["run", "llm_call", "tool_call", "case"]
Kind = Literal["count", "sum", "ratio", "percentile"]

RESOLVED: Final = ("resolved_confirmed", "resolved_assumed")
CONFIRMED: Final = ("resolved_confirmed",)
RUN_OUTCOMES: Final = ("success", "failure", "escalated")

ROLLED_UP_DIMENSIONS: Final = ("service", "environment", "agent", "agent_version", "purpose", "model", "tool")
"""Dimensions of the hourly rollups; the others are answered from the facts."""
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
"""What a metric can be filtered and grouped by; model and tool only where its subject has them."""


@dataclass(frozen=True)
class Part:
    """A sum over events of a subject: of a column, over the events with one of some outcomes."""

    subject: Subject
    column: str = "events"
    outcomes: tuple[str, ...] | None = None
    """None: all events, also those without an outcome."""


@dataclass(frozen=True)
class Metric:
    """One metric: what it says, and how it follows from sums over events."""

    name: str
    title: str
    unit: str
    kind: Kind
    help: str
    population: str
    null_means: str
    numerator: tuple[Part, ...]
    """Added up."""
    denominator: tuple[Part, ...] = ()
    """Added up; a ratio divides by it."""
    quantile: float | None = None
    measure: str | None = None
    """Of a percentile: the measured column."""
    counted: tuple[Part, ...] = ()
    """The events it rests on, where they are not the denominator, or the numerator of a count or sum."""

    @property
    def events(self) -> tuple[Part, ...]:
        """What is counted as `n`: the events the value rests on."""
        if self.counted or self.kind == "ratio":
            return self.counted or self.denominator
        return tuple(Part(subject) for subject in self.subjects)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The subjects it counts, in the order of its parts."""
        return tuple(dict.fromkeys(part.subject for part in (*self.numerator, *self.denominator)))

    @property
    def is_money(self) -> bool:
        """Whether unpriced calls make it an "at least"."""
        return self.unit == "USD"

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions its subjects have."""
        absent = {"model": "llm_call", "tool": "tool_call"}
        return tuple(name for name in DIMENSIONS if name not in absent or absent[name] in self.subjects)


_NO_RUNS = "no run of the window has an outcome"
_NO_CASES = "no case closed in the window"
_NO_RESOLUTION = "no case was resolved in the window, or nothing is priced"
_ENDED_RUNS = "runs with an outcome, by their start; runs whose root is missing have none yet"
_CLOSED_CASES = "cases that closed in the window"


def _run_rate(name: str, title: str, outcome: str, text: str) -> Metric:
    return Metric(
        name, title, "ratio", "ratio", text, _ENDED_RUNS, _NO_RUNS,
        (Part("run", outcomes=(outcome,)),), (Part("run", outcomes=RUN_OUTCOMES),),
    )  # fmt: skip


def _percentile(name: str, title: str, subject: Subject, measure: str, quantile: float, text: str) -> Metric:
    population = {
        "run": "runs with an end, by their start",
        "llm_call": "model calls with a known value, by their start",
        "tool_call": "tool calls with an end, by their start",
    }[subject]
    return Metric(
        name, title, "ms", "percentile", text, population, "nothing in the window has the value",
        (Part(subject),), quantile=quantile, measure=measure,
    )  # fmt: skip


def _count(name: str, title: str, subject: Subject, text: str, population: str) -> Metric:
    return Metric(name, title, population.split(",")[0], "count", text, population, "never", (Part(subject),))


def _tokens(name: str, title: str, text: str, *columns: str) -> Metric:
    return Metric(
        name, title, "tokens", "sum", text, "model calls, by their start", "no call of the window reported usage",
        tuple(Part("llm_call", column) for column in columns),
    )  # fmt: skip


_ALL = (
    _count("run_count", "Runs", "run", "Invocations of an agent from outside.", "runs, by their start"),
    _run_rate("success_rate", "Success rate", "success",
              "Runs that succeeded ÷ runs with an outcome; escalated runs are not successful."),
    _run_rate("failure_rate", "Failure rate", "failure",
              "Runs that failed ÷ runs with an outcome; a failure the agent recovered from is none."),
    _run_rate("escalation_rate", "Escalation rate", "escalated",
              "Runs that were handed to a human ÷ runs with an outcome."),
    Metric("satisfaction", "Satisfaction", "ratio", "ratio",
           "Runs with positive feedback ÷ runs with any feedback.",
           "runs with feedback, by their start", "no run of the window has feedback",
           (Part("run", "liked"),), (Part("run", "rated"),)),
    _percentile("run_p50_ms", "Run latency p50", "run", "duration_ms", 0.50,
                "Half of the runs took at most this long."),
    _percentile("run_p95_ms", "Run latency p95", "run", "duration_ms", 0.95,
                "95 of 100 runs took at most this long."),
    _percentile("run_p99_ms", "Run latency p99", "run", "duration_ms", 0.99,
                "99 of 100 runs took at most this long."),
    _percentile("llm_p50_ms", "Model latency p50", "llm_call", "duration_ms", 0.50,
                "Half of the model calls took at most this long."),
    _percentile("llm_p95_ms", "Model latency p95", "llm_call", "duration_ms", 0.95,
                "95 of 100 model calls took at most this long."),
    _percentile("ttft_p50_ms", "Time to first token p50", "llm_call", "ttft_ms", 0.50,
                "Half of the streamed answers began after at most this long."),
    _percentile("ttft_p95_ms", "Time to first token p95", "llm_call", "ttft_ms", 0.95,
                "95 of 100 streamed answers began after at most this long."),
    _percentile("tool_p50_ms", "Tool latency p50", "tool_call", "duration_ms", 0.50,
                "Half of the tool calls took at most this long."),
    _percentile("tool_p95_ms", "Tool latency p95", "tool_call", "duration_ms", 0.95,
                "95 of 100 tool calls took at most this long."),
    Metric("cost_usd", "Cost", "USD", "sum",
           "What model and tool calls cost, at the prices valid when they started.",
           "model and tool calls, inside runs and outside, by their start", "no call of the window is priced",
           (Part("llm_call", "cost_usd"), Part("tool_call", "cost_usd"))),
    Metric("cost_per_run_usd", "Cost per run", "USD", "ratio",
           "Cost of all runs ÷ number of runs.",
           "runs, by their start", "no run in the window, or nothing is priced",
           (Part("run", "cost_usd"),), (Part("run"),)),
    Metric("cost_per_resolution_usd", "Cost per resolution", "USD", "ratio",
           "Cost of all closed cases ÷ resolved cases: failed, abandoned and escalated cases make resolved "
           "ones dearer.",
           _CLOSED_CASES, _NO_RESOLUTION,
           (Part("case", "cost_usd"),), (Part("case", outcomes=RESOLVED),), counted=(Part("case"),)),
    Metric("cost_per_confirmed_resolution_usd", "Cost per confirmed resolution", "USD", "ratio",
           "Cost of all closed cases ÷ cases whose resolution was confirmed by an outcome or feedback.",
           _CLOSED_CASES, _NO_RESOLUTION,
           (Part("case", "cost_usd"),), (Part("case", outcomes=CONFIRMED),), counted=(Part("case"),)),
    Metric("direct_cost_per_resolution_usd", "Direct cost per resolution", "USD", "ratio",
           "Cost of resolved cases alone ÷ resolved cases; the rest of the cost per resolution is the "
           "overhead of failures.",
           _CLOSED_CASES, _NO_RESOLUTION,
           (Part("case", "cost_usd", RESOLVED),), (Part("case", outcomes=RESOLVED),), counted=(Part("case"),)),
    _count("case_count", "Closed cases", "case", "Cases that closed.", "cases, by their close"),
    Metric("resolution_rate", "Resolution rate", "ratio", "ratio",
           "Resolved cases, confirmed or assumed ÷ closed cases.", _CLOSED_CASES, _NO_CASES,
           (Part("case", outcomes=RESOLVED),), (Part("case"),)),
    Metric("confirmed_resolution_rate", "Confirmed resolution rate", "ratio", "ratio",
           "Cases whose resolution was confirmed ÷ closed cases.", _CLOSED_CASES, _NO_CASES,
           (Part("case", outcomes=CONFIRMED),), (Part("case"),)),
    Metric("abandonment_rate", "Abandonment rate", "ratio", "ratio",
           "Cases whose last question found no answer ÷ closed cases.", _CLOSED_CASES, _NO_CASES,
           (Part("case", outcomes=("abandoned",)),), (Part("case"),)),
    _count("tool_call_count", "Tool calls", "tool_call", "Executions of tools.", "tool calls, by their start"),
    Metric("tool_failure_rate", "Tool failure rate", "ratio", "ratio",
           "Executions of tools that failed ÷ all; a failure the agent dealt with counts all the same.",
           "tool calls, by their start", "no tool was called in the window",
           (Part("tool_call", outcomes=("error",)),), (Part("tool_call"),)),
    _count("llm_call_count", "Model calls", "llm_call",
           "Requests to models, each counted once.", "model calls, by their start"),
    Metric("llm_error_rate", "Model error rate", "ratio", "ratio",
           "Model calls that failed ÷ all; retried ones count.",
           "model calls, by their start", "no model was called in the window",
           (Part("llm_call", outcomes=("error",)),), (Part("llm_call"),)),
    _tokens("tokens", "Tokens", "Input and output tokens of model calls, cached input included.",
            "input_tokens", "output_tokens"),
    _tokens("input_tokens", "Input tokens", "Input tokens of model calls, cached ones included.", "input_tokens"),
    _tokens("output_tokens", "Output tokens", "Output tokens of model calls, reasoning included.", "output_tokens"),
    Metric("unpriced_calls", "Unpriced calls", "calls", "count",
           "Model calls whose cost is unknown or only partly known; sums of money beside them are “at least”.",
           "model calls, by their start", "never",
           (Part("llm_call", "unpriced_calls"),)),
)  # fmt: skip

METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for metric in _ALL}
"""All metrics by name."""
METRIC_NAMES: Final = tuple(METRICS)
