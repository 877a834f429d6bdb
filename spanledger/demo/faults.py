"""What goes wrong in the simulated month, so that there is something to find; times count back from now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from spanledger.demo.cast import GPT, Agent, Model, Tool


@dataclass(frozen=True)
class Weather:
    """What holds for one agent at one moment."""

    agent: Agent
    slowness: float = 1.0
    """Factor on the time of every model call."""
    context: float = 1.0
    """Factor on the tokens of the prompt."""
    prompt_version: str = "7"


@dataclass(frozen=True)
class Fault:
    """Something that holds for a while; `until_age` None: it lasts."""

    what: str
    agent: str
    from_age: timedelta
    until_age: timedelta | None = None

    def holds(self, agent: str, age: timedelta) -> bool:
        """Say whether it holds for the agent that long before now."""
        return (
            self.agent == agent and age <= self.from_age and (self.until_age is None or age > self.until_age)
        )


WEB_SEARCH_LIMITED = Fault(
    "web_search is rate limited", "research-analyst", timedelta(days=9), timedelta(days=7)
)
PROMPT_8 = Fault("prompt version 8 resolves less", "support-assistant", timedelta(days=4))
SLOW_PROVIDER = Fault(
    "the provider answers slowly", "code-reviewer", timedelta(days=12), timedelta(days=11, hours=18)
)
DEARER_MODEL = Fault("all calls go to the dearer model", "research-analyst", timedelta(days=2))
LONGER_CONTEXT = Fault(
    "the history is no longer trimmed", "support-assistant", timedelta(days=17), timedelta(days=15)
)

FAULTS = (WEB_SEARCH_LIMITED, PROMPT_8, SLOW_PROVIDER, DEARER_MODEL, LONGER_CONTEXT)


def weather_of(agent: Agent, age: timedelta) -> Weather:
    """Return how the agent behaves `age` before now."""
    weather = Weather(agent)
    for fault in FAULTS:
        if fault.holds(agent.name, age):
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
    return replace(weather, context=3.0)


def _limited(tool: Tool) -> Tool:
    return replace(tool, failure_rate=0.28, errors=("RateLimited",)) if tool.name == "web_search" else tool
