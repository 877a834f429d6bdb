"""Judgements that come late, by file or API: what they change, and what wrong ones say."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.feedback import read_judgement, read_judgements, record_judgements
from analytics.jobs import JobContext
from analytics.sessions import SessionsState
from store import Store
from store.errors import RejectedData
from tests.analytics.building import NOON, StillClock, a_run

Write = Callable[..., None]
LATE = NOON + timedelta(days=5)


def outcomes(store: Store) -> list[tuple[str, str | None]]:
    SessionsState().update(JobContext(store, StillClock(LATE)))
    return [
        tuple(row.values())
        for row in store.query("SELECT case_id, outcome FROM cases ORDER BY 1").to_pylist()
    ]


def touch(store: Store, write: Write, *ids: str) -> None:
    write("touched_sessions", *({"load_seq": 1, "session_id": one, "started_at": NOON} for one in ids))


def test_late_feedback_and_outcomes_decide_cases_again(store: Store, write: Write) -> None:
    write("runs", a_run("t1-s1", session_id="c1"), a_run("t2-s2", session_id="c2"), a_run("t3-s3"))
    touch(store, write, "c1", "c2", "t3-s3")
    assumed = [("c1", "resolved_assumed"), ("c2", "resolved_assumed"), ("t3-s3", "resolved_assumed")]
    assert outcomes(store) == assumed
    said = [
        read_judgement({"session_id": "c1", "value": "up"}, LATE),
        read_judgement({"run_id": "t2-s2", "name": "outcome", "label": "escalated", "source": "human"}, LATE),
        read_judgement({"run_id": "t3-s3", "value": -1}, LATE),
    ]
    assert record_judgements(store, said, LATE) == 3
    assert outcomes(store) == [("c1", "resolved_confirmed"), ("c2", "escalated"), ("t3-s3", "failed")]
    assert record_judgements(store, said, LATE) == 0


def test_judgement_moves_no_watermark(store: Store, write: Write) -> None:
    write("runs", a_run("t1-s1", session_id="c1"))
    touch(store, write, "c1")
    said = read_judgement({"session_id": "c1", "value": "up"}, LATE)
    record_judgements(store, [said], LATE)
    context = JobContext(store, StillClock(LATE))
    assert SessionsState().update(context).load_seq == 1
    record_judgements(store, [replace(said, value=-1.0)], LATE)
    assert SessionsState().update(context).load_seq is None


def test_file_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "feedback.csv"
    file.write_text("session_id,value,scored_at\nc1,up,2026-11-02T13:00:00Z\nc2,-1,\n")
    os.utime(file, (NOON.timestamp(), NOON.timestamp()))
    first, second = read_judgements(file)
    assert (first.target_id, first.value, first.scored_at) == ("c1", 1.0, NOON + timedelta(hours=1))
    assert (second.value, second.scored_at) == (-1.0, NOON)
    file.write_text("session_id,value\nc1,up\nc2,maybe\n")
    with pytest.raises(RejectedData, match="line 3: the value 'maybe'"):
        read_judgements(file)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"value": 1}, "add one of them"),
        ({"run_id": "r", "session_id": "s", "value": 1}, "add one of them"),
        ({"run_id": "r"}, "says nothing"),
        ({"run_id": "r", "name": "outcome", "label": "great"}, "the outcome 'great'"),
        ({"run_id": "r", "value": 1, "source": "robot"}, "the source 'robot'"),
        ({"run_id": "r", "value": 1, "scored_at": "now"}, "is no instant"),
    ],
)
def test_wrong_judgement_says_what_to_change(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(RejectedData, match=said):
        read_judgement(fields, NOON)
