"""Who is told: of the silence of agents that were heard live, not of where a back-fill ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.drift.hearing import decide_who_hears
from store import Store
from tests.store.rows import a_run, a_span, frame_of

NOW = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)
HERE = NOW.replace(tzinfo=None)
WHOSE = {"service": "helpdesk", "environment": "production", "agent": "support"}


def speak(store: Store, last: datetime, *, lag: timedelta, at_once: bool = False, runs: int = 120) -> None:
    """Write a run every ten minutes, each received after a lag, or all of them at once after the last."""
    rows: list[dict[str, Any]] = []
    spans: list[dict[str, Any]] = []
    for number in range(runs):
        started = last - timedelta(minutes=10 * number)
        rows.append(a_run(number + 1, started_at=started, **WHOSE))
        received = last + lag if at_once else started + lag
        spans.append(a_span(number + 1, kind="agent", started_at=started, received_at=received))
    store.replace(appends={"runs": frame_of("runs", rows), "spans": frame_of("spans", spans)})


def a_silence(**more: object) -> dict[str, Any]:
    raised = HERE - timedelta(hours=2)
    return {
        "alarm_id": "a", "kind": "volume", "direction": "down", "raised_at": raised, "last_raised_at": raised,
        "explanation": None, **WHOSE, **more,
    }  # fmt: skip


def is_told(store: Store, alarm: dict[str, Any], before: dict[str, Any] | None = None) -> bool:
    known = {} if before is None else {"a": before}
    (row,) = decide_who_hears(store, {"a": alarm}, known, NOW)
    return not row["is_historic"]


@pytest.mark.parametrize("lag", [timedelta(seconds=5), timedelta(hours=-2), timedelta(hours=8)])
def test_the_silence_of_an_agent_that_was_heard_live_is_told_whatever_its_clock(
    store: Store, lag: timedelta
) -> None:
    speak(store, HERE - timedelta(hours=6), lag=lag)
    assert is_told(store, a_silence())


def test_where_a_backfill_ends_or_has_not_reached_yet_nobody_is_told(store: Store) -> None:
    speak(store, HERE - timedelta(hours=6), lag=timedelta(minutes=1), at_once=True)
    assert not is_told(store, a_silence())
    assert is_told(store, a_silence(direction="up")), "what was there and came within a day is told"
    assert not is_told(store, a_silence(agent="another")), "nothing was heard of this one"


def test_an_agent_that_speaks_after_a_backfill_and_falls_silent_is_told_within_the_same_alarm(
    store: Store,
) -> None:
    historic = a_silence(raised_at=HERE - timedelta(days=3), is_historic=True)
    speak(store, HERE - timedelta(hours=6), lag=timedelta(seconds=5))
    assert is_told(store, a_silence(raised_at=historic["raised_at"]), historic)


def test_an_agent_that_died_long_ago_stays_history_and_what_was_told_stays_told(store: Store) -> None:
    speak(store, HERE - timedelta(days=9), lag=timedelta(seconds=5))
    assert not is_told(store, a_silence(), a_silence(is_historic=True))
    assert is_told(store, a_silence(), a_silence(is_historic=False))
