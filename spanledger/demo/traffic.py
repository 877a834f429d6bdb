"""When runs happen and whose they are: busy days, quiet nights, conversations of one to a few runs."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta

from spanledger.demo.cast import AGENTS, TENANTS, USERS, Agent
from spanledger.demo.simulation import Visit

_CONTINUES = 0.35
_OPEN_CONVERSATIONS = 40
_REPLY = timedelta(minutes=2)


class Traffic:
    """Draws agents and visits; conversations go on for a while, users differ in how often they come."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._open: dict[str, deque[Visit]] = {
            agent.name: deque(maxlen=_OPEN_CONVERSATIONS) for agent in AGENTS
        }
        self._weights = [1 / (rank + 3) for rank in range(len(USERS))]

    def draw(self, at: datetime) -> tuple[Agent, Visit]:
        """Return who is visited by whom at a time."""
        dice = self._dice
        agent = dice.choices(AGENTS, [agent.runs_share for agent in AGENTS])[0]
        waiting = self._open[agent.name]
        if waiting and dice.random() < _CONTINUES and at - waiting[0].started_at > _REPLY:
            earlier = waiting.popleft()
            visit = Visit(earlier.user, earlier.tenant, earlier.session, at)
        else:
            user = dice.choices(USERS, self._weights)[0]
            visit = self.visit(user, at)
        waiting.append(visit)
        return agent, visit

    def visit(self, user: str, at: datetime) -> Visit:
        """Return a visit of a user that begins a conversation."""
        tenant = TENANTS[sum(user.encode()) % len(TENANTS)]
        return Visit(user, tenant, f"conv-{self._dice.getrandbits(48):012x}", at)

    def history(self, start: datetime, end: datetime, runs: int) -> Iterator[datetime]:
        """Yield the times of about `runs` runs between two moments, in order."""
        hours = max(1, math.ceil((end - start) / timedelta(hours=1)))
        weights = [_busyness(start + timedelta(hours=hour)) for hour in range(hours)]
        per_weight = runs / sum(weights)
        for hour, weight in enumerate(weights):
            begun = start + timedelta(hours=hour)
            count = _poisson(self._dice, per_weight * weight)
            for offset_s in sorted(self._dice.random() * 3600 for _ in range(count)):
                if begun + timedelta(seconds=offset_s) < end:
                    yield begun + timedelta(seconds=offset_s)


def _busyness(at: datetime) -> float:
    """How busy an hour is: twice as much by day as at night, half at week-ends."""
    by_day = 1 + 0.7 * math.sin((at.hour - 8) / 24 * 2 * math.pi)
    return by_day * (0.5 if at.weekday() >= 5 else 1.0)


def _poisson(dice: random.Random, mean: float) -> int:
    """Draw a Poisson count; by its normal approximation where the mean is large."""
    if mean > 50:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, dice.random()
    while product > limit:
        count += 1
        product *= dice.random()
    return count
