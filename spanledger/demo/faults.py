"""What goes wrong in the simulated month, so that there is something to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from spanledger.demo.cast import GPT, OPUS, Agent, Model, Tool

Period = tuple[datetime, datetime]
_TUESDAY: Final = 1


@dataclass(frozen=True)
class Weather:
    """What holds for one agent at one moment."""

    agent: Agent
    slowness: float = 1.0
    """Factor on the time of every model call."""
    context: float = 1.0
    """Factor on the tokens of the prompt."""
    prompt_version: str = "7"
    script_share: float = 0.0
    """Share of the runs that SCRIPT_USER has a script ask for."""


@dataclass(frozen=True)
class Fault:
    """Something that holds for a while; `period` says when, given the present."""

    what: str
    agent: str
    period: Callable[[datetime], Period]

    def holds(self, agent: str, at: datetime, now: datetime) -> bool:
        """Say whether it holds for the agent at a time."""
        start, until = self.period(now)
        return self.agent == agent and start <= at < until


def _ago(start: timedelta, until: timedelta = timedelta()) -> Callable[[datetime], Period]:
    """Return the period between two ages; without the second one it lasts and does not end with the present."""
    lasting = timedelta(days=36_500)
    return lambda now: (now - start, now - until if until else now + lasting)


def last_tuesday(now: datetime) -> Period:
    """Return the last Tuesday, UTC, that is over."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (midnight.weekday() - _TUESDAY) % 7 or 7
    return midnight - timedelta(days=days), midnight - timedelta(days=days - 1)


SCRIPT_USER: Final = "user-137"
DAY: Final = timedelta(days=1)

WEB_SEARCH_LIMITED = Fault("web_search is rate limited", "research-analyst", _ago(9 * DAY, 7 * DAY))
PROMPT_8 = Fault("prompt version 8 resolves less", "support-assistant", _ago(4 * DAY))
SLOW_PROVIDER = Fault(
    "the provider answers slowly", "code-reviewer", _ago(12 * DAY, 11 * DAY + timedelta(hours=18))
)
DEARER_MODEL = Fault("all calls go to the dearer model", "research-analyst", _ago(2 * DAY))
LONGER_CONTEXT = Fault("the history is no longer trimmed", "support-assistant", _ago(17 * DAY, 15 * DAY))
OPUS_TUESDAY = Fault(f"two of five calls fall back to {OPUS.name}", "code-reviewer", last_tuesday)
SCRIPTED = Fault(f"a script of {SCRIPT_USER} asks for half of the runs", "code-reviewer", _ago(14 * DAY))

FAULTS = (WEB_SEARCH_LIMITED, PROMPT_8, SLOW_PROVIDER, DEARER_MODEL, LONGER_CONTEXT, OPUS_TUESDAY, SCRIPTED)


def weather_of(agent: Agent, at: datetime, now: datetime) -> Weather:
    """Return how the agent behaves at a time."""
    weather = Weather(agent)
    for fault in FAULTS:
        if fault.holds(agent.name, at, now):
            weather = _apply(fault, weather)
    return weather


def _apply(fault: Fault, weather: Weather) -> Weather:
    agent = weather.agent
    if fault is WEB_SEARCH_LIMITED:
        tools = tuple((_limited(tool), share) for tool, share in agent.tools)
        return replace(weather, agent=replace(agent, tools=tools, success_rate=agent.success_rate - 0.06))
    if fault is PROMPT_8:
        worse = replace(agent, version="2.8.0", success_rate=agent.success_rate - 0.07, escalation_rate=0.11)
        return replace(weather, agent=worse, prompt_version="8")
    if fault is SLOW_PROVIDER:
        return replace(weather, slowness=3.5)
    if fault is DEARER_MODEL:
        models: tuple[tuple[Model, float], ...] = ((GPT, 1.0),)
        return replace(weather, agent=replace(agent, models=models))
    if fault is OPUS_TUESDAY:
        fewer = tuple((model, share * 0.6) for model, share in agent.models)
        return replace(weather, agent=replace(agent, models=(*fewer, (OPUS, 0.4))))
    if fault is SCRIPTED:
        return replace(weather, script_share=0.5)
    return replace(weather, context=3.0)


def _limited(tool: Tool) -> Tool:
    return replace(tool, failure_rate=0.28, errors=("RateLimited",)) if tool.name == "web_search" else tool
