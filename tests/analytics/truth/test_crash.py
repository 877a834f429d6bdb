"""Whatever way data come, clocks go and processes die: the rows are those of everything read at once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analytics.days import update_days
from analytics.facts.job import FactsState
from analytics.jobs import JobContext
from analytics.rollups import update_rollups
from analytics.sessions import SessionsState
from store import Store
from store.queries import ComposedQuery
from tests.analytics.facts.building import START, Ledger, Sent, open_ledger
from tests.analytics.truth.history import BEGIN_S, DAY
from tests.analytics.truth.making import make_history
from tests.analytics.truth.sending import spans_of

RUNS = make_history(seed=5, conversations=9)
SPANS = [span for run in RUNS for span in spans_of(run)]
BEGIN, NOW = START + timedelta(seconds=BEGIN_S), START + timedelta(days=12)
FACTS = ("runs", "llm_calls", "tool_calls", "scores")
TABLES = (*FACTS, "sessions", "cases", "hourly", "hourly_buckets", "daily", "daily_buckets")


class Crash(BaseException):
    """The process is gone."""


class Mortal:
    """A store whose process dies at one of its writes, before or after it is committed."""

    def __init__(self, store: Store, writes: int, *, after_commit: bool) -> None:
        self._store = store
        self._left = writes
        self._after_commit = after_commit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def replace(self, *replacements: Any, appends: Mapping[str, Any] | None = None) -> None:
        self._left -= 1
        if self._left < 0 and not self._after_commit:
            raise Crash
        self._store.replace(*replacements, appends=appends)
        if self._left < 0:
            raise Crash


@dataclass
class Jobs:
    """One life of the process: the chain of jobs and what they keep in memory."""

    facts: FactsState = field(default_factory=lambda: FactsState(chunk_spans=60))
    sessions: SessionsState = field(default_factory=SessionsState)

    def run(self, store: Any, now: datetime = NOW) -> None:
        """Run until nothing is left, or death."""
        context = JobContext(store, lambda: now)
        for update in (self.facts.update, self.sessions.update, update_rollups, update_days):
            while update(context).changed:
                pass


def live(store: Any) -> None:
    """Run the jobs with nothing in memory."""
    Jobs().run(store)


def read(ledger: Ledger) -> dict[str, pl.DataFrame]:
    """Return all that is derived, but for the numbers of the loads that brought it."""
    found: dict[str, pl.DataFrame] = {}
    for table in TABLES:
        rows = ledger.store.select(ComposedQuery(table, f"SELECT * FROM ledger.{table}"))
        comparable = rows.drop("load_seq", "first_load", "other_units", "dimensions", strict=False)
        found[table] = comparable.sort(pl.all())
    return found


def assert_same(found: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> None:
    """Sums of fractions may differ in their last bits: they are added in any order."""
    for table in TABLES:
        assert_frame_equal(found[table], expected[table], rel_tol=1e-12)


def fill(ledger: Ledger) -> Ledger:
    ledger.now = NOW
    for part in range(3):
        ledger.load(*SPANS[part::3])
    return ledger


def test_no_row_is_missing_or_double_wherever_it_crashes() -> None:
    with open_ledger() as calm, open_ledger() as shaken:
        live(fill(calm).store)
        fill(shaken)
        crashes = 0
        for life in range(40):
            mortal = Mortal(shaken.store, life // 2, after_commit=life % 2 == 1)
            with suppress(Crash):
                live(mortal)
                break
            crashes += 1
        assert crashes >= 4
        assert_same(read(shaken), read(calm))
        assert calm.rows("runs").height == len(RUNS)


def test_replay_of_everything_equals_what_was_built_bit_by_bit() -> None:
    with open_ledger() as ledger:
        live(fill(ledger).store)
        before = read(ledger)
        ledger.empty("watermarks", job=["facts"])
        live(ledger.store)
        assert_same(read(ledger), before)


@pytest.fixture(scope="module")
def at_once() -> dict[str, pl.DataFrame]:
    """The rows of the whole history in one load, read when all of it is over."""
    with open_ledger() as ledger:
        ledger.now = NOW
        ledger.load(*SPANS)
        live(ledger.store)
        return read(ledger)


@dataclass(frozen=True)
class Part:
    """Some of the history on its way."""

    days: float
    """How long after the beginning of the history it comes."""
    restarts: bool = False
    dies_at: int | None = None
    """Write of the jobs at which the process dies."""


PARTS = st.lists(
    st.builds(Part, st.floats(0.0, 33.0), st.booleans(), st.none() | st.integers(0, 12)), max_size=4
)


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32), parts=PARTS)
def test_exact_replay_equals_what_grew_in_any_order_at_any_time_through_any_deaths(
    at_once: dict[str, pl.DataFrame], seed: int, parts: list[Part]
) -> None:
    dice, loads = Random(seed), {part.days: (part, list[Sent]()) for part in [*parts, Part(33.0)]}
    for span in SPANS:
        over = (span.at + (span.lasts or 0.0) - BEGIN_S) / DAY
        loads[dice.choice([days for days in loads if days > over])][1].append(span)
    with open_ledger() as ledger:
        jobs = Jobs()
        for days in sorted(loads):
            part, spans = loads[days]
            ledger.now = BEGIN + timedelta(days=days)
            ledger.load(*spans)
            if part.dies_at is not None:
                with suppress(Crash):
                    jobs.run(Mortal(ledger.store, part.dies_at, after_commit=dice.random() < 0.5), ledger.now)
            if part.restarts or part.dies_at is not None:
                jobs = Jobs()
            jobs.run(ledger.store, ledger.now)
        assert_same(read(ledger), at_once)
