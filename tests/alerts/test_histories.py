"""Years of histories on a simulated clock, restarts and deaths at every step: who is told, and why.

A message without a reason is noise, a firing group that nobody hears of is a hole: neither may happen, whatever figures
come, whoever silences, and wherever the process dies. Here everything goes over the disk; what routing has besides is
played through in `test_routing_histories.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event

from alerts.channels.channel import ALONE, Receipt, Thread
from alerts.channels.webhook import WebhookChannel
from alerts.delivery import Patience
from alerts.engine import AlertEngine
from alerts.matchers import parse_matcher
from alerts.messages.model import Message
from alerts.rules import AlertingConfig, parse_alerting
from alerts.rules.starter import STARTERS
from alerts.silences import add_silence
from alerts.states import ACTIVE
from store import Control, Store, open_control
from store.control import alerting
from store.errors import DeliveryFailed
from tests.alerts.building import Row, ScriptedEvidence, SteppedClock
from tests.alerts.victim import NoStore

AGENTS = ("a", "b", "c")
REPEAT = timedelta(hours=4)


class Death(BaseException):
    """The process is gone, in the middle of whatever it did."""


class MortalControl(Control):
    """Dies before or after the transaction that its life ends with."""

    def __init__(self, control: Control) -> None:
        self.__dict__.update(control.__dict__)
        self.steps_left: int | None = None
        # What is tested here is the order of transactions, not the disk.
        event.listen(self._engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
        self._engine.dispose()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        self.step()
        with super().begin() as connection:
            yield connection
            self.step()
        self.step()

    def step(self) -> None:
        self.weaken()
        if self.steps_left is not None and self.steps_left <= 0:
            raise Death

    def weaken(self) -> None:
        """Count a step of another thread: who dies there does nothing more here."""
        if self.steps_left is not None:
            self.steps_left -= 1


@dataclass
class Told:
    """What the other side took, once per idempotency key, as a receiver that looks at it does."""

    messages: dict[str, tuple[datetime, Message]] = field(default_factory=dict[str, tuple[datetime, Message]])
    copies: int = 0

    def believed(self) -> set[str]:
        firing: set[str] = set()
        for _, message in self.messages.values():
            for item in message.items:
                change = firing.add if item.state == "firing" else firing.discard
                change(item.labels["agent"])
        return firing


class Ear(WebhookChannel):
    """A channel that may be down, and may die after it took a message."""

    told: Told
    is_down: bool
    now: SteppedClock
    mortal: MortalControl

    def send(self, message: Message, idempotency_key: str, thread: Thread = ALONE) -> Receipt:
        self.mortal.weaken()
        if self.is_down:
            raise DeliveryFailed("down", retry=True)
        if idempotency_key in self.told.messages:
            self.told.copies += 1
        else:
            self.told.messages[idempotency_key] = (self.now(), message)
        self.mortal.weaken()
        return Receipt()


class World:
    """One installation whose process may end at any step and begins again from what is on disk."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = SteppedClock()
        self.told = Told()
        self.evidence = ScriptedEvidence()
        self.rates: dict[str, float | None] = dict.fromkeys(AGENTS, 1.0)
        self.is_down = False
        self.true_firing: dict[str, datetime] = {}
        self.start()

    def start(self) -> None:
        self.control = MortalControl(open_control(self.directory, clock=self.clock))
        config = configure()
        ear = Ear("ear", cast("WebhookChannel", config.channels["ear"]).url)
        for name, value in {"told": self.told, "now": self.clock, "mortal": self.control}.items():
            object.__setattr__(ear, name, value)
        object.__setattr__(ear, "is_down", self.is_down)
        self.ear = ear
        cast("dict[str, Any]", config.channels)["ear"] = ear
        self.engine = AlertEngine(
            cast("Store", NoStore()),
            self.control,
            config,
            clock=self.clock,
            evidence=self.evidence,
            patience=Patience(lease=timedelta(seconds=30), pause_after_failure=timedelta(0)),
        )

    def restart(self) -> None:
        self.control.close()
        self.start()

    def live(self, gap: timedelta, dies_after: int | None = None) -> None:
        """Let time pass, then evaluate and deliver; die on the way where asked."""
        self.clock.now += gap
        rows: list[Row] = [({"agent": a}, rate, 50) for a, rate in self.rates.items() if rate is not None]
        self.evidence.show("success_rate", *rows)
        self.control.steps_left = dies_after
        try:
            self.engine.evaluate()
            self.engine.outbox.deliver_due()
        except Death:
            self.restart()
        finally:
            self.control.steps_left = None

    def settle(self) -> None:
        """Let the present stay as it is until everybody who must hear of it has."""
        object.__setattr__(self.ear, "is_down", False)
        self.is_down = False
        # Longer than keep_firing_for and group_interval; in between once longer than a channel is left alone for.
        for minutes in (3, 3, 3, 12, 3, 3, 3):
            self.live(timedelta(minutes=minutes))

    def firing(self) -> set[str]:
        with self.control.read() as connection:
            rows = alerting.load_alerts(connection)
        return {row.labels["agent"] for row in rows if row.state in ACTIVE}


