"""`kill -9` of everything at any instant loses nothing acknowledged and doubles nothing."""

from __future__ import annotations

import random
import time

from tests.end_to_end.exporting import Agent
from tests.end_to_end.installation import Installation

KILLS = 50


def test_kills_at_random_instants_lose_and_double_nothing(installation: Installation) -> None:
    dice = random.Random(7)
    agents = [Agent(f"http-{n}", http=installation.http) for n in range(3)]
    agents += [Agent(f"grpc-{n}", grpc=installation.grpc) for n in range(3)]
    for agent in agents:
        agent.start()
    for _ in range(KILLS):
        installation.start("collect")
        time.sleep(
            dice.uniform(0, 0.7)
        )  # the instant of the kill is the experiment, not a wait for something
        installation.kill()
    installation.start("collect")
    for agent in agents:
        agent.stop()
    for agent in agents:
        agent.join(30)
    acknowledged = {ids for agent in agents for ids in agent.acknowledged}
    assert len(acknowledged) > 20 * KILLS, "too little was acknowledged for the kills to prove anything"
    assert sum(len(agent.acknowledged) for agent in agents) == len(acknowledged)
    assert installation.stop() == 0
    stored = [(row["trace_id"], row["span_id"]) for row in ids_of(installation)]
    assert len(stored) == len(set(stored)), "spans are stored twice"
    assert acknowledged <= set(stored), f"{len(acknowledged - set(stored))} acknowledged spans are lost"


def ids_of(installation: Installation) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    while page := installation.rows(
        f"SELECT trace_id, span_id FROM spans ORDER BY trace_id, span_id LIMIT 50000 OFFSET {len(rows)}"
    ):
        rows += page
    return rows
