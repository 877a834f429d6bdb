"""Sessions and cases: when they close, how they end, what reopens them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.cases import JUDGEMENTS, derive_sessions
from analytics.jobs import NOTHING_TO_DO, JobContext
from analytics.sessions import SessionsState
from analytics.settings import AnalyticsSettings
from store import Replacement, Store, open_store
from store.keeping import delete_orphans, keep_expiring
from tests.analytics.building import NOON, StillClock, a_run, to_frame

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
NO_JUDGEMENT = pl.DataFrame(schema=JUDGEMENTS)


def derive(*runs: dict[str, Any], now: datetime = NOON + 30 * DAY, **options: Any) -> tuple[Any, Any]:
    """Return the sessions and cases of runs as lists of rows."""
    columns = (
        "user_id", "tenant", "agent_version", "prompt_name", "prompt_version", "session_id", "explicit_outcome",
        "feedback", "cost_usd",
    )  # fmt: skip
    full = to_frame("runs", [dict.fromkeys(columns) | run for run in runs]).with_columns(
        conversation_id=pl.coalesce("session_id", "run_id"),
        is_alone=pl.col("session_id").is_null(),
        run_count=pl.lit(1, pl.Int64),
    )
    judgements = options.pop("judgements", NO_JUDGEMENT)
    derived = derive_sessions(full, judgements, now, AnalyticsSettings(**options))
    order = ["conversation_id", "started_at"]
    return derived.sessions.sort(order).to_dicts(), derived.cases.sort("opened_at", "case_id").to_dicts()


def turn(number: int, **facts: Any) -> dict[str, Any]:
    return a_run(f"t{number}-s1", **{"session_id": "c1", "user_id": "u1", **facts})


def at(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def test_runs_of_one_conversation_are_one_session() -> None:
    sessions, cases = derive(turn(1), turn(2, started_at=NOON + HOUR), turn(3, session_id="c2"))
    assert [(s["session_id"], s["runs"]) for s in sessions] == [("c1", 2), ("c2", 1)]
    assert len(cases) == 2


def test_conversation_closes_after_three_days_of_silence() -> None:
    end = NOON + timedelta(seconds=2)
    (open_one,), _ = derive(turn(1), now=end + 72 * HOUR - MINUTE)
    assert (open_one["closed_at"], open_one["outcome"]) == (None, None)
    (closed,), _ = derive(turn(1), now=end + 72 * HOUR)
    assert (closed["closed_at"], closed["outcome"]) == (at(end + 72 * HOUR), "resolved_assumed")


def test_time_out_is_configurable() -> None:
    (session,), _ = derive(turn(1), now=NOON + 2 * HOUR, session_timeout=HOUR)
    assert session["closed_at"] is not None


def test_run_alone_closes_five_minutes_after_its_end() -> None:
    alone = a_run(duration_ms=2000.0)
    (early,), _ = derive(alone, now=NOON + 4 * MINUTE)
    assert early["closed_at"] is None
    (closed,), _ = derive(alone, now=NOON + 6 * MINUTE)
    assert closed["closed_at"] == at(NOON + 5 * MINUTE + timedelta(seconds=2))


def test_run_alone_without_an_end_waits_as_long_as_a_conversation() -> None:
    unfinished = a_run(complete=False, ended_at=None, outcome=None, has_answer=None)
    (session,), _ = derive(unfinished, now=NOON + HOUR)
    assert session["closed_at"] is None
    (session,), _ = derive(unfinished, now=NOON + 4 * DAY)
    assert session["outcome"] == "abandoned"


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"explicit_outcome": "resolved"}, "resolved_confirmed"),
        ({"explicit_outcome": "escalated", "outcome": "escalated"}, "escalated"),
        ({"explicit_outcome": "abandoned"}, "abandoned"),
        ({"explicit_outcome": "abandoned", "outcome": "failure"}, "abandoned"),
        ({"feedback": 1.0}, "resolved_confirmed"),
        ({"feedback": -1.0}, "failed"),
    ],
)
def test_final_word_closes_at_once(facts: dict[str, Any], outcome: str) -> None:
    (session,), (case,) = derive(turn(1, **facts), now=NOON + MINUTE)
    assert (session["outcome"], session["closed_at"]) == (outcome, at(NOON + timedelta(seconds=2)))
    assert (case["outcome"], case["closed_at"]) == (outcome, session["closed_at"])


@pytest.mark.parametrize("explicit", ["success", "failure"])
def test_word_on_one_run_does_not_close_the_conversation(explicit: str) -> None:
    (session,), _ = derive(turn(1, explicit_outcome=explicit, outcome=explicit), now=NOON + HOUR)
    assert session["closed_at"] is None


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"outcome": "escalated", "feedback": -1.0}, "escalated"),
        ({"outcome": "failure", "feedback": 1.0}, "failed"),
        ({"explicit_outcome": "resolved", "feedback": -1.0}, "failed"),
        ({"explicit_outcome": "resolved", "has_answer": False}, "resolved_confirmed"),
        ({"has_answer": False}, "abandoned"),
        ({"has_answer": None}, "resolved_assumed"),
        ({}, "resolved_assumed"),
    ],
)
def test_outcomes_have_an_order_of_precedence(facts: dict[str, Any], outcome: str) -> None:
    (session,), _ = derive(turn(1, **facts))
    assert session["outcome"] == outcome


def test_failure_that_a_later_turn_made_good_is_none() -> None:
    (session,), _ = derive(turn(1, outcome="failure"), turn(2, started_at=NOON + HOUR))
    assert session["outcome"] == "resolved_assumed"


def test_escalation_counts_whichever_turn_made_it() -> None:
    (session,), _ = derive(turn(1, outcome="escalated"), turn(2, started_at=NOON + HOUR))
    assert session["outcome"] == "escalated"


def test_same_user_back_within_a_week_reopens_the_case() -> None:
    sessions, cases = derive(turn(1, cost_usd="0.5"), turn(2, started_at=NOON + 5 * DAY, cost_usd="0.25"))
    assert [(s["session_id"], s["case_id"], s["reopened"]) for s in sessions] == [
        ("c1", "c1", True),
        ("c1#2", "c1", False),
    ]
    (case,) = cases
    assert (case["sessions"], case["runs"], case["cost_usd"]) == (2, 2, Decimal("0.75"))
    assert case["closed_at"] == sessions[1]["closed_at"]


def test_return_undoes_the_resolution_until_the_case_closes_again() -> None:
    first = turn(1, explicit_outcome="resolved")
    _, (case,) = derive(first, now=NOON + HOUR)
    assert case["outcome"] == "resolved_confirmed"
    back = turn(2, started_at=NOON + HOUR)
    _, (case,) = derive(first, back, now=NOON + 2 * HOUR)
    assert (case["outcome"], case["closed_at"]) == (None, None)
    _, (case,) = derive(first, back, now=NOON + 5 * DAY)
    assert (case["outcome"], case["sessions"]) == ("resolved_assumed", 2)


def test_return_after_more_than_a_week_is_another_case() -> None:
    sessions, cases = derive(turn(1), turn(2, started_at=NOON + 8 * DAY))
    assert [c["case_id"] for c in cases] == ["c1", "c1#2"]
    assert not any(s["reopened"] for s in sessions)


def test_another_user_in_the_conversation_is_another_case() -> None:
    _, cases = derive(turn(1), turn(2, started_at=NOON + 5 * DAY, user_id="u2"))
    assert [c["user_id"] for c in cases] == ["u1", "u2"]


def test_who_came_before_the_window_does_not_decide_whose_case_goes_on() -> None:
    _, cases = derive(
        a_run("t1-s1", session_id="c1", user_id="u1"),
        a_run("t2-s1", session_id="c1", started_at=NOON + 10 * DAY),
        a_run("t3-s1", session_id="c1", user_id="u2", started_at=NOON + 14 * DAY),
        now=NOON + 40 * DAY,
    )
    assert [(case["sessions"], case["user_id"]) for case in cases] == [(1, "u1"), (2, "u2")]


def test_overlapping_runs_are_not_parted_by_a_final_word() -> None:
    long = turn(1, ended_at=NOON + HOUR)
    sessions, _ = derive(long, turn(2, started_at=NOON + MINUTE, explicit_outcome="resolved"))
    assert [(s["runs"], s["outcome"]) for s in sessions] == [(2, "resolved_confirmed")]


def test_first_run_names_the_session_and_the_last_its_version() -> None:
    (session,), (case,) = derive(
        turn(1, agent="a", agent_version="1", prompt_version="3", user_id=None, purpose="test"),
        turn(2, started_at=NOON + HOUR, agent="b", agent_version="2", prompt_version="4", tenant="t"),
    )
    for row in (session, case):
        assert (row["agent"], row["agent_version"], row["purpose"]) == ("a", "2", "test")
        assert (row["user_id"], row["tenant"], row["prompt_version"]) == ("u1", "t", "4")


def test_unknown_cost_is_null_and_counted() -> None:
    (session,), _ = derive(turn(1, unpriced_calls=2), turn(2, started_at=NOON + HOUR, unpriced_calls=1))
    assert (session["cost_usd"], session["unpriced_calls"]) == (None, 3)


def judge(**facts: Any) -> pl.DataFrame:
    given = {"conversation_id": "c1", "score_name": "feedback", "judge": "user", **facts}
    return pl.DataFrame([{name: given.get(name) for name in JUDGEMENTS}], schema=JUDGEMENTS)


def test_judgement_on_the_session_closes_it() -> None:
    judged = judge(judged_value=1.0, judged_at=at(NOON + MINUTE))
    (session,), _ = derive(turn(1), now=NOON + HOUR, judgements=judged)
    assert session["outcome"] == "resolved_confirmed"


def test_late_outcome_of_a_run_decides_its_session() -> None:
    judged = judge(
        judged_run="t1-s1", score_name="outcome", judged_label="escalated", judged_at=at(NOON + DAY)
    )
    (session,), _ = derive(turn(1), judgements=judged)
    assert session["outcome"] == "escalated"


@pytest.mark.parametrize(("value", "outcome"), [(0.5, "resolved_confirmed"), (0.4, "failed")])
def test_score_that_is_named_as_a_signal_decides(value: float, outcome: str) -> None:
    judged = judge(score_name="solved", judge="evaluator", judged_value=value, judged_at=at(NOON + MINUTE))
    (session,), _ = derive(turn(1), judgements=judged, outcome_signals=("solved",))
    assert session["outcome"] == outcome
    (session,), _ = derive(turn(1), judgements=judged)
    assert session["outcome"] == "resolved_assumed"


def test_feedback_that_is_no_signal_decides_nothing() -> None:
    judged = judge(judged_value=-1.0, judged_at=at(NOON + MINUTE))
    (session,), _ = derive(turn(1, feedback=1.0), judgements=judged, outcome_signals=("outcome",))
    assert session["outcome"] == "resolved_assumed"


RUNS = st.lists(
    st.fixed_dictionaries(
        {
            "session_id": st.sampled_from(["c1", "c2", None]),
            "user_id": st.sampled_from(["u1", "u2", None]),
            "started_at": st.integers(0, 20 * 24).map(lambda hours: NOON + hours * HOUR),
            "outcome": st.sampled_from(["success", "failure", "escalated", None]),
            "explicit_outcome": st.sampled_from([None, None, "resolved", "abandoned", "success"]),
            "feedback": st.sampled_from([None, None, 1.0, -1.0]),
            "cost_usd": st.sampled_from([None, "0.1", "0.000000000001"]),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60)
@given(RUNS, st.integers(0, 40 * 24), st.randoms())
def test_every_run_is_in_one_session_and_one_case_in_any_order(
    facts: list[dict[str, Any]], hours: int, chance: Any
) -> None:
    runs = [a_run(f"t{number}-s1", **fact) for number, fact in enumerate(facts)]
    now = NOON + hours * HOUR
    sessions, cases = derive(*runs, now=now)
    chance.shuffle(runs)
    assert derive(*runs, now=now) == (sessions, cases)
    assert sum(s["runs"] for s in sessions) == sum(c["runs"] for c in cases) == len(runs)
    assert len({s["session_id"] for s in sessions}) == len(sessions)
    assert {s["case_id"] for s in sessions} == {c["case_id"] for c in cases}
    for row in (*sessions, *cases):
        assert (row["closed_at"] is None) == (row["outcome"] is None)
    spent = sum((c["cost_usd"] or Decimal(0) for c in cases), Decimal(0))
    assert spent == sum((run["cost_usd"] or Decimal(0) for run in runs), Decimal(0))


class Conversations:
    """Runs on their way into the store, as the facts job brings them."""

    def __init__(self, store: Store, write: Callable[..., None], clock: StillClock) -> None:
        self._store, self._write, self._context = store, write, JobContext(store, clock)
        self._load_seq, self._state = 0, SessionsState()

    def arrive(self, *runs: dict[str, Any]) -> Any:
        self._load_seq += 1
        self._write("runs", *runs)
        touched = [
            {
                "load_seq": self._load_seq,
                "session_id": run.get("session_id") or run["run_id"],
                "started_at": run["started_at"],
            }
            for run in runs
        ]
        self._write("touched_sessions", *touched)
        return self._state.update(self._context)

    def tick(self) -> Any:
        return self._state.update(self._context)

    def read(self, table: str) -> list[dict[str, Any]]:
        return self._store.select(f"sessions/all_{table}").to_dicts()

    def touched_hours(self) -> set[Any]:
        rows = self._store.select("rollups/touched", {"max_rows": 1000})
        return set(rows.filter(pl.col("subject") == "case")["hour_at"])


@pytest.fixture
def conversations(store: Store, write: Callable[..., None], clock: StillClock) -> Conversations:
    return Conversations(store, write, clock)


def test_job_has_nothing_to_do_on_an_empty_store(conversations: Conversations) -> None:
    assert conversations.tick() == NOTHING_TO_DO


def test_clock_alone_closes_a_session(conversations: Conversations, clock: StillClock) -> None:
    assert conversations.arrive(turn(1)).load_seq == 1
    assert conversations.tick() == NOTHING_TO_DO
    assert conversations.touched_hours() == set()
    clock.forward(days=4)
    assert conversations.tick().changed == 2
    (case,) = conversations.read("cases")
    assert case["outcome"] == "resolved_assumed"
    assert conversations.touched_hours() == {at(NOON + 3 * DAY)}
    assert conversations.tick() == NOTHING_TO_DO


def test_old_imports_close_at_once_by_their_own_time(conversations: Conversations) -> None:
    conversations.arrive(turn(1, started_at=NOON - 90 * DAY))
    (case,) = conversations.read("cases")
    assert case["closed_at"] == at(NOON - 87 * DAY + timedelta(seconds=2))


def test_late_run_reopens_and_both_hours_are_rolled_up_again(
    conversations: Conversations, clock: StillClock
) -> None:
    conversations.arrive(turn(1, started_at=NOON - 5 * DAY))
    (case,) = conversations.read("cases")
    assert case["outcome"] == "resolved_assumed"
    conversations.arrive(turn(2, started_at=NOON - 4 * DAY))
    (case,) = conversations.read("cases")
    assert (case["runs"], case["closed_at"]) == (2, at(NOON - DAY + timedelta(seconds=2)))
    assert conversations.touched_hours() == {at(NOON - 2 * DAY), at(NOON - DAY)}


def test_case_that_goes_on_keeps_the_sessions_that_retention_has_taken(
    conversations: Conversations, clock: StillClock, store: Store
) -> None:
    for load_seq in (1, 2):
        conversations.arrive(
            turn(load_seq, load_seq=load_seq, cost_usd="0.5", outcome="escalated", started_at=clock.now)
        )
        clock.forward(days=5)
        conversations.tick()
        store.expire(load_seq, *keep_expiring(store, load_seq))
    first = conversations.read("sessions")
    conversations.arrive(turn(3, load_seq=3, cost_usd="0.25", started_at=clock.now))
    sessions = conversations.read("sessions")
    assert [(row["session_id"], row["runs"], row["reopened"]) for row in sessions] == [
        ("c1", 1, True),
        ("c1#2", 1, True),
        ("c1#3", 1, False),
    ]
    assert [row["outcome"] for row in sessions] == [*(row["outcome"] for row in first), None]
    (case,) = conversations.read("cases")
    assert (case["sessions"], case["runs"], case["cost_usd"]) == (3, 3, Decimal("1.25"))
    assert case["opened_at"] == at(NOON)


def test_session_that_goes_on_keeps_the_runs_that_retention_has_taken(
    conversations: Conversations, clock: StillClock, store: Store
) -> None:
    for load_seq in (1, 1, 2, 3):
        number = 1 + sum(row["runs"] for row in conversations.read("sessions"))
        conversations.arrive(turn(number, load_seq=load_seq, cost_usd="0.5", started_at=clock.now))
        clock.forward(days=2)
        if load_seq == 2:
            store.expire(1, *keep_expiring(store, 1))
    clock.forward(days=2)
    conversations.tick()
    (session,) = conversations.read("sessions")
    assert (session["runs"], session["cost_usd"], session["started_at"]) == (4, Decimal(2), at(NOON))
    assert session["outcome"] == "resolved_assumed"


@pytest.mark.parametrize("days", [1, 3])
def test_open_session_without_a_run_that_is_left_goes_on_or_closes_with_what_it_had(
    conversations: Conversations, clock: StillClock, store: Store, days: int
) -> None:
    conversations.arrive(turn(1, load_seq=1, cost_usd="0.5", started_at=clock.now))
    store.expire(1, *keep_expiring(store, 1))
    clock.forward(days=days, hours=2)
    conversations.tick()
    (session,) = conversations.read("sessions")
    assert (session["runs"], session["cost_usd"]) == (1, Decimal("0.5"))
    assert (session["closed_at"] is None) == (days == 1)
    conversations.arrive(turn(2, load_seq=2, cost_usd="0.25", started_at=clock.now))
    sessions = conversations.read("sessions")
    told = [(row["session_id"], row["runs"], row["cost_usd"]) for row in sessions]
    if days == 1:
        assert told == [("c1", 2, Decimal("0.75"))]
    else:
        assert told == [("c1", 1, Decimal("0.5")), ("c1#2", 1, Decimal("0.25"))]
    (case,) = conversations.read("cases")
    assert (case["runs"], case["cost_usd"]) == (2, Decimal("0.75"))


def test_conversation_that_lost_its_first_session_gives_no_number_twice(
    conversations: Conversations, clock: StillClock, store: Store
) -> None:
    conversations.arrive(turn(1, load_seq=1, feedback=1.0, started_at=clock.now))
    clock.forward(hours=1)
    conversations.arrive(turn(2, load_seq=2, started_at=clock.now))
    store.expire(2, *keep_expiring(store, 2))
    delete_orphans(store, 2)
    clock.forward(days=4)
    conversations.tick()
    assert [row["session_id"] for row in conversations.read("sessions")] == ["c1#2"]
    clock.forward(days=20)
    conversations.arrive(turn(3, load_seq=3, started_at=clock.now))
    assert [row["session_id"] for row in conversations.read("sessions")] == ["c1#2", "c1#3"]


def test_session_that_lost_runs_follows_the_runs_that_are_left(
    conversations: Conversations, store: Store, write: Callable[..., None]
) -> None:
    def change(load_seq: int, gone: list[str], *rows: dict[str, Any]) -> dict[str, Any]:
        keys = pl.DataFrame({"run_id": gone})
        store.replace(Replacement("runs", keys=keys, rows=to_frame("runs", list(rows))))
        write("touched_sessions", {"load_seq": load_seq, "session_id": "c1", "started_at": NOON + HOUR})
        conversations.tick()
        (session,) = conversations.read("sessions")
        return session

    def later(number: int, usd: str, load_seq: int = 2) -> dict[str, Any]:
        return turn(number, load_seq=load_seq, cost_usd=usd, started_at=NOON + number * MINUTE)

    conversations.arrive(turn(1, load_seq=1, cost_usd="0.5"), later(2, "0.5"), later(3, "0.5"))
    store.expire(1, *keep_expiring(store, 1))
    priced = change(3, ["t2-s1"], later(2, "2"))
    assert (priced["runs"], priced["cost_usd"]) == (3, Decimal(3))
    cheaper = change(4, ["t2-s1"], later(2, "0.125"))
    assert (cheaper["runs"], cheaper["cost_usd"]) == (3, Decimal("1.125"))
    merged = change(5, ["t2-s1", "t3-s1"], later(2, "0.25"))
    assert (merged["runs"], merged["cost_usd"]) == (2, Decimal("0.75"))
    change(6, ["none"], later(4, "0.25", load_seq=3))
    store.expire(2, *keep_expiring(store, 2))
    last = change(7, ["t4-s1"], later(4, "1", load_seq=3))
    assert (last["runs"], last["cost_usd"], last["started_at"]) == (3, Decimal("1.75"), at(NOON))


def test_session_of_a_run_that_got_another_id_disappears(
    conversations: Conversations, store: Store, write: Callable[..., None]
) -> None:
    conversations.arrive(a_run("t1-s9"))
    gone = pl.DataFrame({"run_id": ["t1-s9"]})
    store.replace(Replacement("runs", keys=gone, rows=to_frame("runs", [a_run("t1-s1")])))
    for session in ("t1-s9", "t1-s1"):
        write("touched_sessions", {"load_seq": 2, "session_id": session})
    conversations.tick()
    assert [row["session_id"] for row in conversations.read("sessions")] == ["t1-s1"]
    assert [row["case_id"] for row in conversations.read("cases")] == ["t1-s1"]


def test_run_of_a_fast_clock_does_not_close_the_session_before_it(
    conversations: Conversations, clock: StillClock
) -> None:
    conversations.arrive(turn(1), turn(2, started_at=NOON + 30 * DAY))
    assert [row["closed_at"] for row in conversations.read("sessions")] == [None, None]
    clock.forward(days=4)
    conversations.tick()
    assert [row["closed_at"] for row in conversations.read("sessions")] == [
        at(NOON + 3 * DAY + timedelta(seconds=2)),
        None,
    ]


@settings(max_examples=10)
@given(facts=RUNS, batches=st.integers(1, 4))
def test_any_order_of_arrival_gives_the_same_rows(
    facts: list[dict[str, Any]], batches: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    runs = [a_run(f"t{number}-s1", **fact) for number, fact in enumerate(facts)]
    clock = StillClock(NOON + 10 * DAY)
    outcomes: list[Any] = []
    for parts in ([runs], [runs[part::batches] for part in reversed(range(batches))]):
        store = open_store(tmp_path_factory.mktemp("store"), clock=clock)
        try:

            def write(table: str, *rows: dict[str, Any], store: Store = store) -> None:
                store.replace(appends={table: to_frame(table, rows)})

            conversations = Conversations(store, write, clock)
            for part in filter(None, parts):
                conversations.arrive(*part)
            outcomes.append((conversations.read("sessions"), conversations.read("cases")))
        finally:
            store.close()
    assert outcomes[0] == outcomes[1]
