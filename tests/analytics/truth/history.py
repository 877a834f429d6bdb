"""Three weeks of made-up agents whose truth is known, as plain objects and as the spans they send."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.analytics.facts.building import Sent

DAY = 86_400.0
BEGIN_S, END_S = -21 * DAY, 0.0
PRICES = {
    "gpt-4o-mini": (0.15e-6, 0.075e-6, 0.60e-6, 0.0),
    "gpt-4o": (2.50e-6, 1.25e-6, 10.0e-6, 0.0),
    "claude-sonnet-4-5": (3.0e-6, 0.3e-6, 15.0e-6, 3.75e-6),
    "house-9": None,
}
"""USD a token: uncached input, cached input, output, written to the cache; the house's own model has no price."""
PROVIDERS = {"claude-sonnet-4-5": "anthropic", "house-9": "house"}
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
AGENTS = {"support": "1.4", "sales": "2.0", "triage": None}


@dataclass
class Call:
    """A model call; times in seconds from the history's end."""

    at: float
    lasts: float
    model: str
    used: tuple[int, int, int] | None
    """Input, cached input, output."""
    error: str | None = None
    finish: str | None = "stop"
    ttft: float | None = None
    is_retry: bool = False
    is_fallback: bool = False
    waited_from: float | None = None
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
        stored = self.stored or 0
        whole = (read - cached - stored) * price[0] + cached * price[1]
        return whole + written * price[2] + stored * price[3]


@dataclass
class Tool:
    """An execution of a tool."""

    at: float
    lasts: float
    name: str
    arguments: str
    error: str | None = None
    is_retry: bool = False
    waited_from: float | None = None


@dataclass
class Run:
    """A run and everything in it."""

    number: int
    at: float
    agent: str
    user: str | None
    tenant: str
    session: str | None
    purpose: str
    prompt_version: str
    outcome: str = "success"
    says_outcome: bool = False
    is_abandoned: bool = False
    """The application said so."""
    failure_class: str | None = None
    reason: str | None = None
    feedback: float | None = None
    confidence: float | None = None
    plan: int | None = None
    """Steps of the plan it wrote first."""
    lasts: float = 0.0
    calls: list[Call] = field(default_factory=list[Call])
    tools: list[Tool] = field(default_factory=list[Tool])

    @property
    def end(self) -> float:
        return self.at + self.lasts

    @property
    def waited(self) -> float:
        """Seconds in which nothing was at work and another attempt was due."""
        steps = [*self.calls, *self.tools]
        edges = sorted({self.at, self.end, *(it.at for it in steps), *(it.at + it.lasts for it in steps)})
        waited = 0.0
        for start, stop in pairwise(edges):
            middle = (start + stop) / 2
            is_busy = any(it.at <= middle < it.at + it.lasts for it in steps)
            is_due = any(it.waited_from is not None and it.waited_from <= middle < it.at for it in steps)
            waited += stop - start if is_due and not is_busy else 0.0
        return waited

    @property
    def loops(self) -> int:
        times: dict[tuple[str, str], int] = {}
        for tool in self.tools:
            times[tool.name, tool.arguments] = times.get((tool.name, tool.arguments), 0) + 1
        return sum(max(0, count - 2) for count in times.values())


def make_history(seed: int = 11, conversations: int = 120) -> list[Run]:
    """Return runs over three weeks, in order of time within each conversation."""
    dice = random.Random(seed)
    runs: list[Run] = []
    for number in range(conversations):
        _converse(dice, number, runs)
    return runs


def _converse(dice: random.Random, number: int, runs: list[Run]) -> None:
    agent, user = dice.choice(list(AGENTS)), dice.choice([None, *(f"u{n}" for n in range(25))])
    is_alone = dice.random() < 0.2
    at = BEGIN_S + dice.random() * (END_S - BEGIN_S - DAY)
    for _ in range(1 if is_alone else dice.choice([1, 2, 2, 3, 4])):
        run = Run(
            number=len(runs) + 1,
            at=round(at, 3),
            agent=agent,
            user=user,
            tenant=dice.choice(["acme", "umbrella"])
            if user is None
            else ["acme", "umbrella"][int(user[1:]) % 2],
            session=None if is_alone else f"c{number}",
            purpose=dice.choice(["production"] * 5 + ["evaluation"]) if is_alone else "production",
            prompt_version=dice.choice(["7", "8"]),
        )
        _work(dice, run)
        if run.end >= END_S:
            break
        runs.append(run)
        at = run.end + dice.choice([40.0, 600.0, 5 * 3600.0, 30 * 3600.0, 4 * DAY, 8 * DAY]) * (
            0.9 + dice.random() / 5
        )


