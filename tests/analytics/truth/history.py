"""Made-up agents whose truth is known, as plain objects; `making` makes three weeks of them, `sending` their spans."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

HOUR, DAY = 3_600.0, 86_400.0
BEGIN_S, END_S = -21 * DAY, 0.0
EDGES = (-13 * DAY + 1234.5, -9 * DAY, -8 * DAY, -6 * DAY - 777.0)
"""Where windows begin and end: something begins, ends or closes at each of these instants."""
BROKEN = {
    "open": ("sales", -8 * DAY, "xxxxxx", 10.0),
    "closed": ("triage", -8 * DAY, ".x.", 20.0),
    "half open": ("sales", -6 * DAY - 777.0, ".xxxxx", 90.0),
    "by share": ("sales", -5 * DAY, ".x" * 13, 5.0),
}
"""Who calls a tool, until when, a second apart, `x` for a failure; how long before that the last call was."""
PRICES = {
    "gpt-4o-mini": (0.15e-6, 0.075e-6, 0.60e-6, 0.0),
    "gpt-4o": (2.50e-6, 1.25e-6, 10.0e-6, 0.0),
    "claude-sonnet-4-5": (3.0e-6, 0.3e-6, 15.0e-6, 3.75e-6),
    "house-9": None,
}
"""USD a token: uncached input, cached input, output, written to the cache; the house's own model has no price."""
TOOL_PRICES = {"search": 0.002, "lookup": 0.0}
"""USD a call; of other tools nobody says what they cost."""
PROVIDERS = {"claude-sonnet-4-5": "anthropic", "house-9": "house"}
SNAPSHOTS = {"gpt-4o-mini": "gpt-4o-mini-2024-07-18", "gpt-4o": "gpt-4o-2024-08-06"}
"""Names under which models answer."""
ERRORS = {
    "timeout": "TimeoutError",
    "rate_limit": "RateLimitError",
    "network": "APIConnectionError",
    "auth": "AuthenticationError",
    "invalid_request": "BadRequestError",
    "content_filter": "ContentFilterError",
    "context_length": "ContextLengthExceededError",
    "upstream": "InternalServerError",
    "tool_error": "ToolException",
    "loop": "MaxTurnsExceeded",
    "budget": "InsufficientQuotaError",
    "cancelled": "CancelledError",
    "unknown": "KeyError",
}
"""What a client says of each kind of failure."""
CLASSES = {error: name for name, error in ERRORS.items()} | {"ValueError": "tool_error"}
AGENTS = {"support": "1.4", "sales": "2.0", "triage": None, None: None}
HELPER, HELPER_VERSION = "reader", "0.1"
TO_HUMAN = "transfer_to_human"


@dataclass(kw_only=True)
class Step:
    """Something that a run does; times in seconds from the history's end."""

    at: float
    lasts: float
    error: str | None = None
    is_retry: bool = False
    waited_from: float | None = None

    @property
    def end(self) -> float:
        return self.at + self.lasts


@dataclass(kw_only=True)
class Call(Step):
    """A model call."""

    model: str
    used: tuple[int, int | None, int] | None
    """Input, cached input where it is told, output."""
    finish: str | None = "stop"
    ttft: float | None = None
    is_fallback: bool = False
    snapshot: str | None = None
    """The name under which the model answered."""
    hidden_retries: int = 0
    """Attempts inside the client."""
    pages: int = 0
    """Read by the model, at a price that nobody knows."""
    is_by_helper: bool = False
    stored: int | None = None
    """Input written to the cache."""
    reasoned: int | None = None
    """Output spent on reasoning."""

    @property
    def cost(self) -> float | None:
        price = PRICES[self.model]
        if self.used is None:
            return 0.0 if self.error else None
        if price is None:
            return None
        read, cached, written = self.used
        cached, stored = cached or 0, self.stored or 0
        whole = (read - cached - stored) * price[0] + cached * price[1]
        return whole + written * price[2] + stored * price[3]

    @property
    def is_unpriced(self) -> bool:
        return self.cost is None or self.pages > 0


@dataclass(kw_only=True)
class Tool(Step):
    """An execution of a tool."""

    name: str
    arguments: str

    @property
    def cost(self) -> float | None:
        return TOOL_PRICES.get(self.name)


@dataclass
class Run:
    """A run and everything in it."""

    number: int
    at: float
    agent: str | None
    user: str | None
    tenant: str | None
    session: str | None
    purpose: str
    service: str
    prompt_version: str
    form: str = "whole"
    """Or `bare`: a call by itself; `cut`: its own span never arrives; `open`: its own span has no end."""
    outcome: str | None = "success"
    said: str | None = None
    """The outcome that the application stated."""
    failure_class: str | None = None
    reason: str | None = None
    is_error_dealt_with: bool = False
    """Its span says ERROR although it went on and answered."""
    is_told_late: bool = False
    """Feedback and final outcome come by API, when it is over."""
    feedback: float | None = None
    accuracy: float | None = None
    """An evaluator's score; below zero it said a label alone."""
    confidence: float | None = None
    plan: int | None = None
    """Steps of the plan it wrote first."""
    lasts: float = 0.0
    calls: list[Call] = field(default_factory=list[Call])
    tools: list[Tool] = field(default_factory=list[Tool])

    @property
    def is_complete(self) -> bool:
        return self.form in ("whole", "bare")

    @property
    def is_abandoned(self) -> bool:
        return self.said == "abandoned"

    @property
    def said_late(self) -> str | None:
        return self.said if self.is_told_late and self.said in ("resolved", "escalated") else None

    @property
    def end(self) -> float:
        """When it was over; of what never ended, when it began."""
        return self.at + self.lasts if self.is_complete else self.at

    @property
    def steps(self) -> list[Step]:
        return [*self.calls, *self.tools]

    @property
    def is_answered(self) -> bool | None:
        """Whether it answered; None where nothing tells."""
        if not self.is_complete:
            return None
        if self.form == "bare" and self.outcome == "success":
            return True if self.calls[0].finish in ("stop", "length") else None
        return self.outcome != "failure" or self.is_abandoned

    @property
    def why(self) -> str | None:
        """The reason of its outcome."""
        if self.reason or self.said:
            return self.reason or f"stated as {self.said}"
        if self.outcome == "escalated":
            return f"handed over by {TO_HUMAN}"
        if self.outcome == "failure" and self.failure_class:
            return ERRORS[self.failure_class]
        return f"recovered from: {last_error(self)}" if self.is_error_dealt_with else None

    def spent(self) -> tuple[float, float, float]:
        """Seconds in which a model was at work; a tool and no model; nothing, but another attempt was due."""
        edges = sorted({self.at, self.end, *(it.at for it in self.steps), *(it.end for it in self.steps)})
        model = tool = waited = 0.0
        for start, stop in pairwise(edges):
            middle = (start + stop) / 2
            if not self.at <= middle < self.end:
                continue
            if any(it.at <= middle < it.end for it in self.calls):
                model += stop - start
            elif any(it.at <= middle < it.end for it in self.tools):
                tool += stop - start
            elif any(it.waited_from is not None and it.waited_from <= middle < it.at for it in self.steps):
                waited += stop - start
        return model, tool, waited

    @property
    def loops(self) -> int:
        times: dict[tuple[str, str], int] = {}
        for tool in self.tools:
            times[tool.name, tool.arguments] = times.get((tool.name, tool.arguments), 0) + 1
        return sum(max(0, count - 2) for count in times.values())


def last_error(run: Run) -> str | None:
    failed = sorted((it.at, it.error) for it in run.steps if it.error is not None)
    return failed[-1][1] if failed else None