def configure() -> AlertingConfig:
    off = [{"name": starter["name"], "enabled": False} for starter in STARTERS]
    rule = {"name": "rate", "metric": "success_rate", "below": 0.9, "recover_above": 0.95, "group_by": ["agent"],
            "for": "1m", "keep_firing_for": "2m"}  # fmt: skip
    return parse_alerting(
        {
            "alert": [*off, rule],
            "channel": [{"name": "ear", "type": "webhook", "url": "http://127.0.0.1:9/x"}],
            "route": {"group_wait": "30s", "group_interval": "2m", "repeat_interval": "4h"},
        },
        environ={},
    )


GAPS = st.sampled_from(
    [
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=20),
        timedelta(hours=5),
        timedelta(days=40),
    ]
)
RATES = st.sampled_from([0.5, 0.92, 1.0, None])
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("rate"), st.sampled_from(AGENTS), RATES),
        st.tuples(st.just("live"), GAPS, st.none() | st.integers(1, 14)),
        st.tuples(st.just("down"), st.booleans(), st.none()),
        st.tuples(st.just("restart"), st.none(), st.none()),
        st.tuples(st.just("silence"), st.sampled_from(AGENTS), st.sampled_from([5, 90])),
    ),
    min_size=5,
    max_size=40,
)
TOLD = {
    "first_notification",
    "new_alerts",
    "newly_resolved",
    "all_resolved",
    "fired_and_resolved",
    "repeat_interval",
}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(moves=MOVES)
def test_nobody_is_told_without_a_reason_and_nothing_that_fires_is_kept_from_them(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[str, Any, Any]]
) -> None:
    world = World(tmp_path_factory.mktemp("world"))
    for kind, first, second in moves:
        if kind == "rate":
            world.rates[first] = second
        elif kind == "live":
            world.live(first, second)
        elif kind == "down":
            world.is_down = first
            object.__setattr__(world.ear, "is_down", first)
        elif kind == "restart":
            world.restart()
        else:
            add_silence(
                world.control,
                [parse_matcher(f'agent="{first}"')],
                starts_at=world.clock.now,
                ends_at=world.clock.now + timedelta(minutes=second),
                author="ann",
                comment="known",
                now=world.clock.now,
            )
    check_reasons(world)
    world.clock.now += timedelta(minutes=90)
    world.settle()
    assert world.told.believed() == world.firing(), "once silences are over, what is believed is what is true"
    check_reasons(world)
    world.rates = dict.fromkeys(AGENTS, 1.0)
    world.settle()
    assert world.told.believed() == set() == world.firing()
    with world.control.read() as connection:
        assert all(
            row.state in ("delivered", "suppressed") for row in alerting.list_notifications(connection)
        )
    world.control.close()


def check_reasons(world: World) -> None:
    """Assert that each message says something that was not said, or repeats after the repeat interval."""
    firing: set[str] = set()
    last: datetime | None = None
    for _, message in world.told.messages.values():
        items = {(item.labels["agent"], item.state) for item in message.items}
        said = {agent for agent, state in items if state == "firing"}
        ended = {agent for agent, state in items if state == "resolved"}
        assert message.reason in TOLD
        is_news = bool(said - firing) or bool(ended)
        is_repeat = last is not None and message.decided_at - last >= REPEAT
        assert is_news or is_repeat, f"{message.reason} told nothing new"
        if message.reason == "repeat_interval":
            assert is_repeat
        firing = (firing | said) - ended
        last = message.decided_at


@pytest.mark.parametrize("steps", range(1, 16))
def test_death_at_every_step_loses_nothing_and_repeats_with_the_same_key(tmp_path: Path, steps: int) -> None:
    world = World(tmp_path)
    world.rates["a"] = 0.5
    world.live(timedelta(seconds=30))
    world.live(timedelta(minutes=1))
    world.live(timedelta(seconds=40), dies_after=steps)
    world.settle()
    world.rates["a"] = 1.0
    world.live(timedelta(seconds=30))
    world.live(timedelta(minutes=2), dies_after=steps)
    world.settle()
    heard = [(m.reason, [i.state for i in m.items]) for _, m in world.told.messages.values()]
    assert heard == [("first_notification", ["firing"]), ("all_resolved", ["resolved"])]
    assert world.told.copies <= 2
    with world.control.read() as connection:
        events = [row.to_state for row in alerting.list_alert_events(connection)][::-1]
    assert events == ["pending", "firing", "recovering", "resolved"]
    world.control.close()