def _work(dice: random.Random, run: Run) -> None:
    now = run.at + 0.05
    fate = dice.choices(["success", "failure", "escalated", "abandoned"], [0.73, 0.16, 0.06, 0.05])[0]
    if dice.random() < 0.2:
        run.plan = dice.randrange(1, 7)
        for left in (run.plan, max(1, run.plan - 2)):
            todos = json.dumps({"todos": [{"content": f"step {n}", "left": left} for n in range(left)]})
            run.tools.append(Tool(round(now, 3), 0.011, "TodoWrite", todos))
            now += 0.1
    for _ in range(dice.choice([0, 1, 1, 2, 3])):
        now = _think(dice, run, now, "tool_call")
        now = _act(dice, run, now)
    if fate == "failure":
        _fail(dice, run, now)
    else:
        now = _think(dice, run, now, dice.choice(["stop", "stop", "stop", "length"]))
        run.lasts = round(now + 0.02 - run.at, 3)
        run.is_abandoned = fate == "abandoned"
        run.outcome = "failure" if run.is_abandoned else fate
        run.failure_class = _class_of_last_error(run) if run.is_abandoned else None
        run.says_outcome = fate in ("escalated", "abandoned") or dice.random() < 0.1
        run.reason = "asked for a person" if fate == "escalated" and dice.random() < 0.5 else None
    if dice.random() < 0.3:
        run.feedback = dice.choice([1.0, 0.5, -1.0])
    if dice.random() < 0.4:
        run.confidence = round(dice.random(), 3)


def _fail(dice: random.Random, run: Run, now: float) -> None:
    run.failure_class, error = dice.choice(list(ERRORS.items()))
    call = Call(round(now, 3), round(0.3 + dice.random(), 3), _model(dice), None, error, None)
    _after_failure(run, call)
    run.calls.append(call)
    run.lasts = round(call.at + call.lasts + 0.02 - run.at, 3)
    run.outcome = "failure"


def _class_of_last_error(run: Run) -> str:
    """What stopped the run last, by its errors: nothing else tells why somebody gave up."""
    failed = sorted((it.at, it.error) for it in [*run.calls, *run.tools] if it.error is not None)
    classes = {error: name for name, error in ERRORS.items()} | {"ValueError": "tool_error"}
    return classes[failed[-1][1]] if failed else "unknown"


