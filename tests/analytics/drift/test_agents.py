"""An agent as a whole: told when several series move together, within the error budget that the series have."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.drift.agents import find_agents, find_unlike, measure_unlikeness, say_parts
from analytics.drift.catalogue import Catalogue, Series
from analytics.drift.facts import AlarmFacts
from analytics.drift.naming import WHOLE_AGENT
from analytics.drift.panel import Panel

WHOSE = {"service": "helpdesk", "environment": "production", "agent": "support"}
PARTS = 6


@pytest.fixture
def catalogue() -> Catalogue:
    known = Catalogue()
    for number in range(PARTS):
        known.row_of(Series("rate", "tool_failure_rate", {**WHOSE, "tool": f"t{number}"}))
    return known


def a_panel(catalogue: Catalogue, threshold: float = 200.0) -> Panel:
    panel = Panel("rate", threshold)
    panel.resize(len(catalogue.series["rate"]))
    panel.bank.weights[:, 0] = 1.0
    return panel


def set_closeness(panel: Panel, closeness: list[float]) -> None:
    panel.statistics.totals[:, 0] = np.array(closeness) * panel.threshold


def test_several_series_near_an_alarm_are_told_as_one_with_their_parts(catalogue: Catalogue) -> None:
    panel = a_panel(catalogue)
    set_closeness(panel, [0.4, 0.35, 0.3, 0.01, 0.0, 0.0])
    agents = find_agents(catalogue)
    (alarm,) = find_unlike(agents, {"rate": panel}, 100)
    assert (
        alarm.agent.series.name
        == f'{WHOLE_AGENT}{{service="helpdesk", environment="production", agent="support"}}'
    )
    assert alarm.unlikeness == pytest.approx(1.06)
    assert [part.row for part in alarm.parts] == [0, 1, 2]
    facts = [AlarmFacts("up", "drift", 0.02, 0.04, 0.03, 0.05, 400, 90, 89, 91)] * 3
    assert say_parts(alarm, catalogue, facts).startswith(
        "several series together, none alone: Tool failure rate of t0 up from 2 % to 4 % (37.7 % of it); "
    )
    assert measure_unlikeness(agents, {"rate": panel}) == [0.0], "its parts begin anew"
    assert {row for row, _, _ in panel.doubtful} == {0, 1, 2}


def test_one_series_that_moves_alone_is_left_to_its_own_alarm(catalogue: Catalogue) -> None:
    panel = a_panel(catalogue)
    set_closeness(panel, [0.9, 0.1, 0.05, 0.0, 0.0, 0.0])
    assert list(find_unlike(find_agents(catalogue), {"rate": panel}, 100)) == []
    assert panel.statistics.totals[0, 0] > 0


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_wholes_and_series_together_keep_to_the_budget_of_the_series(
    catalogue: Catalogue, correlation: float
) -> None:
    """Evidence of log-normal e-values with mean 1, independent and almost the same in all series."""
    from analytics.drift.detector import step

    dice = np.random.default_rng(5)
    panel, agents, hours = a_panel(catalogue), find_agents(catalogue), 20_000
    alarms = wholes = 0
    for hour in range(hours):
        shared, own = dice.normal(), dice.normal(size=PARTS)
        noise = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own
        gain = np.zeros_like(panel.statistics.totals)
        gain[:, 0] = 0.4 * noise - 0.08
        alarms += step(
            panel.statistics, gain, np.ones(PARTS, bool), hour, panel.bank.weights, panel.threshold
        ).rows.size
        wholes += len(list(find_unlike(agents, {"rate": panel}, hour)))
    assert wholes > 0
    assert alarms + wholes <= PARTS * hours / panel.threshold
