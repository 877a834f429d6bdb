"""Plays one agent run as spans of the real SDK, at any time past or present."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Tracer
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context

from spanledger.demo.cast import FAILURES, GAVE_UP, RATE_LIMITED, Failure, Model, Tool
from spanledger.demo.faults import Weather
from spanledger.demo.naming import (
    Message,
    ModelCall,
    Usage,
    agent_attributes,
    answer_attributes,
    call_attributes,
    tool_attributes,
)

T = TypeVar("T")
_MODEL_RETRY_PAUSE_S = 0.8
_FEEDBACK_SHARE = 0.15
_FAILED: Message = ("tool", "error")


@dataclass(frozen=True)
class Visit:
    """Who asks, in which conversation, for whom, and when."""

    user: str
    tenant: str
    session: str
    started_at: datetime


class Run:
    """One run of an agent; `play` makes its spans and returns how long it took."""

    def __init__(self, tracer: Tracer, weather: Weather, visit: Visit, dice: random.Random) -> None:
        self._tracer = tracer
        self._weather = weather
        self._agent = weather.agent
        self._visit = visit
        self._dice = dice
        self._now_ns = int(visit.started_at.timestamp() * 1e9)
        self._said: list[Message] = []
        self._failure = GAVE_UP
        self._context = Context()

    def play(self) -> float:
        """Make the spans, in order of time; return the run's duration in seconds."""
        agent, visit = self._agent, self._visit
        task = self._dice.choice(agent.tasks)
        begun_ns = self._now_ns
        span = self._tracer.start_span(
            f"invoke_agent {agent.name}",
            Context(),
            attributes={
                **agent_attributes(
                    agent.naming,
                    agent=agent.name,
                    version=agent.version,
                    session=visit.session,
                    user=visit.user,
                    task=task,
                ),
                "spanledger.tenant": visit.tenant,
            },
            start_time=begun_ns,
        )
        self._context = set_span_in_context(span, Context())
        self._said = [("system", agent.instructions), ("user", task)]
        self._finish(span, self._work())
        return (self._now_ns - begun_ns) / 1e9

    def _work(self) -> str:
        """Call models and tools until the run is decided; return how it went."""
        agent, dice = self._agent, self._dice
        for _ in range(min(int(dice.expovariate(1 / agent.tool_rounds)), 14) if agent.tool_rounds else 0):
            tool = _pick(dice, agent.tools)
            if not self._call_model(f"I need {tool.name}.", "tool_call"):
                return self._fail(RATE_LIMITED)
            self._call_tool(tool)
        if dice.random() < agent.escalation_rate:
            self._call_model("I hand this over to a colleague.", "stop")
            return "escalated"
        luck = dice.random()
        if luck > agent.success_rate:
            # After a failed tool nothing else has to go wrong.
            is_told = _FAILED in self._said
            return self._fail(GAVE_UP if is_told else _find_failure((1 - luck) / (1 - agent.success_rate)))
        answered = self._call_model(dice.choice(agent.answers), "stop")
        return "success" if answered else self._fail(RATE_LIMITED)

    def _fail(self, failure: Failure) -> str:
        self._failure = failure
        return "failure"

    def _finish(self, span: Span, outcome: str) -> None:
        agent, dice = self._agent, self._dice
        if outcome == "failure":
            _mark_failed(span, self._failure)
        else:
            for key, value in answer_attributes(agent.naming, self._said[-1][1]).items():
                span.set_attribute(key, value)
        if outcome == "escalated":
            span.set_attribute("spanledger.outcome", "escalated")
        if dice.random() < _FEEDBACK_SHARE:
            happy = outcome == "success" and dice.random() < 0.9
            span.set_attribute("spanledger.feedback", "up" if happy else "down")
        self._pass(0.01)
        span.end(self._now_ns)

    def _call_model(self, answer: str, finish_reason: str) -> bool:
        """Make the span of one call, and of a second one when the first fails; say whether an answer came."""
        for _ in range(2):
            if self._try_model(_pick(self._dice, self._agent.models), answer, finish_reason):
                self._said.append(("assistant", answer))
                return True
            self._pass(_MODEL_RETRY_PAUSE_S)
        return False

    def _try_model(self, model: Model, answer: str, finish_reason: str) -> bool:
        dice, weather = self._dice, self._weather
        span = self._start(f"chat {model.name}", SpanKind.CLIENT)
        failed = dice.random() < model.error_rate
        usage = None if failed else self._usage()
        first_token_s = model.first_token_s * dice.lognormvariate(0, 0.35) * weather.slowness
        asked = self._said[-6:]
        call = ModelCall(
            model=model.name,
            provider=model.provider,
            response_id=f"resp_{dice.getrandbits(64):016x}",
            usage=usage,
            finish_reason=finish_reason,
            first_token_s=round(first_token_s, 4),
            asked=asked,
            answered=answer,
            prompt_version=weather.prompt_version,
        )
        span.set_attributes(dict(call_attributes(self._agent.naming, call)))
        if usage is None:
            self._pass(0.3)
            _mark_failed(span, RATE_LIMITED)
        else:
            self._pass(first_token_s + usage.output / model.tokens_per_s * weather.slowness)
        span.end(self._now_ns)
        return not failed

    def _usage(self) -> Usage:
        dice = self._dice
        grown = self._agent.context_tokens * self._weather.context * (1 + 0.12 * len(self._said))
        total = int(grown * dice.lognormvariate(0, 0.25))
        return Usage(total, int(total * dice.choice((0, 0.4, 0.6, 0.8))), int(40 + dice.expovariate(1 / 180)))

    def _call_tool(self, tool: Tool) -> None:
        dice = self._dice
        span = self._start(f"execute_tool {tool.name}", SpanKind.INTERNAL)
        self._pass(tool.median_s * dice.lognormvariate(0, 0.5))
        failed = dice.random() < tool.failure_rate
        arguments = json.dumps({"query": self._said[1][1], "attempt": dice.randint(1, 9999)})
        result = None if failed else json.dumps({"items": dice.randint(0, 12)})
        call_id = f"call_{dice.getrandbits(48):012x}"
        span.set_attributes(
            dict(
                tool_attributes(
                    self._agent.naming, tool=tool.name, call_id=call_id, arguments=arguments, result=result
                )
            )
        )
        if failed:
            error = dice.choice(tool.errors)
            _mark_failed(span, Failure(error, f"{tool.name}: {error}"))
        self._said.append(("tool", result) if result else _FAILED)
        span.end(self._now_ns)

    def _start(self, name: str, kind: SpanKind) -> Span:
        self._pass(0.002 + self._dice.expovariate(1 / 0.01))
        return self._tracer.start_span(name, self._context, kind=kind, start_time=self._now_ns)

    def _pass(self, seconds: float) -> None:
        self._now_ns += int(seconds * 1e9)


def _mark_failed(span: Span, failure: Failure) -> None:
    span.set_attribute("error.type", failure.error_type)
    span.set_status(Status(StatusCode.ERROR, failure.message))


def _find_failure(share: float) -> Failure:
    """Return the failure at a place, from 0 to 1, among all by their shares."""
    for failure, width in FAILURES:
        share -= width
        if share < 0:
            return failure
    return FAILURES[-1][0]


def _pick(dice: random.Random, choices: tuple[tuple[T, float], ...]) -> T:
    return dice.choices([item for item, _ in choices], [share for _, share in choices])[0]