def _think(dice: random.Random, run: Run, now: float, finish: str) -> float:
    """A call that works, maybe after one that does not; return when the run goes on."""
    if dice.random() < 0.12:
        failed = Call(
            round(now, 3), round(0.2 + dice.random(), 3), _model(dice), None, "RateLimitError", None
        )
        _after_failure(run, failed)
        run.calls.append(failed)
        now = failed.at + failed.lasts + 0.5
    read = dice.randrange(200, 9000)
    call = Call(
        round(now, 3),
        round(dice.lognormvariate(0.2, 0.8), 3),
        _model(dice),
        (read, dice.choice([0, read // 2]), dice.randrange(5, 900)),
        finish=finish,
        ttft=round(0.1 + dice.random() / 4, 3) if dice.random() < 0.5 else None,
    )
    if call.model == "claude-sonnet-4-5":
        call.stored = dice.randrange(0, read // 2)
    if call.model == "gpt-4o" and call.used is not None:
        call.reasoned = dice.randrange(0, call.used[2])
    _after_failure(run, call)
    run.calls.append(call)
    return call.at + call.lasts + 0.03


def _after_failure(run: Run, call: Call) -> None:
    """Say of a call what it is after a failed one: it repeats the last call of its model, or replaces another."""
    before = run.calls[-1] if run.calls else None
    same = next((earlier for earlier in reversed(run.calls) if earlier.model == call.model), None)
    call.is_retry = same is not None and same.error is not None
    call.is_fallback = before is not None and before.error is not None and before.model != call.model
    if call.is_fallback and before:
        call.waited_from = before.at + before.lasts
    elif call.is_retry and same:
        call.waited_from = same.at + same.lasts


def _act(dice: random.Random, run: Run, now: float) -> float:
    """A tool, sometimes failing and tried again, sometimes called in circles; return when the run goes on."""
    name, arguments = dice.choice(["search", "refund", "lookup"]), dice.choice(["a", "b", "c"])
    fails = dice.random() < 0.2
    for _ in range(4 if dice.random() < 0.05 else 2 if fails else 1):
        error = dice.choice(["TimeoutError", "ValueError", "RateLimitError"]) if fails else None
        before = next(
            (it for it in reversed(run.tools) if (it.name, it.arguments) == (name, arguments)), None
        )
        tool = Tool(round(now, 3), round(0.02 + dice.random(), 3), name, arguments, error)
        if before is not None and before.error is not None:
            tool.is_retry, tool.waited_from = True, before.at + before.lasts
        run.tools.append(tool)
        now, fails = tool.at + tool.lasts + 0.2, fails and dice.random() < 0.4
    return now


def _model(dice: random.Random) -> str:
    return dice.choices(list(PRICES), [0.5, 0.25, 0.15, 0.1])[0]


def spans_of(run: Run) -> list[Sent]:
    """Return the spans that a run sends."""
    base = run.number * 1000
    root: dict[str, Any] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": run.agent,
        "gen_ai.prompt.name": "desk",
        "gen_ai.prompt.version": run.prompt_version,
        "spanledger.tenant": run.tenant,
        "spanledger.purpose": run.purpose,
    }
    optional = {
        "gen_ai.agent.version": AGENTS[run.agent],
        "user.id": run.user,
        "gen_ai.conversation.id": run.session,
        "spanledger.feedback": run.feedback,
        "spanledger.confidence": run.confidence,
        "spanledger.outcome": ("abandoned" if run.is_abandoned else run.outcome)
        if run.says_outcome
        else None,
        "spanledger.outcome.reason": run.reason,
        "error.type": ERRORS[run.failure_class] if run.failure_class and not run.is_abandoned else None,
        "gen_ai.output.messages": None
        if run.outcome == "failure" and not run.is_abandoned
        else '[{"role": "assistant", "parts": [{"type": "text", "content": "done"}]}]',
    }
    root |= {name: value for name, value in optional.items() if value is not None}
    failed = run.outcome == "failure" and not run.is_abandoned
    spans = [
        Sent(
            base,
            root,
            trace=run.number,
            at=run.at,
            lasts=run.lasts,
            status=2 if failed else 0,
            name="invoke_agent",
        )
    ]
    for position, call in enumerate(run.calls, start=1):
        spans.append(_span_of_call(call, base + position, base, run))
    for position, tool in enumerate(run.tools, start=1):
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": tool.name,
            "gen_ai.tool.call.arguments": tool.arguments,
        }
        if tool.error:
            attributes["error.type"] = tool.error
        spans.append(
            Sent(base + 500 + position, attributes, parent=base, trace=run.number, at=tool.at, lasts=tool.lasts,
                 status=2 if tool.error else 0, name="execute_tool")
        )  # fmt: skip
    return spans


def _span_of_call(call: Call, span: int, parent: int, run: Run) -> Sent:
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS.get(call.model, "openai"),
        "gen_ai.request.model": call.model,
        "gen_ai.prompt.name": "desk",
        "gen_ai.prompt.version": run.prompt_version,
    }
    if call.used is not None:
        attributes |= {
            "gen_ai.usage.input_tokens": call.used[0],
            "gen_ai.usage.cache_read.input_tokens": call.used[1],
            "gen_ai.usage.output_tokens": call.used[2],
        }
    if call.stored is not None:
        attributes["gen_ai.usage.cache_creation.input_tokens"] = call.stored
    if call.reasoned is not None:
        attributes["gen_ai.usage.reasoning_tokens"] = call.reasoned
    if call.finish is not None:
        attributes["gen_ai.response.finish_reasons"] = [call.finish]
    if call.ttft is not None:
        attributes["gen_ai.response.time_to_first_chunk"] = call.ttft
    if call.error is not None:
        attributes["error.type"] = call.error
    return Sent(
        span, attributes, parent=parent, trace=run.number, at=call.at, lasts=call.lasts,
        status=2 if call.error else 0, name="chat",
    )  # fmt: skip
