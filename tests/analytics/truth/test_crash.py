"""Crashes in the middle of the jobs: no row is missing or double, and running all again changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from analytics.facts.job import FactsState
from analytics.jobs import JobContext
from analytics.rollups import update_rollups
from analytics.sessions import SessionsState
from store import Store
from tests.analytics.facts.building import START, Ledger, open_ledger
from tests.analytics.truth.making import make_history
from tests.analytics.truth.sending import spans_of

RUNS = make_history(seed=5, conversations=9)
NOW = START + timedelta(days=12)
TABLES = ("runs", "llm_calls", "tool_calls", "sessions", "cases", "hourly", "hourly_buckets")


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


def live(store: Any) -> None:
    """Run the jobs with nothing in memory until nothing is left, or death."""
    context = JobContext(store, lambda: NOW)
    for update in (FactsState(chunk_spans=60).update, SessionsState().update, update_rollups):
        while update(context).changed:
            pass


def fill(ledger: Ledger) -> Ledger:
    ledger.now = NOW
    spans = [span for run in RUNS for span in spans_of(run)]
    for part in range(3):
        ledger.load(*spans[part::3])
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
        for table in TABLES:
            assert shaken.rows(table).equals(calm.rows(table)), table
        assert calm.rows("runs").height == len(RUNS)


def test_replay_of_everything_equals_what_was_built_bit_by_bit() -> None:
    with open_ledger() as ledger:
        live(fill(ledger).store)
        before = {table: ledger.rows(table) for table in TABLES}
        ledger.empty("watermarks", job=["facts"])
        live(ledger.store)
        assert all(ledger.rows(table).equals(before[table]) for table in TABLES)
