"""Agents as a whole: how unlike its baseline each behaves, in one number with its parts.

The number is the sum of how close the agent's series are to an alarm. It costs no error budget of its own: while
nothing changes, the statistic of each series grows by one an hour on average (Shin, Ramdas, Rinaldo 2022), so that of S
series grows by S, however they depend on each other (sums of e-values need no independence: Vovk, Wang 2021,
arXiv:1912.06116). Every alarm, of one series or of a whole, takes at least the threshold out. So the two together come
no more often than alarms of series alone may.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.drift.catalogue import Catalogue, Series
from analytics.drift.facts import AlarmFacts
from analytics.drift.naming import WHOLE_AGENT, say_change, say_value
from analytics.drift.panel import Panel
from analytics.drift.seasons import Ints
from analytics.figures import format_share

WHOSE = ("service", "environment", "agent")
LARGEST_PART = 0.5
"""Share of the number above which one series is the change, and will be told by itself."""
_TOLD_PART = 0.1
"""Share of the number from which a series is told as a part."""


@dataclass(frozen=True)
class Agent:
    """One agent and the rows of its series, by kind."""

    series: Series
    """The agent as a series, for its alarms and state."""
    rows: Mapping[str, Ints]


@dataclass(frozen=True)
class Part:
    """One series of an agent that behaves unlike its baseline."""

    kind: str
    row: int
    change: int
    """Which change its evidence speaks for most."""
    since: int
    share: float
    """Of the agent's number."""


@dataclass(frozen=True)
class AgentAlarm:
    """Several series of an agent moved at once, none of them far enough to be told alone."""

    agent: Agent
    hour: int
    unlikeness: float
    parts: tuple[Part, ...]
    """The largest first."""


def find_agents(catalogue: Catalogue) -> list[Agent]:
    """Return the agents that have series, in the order in which these were met."""
    rows: dict[str, dict[str, list[int]]] = {}
    wholes: dict[str, Series] = {}
    for kind, known in catalogue.series.items():
        for row, series in enumerate(known):
            labels = {key: series.labels[key] for key in WHOSE if key in series.labels}
            whole = Series("multivariate", WHOLE_AGENT, labels)
            wholes[whole.name] = whole
            rows.setdefault(whole.name, {}).setdefault(kind, []).append(row)
    return [
        Agent(whole, {kind: np.array(of_kind) for kind, of_kind in rows[name].items()})
        for name, whole in wholes.items()
    ]


def measure_unlikeness(agents: list[Agent], panels: Mapping[str, Panel]) -> list[float]:
    """Return the number of each agent."""
    closeness = {kind: panel.measure_closeness() for kind, panel in panels.items()}
    return [float(sum(closeness[kind][rows].sum() for kind, rows in agent.rows.items())) for agent in agents]


def find_unlike(agents: list[Agent], panels: Mapping[str, Panel], hour: int) -> Iterator[AgentAlarm]:
    """Yield the alarms of an hour that panels have taken in; the parts of each begin anew."""
    for agent, unlikeness in zip(agents, measure_unlikeness(agents, panels), strict=True):
        if unlikeness < 1.0:
            continue
        parts = sorted(_list_parts(agent, panels, unlikeness), key=lambda part: -part.share)
        if parts[0].share > LARGEST_PART:
            continue
        told = tuple(part for part in parts if part.share >= _TOLD_PART) or tuple(parts[:3])
        for part in parts:
            panels[part.kind].begin_anew(part.row)
        for part in told:
            panels[part.kind].doubtful.append((part.row, part.since, hour + 1))
        yield AgentAlarm(agent, hour, unlikeness, told)


def say_parts(alarm: AgentAlarm, catalogue: Catalogue, facts: Sequence[AlarmFacts]) -> str:
    """Return the parts of an alarm in words, each with what it was before and is since; `facts` are theirs."""
    named: list[str] = []
    for part, known in zip(alarm.parts, facts, strict=True):
        series = catalogue.series[part.kind][part.row]
        of = " ".join(value for key, value in series.labels.items() if key not in WHOSE)
        before, after = (say_value(series.metric, value) for value in (known.before, known.after))
        what = say_change(series.metric, known.direction, known.category, of=of)
        named.append(f"{what} from {before} to {after} ({format_share(part.share)} of it)")
    return f"several series together, none alone: {'; '.join(named)}"


def _list_parts(agent: Agent, panels: Mapping[str, Panel], unlikeness: float) -> Iterator[Part]:
    for kind, rows in agent.rows.items():
        panel = panels[kind]
        closeness = panel.measure_closeness()
        for row in rows.tolist():
            if closeness[row] > 0:
                change, since = panel.find_likeliest(row)
                yield Part(kind, row, change, since, float(closeness[row]) / unlikeness)
