"""Plays runs of the simulated agents, past or present."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime

from spanledger.demo.faults import SCRIPT_USER, weather_of
from spanledger.demo.simulation import Run
from spanledger.demo.telemetry import Tracers
from spanledger.demo.traffic import Traffic


class Player:
    """Draws who is visited by whom, and plays it."""

    def __init__(self, tracers: Tracers, dice: random.Random) -> None:
        self._tracers = tracers
        self._traffic = Traffic(dice)
        self._dice = dice

    def history(self, start: datetime, end: datetime, runs: int) -> Iterator[int]:
        """Play about `runs` runs between two moments, in order; yields how many are played."""
        for count, at in enumerate(self._traffic.history(start, end, runs), 1):
            self.play(at, end)
            yield count

    def play(self, at: datetime, now: datetime) -> float:
        """Play a run that starts at a time, in what holds then; return its duration in seconds."""
        agent, visit = self._traffic.draw(at)
        weather = weather_of(agent, at, now)
        if self._dice.random() < weather.script_share:
            visit = self._traffic.visit(SCRIPT_USER, at)
        return Run(self._tracers.tracer(agent), weather, visit, self._dice).play()
